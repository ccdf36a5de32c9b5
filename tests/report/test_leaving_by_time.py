"""Who is still there, or did not answer, follows from reports of several quarters: it is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.disclosure.merging import Ladders
from iop_outcomes.disclosure.system import PrintedCells, attack, join
from iop_outcomes.report import counting
from iop_outcomes.report.counting import Counted, count_all
from iop_outcomes.report.linking import leaving_by_time
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections import cohort

BY_QUARTER = Ladders.of({"discharges": [{"every": "quarter"}]})
BY_HALF_YEAR = Ladders.of({"discharges": [{"every": "half_year"}]})
Stays = Sequence[tuple[str, str | None, int]]
"""The day of admission and of discharge, of how many people."""
STAYS: Stays = (
    ("2025-10-06", "2025-11-20", 20),
    ("2025-10-06", "2026-02-20", 40),
    ("2026-01-05", "2026-05-20", 30),
    ("2026-04-06", "2026-06-10", 22),
    ("2026-04-06", None, 8),
)
"""40 are there when 2025 ends, 30 when March ends and 8 when June ends."""


def episodes_of(stays: Stays, cut: str) -> pd.DataFrame:
    """Return the episodes of a program as they are known on a day, without reasons."""
    rows = [(first, last) for first, last, people in stays for _ in range(people)]
    frame = pd.DataFrame(rows, columns=["admit_date", "discharge_date"])
    frame["person_id"] = [f"p{number}" for number in range(len(frame))]
    frame["episode_id"], frame["program"] = frame["person_id"], "Harbor"
    frame = frame[frame["admit_date"] <= cut].copy()
    frame.loc[frame["discharge_date"].fillna("9") > cut, "discharge_date"] = None
    return frame


def records_of(stays: Stays, cut: str) -> iop.Records:
    """Return the records of people who come once a week while they are there."""
    frame = episodes_of(stays, cut)
    each = zip(frame["episode_id"], frame["admit_date"], frame["discharge_date"], strict=True)
    rows = pd.concat(
        pd.DataFrame(
            {"episode_id": name, "date": pd.date_range(first, last or cut, freq="7D")}
        ).assign(status="attended")
        for name, first, last in each
    )
    return iop.read_records(episodes=frame, attendance=rows, as_of=cut)


def counted(
    records: iop.Records, ladders: Ladders | None = None, ledger: Ledger | None = None
) -> Counted:
    """Return a report of the quarter in which the records end."""
    quarter = str(pd.Period(str(pd.Timestamp(records.as_of).date()), "Q"))
    scope = choose_scope(records, quarter, None, None)
    return count_all(scope, scope, ladders, ledger)


def printed(made: Counted, *keys: Key) -> list[int | None]:
    """Return printed counts, each of an item of its name; None where it is hidden."""
    return [None if key in made.hidden else made.linked.value(key) for key in keys]


def admissions(*quarters: str) -> list[Key]:
    return [("trend", "admissions", "quarter", one) for one in quarters]


def test_those_there_do_not_follow_from_a_half_year_and_an_earlier_report(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """40 there when 2025 ends and 60 admissions less 92 discharges of a half-year: 8 are there.

    No report was made of the quarter between.
    """
    now, discharged = ("census", "2026-06-30"), ("discharges", "all")
    first = counted(records_of(STAYS, "2025-12-31"), BY_HALF_YEAR)
    assert printed(first, ("census", "2025-12-31")) == [40]
    records = records_of(STAYS, "2026-06-30")
    rows = admissions("2026Q1", "2026Q2")
    made = counted(records, BY_HALF_YEAR, first.ledger)
    assert None in [
        *printed(made, discharged),
        *(None if one in made.hidden else 0 for one in rows),
    ]
    assert attack(join([first.cells, made.cells])).empty
    monkeypatch.setattr(counting, "link_leaving_by_time", lambda *_: None)
    without = counted(records, BY_HALF_YEAR, first.ledger)
    assert printed(without, discharged, now) == [92, None]
    assert without.hidden.isdisjoint(rows)


def test_those_there_are_at_most_who_was_not_discharged(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the 9 who were not discharged moved away in the first quarter: 1 to 9 are there."""
    now, discharged = ("census", "2026-06-30"), ("discharges", "all")
    frame = episodes_of(STAYS, "2026-06-30")
    frame["followed_until"] = None
    moved = frame.index[20]  # admitted in 2025
    frame.loc[moved, ["discharge_date", "followed_until"]] = [None, "2026-02-20"]
    rows = records_of(STAYS, "2026-06-30").attendance[["episode_id", "date", "status"]]
    records = iop.read_records(episodes=frame, attendance=rows, as_of="2026-06-30")
    first = counted(records_of(STAYS, "2025-12-31"), BY_HALF_YEAR)
    made = counted(records, BY_HALF_YEAR, first.ledger)
    assert [made.linked.value(one) for one in (discharged, now)] == [91, 8]
    hidden = {discharged, *admissions("2026Q1", "2026Q2")}
    assert not made.hidden.isdisjoint(hidden)
    assert attack(join([first.cells, made.cells])).empty
    monkeypatch.setattr(leaving_by_time, "_link_discharged", lambda *_: None)
    assert counted(records, BY_HALF_YEAR, first.ledger).hidden.isdisjoint(hidden)


def only(cells: PrintedCells, *shown: Key) -> PrintedCells:
    """Return a report that prints some counts only."""
    counts = {key: value if key in shown else None for key, value in cells.counts.items()}
    return replace(cells, counts=counts)


@pytest.mark.parametrize("joined", [True, False])
def test_those_there_on_a_day_are_the_same_in_the_reports_before_and_after_it(
    joined: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two quarters' admissions and discharges, and who was there before both: 8 are there after.

    The number between, 30, is printed in neither report. It is one count, as its name is of a day.
    """
    if not joined:
        monkeypatch.setattr(cohort, "is_of_a_day", lambda *_: False)
    monkeypatch.setattr(leaving_by_time, "_link_time", lambda *_: None)
    before, after = (
        counted(records_of(STAYS, cut), BY_QUARTER).cells for cut in ("2026-03-31", "2026-06-30")
    )
    everybody: list[Key] = [("admissions", "all"), ("discharges", "all")]
    before = only(before, ("census", "2025-12-31"), *everybody)
    after = replace(only(after, *everybody), least={("census", "2026-06-30"): 1})
    found = attack(join([before, after]))
    of_day = found[found["cell"].str.contains("2026-06-30") & found["cell"].str.contains("census")]
    assert of_day["high"].tolist() == ([8] if joined else [])


def answers_of(cut: str) -> iop.Records:
    """Return 60 people discharged after 40 days: 28 of 40 and 18 of 20 of them answered twice."""
    stays = [("2026-01-05", "2026-02-14", 40), ("2026-04-06", "2026-05-16", 20)]
    frame = episodes_of(stays, cut)
    frame["discharge_reason"] = np.where(np.arange(len(frame)) % 4 > 1, "completed", "dropped_out")
    twice = np.isin(np.arange(len(frame)), [*range(28), *range(40, 58)])
    first = frame[["episode_id"]].assign(date=pd.to_datetime(frame["admit_date"]), phq9=15)
    last = first[twice].assign(phq9=8)
    last["date"] += pd.Timedelta(days=38)
    return iop.read_records(
        episodes=frame,
        attendance=first[["episode_id", "date"]].assign(status="attended"),
        checkins=pd.concat([first, last]).assign(status="completed"),
        as_of=cut,
    )


def test_who_did_not_answer_twice_does_not_follow_from_two_reports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 40 discharged 28 answered, and of 60 in the next report 46: 2 new ones did not."""
    keys: list[Key] = [("symptoms", "phq9", name) for name in ("episodes", "paired")]
    first = counted(answers_of("2026-03-31"))
    assert printed(first, *keys) == [40, 28]
    made = counted(answers_of("2026-06-30"), None, first.ledger)
    assert None in printed(made, *keys)
    assert attack(join([first.cells, made.cells])).empty
    monkeypatch.setattr(leaving_by_time, "_link_answers", lambda *_: None)
    without = counted(answers_of("2026-06-30"), None, first.ledger)
    assert printed(without, *keys) == [60, 46]


def with_reasons(stays: Stays, cut: str) -> iop.Records:
    """Return the same records with a reason of each discharge."""
    frame = episodes_of(stays, cut)
    reason = np.where(np.arange(len(frame)) % 2 == 0, "completed", "dropped_out")
    frame["discharge_reason"] = pd.Series(reason).where(frame["discharge_date"].notna())
    rows = records_of(stays, cut).attendance[["episode_id", "date", "status"]]
    return iop.read_records(episodes=frame, attendance=rows, as_of=cut)


def of_two_years() -> Stays:
    """Return stays of which 9 are there on 2024-06-30, and 15 at the end of each later quarter."""
    stays = [("2024-01-08", "2024-03-20", 20), ("2024-04-08", "2024-06-10", 13)]
    stays.append(("2024-04-08", "2024-08-10", 9))
    for quarter in pd.period_range("2024Q3", "2026Q2", freq="Q"):
        first, last = quarter.start_time, (quarter + 1).start_time
        stays.append((str(first.date()), str((last + pd.Timedelta(days=9)).date()), 15))
    return stays


@pytest.mark.parametrize("joined", [True, False])
def test_those_there_before_two_years_of_discharges_do_not_follow(
    joined: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """15 + 54 discharged in a year - 60 admitted: 9 were there before it, if all who left did so.

    That all did so is what the second report shows, with the admissions before both years.
    """
    by_year = Ladders.of({"discharges": [{"every": "year"}]})
    if not joined:
        monkeypatch.setattr(leaving_by_time, "_link_time", lambda *_: None)
        monkeypatch.setattr(leaving_by_time, "link_completed", lambda *_: None)
    first = counted(with_reasons(of_two_years(), "2025-06-30"), by_year)
    assert printed(first, ("discharges", "all")) == [54]
    second = counted(with_reasons(of_two_years(), "2026-06-30"), by_year, first.ledger)
    found = attack(join([first.cells, second.cells]))
    assert found["high"].tolist() == ([] if joined else [9])
    assert printed(first, ("census", "2025-06-30")) == [None if joined else 15]


@pytest.mark.parametrize(
    "period", ["2026Q2", "2025-07..2026-06", "2025-06-01..2026-05-31", "2026-05-01..2026-06-30"]
)
def test_those_there_after_a_time_of_a_trend_do_not_follow_from_one_report(
    period: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """60 admitted until September 2024 less 51 discharged for a known reason: 9 were there then.

    The table of discharges is of a much later time.
    """
    stays = [("2024-04-08", "2024-07-10", 30), ("2024-07-08", "2024-08-10", 21)]
    stays += [("2024-07-08", "2024-10-10", 9), ("2024-10-08", "2024-10-30", 21)]
    for quarter in pd.period_range("2024Q4", "2026Q2", freq="Q"):
        first, last = quarter.start_time, (quarter + 1).start_time
        stays.append((str(first.date()), str((last + pd.Timedelta(days=9)).date()), 30))
    scope = choose_scope(with_reasons(stays, "2026-06-30"), period, None, None)
    made = count_all(scope, scope, BY_QUARTER, None)
    monkeypatch.setattr(leaving_by_time, "_link_discharged", lambda *_: None)
    without = count_all(scope, scope, BY_QUARTER, None)

    def counts(known: Counted) -> set[object]:
        """Return the rows of the first times of both trends that are hidden."""
        rows = [
            key[:4] for key in known.linked.names if isinstance(key, tuple) and "2024" in str(key)
        ]
        both = ("admissions", "completion_rate")
        return {row for row in rows if row[0] == "trend" and row[1] in both} & known.hidden

    assert counts(made)
    assert not counts(without)
    assert attack(made.cells).empty


@pytest.fixture(scope="module")
def sample() -> iop.Records:
    return iop.read_records("data/samples", as_of="2026-09-30")


@pytest.mark.parametrize(
    ("period", "every", "year"),
    [("2026Q2", "year", "2024"), ("2025-10..2026-09", "period", "2023-10 to 2024-09")],
)
def test_a_trend_of_years_does_not_tell_who_was_there_when_one_ended(
    period: str, every: str, year: str, sample: iop.Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the first year 59 were admitted, of whom retention is known, and 50 discharged: 9 stayed.

    That the year is made of its quarters, and that retention is known of all, is declared too: a
    hidden quarter's admissions follow from the others and the year.
    """
    scope = choose_scope(sample.where(program=["Lakeside"]), period, None, None)
    rows = {("trend", measure, every, year) for measure in ("retained_30", "completion_rate")}
    made = count_all(scope, scope)
    assert rows & made.hidden
    assert attack(made.cells).empty
    retained: Key = ("trend", "retained_30", every, year, "denominator")
    tied = [row for row in made.cells.sums if retained in row and len(row) == 2]
    whole = [next(key for key in row if key != retained) for row in tied]
    assert whole
    assert any(
        len(row) > 2 and any(row.get(key) in (1, -1) for key in whole) for row in made.cells.sums
    )
    if every == "year":
        for name in ("_link_time", "_link_shorter", "_link_admitted"):
            monkeypatch.setattr(leaving_by_time, name, lambda *_: None)
        assert rows.isdisjoint(count_all(scope, scope).hidden)


def test_who_is_not_known_to_meet_a_rule_does_not_follow_in_a_report_of_a_month(
    sample: iop.Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 184 admitted in two years, which the curves say, it is known of 183."""
    scope = choose_scope(sample.where(program=["North"]), "2026-05", None, None)
    rule = ("continuity", "Started and engaged (IET style)")
    made = count_all(scope, scope)
    assert rule in made.hidden
    of_curve = {("admitted", "two years"), ("relapse", "n")}
    assert any(of_curve <= row.keys() for row in made.cells.sums)
    monkeypatch.setattr(leaving_by_time, "_hold", lambda *_: None)
    monkeypatch.setattr(leaving_by_time, "_link_shorter", lambda *_: None)
    without = count_all(scope, scope)
    assert rule not in without.hidden
    assert [without.linked.value((*rule, name)) for name in ("n",)] == [183]


def test_reports_of_a_month_and_of_a_quarter_are_audited_together() -> None:
    """The times of a month's trends are no quarters: the audit stopped with a DateParseError."""
    records = records_of(STAYS, "2026-06-30")
    made = []
    for period in ("2026Q2", "2026-06", "2026-05-20..2026-06-18"):
        scope = choose_scope(records, period, None, None)
        made.append(count_all(scope, scope).cells)
    assert attack(join(made)).empty
