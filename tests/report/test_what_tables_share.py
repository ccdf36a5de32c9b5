"""What is declared of the counts that the tables of a report share, and small parts beside it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import TOTAL
from iop_outcomes.report import programs
from iop_outcomes.report.linking import tables as links
from iop_outcomes.report.period import parse_report_period
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections import assemble, cohort, findings, quality, sites
from iop_outcomes.report.sections.relapse.results import _nested
from iop_outcomes.report.trends import Trends, cut
from tests.helpers.of_the_sample import records_of_the_sample

Q3 = pd.Period("2026Q3", "Q")


class Declared(LinkedCounts):
    """Counts that remember what was declared of them."""

    def __init__(self) -> None:
        super().__init__(iop.SafePolicy())
        self.totals: list[tuple[Any, list[Any]]] = []
        self.behind: dict[Any, int] = {}
        self.ranks: dict[Any, int] = {}

    def count(self, key: Any, value: int, **more: Any) -> None:
        super().count(key, value, **more)
        self.behind[key] = more.get("people")
        self.ranks[key] = more.get("rank")

    def total(self, whole: Any, parts: Any) -> None:
        super().total(whole, parts)
        self.totals.append((whole, list(parts)))

    def part(self, whole: Any, part: Any, people: int | None = None) -> Any:
        self.behind[whole, part] = people
        return super().part(whole, part, people=people)


def admissions(quarter: pd.Period) -> tuple[str, ...]:
    return ("trend", "admissions", "quarter", str(quarter), "numerator")


def test_a_year_is_its_four_quarters_and_two_years_are_eight() -> None:
    linked = Declared()
    for back in range(12):
        linked.count(admissions(Q3 - back), 20 + back)
    linked.count((links.FAMILY, "admitted", links.ALL), 20 + 21 + 22 + 23)
    third = parse_report_period("2026Q3")
    scope: Any = SimpleNamespace(
        period=third,
        records=SimpleNamespace(as_of=third.last),
        window=lambda quarters: third.window(3 * quarters),
    )
    quarters = [Q3 - back for back in range(11, -1, -1)]
    table = pd.DataFrame(
        {
            "period": [str(one) for one in quarters],
            "start": [one.start_time for one in quarters],
            "end": [one.end_time.normalize() for one in quarters],
        }
    )
    counted: Any = SimpleNamespace(table=table, measure="admissions", every="quarter", by=())
    trends = Trends({"admissions": counted})
    links.link_year(scope, linked, trends)
    assert linked.totals[0][1] == [admissions(Q3 - back) for back in range(3, -1, -1)]
    results: Any = SimpleNamespace(size=sum(range(20, 28)), people=150)
    links.link_relapse(scope, linked, results, trends)
    assert linked.totals[-2][1] == [admissions(Q3 - back) for back in range(7, -1, -1)]
    assert linked.totals[-1] == (linked.totals[-2][0], [links.RELAPSE])
    assert linked.behind[links.RELAPSE] == 150


def test_the_people_of_a_share_are_those_in_its_counts() -> None:
    linked = Declared()
    scope: Any = SimpleNamespace(people=lambda mask: int(mask.sum()), policy=iop.SafePolicy())
    mask = np.array([True] * 4 + [False] * 3)
    rows = [("A", mask), ("B", ~mask), ("all", mask | ~mask)]
    top = np.array([2.0, 0, 0, 0, 1, 0, 0])
    bottom = np.array([2.0, 3, 0, 0, 1, 1, 0])
    shares = programs._shares(scope, linked, "m", rows, (top, bottom), [False] * 3)
    key = (programs.FAMILY, "m", "A")
    assert (linked.value((*key, "x")), linked.value((*key, "n"))) == (2, 5)
    assert linked.behind[*key, "x"] == 1
    assert linked.behind[*key, "n"] == 2
    assert linked.behind[(*key, "n"), (*key, "x")] == 1
    assert np.isnan(shares).all()


def test_the_people_who_did_not_come_so_far_are_those_admitted_less_those_who_did() -> None:
    linked = Declared()
    table = pd.DataFrame(
        {
            "first_session_day": [1.0, 2, 3, np.nan, 1],
            "fourth_session_day": [9.0, 40, np.nan, np.nan, 5],
            **{f"retained_{day}": [True, False, False, False, True] for day in (30, 60, 90)},
        }
    )
    days = {0: (1, 5, 8, 9), 1: (2, 3, 7, 40), 2: (3, 6, 6, 8), 4: (1, 2, 3, 5)}
    episode = np.repeat(list(days), 4)
    of_two = episode == 2  # his last three have no recorded outcome: four of four, or one
    of_two &= np.arange(16) > 8
    sessions = SimpleNamespace(
        day=np.concatenate(list(days.values())),
        attended=~of_two,
        unrecorded=of_two,
        count=lambda rows: np.bincount(episode[rows], minlength=5),
    )
    stays = SimpleNamespace(observed=np.ones(5, dtype=bool))
    scope: Any = SimpleNamespace(
        attendance=SimpleNamespace(sessions=sessions, stays=stays),
        engaged=table,
        followed_90_days=np.array([True, True, True, True, False]),
        followed_90_days_text="admitted",
        policy=iop.SafePolicy(),
        people=lambda mask: int(mask.sum()),
    )
    draft = cohort.flow_table(scope, linked)
    assert draft.table.frame["reached"].tolist() == [4, 3, 1, 1, 1, 1]
    names = draft.table.frame["stage"].tolist()
    behind = [linked.behind["flow", names[0]], linked.behind["flow", names[2]]]
    assert behind == [4, 1]
    apart = [linked.behind[("flow", names[0]), ("flow", name)] for name in names[1:]]
    assert apart == [1, 3, 3, 3, 3]
    assert draft.table.frame["not_known"].tolist() == [0, 0, 1, 0, 0, 0]
    fourth = ("flow", names[2])
    assert linked.behind[*fourth, "not known"] == 1
    assert linked.behind[("rest", ("flow", names[0]), fourth), (*fourth, "not known")] == 2


@pytest.fixture(scope="module")
def records() -> iop.Records:
    """Sixty people with three sessions each, of which the last was missed, over two files."""
    names = [f"E{number}" for number in range(60)]
    episodes = pd.DataFrame({"episode_id": names, "person_id": names, "admit_date": "2026-07-06"})
    days = ["2026-07-07", "2026-07-09", "2026-07-14"]
    rows = [
        (name, day, "no_show" if day == days[2] else "attended") for name in names for day in days
    ]
    sessions = pd.DataFrame(rows, columns=["episode_id", "date", "status"])
    return iop.read_records(episodes=episodes, attendance=sessions, as_of="2026-09-30")


def test_the_share_of_a_session_status_is_its_count_by_all(records: iop.Records) -> None:
    scope = choose_scope(records, "2026Q3", None, None)
    linked = Declared()
    frame = cohort.sessions_table(scope, linked).table.frame
    assert frame["sessions"].tolist() == [120, 60, 180]
    assert frame["share"].tolist() == [0.667, 0.333, 1.0]


def test_rows_read_rank_above_what_became_of_them(records: iop.Records) -> None:
    linked = Declared()
    quality.sources_table(choose_scope(records, "2026Q3", None, None), linked)
    assert linked.value(("files", 1, "rows_read")) == linked.value(("files", 1, "rows_kept")) == 180
    assert linked.ranks["files", 1, "rows_read"] == TOTAL
    assert linked.ranks["files", 1, "rows_kept"] != TOTAL


@pytest.mark.parametrize(
    ("cut", "are_hidden"),
    [("2026-12-30", False), ("2026-12-31", True)],  # who came in a quarter more would be told
)
def test_numbers_of_rows_of_records_that_go_on_are_hidden(
    records: iop.Records, cut: str, are_hidden: bool
) -> None:
    later = replace(records, as_of=pd.Timestamp(cut))
    scope = choose_scope(later, "2026Q3", None, None)
    linked = LinkedCounts(scope.policy)
    draft = quality.sources_table(scope, linked)
    quality.withhold_rows(scope, linked, [draft])
    hidden = linked.hidden()
    assert (("files", 0, "rows_read") in hidden) == are_hidden
    assert ("go on for three months or more" in quality.summary(scope, hidden)) == are_hidden


def test_a_trend_ends_with_the_quarter_and_has_so_many_periods() -> None:
    ends = pd.date_range("2024-03-31", periods=12, freq="QE")
    whole: Any = SimpleNamespace(table=pd.DataFrame({"end": ends}), only=lambda rows: rows)
    scope: Any = SimpleNamespace(period=parse_report_period("2026Q3"))
    assert cut(whole, scope, 2).tolist() == [9, 10]
    assert cut(whole, scope).tolist() == list(range(11))


@pytest.mark.parametrize(
    ("quarters", "change"), [(1, "not compared"), (2, "higher"), (3, "higher")]
)
def test_the_newest_quarter_is_compared_with_the_one_before(quarters: int, change: str) -> None:
    table = pd.DataFrame(
        {
            "period": ["2026Q1", "2026Q2", "2026Q3"],
            "start": pd.to_datetime(["2026-01-01", "2026-04-01", "2026-07-01"]),
            "end": pd.to_datetime(["2026-03-31", "2026-06-30", "2026-09-30"]),
            "value": [90.0, 20, 80],
            "hidden": False,
            "complete": True,
            "not_known": "",
        }
    )
    measured: Any = SimpleNamespace(
        measure="admissions",
        title="Admissions",
        unit="episodes",
        every="quarter",
        table=table.iloc[-quarters:],
    )
    scope: Any = SimpleNamespace(period=parse_report_period("2026Q3"), begin=pd.Timestamp.min)
    finding = findings._finding(scope, measured)
    assert finding.change == change
    assert ("20 in 2026Q2" in finding.text) == (quarters > 1)


def test_rules_for_missing_check_ins_hold_one_another_in_their_order() -> None:
    rules = {name: [name] for name in ("use", "censor", "no_use")}
    # From the fewest relapses to the most: censor, no_use, use.
    assert set(_nested(rules)) == {
        ("events", "censor", "no_use"),
        ("events", "censor", "use"),
        ("events", "no_use", "use"),
    }
    assert len(_nested({"a": ["last_value"], "b": ["drop"]})) == 2


@pytest.mark.parametrize(
    ("time", "said"), [("calendar", "covers the whole time"), ("study_days", "hold study days")]
)
def test_a_report_without_a_quarter_says_why_it_draws_no_trend(time: str, said: str) -> None:
    scope: Any = SimpleNamespace(period=None, records=SimpleNamespace(time=time))
    assert said in assemble.no_period(scope)


def test_the_funnels_have_the_people_of_their_program_behind_each_count() -> None:
    scope = choose_scope(records_of_the_sample(), "2026Q3", None, None)
    linked = Declared()
    programs.program_table(scope, linked)
    declared = sites.declare_sites(scope, linked)
    assert declared
    for counts in declared:
        for name in counts.frame["program"]:
            for count in "xn":
                own = ("sites", counts.measure, name, count)
                same = (programs.FAMILY, counts.measure, name, count)
                assert linked.behind[own] == linked.behind[same]
                assert (own, [same]) in linked.totals
