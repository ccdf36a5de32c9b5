"""Attendance by program beside all: what is said, what is hidden, and how often in error."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.merging import MergePlan
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.report.model import DraftTable, Table
from iop_outcomes.report.programs import program_table
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.sections import assemble, sites
from iop_outcomes.report.sections.compared import signal_points
from iop_outcomes.report.sections.points import ALIKE, DIFFER, SAME
from iop_outcomes.report.sections.sites.attendance import (
    NO_RANKING,
    SitesAttendance,
    attendance_by_program,
    attendance_points,
)
from iop_outcomes.report.trends import Trends, make_trends
from iop_outcomes.trends.periods import in_words
from tests.helpers.of_the_sample import SHOWN, records_of_the_sample, report_of_the_sample

WHOM = "admissions from October 2025 to September 2026"
OF = "sessions_attended"


def section(name: str) -> dict[str, Any]:
    """Return a section of the report of the sample, as plain data."""
    document = report_of_the_sample()._document
    assert document is not None
    return next(one for one in document["sections"] if one["name"] == name)


def table_of(name: str, table: str) -> dict[str, Any]:
    return next(one for one in section(name)["tables"] if one["name"] == table)


@pytest.fixture(scope="module")
def scope() -> Scope:
    made = records_of_the_sample()
    kept = made.episodes["program"].isin(SHOWN)
    records = iop.read_records(
        episodes=made.episodes[kept], attendance=made.attendance, checkins=made.checkins
    )
    return choose_scope(records, "2026Q3", None, None)


@pytest.fixture(scope="module")
def made(scope: Scope) -> SitesAttendance:
    linked = LinkedCounts(scope.policy)
    programs = program_table(scope, linked)
    before = linked.names
    attendance = attendance_by_program(scope, [programs])
    assert attendance is not None
    assert linked.names == before  # it has no count that the table of programs has not
    return attendance


def test_the_share_of_a_program_is_one_number_in_both_tables() -> None:
    beside, programs = (
        table_of("sites", "attendance_by_program"),
        table_of("attendance", "programs"),
    )
    columns = [one["name"] for one in programs["columns"]]
    place = columns.index(OF)
    for own, other in zip(beside["rows"], programs["rows"], strict=True):
        assert own[:2] == other[:2]
        assert own[2] == other[place]
    html = report_of_the_sample().html
    for row in beside["rows"]:  # and has as many digits
        share = f"{row[2]:.1%}"
        assert html.count(f">{share}</td>") >= 2


def test_the_intervals_take_the_sessions_of_one_person_together(
    made: SitesAttendance,
) -> None:
    frame = made.draft.table.frame.set_index("program")
    for name, mask in made.own.items():
        sums = (
            pd.DataFrame({"x": made.top[mask], "m": made.bottom[mask]})
            .groupby(made.person[mask])
            .sum()
            .query("m > 0")
        )
        k, rate = len(sums), sums["x"].sum() / sums["m"].sum()
        variance = k / (k - 1) * ((sums["x"] - rate * sums["m"]) ** 2).sum()
        half = float(np.sqrt(variance)) / sums["m"].sum() / (rate * (1 - rate))
        t = 1.99  # of 56 to 95 people 1.985 to 2.004
        for side, column in ((-1, "lower"), (1, "upper")):
            limit = 1 / (1 + np.exp(-(np.log(rate / (1 - rate)) + side * t * half)))
            assert frame.loc[name, column] == pytest.approx(limit, abs=0.002)


def test_programs_that_differ_have_a_sentence_and_a_finding_with_n_and_interval() -> None:
    said = section("sites")["sentences"]
    first = section("what-changed")["items"]
    (finding,) = [one for one in first if one["tag"] == "programs differ"]
    rows = {row[0]: row for row in table_of("sites", "attendance_by_program")["rows"]}
    differ = [name for name, row in rows.items() if row[-1] in ("lower", "higher")]
    assert differ  # Harbor and Riverside, as the sample was made
    for name in differ:
        _, admitted, share, lower, upper, word = rows[name]
        counts = f"{share:.1%} ({admitted} admitted; 95% interval {lower:.1%} to {upper:.1%})."
        apart = f"{abs(share - rows['all'][2]) * 100:.0f} points {word}"
        words = f"{name}: {counts} That is about {apart}"
        whole = f"{words} than {rows['all'][2]:.1%} in all programs together ("
        assert whole in " ".join(said)
        assert whole in finding["text"] or f"{words} (" in finding["text"]
    for name in set(rows) - {*differ}:
        assert f"{name}: " not in finding["text"]
    assert NO_RANKING in said
    everything = " ".join([*said, *(one["note"] for one in section("sites")["tables"])])
    assert everything.count("no ranking") == 1
    assert finding["text"].endswith(NO_RANKING)
    assert f"({WHOM})" in finding["text"]
    assert "98.75%" in finding["text"]
    assert (
        "98.75%, since 4 programs were looked at"
        in table_of("sites", "attendance_by_program")["note"]
    )


def test_what_is_hidden_by_program_is_hidden_beside_the_others(
    made: SitesAttendance,
) -> None:
    shown = made.shown(frozenset({("programs", OF, "Harbor")}))
    assert shown is not None
    rows = shown.table.frame.set_index("program")
    hidden = [OF, "lower", "upper", "beside_all"]
    assert (rows.loc["Harbor", hidden] == HIDDEN).all()
    assert "Harbor" not in " ".join(shown.sentences)
    assert [one.program for one in shown.programs] == ["Lakeside", "North", "Riverside"]
    assert "since 3 programs were looked at" in shown.table.note
    few = made.shown(frozenset({("programs", "admitted", "Harbor")}))
    assert few is not None
    rows = few.table.frame.set_index("program")
    assert rows.loc["Harbor", OF] != HIDDEN  # its n is not told, nor how its people vary
    assert (rows.loc["Harbor", ["admitted", "lower", "upper", "beside_all"]] == HIDDEN).all()
    everything = frozenset(("programs", OF, name) for name in SHOWN)
    assert made.shown(everything) is None
    for column in (OF, "admitted"):  # with that of all, each difference would be of another time
        assert made.shown(frozenset({("programs", column, "all")})) is None
    assert attendance_points(None, WHOM) == []


def test_of_one_program_and_all_nothing_is_compared(made: SitesAttendance) -> None:
    """Whether there is a table follows from what is printed alone, not from who came elsewhere.

    A table that was not there told how few of a hidden program had missed a session.
    """
    for number in range(len(SHOWN) + 1):
        shown = made.shown(frozenset(("programs", OF, name) for name in SHOWN[:number]))
        assert (shown is not None) == (len(SHOWN) - number >= 2)


def of_people(programs: list[list[tuple[int, int]]]) -> SitesAttendance:
    """Return the attendance of programs of people who attended so many of so many sessions."""
    code = np.repeat(np.arange(len(programs)), [len(one) for one in programs])
    top, bottom = np.array([pair for one in programs for pair in one], dtype=np.float64).T
    names = [f"P{number:02d}" for number in range(len(programs))]
    own = {name: code == number for number, name in enumerate(names)}
    every = {**own, "all": np.ones(len(code), dtype=np.bool_)}
    frame = pd.DataFrame(
        {
            "program": list(every),
            "admitted": [int(mask.sum()) for mask in every.values()],
            OF: [top[mask].sum() / bottom[mask].sum() for mask in every.values()],
            "lower": 0.1,
            "upper": 0.9,
        }
    )
    kinds: Any = {"admitted": "count"} | dict.fromkeys((OF, "lower", "upper"), "share")
    draft = DraftTable(Table("attendance_by_program", "", frame, kinds), {})
    return SitesAttendance(draft, top, bottom, np.arange(len(code)), own)


def drawn(rng: np.random.Generator, sizes: list[int]) -> list[list[tuple[int, int]]]:
    """Return people of programs that do not differ, each person with a rate of their own."""
    made = []
    for size in sizes:
        due = 1 + rng.poisson(20, size) + rng.integers(0, 20, size)
        rate = rng.beta(2.1, 0.9, size)
        made.append(list(zip(rng.binomial(due, rate), due, strict=True)))
    return made


@pytest.mark.parametrize("sizes", [[12] * 4, [15] * 10, [12, 80, 80]])
def test_of_programs_that_do_not_differ_at_most_one_report_in_twenty_names_one(
    sizes: list[int],
) -> None:
    """The limits of clusters alone, without Student's t, named one in 10 to 20 of 100 reports."""
    rng = np.random.default_rng(14)
    named = 0
    for _ in range(200):
        shown = of_people(drawn(rng, sizes)).shown(frozenset())
        assert shown is not None
        named += any(one.differs for one in shown.programs)
    assert named <= 17  # of 200 at 5%: more by chance in 2 of 100 trials


def test_many_programs_are_allowed_for_and_two_are_one_difference() -> None:
    rng = np.random.default_rng(3)
    ten = of_people(drawn(rng, [15] * 10)).shown(frozenset())
    both = of_people(drawn(rng, [30, 30]))
    two = both.shown(frozenset())
    assert ten is not None
    assert two is not None
    assert "an interval of 99.5%, since 10 programs were looked at" in ten.table.note
    assert two.level == "95"
    assert "looked at" not in two.table.note
    first, second = two.programs
    due = [both.bottom[mask].sum() / both.bottom.sum() for mask in both.own.values()]
    assert first.change.lower / due[1] == pytest.approx(-second.change.upper / due[0])


def test_where_all_came_there_is_no_interval_and_nothing_is_compared() -> None:
    """It would be one of the number of people, who may be fewer than were admitted."""
    made = of_people([[(10, 10)] * 12, [(5, 10), (8, 10)] * 10, [(6, 10), (7, 9)] * 10])
    frame = made.draft.table.frame.copy()
    frame.loc[0, ["lower", "upper"]] = np.nan
    made = replace(made, draft=replace(made.draft, table=replace(made.draft.table, frame=frame)))
    shown = made.shown(frozenset())
    assert shown is not None
    assert [one.program for one in shown.programs] == ["P01", "P02"]
    assert shown.table.frame["beside_all"].iloc[0] == "–"
    limits = sites.attendance._limits(np.full(12, 9.0), np.full(12, 9.0), np.arange(12), 3)
    assert np.isnan(limits).all()


def test_no_difference_is_said_as_plainly() -> None:
    shown = of_people([[(7, 10), (8, 10)] * 10, [(7, 10), (8, 10)] * 12]).shown(frozenset())
    assert shown is not None
    (point,) = attendance_points(shown, WHOM)
    assert (point.rank, point.tag) == (SAME, ALIKE)
    assert point.text == (
        f" ({WHOM}): no program shown clearly differs from all together. All programs: 75.0% "
        "(44 admitted; 95% interval 10.0% to 90.0%)."
    )
    assert shown.sentences == (
        "Sessions attended: no program shown clearly differs from all together.",
    )


def test_many_that_differ_are_not_all_told_on_the_first_page() -> None:
    low, high = [(2, 10), (3, 10)] * 10, [(8, 10), (9, 10)] * 10
    shown = of_people([low, high] * 4).shown(frozenset())
    assert shown is not None
    (point,) = attendance_points(shown, WHOM)
    assert point.rank == DIFFER
    assert " Others that differ: P04, P05, P06, P07." in point.text
    assert "P03: " in point.text
    assert "P04: " not in point.text
    assert all(f"P{number:02d}: " in " ".join(shown.sentences) for number in range(8))
    three = of_people([low, high, [(5, 10), (6, 10)] * 10]).shown(frozenset())
    assert three is not None
    (point,) = attendance_points(three, WHOM)
    assert " No clear difference in the other one." in point.text


def test_one_program_or_unknown_sessions_have_no_such_table(scope: Scope) -> None:
    programs = program_table(scope, LinkedCounts(scope.policy))
    assert attendance_by_program(scope, []) is None
    frame = programs.table.frame.copy()
    frame.loc[len(frame) - 1, OF] = np.nan  # of some program it is not known
    unknown = replace(programs, table=replace(programs.table, frame=frame))
    assert attendance_by_program(scope, [unknown]) is None
    one = replace(programs, table=replace(programs.table, frame=frame.iloc[[0, -1]]))
    assert attendance_by_program(scope, [one]) is None


def test_nothing_is_compared_where_few_other_people_came(scope: Scope) -> None:
    """An interval of the difference would be one of these few, whose numbers are hidden."""
    episodes = scope.records.episodes
    harbor = np.flatnonzero((episodes["program"] == "Harbor") & scope.year)
    lakeside = np.flatnonzero((episodes["program"] == "Lakeside") & scope.year)
    for number, is_compared in ((9, False), (40, True)):
        kept = episodes.iloc[[*harbor, *lakeside[:number]]]
        records = iop.read_records(
            episodes=kept, attendance=scope.records.attendance, checkins=scope.records.checkins
        )
        two = replace(scope, records=records)
        programs = program_table(two, LinkedCounts(scope.policy))
        assert (attendance_by_program(two, [programs]) is not None) == is_compared


def test_the_difference_from_all_is_that_from_the_others_times_their_part(
    made: SitesAttendance,
) -> None:
    shown = made.shown(frozenset())
    assert shown is not None
    for one in shown.programs:
        mine = made.own[one.program]
        (x, y), (m, n) = ((of[mine].sum(), of[~mine].sum()) for of in (made.top, made.bottom))
        whole = x / m - (x + y) / (m + n)
        assert whole == pytest.approx((x / m - y / n) * n / (m + n))
        assert one.change.lower < whole < one.change.upper


def test_no_ranking_is_said_of_what_is_compared(
    scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It followed "not compared by program" where only funnels are there."""
    monkeypatch.setattr(assemble, "_drawing", lambda *_: None)
    monkeypatch.setattr(sites, "without_funnel", lambda *_, **__: ())
    monkeypatch.setattr(sites, "funnel_table_of", lambda *_: None)
    funnels: Any = {"completed": None}
    said = assemble.sites_section(scope, funnels, None).sentences
    assert said[:3] == (sites.NO_ATTENDANCE, sites.HOW, NO_RANKING)


def test_a_section_without_the_table_says_why(scope: Scope) -> None:
    without = assemble.sites_section(scope, {}, None)
    assert without.sentences[0] == sites.NO_ATTENDANCE
    assert not without.tables
    alone = assemble.sites_section(replace(scope, records=_of_one(scope)), {}, None)
    assert alone.sentences == ("One program cannot be set beside others.",)


def _of_one(scope: Scope) -> iop.Records:
    episodes = scope.records.episodes
    own = episodes[episodes["program"] == "Harbor"]
    return iop.read_records(
        episodes=own, attendance=scope.records.attendance, checkins=scope.records.checkins
    )


def test_the_section_has_plain_words_everywhere() -> None:
    held = section("sites")
    texts = [*held["sentences"], *(one["note"] for one in held["tables"])]
    for one in held["figures"]:
        texts += [one["title"], one["table"]["note"]]
    said = " ".join(texts)
    for term in ("unit", "verdispersion", "mpirical", "numerator", "binomial", "design effect"):
        assert not re.search(term, said), term


def test_a_signal_has_the_number_of_all_in_its_month_and_says_once_what_is_not_printed() -> None:
    document = report_of_the_sample()._document
    assert document is not None
    items = section("what-changed")["items"]
    signals = [one for one in items if one["tag"] == "signal"]
    assert signals
    why = signal_points.NOT_PRINTED.format(of="programs by month")
    assert sum(why in one["text"] for one in signals) == 1
    figures = [one["table"] for name in ("trends", "response") for one in section(name)["figures"]]
    for one in signals:
        month = re.match(r"in (\w+ \d{4}): ", one["text"])
        assert month
        table = next(held for held in figures if held["caption"] == f"{one['title']} by month")
        columns = [column["name"] for column in table["columns"]]
        rows = [dict(zip(columns, row, strict=True)) for row in table["rows"]]
        (row,) = [held for held in rows if in_words(held["period"]) == month[1]]
        number = (
            f"({row['numerator']:,} of {row['denominator']:,}; 95% interval "
            f"{row['lower']:.1%} to {row['upper']:.1%})."
        )
        assert f"All programs together: {row['value']:.1%} in " in one["text"]
        assert number in one["text"]


def test_of_one_program_a_signal_has_its_own_number_or_says_that_none_is_printed(
    scope: Scope,
) -> None:
    one = replace(scope, records=_of_one(scope))
    printed = signal_points.Printed(one, report_trends(one))
    row = next(iter(printed.trends.drawn.values())).table.iloc[-1]
    title = next(iter(printed.trends.drawn.values())).title
    assert printed.of_all(title, row["period"]).startswith(" It was ")
    assert printed.of_all(title, "1999-01") == ""
    assert printed.why_none(" It was 5.") == ""
    assert printed.why_none("") == (
        " Numbers of single months are not printed: they would tell of few people."
    )
    inside = replace(scope, policy=iop.SafePolicy.internal())  # nothing is hidden in it
    assert signal_points.Printed(inside, printed.trends).why_none("") == ""


def report_trends(scope: Scope) -> Trends:
    """Return the trends of a report as they are shown."""
    return make_trends(scope, MergePlan()).shown(frozenset(), scope.policy)
