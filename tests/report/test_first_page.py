"""The first page: which findings stand there, and how they say it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.merging import MergePlan
from iop_outcomes.disclosure.results import trend_keys
from iop_outcomes.errors import RuleError
from iop_outcomes.report.programs import program_table
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.sections import changes, findings, first_page, matrix, outcomes, sites
from iop_outcomes.report.sections.attendance import rules as rules_of
from iop_outcomes.report.sections.changes import Change, compare
from iop_outcomes.report.sections.compared import signal_points
from iop_outcomes.report.sections.points import (
    CHANGED,
    MISSED,
    NOT_COMPARED,
    SAME,
    SIGNAL,
    Point,
)
from iop_outcomes.report.trends import Trends, make_trends, trend_in
from iop_outcomes.trends import Funnel, funnel
from iop_outcomes.trends.quantities import find_quantity
from tests.helpers.of_the_sample import records_of_the_sample


@pytest.fixture(scope="module")
def scope() -> Scope:
    made = iop.synthetic_records(people=150, seed=3)
    person = made.episodes["person_id"].astype(str)
    two = np.where(person.rank(method="dense") % 2 == 0, "Harbor", "North")
    records = iop.read_records(
        episodes=made.episodes.assign(program=two),
        attendance=made.attendance,
        checkins=made.checkins,
    )
    return choose_scope(records, "2025Q3", None, iop.SafePolicy.cms())


def admissions(scope: Scope, values: list[float]) -> Any:
    """Return a trend of admissions whose newest quarters have these numbers."""
    trend = trend_in(scope, "admissions", "quarter")
    trend = trend.only(np.arange(len(values)))
    table = trend.table.assign(
        value=values,
        numerator=values,
        lower=[value * 0.8 for value in values],
        upper=[value * 1.2 for value in values],
        complete=True,
        hidden=False,
    )
    return replace(trend, table=table)


def test_programs_left_out_are_named_before_the_findings(scope: Scope) -> None:
    # A finding may be there only because they are not in its numbers.
    trends = make_trends(scope, MergePlan()).shown(frozenset(), scope.policy)
    (nobody,) = first_page.first_page(scope, trends, None, {}).sentences
    (one,) = first_page.first_page(replace(scope, too_few=("Mill",)), trends, None, {}).sentences
    assert one == f"{nobody} Mill is in none of these numbers: too few to publish."
    both = replace(scope, too_few=("Hill", "Mill"))
    (two,) = first_page.first_page(both, trends, None, {}).sentences
    assert two == f"{nobody} Hill, Mill are in none of these numbers: too few to publish."


def test_no_change_is_said_as_plainly_as_a_change(scope: Scope) -> None:
    same = first_page.measure_point(scope, admissions(scope, [80, 80, 80, 80, 81]))
    assert (same.rank, same.tag) == (SAME, "no clear change")
    # Wilson for 81 of 161 is 0.4266 to 0.5794: as odds 0.744 to 1.378.
    assert same.text == (
        f": 81 in {_period(scope, 4)} (counted exactly; 95% interval for chance 65 to 97). "
        f"No clear change from 80 in {_period(scope, 3)}: it may be anything from 26% fewer to "
        f"38% more. Nor from 80 in {_period(scope, 0)}, a year before: anything from 26% fewer to "
        "38% more."
    )
    fall = first_page.measure_point(scope, admissions(scope, [200, 80, 80, 80, 81]))
    assert (fall.rank, fall.tag) == (CHANGED, "lower")
    # Wilson for 81 of 281 is 0.2385 to 0.3438: as odds 0.313 to 0.524.
    assert (
        f"That is about 60% lower than 200 in {_period(scope, 0)}, a year before (48% to 69%). No "
        f"clear change from 80 in {_period(scope, 3)}: it may be anything from 26% fewer to "
        "38% more."
    ) in fall.text
    alone = first_page.measure_point(scope, admissions(scope, [80]))
    assert alone.rank == NOT_COMPARED


def share(top: int, bottom: int, period: str) -> pd.Series:
    numbers = {"numerator": top, "denominator": bottom, "value": top / bottom}
    return pd.Series({**numbers, "period": period})


def test_what_the_records_cannot_tell_is_not_called_no_change() -> None:
    """16 of 21 beside 10 of 20: Newcombe's interval is -3.1 to +50.2 points."""
    found = compare(None, find_quantity("retained_30"), share(10, 20, "2026Q1"), share(16, 21, ""))  # type: ignore[arg-type]
    assert found.word == "no clear change"
    assert "95% interval -3.1 to +50.2" in found.sentence()
    assert found.plain() == (
        "No clear change from 50.0% in 2026Q1: it may be anything from 3 points lower "
        "to 50 points higher."
    )
    assert found.plain(again=True) == (
        "Nor from 50.0% in 2026Q1: anything from 3 points lower to 50 points higher."
    )


PLAIN = {  # limits, whether of a ratio less 1 -> what is said
    (-0.003, 0.266, False): "anything from 0.3 points lower to 27 points higher.",
    (-0.0123, 0.0, False): "anything from 1 point lower to no difference.",
    (-0.0004, 0.0996, False): "anything from less than 0.1 points lower to 10 points higher.",
    (-0.39, 0.16, True): "anything from 39% fewer to 16% more.",
    (-0.2, np.inf, True): "anything from 20% fewer to any number more.",
}


@pytest.mark.parametrize("limits", PLAIN)
def test_the_interval_of_a_difference_is_said_in_plain_words(
    limits: tuple[float, float, bool],
) -> None:
    low, high, of_counts = limits
    found = Change("no clear change", "5 in 2026Q1", "", low, high, of_counts)
    assert found.plain(again=True) == f"Nor from 5 in 2026Q1: {PLAIN[limits]}"


REAL = {
    ("higher", 0.028, 0.188, 0.108, False): ("about 11 points higher", " (3 to 19 points)."),
    ("lower", -0.301, -0.005, -0.158, False): ("about 16 points lower", " (0.5 to 30 points)."),
    ("lower", -0.012, -0.004, -0.0096, False): ("about 1 point lower", " (0.4 to 1 points)."),
    ("higher", 0.0001, 0.004, 0.0003, False): (
        "less than 0.1 points higher",
        " (less than 0.1 to 0.4 points).",
    ),
    ("higher", 0.12, 1.4, 1.6, True): ("about 60% higher", " (12% to 140%)."),
    ("lower", -1.0, -0.95, 0.0, True): ("lower", " (by 95% to 100%)."),  # of none: not "about" all
    ("higher", 0.3, np.inf, np.nan, True): ("higher", "."),
    ("lower", np.nan, np.nan, np.nan, False): ("lower", "."),
    ("lower", -0.301, -0.005, np.nan, False): ("lower", " (by 0.5 to 30 points)."),
}


@pytest.mark.parametrize("limits", REAL)
def test_a_real_change_has_its_size_and_interval(
    limits: tuple[str, float, float, float, bool],
) -> None:
    word, low, high, difference, of_counts = limits
    found = Change(word, "5 in 2026Q1", "", low, high, of_counts, difference=difference)
    size, interval = REAL[limits]
    assert found.plain(", a year before") == (
        f"That is {size} than 5 in 2026Q1, a year before{interval}"
    )


def test_without_an_interval_no_number_is_said() -> None:
    none = compare(None, find_quantity("admissions"), *[pd.Series({"value": 0, "period": "X"})] * 2)  # type: ignore[arg-type]
    assert none.plain() == "No clear change from 0 in X."
    assert "nan" not in none.sentence()


def test_the_first_page_says_how_many_comparisons_it_makes(scope: Scope) -> None:
    trends = Trends(by_period={"admissions": admissions(scope, [80, 80, 80, 80, 81])})
    page = first_page.first_page(scope, trends, None, {})
    assert page.sentences[0].endswith(
        " Even if nothing changed, chance would make about 1 in 20 comparisons look like a change; "
        "here are 2."
    )
    alone = Trends(by_period={"admissions": admissions(scope, [80])})
    (said,) = first_page.first_page(scope, alone, None, {}).sentences
    assert said == first_page.HOW_ALONE  # nothing is compared, so that no difference is explained


def _period(scope: Scope, place: int) -> str:
    return str(trend_in(scope, "admissions", "quarter").table["period"].iloc[place])


def newest(scope: Scope, complete: list[bool], hidden: list[bool], values: list[float]) -> Any:
    """Return admissions of which the newest quarters are not complete, or hidden, as said."""
    trend = admissions(scope, values)
    gone = ~np.array(complete) | np.array(hidden)  # neither has a value
    shown = np.where(gone, np.nan, values)
    names = ("value", "numerator", "lower", "upper")
    table = trend.table.assign(**dict.fromkeys(names, shown), complete=complete, hidden=hidden)
    return replace(trend, table=table)


YES, NO = True, False
NEWEST = {
    "": ([YES, YES, YES], [NO, YES, NO]),
    "not complete": ([YES, YES, NO], [NO, NO, NO]),
    "not shown": ([YES, YES, NO], [NO, YES, NO]),
    "none counted": ([YES, YES, YES], [NO, NO, NO]),
}


@pytest.mark.parametrize("words", NEWEST)
def test_the_page_of_all_measures_says_why_a_newer_period_is_not_there(
    words: str, scope: Scope
) -> None:
    complete, hidden = NEWEST[words]
    values = [80.0, 81.0, np.nan if words == "none counted" else 82.0]
    trend = newest(scope, complete, hidden, values)
    found = matrix.matrix_table(Trends(by_period={"admissions": trend}), {})
    assert found is not None
    row = found.frame.iloc[0]
    assert row["newer"] == words
    explained = {one for one in matrix.NEWER if f"{one.capitalize()}: " in found.note}
    assert explained == {words} - {""}
    assert ("Newer: " in found.note) == bool(explained)
    place = {"": 2, "not complete": 1, "none counted": 1}.get(words, 0)
    assert (row["value"], row["period"]) == (values[place], _period(scope, place))
    point = first_page.measure_point(scope, trend)
    said = point.text
    assert (point.tag == "not known") == (words == "none counted")
    older = f" The latest quarter that is shown is {_period(scope, place)}: {values[place]:.0f}."
    assert said.endswith(older) == (words not in ("", "not complete"))
    assert f"{_period(scope, 2)} is not complete yet." in said or words != "not complete"
    finding = findings._finding(scope, trend).text
    assert finding.endswith(older) == said.endswith(older)


def test_a_quarter_that_no_part_prints_is_not_the_latest_that_is_shown(scope: Scope) -> None:
    # Attendance is drawn by month: of its quarters the newest and the two beside it are printed.
    trends = make_trends(scope, MergePlan())
    quarters, months = trends.by_period["attendance_rate"], trends.by_month["attendance_rate"]
    assert len(months.table)
    printed = np.array(trends.printed(quarters))
    assert 1 < printed.sum() < len(printed)
    keys = [key for key, one in zip(trend_keys(quarters), printed, strict=True) if one]
    shown = trends.shown(frozenset(keys), scope.policy).by_period["attendance_rate"]
    assert quarters.table["value"][~printed].notna().any()
    assert shown.table["value"].isna().all()
    said = first_page.measure_point(scope, shown).text
    assert said.endswith("is not shown, as it would tell of a few people only.")
    some = trends.shown(frozenset(keys[-1:]), scope.policy).by_period["attendance_rate"]
    assert some.table["value"].notna().tolist() == [*printed[:-1], False]
    assert f"shown is {keys[-2][-1]}: " in first_page.measure_point(scope, some).text


def test_numbers_of_all_measures_are_numbers_of_the_kind_of_their_row(scope: Scope) -> None:
    share = trend_in(scope, "retained_30", "quarter").only(np.arange(3))
    trends = Trends(by_period={"admissions": admissions(scope, [80]), "retained_30": share})
    found = matrix.matrix_table(trends, {"admissions": 70})
    assert found is not None
    assert [found.kind_at(row, 3) for row in (0, 1)] == ["count", "share"]
    assert found.kind_at(0, 0) == "text"
    first, second = found.frame.iloc[0], found.frame.iloc[1]
    assert (first["value"], first["lower"], first["upper"], first["target"]) == (80, 64, 96, 70)
    last = share.table.iloc[-1]
    assert second["value"] == pytest.approx(last["numerator"] / last["denominator"], abs=0.0005)
    assert np.isnan(second["target"])


def test_the_page_of_all_measures_explains_what_stands_beside_a_target(scope: Scope) -> None:
    trends = Trends(by_period={"admissions": admissions(scope, [80])})
    notes = [matrix.matrix_table(trends, targets) for targets in ({}, {"admissions": 70})]
    told = ["can go either way" in one.note for one in notes if one is not None]
    assert told == [False, True]
    assert "Higher and lower in the findings compare two times" in notes[0].note  # type: ignore[union-attr]  # a table


def test_the_weightiest_come_first_and_at_most_eight() -> None:
    points = [Point(rank, "", str(rank), "") for rank in (SAME, NOT_COMPARED, SIGNAL, MISSED)]
    assert [one.rank for one in first_page.choose(points)] == [MISSED, SIGNAL, SAME, NOT_COMPARED]
    many = [Point(SAME, "", str(place), "") for place in range(9)] + points
    chosen = first_page.choose(many)
    assert len(chosen) == first_page.MOST
    assert [one.rank for one in chosen[:2]] == [MISSED, SIGNAL]
    assert NOT_COMPARED not in [one.rank for one in chosen]


def test_signals_are_named_by_program_and_without_a_number() -> None:
    frame = pd.DataFrame(
        [
            ("Attendance rate", "A", "2026-09", "worse: lower than usual", ""),
            ("Attendance rate", "B", "2026-09", "no signal", ""),
            ("No-show rate", "A", "2026-09", "no signal", ""),
        ],
        columns=["measure", "program", "last_month", "then", "last_12_months"],
    )
    (point,) = signal_points.signal_points(first_page.Table("signals", "", frame))
    text = " in September 2026: A, worse, lower than usual. No signal in B."
    assert point.text == text
    assert signal_points.signal_points(None) == []
    rows = [("Attendance rate", name, "2026-09", "not clear", "") for name in ("C", "D")]
    more = pd.concat([frame, pd.DataFrame(rows, columns=frame.columns)], ignore_index=True)
    (point,) = signal_points.signal_points(first_page.Table("signals", "", more))
    assert point.text == f"{text} Not clear in C and D."
    quiet = first_page.Table("signals", "", more[more["program"] != "A"])
    assert signal_points.signal_points(quiet) == []  # what is not clear is no signal


def _funnel(counts: list[tuple[str, int, int]]) -> Funnel:
    frame = pd.DataFrame(counts, columns=["program", "numerator", "denominator"])
    return funnel(frame, "completed", by="program")


WHOM = "admissions from October 2025 to September 2026"


def test_programs_that_differ_are_named_with_their_counts_and_time() -> None:
    (point,) = sites.site_points({"completed": _funnel([("A", 90, 100), ("B", 30, 100)])}, WHOM)
    assert point.tag == "programs differ"
    assert point.text.startswith(f" ({WHOM}): A 90.0% (90 of 100; chance alone gives ")
    (alike,) = sites.site_points({"completed": _funnel([("A", 50, 100), ("B", 51, 100)])}, WHOM)
    assert alike.tag == "no clear difference"
    assert alike.text.startswith(f" ({WHOM}): no program shown is beyond ")
    assert "50.5% (101 of 200)" in alike.text
    assert sites.site_points({}, WHOM) == []


def test_two_of_two_are_not_beyond_a_limit() -> None:
    """All of two stood there as beyond the 95% limits, though chance gives it 37 times in 100."""
    few = _funnel([("A", 60, 100), ("B", 62, 100), ("Old Mill", 2, 2)])
    (alike,) = sites.site_points({"completed": few}, WHOM)
    assert alike.tag == "no clear difference"
    frame = few.table[["program", "numerator", "denominator"]]
    shown = sites.SiteCounts("completed", frame, all_shown=True).shown(frozenset())
    assert shown is not None
    assert "may stand outside the limits and count as within them" in shown.rule
    many = frame.assign(numerator=[60, 62, 61], denominator=100)
    shown = sites.SiteCounts("completed", many, all_shown=True).shown(frozenset())
    assert shown is not None
    assert "may stand outside" not in shown.rule


@pytest.mark.parametrize("quarter", ["2024Q2", "2026Q3"])
def test_the_first_page_has_at_most_eight_items_and_names_each_measure(quarter: str) -> None:
    document = iop.quarterly_report(records_of_the_sample(), quarter)._document
    assert document is not None
    sections = {one["name"]: one for one in document["sections"]}
    items = sections["what-changed"]["items"]
    assert len(items) <= first_page.MOST
    titles = {title for item in items for title in item["title"].split("; ")}
    assert {one["title"] for one in document["findings"]} <= titles
    text = " ".join([*sections["what-changed"]["sentences"], *(one["text"] for one in items)])
    assert "(2026-09)" not in text
    assert "has its interval, of 95% if nothing else is said" in text
    joined = [item for item in items if "; " in item["title"] and item["tag"] == "no clear change"]
    for item in joined:  # from what, is said of each
        assert item["text"].count("No clear change from ") == item["title"].count("; ") + 1


def test_nothing_is_compared_with_the_half_year_in_which_all_people_are_new() -> None:
    """The first item of the second quarter compared it with the first months of the records."""
    report = iop.quarterly_report(records_of_the_sample(), "2024Q2")
    findings = report.findings.set_index("measure")
    for measure in ("attendance_rate", "no_show_rate", "check_in_response"):
        assert findings.loc[measure, "change"] == "not compared"
        assert findings.loc[measure, "text"].endswith(changes.NEW_PEOPLE)
    assert findings.loc["admissions", "change"] == "no clear change"


def test_the_counts_of_a_funnel_are_those_behind_the_shares_of_programs(scope: Scope) -> None:
    linked = LinkedCounts(scope.policy)
    program_table(scope, linked)
    counts = sites.declare_sites(scope, linked)
    for one in counts:
        for row in one.frame.itertuples(index=False):
            assert row.numerator == linked.value(("programs", one.measure, row.program, "x"))
            assert row.denominator == linked.value(("programs", one.measure, row.program, "n"))
    first = counts[0]
    hidden = frozenset({("sites", first.measure, str(first.frame["program"].iloc[0]))})
    assert first.shown(hidden) is None  # one program alone is no funnel


def test_rules_and_scores_show_no_small_count(scope: Scope) -> None:
    linked = LinkedCounts(scope.policy)
    outcomes.declare_admitted(scope, linked, [])
    rules = rules_of.continuity_table(scope, linked)
    assert rules is not None
    tables = [rules, *outcomes.scores_tables(scope, linked)]
    hidden = linked.hidden()
    for draft in tables:
        shown = draft.shown(hidden).frame
        for column in draft.table.kinds:
            if draft.table.kinds[column] == "count":
                counts = pd.to_numeric(shown[column], errors="coerce").dropna()
                assert not ((counts > 0) & (counts < 11)).any()
    known = pd.to_numeric(rules.shown(hidden).frame["of"], errors="coerce").dropna()
    apart = np.abs(np.subtract.outer(known.to_numpy(), known.to_numpy()))
    assert not ((apart > 0) & (apart < 11)).any()


def test_the_picture_of_a_trend_has_its_target_as_a_line_with_its_name() -> None:
    sample = iop.synthetic_records(people=80, seed=5)
    tables = {"episodes": sample.episodes, "checkins": sample.checkins}
    records = iop.read_records(**tables, as_of="2026-09-30")
    plain = iop.trend(records, "admissions", chart="none")
    highest = float(plain.table["value"].max())
    for target in (1.0, 3 * highest):
        ax = iop.plot_trend(plain, target=target)
        (line,) = [one for one in ax.lines if one.get_label() == "target"]
        assert list(line.get_ydata()) == [target, target]
        (words,) = [one for one in ax.texts if one.get_gid() == "target"]
        assert words.get_text() == f"target {target:,.4g}"
        low, high = ax.get_ylim()
        assert low < target < high
        assert f"The target is {target:,.4g}." in iop.alternative_text(ax)
    assert not [one for one in iop.plot_trend(plain).lines if one.get_label() == "target"]
    with pytest.raises(RuleError, match="target of a chart"):
        iop.plot_trend(iop.trend(records, "admissions"), target=5.0)
