"""Reports whose tables have quarters in common: what one has more than another is not few."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.ledger import Ledger, hide_beside
from iop_outcomes.disclosure.merging import FINEST, MergePlan, Step
from iop_outcomes.disclosure.results import link_weeks
from iop_outcomes.disclosure.system import PrintedCells, attack, audit, join
from iop_outcomes.report import counting
from iop_outcomes.report.counting import cells_of, count_all, link_quarters
from iop_outcomes.report.linking import tables as links
from iop_outcomes.report.programs import link_programs, program_table
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.sections import outcomes, quarters
from iop_outcomes.report.sections.attendance import weekdays
from iop_outcomes.report.sections.cohort import discharges, flow, sessions
from iop_outcomes.report.trends import Trends
from tests.helpers.of_the_sample import nothing_hidden, records_of_the_sample
from validation.shown_share import one_program

HALF_YEAR = Step("half_year")
CUT = "2026-09-30"


@pytest.fixture(scope="module")
def records() -> iop.Records:
    """Return 44 admissions in one quarter and 40 in the next, who leave on the days after.

    20 of the first completed, and four of the others; so many also came on a Tuesday.
    """
    names = [f"p{number}" for number in range(84)]
    frame = pd.DataFrame({"episode_id": names, "person_id": names, "program": "Harbor"})
    frame["admit_date"] = ["2026-04-06"] * 44 + ["2026-07-06"] * 40
    frame["discharge_date"] = ["2026-05-06"] * 44 + ["2026-08-06"] * 40
    few = np.array([True] * 20 + [False] * 24 + [True] * 4 + [False] * 36)
    frame["discharge_reason"] = np.where(few, "completed", "dropped_out")
    first = frame[["episode_id"]].assign(date=frame["admit_date"], status="attended")
    second = first[few].assign(date=["2026-04-07"] * 20 + ["2026-07-07"] * 4, status="no_show")
    return iop.read_records(episodes=frame, attendance=pd.concat([first, second]), as_of=CUT)


def of_discharges(scope: Scope, linked: LinkedCounts, step: Step) -> None:
    discharges.discharge_table(scope, linked, step)
    discharges.link_discharges(scope, linked, step, [], [])


def of_sessions(scope: Scope, linked: LinkedCounts, step: Step) -> None:
    sessions.sessions_table(scope, linked, step)
    sessions.link_sessions(scope, linked, step, [], [])


def of_weekdays(scope: Scope, linked: LinkedCounts, step: Step) -> None:
    weekdays.weekdays_table(scope, linked, step)
    weekdays.link_by_quarter(scope, linked, step, [], [])


TABLES: dict[str, tuple[Callable[..., None], tuple[str, ...], tuple[str, ...]]] = {
    "discharges": (of_discharges, ("discharges", "completed"), ("discharges", "all")),
    "sessions": (of_sessions, ("sessions", "no_show"), ("sessions", "attended")),
    "weekdays": (of_weekdays, ("weekdays", "Tuesday", "due"), ("weekdays", "Monday", "attended")),
}


def system_of(
    records: iop.Records, quarter: str, table: str, step: Step
) -> tuple[LinkedCounts, Callable[[Any], PrintedCells]]:
    """Return the counts of one table of a report, and what it prints of them."""
    scope = choose_scope(records, quarter, None, None)
    linked = LinkedCounts(scope.policy)
    TABLES[table][0](scope, linked, step)

    def cells(hidden: Any) -> PrintedCells:
        return cells_of(scope, linked, hidden, plan=MergePlan({table: step}))

    return linked, cells


@pytest.mark.parametrize("table", TABLES)
def test_a_half_year_less_a_quarter_of_another_report_is_no_few(
    records: iop.Records, table: str
) -> None:
    before, cells_before = system_of(records, "2026Q2", table, FINEST)
    quarter = cells_before(before.hidden())
    linked, cells = system_of(records, "2026Q3", table, HALF_YEAR)
    assert not linked.hidden()  # 24 of them in the half-year: nothing small in this report
    found = attack(join([quarter, cells(frozenset())]))
    assert 4 in set(found["low"])
    hidden, note = hide_beside(linked, linked.hidden(), cells, [quarter])
    _, few, others = TABLES[table]
    assert few in hidden
    assert others not in hidden  # only what tells of it is hidden
    assert not note
    assert attack(join([quarter, cells(hidden)])).empty


def test_what_is_left_of_a_longer_time_is_not_part_of_what_is_left_of_a_shorter_one(
    records: iop.Records,
) -> None:
    # A program whose weekdays are of a half-year, beside all programs, whose are of a quarter.
    (_, half_year), (_, quarter) = (
        system_of(records, "2026Q3", "weekdays", step) for step in (HALF_YEAR, FINEST)
    )
    longer = replace(half_year(frozenset()), programs=("Harbor",))
    shorter = replace(quarter(frozenset()), programs=("Harbor", "Shore"))
    rests = [key for key in longer.counts if isinstance(key, tuple) and key[0] == "rest"]
    of_quarters = [key for key in rests if str(key).count(quarters.WEEKDAYS) == 2]
    assert set(of_quarters) & set(shorter.counts)  # these are the same in both
    others = set(rests) - set(of_quarters)
    assert len(others) > 2
    assert not others & set(shorter.counts)
    attack(join([longer, shorter]))  # they do not contradict each other


def cohort(records: iop.Records, quarter: str, met: int) -> tuple[LinkedCounts, Any]:
    """Return a count of two years' admissions, and what the report of a quarter prints of it."""
    scope = choose_scope(records, quarter, None, None)
    linked, key = LinkedCounts(scope.policy), ("continuity", "a rule", "x")
    mask = np.zeros(len(scope.two_years), dtype=np.bool_)
    mask[np.flatnonzero(scope.two_years)[-met:]] = True
    linked.count(key, met, item=key[:2])
    quarters.link_cohort(scope, linked, {key: (key[1:], mask)})
    return linked, lambda hidden: cells_of(scope, linked, hidden)


def test_two_years_less_two_years_of_an_earlier_report_are_no_few(records: iop.Records) -> None:
    # Nobody was admitted before 2026Q2: what is counted in the next report is of five people more.
    before, cells_before = cohort(records, "2026Q2", 30)
    earlier = cells_before(before.hidden())
    for more, hides in ((5, True), (14, False)):
        linked, cells = cohort(records, "2026Q3", 30 + more)
        row = ("continuity", "a rule")
        assert row not in linked.hidden()
        hidden, _ = hide_beside(linked, linked.hidden(), cells, [earlier])
        assert (row in hidden) == hides
        assert attack(join([earlier, cells(frozenset())])).empty == (not hides)


def declared(linked: LinkedCounts) -> dict[str, set[Any]]:
    """Return of each family of counts of a quarter what is counted."""
    names: dict[str, set[Any]] = {}
    for key in linked.names:
        if isinstance(key, tuple) and key[0] in quarters.FAMILIES:
            names.setdefault(key[0], set()).add(key[2])
        assert not (isinstance(key, tuple) and str(key[0]).endswith(quarters.CHANGED))
    return names


def test_the_counts_of_each_table_of_several_quarters_are_declared_by_quarter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(LinkedCounts, "hidden", lambda _: frozenset())  # what is hidden takes time
    scope = choose_scope(one_program(2, 300, "2026Q1"), "2026Q1", None, None)
    names = declared(count_all(scope, scope).linked)
    assert set(names) == set(quarters.FAMILIES)
    assert "everybody" in names[quarters.ENDED]  # how episodes ended is of a whole year
    assert {"relapse", "flow", "continuity", "symptoms"} <= names[quarters.COHORTS]


def test_symptoms_and_daily_life_are_declared_by_quarter_of_admission() -> None:
    scope = choose_scope(records_of_the_sample(), "2026Q2", None, None)
    linked = LinkedCounts(scope.policy)
    outcomes.declare_admitted(scope, linked, [])
    assert len(outcomes.scores_tables(scope, linked)) == 2
    assert declared(linked) == {quarters.COHORTS: {"symptoms", "functioning"}}
    for key in [key for key in linked.names if isinstance(key, tuple) and key[-1] == "paired"]:
        if key[0] in ("symptoms", "functioning"):
            tuples = [one for one in linked.names if isinstance(one, tuple)]
            parts = [one for one in tuples if one[2 : 2 + len(key)] == key]
            ends = {end for one in parts for end in one[2 + len(key) :]}
            assert ends == {"known by 2026-09-30"}
            assert sum(linked.value(one) for one in parts) == linked.value(key) > 0


def test_a_year_of_a_program_less_a_year_of_an_earlier_report_is_no_few() -> None:
    names = [f"p{number}" for number in range(160)]
    frame = pd.DataFrame({"episode_id": names, "person_id": names})
    frame["admit_date"] = ["2026-04-06"] * 80 + ["2026-07-06"] * 80
    frame["program"] = ["Harbor"] * 40 + ["Shore"] * 40 + ["Harbor"] * 4 + ["Shore"] * 76
    rows = frame[["episode_id"]].assign(date=frame["admit_date"], status="attended")
    records = iop.read_records(episodes=frame, attendance=rows, as_of=CUT)
    systems = []
    for quarter in ("2026Q2", "2026Q3"):
        scope = choose_scope(records, quarter, None, None)
        linked = LinkedCounts(scope.policy)
        program_table(scope, linked)
        link_programs(scope, linked, [])
        systems.append((linked, partial(cells_of, scope, linked)))
    (_, before), (linked, now) = systems
    assert 4 in set(attack(join([before(frozenset()), now(frozenset())]))["low"])
    earlier = before(frozenset())
    hidden, _ = hide_beside(linked, linked.hidden(), now, [earlier])
    assert attack(join([earlier, now(hidden)])).empty
    assert ("programs", "admitted", "all") not in hidden


def test_a_share_of_all_admitted_in_a_year_less_that_of_an_earlier_report_is_no_few() -> None:
    # Nobody was admitted before 2026Q1. Of the next quarter's 40 of Harbor four stay for 30 days.
    names = [f"p{number}" for number in range(160)]
    frame = pd.DataFrame({"episode_id": names, "person_id": names})
    frame["admit_date"] = ["2026-01-05"] * 80 + ["2026-04-06"] * 80
    frame["program"] = (["Harbor"] * 40 + ["Shore"] * 40) * 2
    days = np.array([90] * 20 + [10] * 20 + [90] * 40 + [90] * 4 + [10] * 36 + [90] * 40)
    end = pd.to_datetime(frame["admit_date"]) + pd.to_timedelta(days, unit="D")
    frame["discharge_date"] = end.dt.strftime("%F")
    stays = frame["discharge_date"].fillna(CUT)
    last = {"2026Q1": "2026-04-30", "2026Q2": CUT}
    systems = []
    for quarter, cut in last.items():
        until = frame[frame["admit_date"] <= cut].copy()
        until.loc[until["discharge_date"] > cut, "discharge_date"] = None
        each = zip(until["episode_id"], until["admit_date"], stays, strict=False)
        kept = pd.concat(
            pd.DataFrame(
                {"episode_id": name, "date": pd.date_range(start, min(end, cut), freq="W")}
            )
            for name, start, end in each
        ).assign(status="attended")
        records = iop.read_records(episodes=until, attendance=kept, as_of=cut)
        scope = choose_scope(records, quarter, None, None)
        linked = LinkedCounts(scope.policy)
        program_table(scope, linked)
        link_programs(scope, linked, [])
        systems.append((linked, partial(cells_of, scope, linked)))
    (first, before), (linked, now) = systems
    share = ("programs", "retained_30", "Harbor")
    together = join([before(first.hidden()), now(linked.hidden())])
    alone = share not in first.hidden() | linked.hidden()
    found = attack(together)
    of_share = [cell for cell in found["cell"] if "retained_30" in cell and "Harbor" in cell]
    assert alone
    assert of_share
    hidden, _ = hide_beside(linked, linked.hidden(), now, [before(first.hidden())])
    assert attack(join([before(first.hidden()), now(hidden)])).empty
    assert share in hidden


def weeks_of(records: iop.Records, quarter: str) -> tuple[LinkedCounts, Any]:
    """Return the counts of the flow and the weeks of a report, and what it prints of them."""
    scope = choose_scope(records, quarter, None, None)
    linked = LinkedCounts(scope.policy)
    flow.flow_table(scope, linked)
    link_weeks(linked, iop.attendance_by_week(records.subset(scope.followed_90_days)))
    links.link_flow(scope, linked)
    link_quarters(scope, linked, Trends(), MergePlan(), {})
    return linked, partial(cells_of, scope, linked)


@pytest.mark.parametrize(
    ("status", "few"),
    [
        ("no_show", ("weeks", "2", "no_show")),
        ("attended", ("weeks", "2", "episodes_attending")),
        ("unrecorded", ("flow", "fourth session within 30 days", "not known")),
    ],
)
def test_weeks_and_the_not_known_of_a_year_less_those_of_an_earlier_report_are_no_few(
    status: str, few: tuple[str, ...]
) -> None:
    # Nobody was admitted before 2026Q1. Of the next quarter's 40 four have a row in week 2.
    names = [f"p{number}" for number in range(80)]
    frame = pd.DataFrame({"episode_id": names, "person_id": names, "program": "Harbor"})
    frame["admit_date"] = ["2026-01-05"] * 40 + ["2026-04-06"] * 40
    frame["discharge_date"] = ["2026-04-20"] * 40 + ["2026-07-20"] * 40
    first = [frame[["episode_id"]].assign(date=frame["admit_date"], status="no_show")]
    for days in (1, 2, 3, 4, 75):
        date = (pd.to_datetime(frame["admit_date"]) + pd.Timedelta(days=days)).dt.strftime("%F")
        first.append(first[0].assign(date=date, status="attended"))
    some = np.array([True] * 20 + [False] * 20 + [True] * 4 + [False] * 36)
    if status == "unrecorded":  # instead of the fourth session
        first[4].loc[some, "status"] = status
    else:
        second = first[0][some].assign(status=status, date=["2026-01-13"] * 20 + ["2026-04-14"] * 4)
        first.append(second)
    records = iop.read_records(episodes=frame, attendance=pd.concat(first), as_of=CUT)
    before, cells_before = weeks_of(records, "2026Q1")
    earlier = cells_before(before.hidden())
    linked, cells = weeks_of(records, "2026Q2")
    assert few not in linked.hidden()
    assert few in linked
    found = attack(join([earlier, cells(linked.hidden())]))
    assert 4 in set(found["low"])
    hidden, _ = hide_beside(linked, linked.hidden(), cells, [earlier])
    assert few in hidden
    assert attack(join([earlier, cells(hidden)])).empty


@pytest.fixture(scope="module")
def of_a_program() -> tuple[Scope, LinkedCounts]:
    """Return what a report of 2025Q4 covers, and its counts."""
    scope = choose_scope(one_program(2, 80, "2025Q4"), "2025Q4", None, None)
    with nothing_hidden():
        return scope, count_all(scope, scope).linked


def of_quarter(quarter: str, *name: str) -> tuple[str, ...]:
    return (quarters.COHORTS, str(pd.Period(quarter).end_time.date()), *name)


@pytest.mark.parametrize("quarter", ["2024Q4", "2025Q2"])
def test_who_did_not_reach_a_stage_is_a_count_of_each_quarter(
    of_a_program: tuple[Scope, LinkedCounts], quarter: str
) -> None:
    """Beside an earlier report the flow of one more quarter is known, and who is not in it."""
    scope, linked = of_a_program
    stages = dict(flow.flow_stages(scope))
    days = scope.records.episodes["admit_date"]
    here = (days.dt.to_period("Q") == quarter).to_numpy()
    everybody = of_quarter(quarter, "flow", "admitted")
    for words, came in list(stages.items())[2:]:
        stage = of_quarter(quarter, "flow", words)
        missing = (stages["admitted"] & ~came & here).sum()
        assert linked.value(("rest", everybody, stage)) == missing
    retained, week = list(stages)[3], ("weeks", "5", "episodes")
    there = linked.value(of_quarter(quarter, *week))
    for whole, part in (
        (of_quarter(quarter, "weeks", "5", "episodes_followed"), of_quarter(quarter, *week)),
        (of_quarter(quarter, *week), of_quarter(quarter, "flow", retained)),
    ):
        rest = linked.value(("rest", whole, part))
        assert rest == linked.value(whole) - linked.value(part) >= 0
    assert there < linked.value(everybody)
    trend = ("trend", "retained_90", "quarter", quarter, "denominator")
    places = {linked.names[place]: place for place in range(len(linked.names))}
    assert {places[trend]: -1, places[everybody]: 1} in linked.facts.rows


def test_who_stayed_for_90_days_is_not_final_in_the_newest_quarter_of_the_flow(
    of_a_program: tuple[Scope, LinkedCounts],
) -> None:
    scope, linked = of_a_program
    *_, words = dict(flow.flow_stages(scope))
    own = of_quarter("2025Q3", "flow", words)
    assert own not in linked
    assert (*own, "so far on 2025-12-31") in linked
    assert of_quarter("2025Q2", "flow", words) in linked
    rest = ("rest", of_quarter("2025Q3", "flow", "admitted"), (*own, "so far on 2025-12-31"))
    assert rest in linked


def test_who_was_discharged_in_the_quarter_is_part_of_who_left(
    of_a_program: tuple[Scope, LinkedCounts],
) -> None:
    scope, linked = of_a_program
    days = scope.records.episodes["discharge_date"]
    discharged = (days.dt.to_period("Q") == "2025Q4").sum()
    everybody = (quarters.DISCHARGED, "2025-12-31", "all")
    assert linked.value(everybody) == discharged > 0
    left = ("census", "left")
    assert linked.value(("rest", left, everybody)) == linked.value(left) - discharged


def test_what_a_table_takes_together_is_a_count_of_each_quarter() -> None:
    """Each of several rare words may have nobody in a quarter, but not all of them."""
    records = one_program(6, 300, "2026Q2")
    scope = choose_scope(records, "2026Q2", None, None)
    with nothing_hidden():
        linked = count_all(scope, scope).linked
    ends = ("incarcerated", "died", "other", "not recorded")
    reason = records.episodes["discharge_reason"].astype(object).fillna("not recorded")
    day = records.episodes["discharge_date"]
    assert ("discharges", "other ends") in linked
    for quarter in ("2026Q1", "2026Q2"):
        own = (quarters.DISCHARGED, str(pd.Period(quarter).end_time.date()), "other ends")
        number = (reason.isin(ends) & (day.dt.to_period("Q") == quarter)).sum()
        assert linked.value(own) == number


def rows_of(quarter: str) -> iop.Records:
    """Return an export of 60 people; 14 rows of the first quarter are no sessions, 4 of the next.

    Each quarter has 30 admissions, and 60 sessions of which each third was missed.
    """
    names = [f"p{number}" for number in range(60)]
    frame = pd.DataFrame({"episode_id": names, "person_id": names, "program": "Harbor"})
    frame["admit_date"] = ["2026-01-05"] * 30 + ["2026-04-06"] * 30
    rows = []
    for days in (0, 1):
        date = pd.to_datetime(frame["admit_date"]) + pd.Timedelta(days=days)
        rows.append(frame[["episode_id"]].assign(date=date.dt.strftime("%F"), service="group"))
        rows[-1]["status"] = np.where(np.arange(60) % 3 > 0, "attended", "no_show")
    rows.append(rows[0].iloc[[*range(14), *range(30, 34)]].assign(service="drug_test"))
    attendance, cut = pd.concat(rows), pd.Period(quarter).end_time.date().isoformat()
    return iop.read_records(
        episodes=frame[frame["admit_date"] <= cut],
        attendance=attendance[attendance["date"] <= cut],
        as_of=cut,
    )


@pytest.mark.parametrize("protected", [True, False])
def test_rows_that_are_no_sessions_of_one_export_less_another_are_no_few(
    protected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not protected:
        monkeypatch.setattr(counting, "hide_beside", lambda _, hidden, *__: (hidden, ""))
    ledger = Ledger()
    for quarter in ("2026Q1", "2026Q2"):
        scope = choose_scope(rows_of(quarter), quarter, None, None)
        counted = count_all(scope, scope, None, ledger)
        ledger = counted.ledger
    found = audit(ledger.reports).found
    of_rows = found["cell"].str.contains("rows between").tolist()
    assert any(of_rows) == (not protected)
    assert found.empty == protected
    everybody = (quarters.SESSIONS, "2026-06-30", "all")
    assert counted.linked.value(everybody) == 60
    assert everybody in ledger.reports[-1].settled
    assert (("files", 1, "rows_kept") in counted.hidden) == protected
    assert ("sessions", "all") not in counted.hidden  # only the rows are hidden for it


def test_the_sessions_of_a_quarter_are_those_of_its_statuses(records: iop.Records) -> None:
    linked, _ = system_of(records, "2026Q3", "sessions", HALF_YEAR)
    places = {name: place for place, name in enumerate(linked.names)}
    first, second = (quarters.SESSIONS, "2026-06-30"), (quarters.SESSIONS, "2026-09-30")
    for own, number in ((first, 44 + 20), (second, 40 + 4)):
        everybody = (*own, "all")
        assert linked.value(everybody) == number
        row = {places[(*own, word)]: 1 for word in ("attended", "no_show")}
        assert row | {places[everybody]: -1} in linked.facts.rows
    both = {places[(*own, "all")]: 1 for own in (first, second)}
    assert both | {places["sessions", "all"]: -1} in linked.facts.rows
