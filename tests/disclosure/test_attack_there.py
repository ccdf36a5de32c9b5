"""Who was there at the end of a quarter of the trends: one report and several tell it, not now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.disclosure.merging import Ladders
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import counting, model
from iop_outcomes.report.linking import leaving_by_time
from validation.attack_reading import Read, stands
from validation.attack_relations import PROMISE, build
from validation.attack_saving import as_read
from validation.attack_series import join
from validation.attack_series_reading import One
from validation.attack_series_solving import solve_together
from validation.attack_solving import SMALL, Puzzle, solve
from validation.attack_there import THERE

HIDDEN = "hidden"
HEAD = "Programs Center Time {0} (2026-07-01 to 2026-09-30) Data cut {1} Made"
BY_QUARTER = Ladders.of({"discharges": [{"every": "quarter"}]})


@pytest.fixture(scope="module", autouse=True)
def no_drawing() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "draw_svg", lambda *_, **__: Picture(b"<svg/>", "A.", 1, 1))
        yield


def read(
    admitted: Sequence[object],
    discharged: Sequence[object],
    there: Sequence[object] = (30, 30),
    quarter: str = "2026Q3",
    words: str = "",
) -> Read:
    """Return a report of who came and was discharged in each quarter, and who was there."""
    quarters = pd.period_range(end=quarter, periods=len(admitted), freq="Q")
    days = (quarters[-1] - 1).end_time.date(), quarters[-1].end_time.date()
    names = [str(one) for one in quarters]
    census = {
        "who": [f"in the program on {days[0]}", "new", "left", f"in the program on {days[1]}"],
        "episodes": [there[0], admitted[-1], HIDDEN, there[1]],
    }
    closed = {"period": names, "numerator": HIDDEN, "denominator": discharged, "status": "known"}
    tables = {
        "trend_admissions": pd.DataFrame(
            {"period": names, "numerator": admitted, "status": "known"}
        ),
        "trend_completion_rate": pd.DataFrame(closed),
        "census": pd.DataFrame(census),
    }
    return Read(tables, {}, HEAD.format(quarter, days[1]) + words)


@pytest.mark.parametrize(
    ("admitted", "discharged", "there", "told"),
    [
        ([30, 30, 51, 30], [0, 51, 30, 30], (30, 30), range(9, 10)),  # 60 less 51
        ([30, 30, 51, 30], [0, 51, 30, 30], (30, HIDDEN), range(9, 10)),
        ([30, 30, 51, 30], [0, 51, 24, 30], (30, 30), range(3, 10)),  # 6 without a reason
        ([30, 30, 51, 30], [0, 51, 30, 30], (HIDDEN, HIDDEN), range(10)),  # some may have left
        ([30, 30, 51, 30], [0, HIDDEN, 30, 30], (30, 30), range(61)),
        ([30, 30, HIDDEN, 30], [0, 51, 30, 30], (30, 30), range(10)),
        ([0] * 8 + [30, 30, 51, 30], [0] * 9 + [51, 30, 30], (30, 30), range(100)),  # from before
    ],
)
def test_those_there_after_a_quarter_of_the_trends_follow(
    admitted: list[object],
    discharged: list[object],
    there: tuple[object, object],
    told: range,
) -> None:
    asked = (THERE, "2026-03-31")
    found = solve(build(read(admitted, discharged, there)))
    assert (asked in found.small) is (set(told) <= set(SMALL))
    assert (asked in found.pinned) is (len(told) == 1)


def test_no_day_is_told_where_discharges_are_by_year() -> None:
    """The quarters of 2026 are not known, as the year is not over."""
    one = read([30, 30, 51, 30], [0, 51, 30, 30])
    closed = pd.DataFrame({"period": ["2025"], "numerator": [0], "denominator": [0]})
    made = build(replace(one, tables=one.tables | {"trend_completion_rate": closed}))
    assert (THERE, "2026-03-31") in made
    assert (THERE, "2026-03-31") not in solve(made).small


Stays = Sequence[tuple[str, str | None, int]]
"""The day of admission and of discharge, of how many people."""
STAYS: Stays = (
    ("2025-10-08", "2026-01-10", 30),
    ("2026-01-08", "2026-02-10", 21),
    ("2026-01-08", "2026-04-10", 9),
    ("2026-04-08", "2026-04-30", 21),
    ("2026-04-08", "2026-07-10", 30),
    ("2026-07-08", None, 30),
)
"""30, 9, 30 and 30 people are there at the ends of four quarters."""


def records_of(
    stays: Stays, cut: str = "2026-09-30", *, unknown: int = 0, ended: int = 0
) -> iop.Records:
    """Return records of some stays, every second completed.

    Of some of the newest quarter's people but one the follow-up ended, and some discharges of the
    quarter before have no reason.
    """
    rows = [(first, last) for first, last, people in stays for _ in range(people)]
    frame = pd.DataFrame(rows, columns=["admit_date", "discharge_date"])
    frame["episode_id"] = [f"p{number}" for number in range(len(frame))]
    frame["person_id"], frame["program"] = frame["episode_id"], "Center"
    frame["discharge_reason"] = np.where(frame.index % 2 == 0, "completed", "dropped_out")
    frame["followed_until"] = None
    late = frame.index[frame["discharge_date"].eq("2026-07-10")]
    frame.loc[late[:unknown], "discharge_reason"] = None
    moved = late[unknown : unknown + ended]
    frame.loc[moved, "followed_until"] = "2026-05-20"
    frame.loc[moved, ["discharge_date", "discharge_reason"]] = None
    frame = frame[frame["admit_date"] <= cut].copy()
    left = frame["discharge_date"].fillna("9") > cut
    frame.loc[left, ["discharge_date", "discharge_reason"]] = None
    visits = pd.concat(
        pd.DataFrame({"date": pd.date_range(first, last, freq="7D")}).assign(episode_id=name)
        for name, first, last in zip(
            frame["episode_id"],
            frame["admit_date"],
            frame["discharge_date"].fillna(frame["followed_until"]).fillna(cut),
            strict=True,
        )
    )
    visits["status"] = "attended"
    return iop.read_records(episodes=frame, attendance=visits, as_of=cut)


def made(records: iop.Records, **options: Any) -> Read:
    quarter = str(pd.Period(str(pd.Timestamp(records.as_of).date()), "Q"))
    report = iop.quarterly_report(records, quarter, ladders=BY_QUARTER, **options)
    return as_read(report)


def test_a_report_as_it_is_made_tells_of_no_day_and_did_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records = records_of(STAYS)
    now = solve(build(made(records)))
    assert not now.small
    monkeypatch.setattr(leaving_by_time, "_link_discharged", lambda *_: None)
    assert (THERE, "2026-03-31") in solve(build(made(records))).small


@pytest.fixture
def nothing_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what hides, but not what takes tables together."""
    monkeypatch.setattr(counting, "hide_beside", lambda *_, **__: (frozenset(), ""))
    monkeypatch.setattr(LinkedCounts, "hidden", lambda *_: frozenset())


def fits(puzzle: Puzzle) -> bool:
    try:
        solve(puzzle, ask=False)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("unknown", "ended"), [(0, 0), (6, 4)])
def test_what_is_taken_for_known_is_true_where_follow_up_ended_or_reasons_are_missing(
    unknown: int, ended: int
) -> None:
    records = records_of(STAYS, unknown=unknown, ended=ended)
    read = made(records, policy=iop.SafePolicy.unprotected())
    puzzle = build(read)
    days = ["2025-09-30", "2025-12-31", "2026-03-31", "2026-06-30", "2026-09-30"]
    for day, number in zip(days, [0, 30, 9, 30 - ended, 30], strict=True):
        puzzle.known((THERE, day), number)
    assert fits(puzzle)
    names = ("trend_admissions", "trend_completion_rate", "census")
    tables = {name: read.tables[name] for name in names}
    assert fits(build(replace(read, tables=tables)))
    for table, row, column, sign in [
        ("trend_admissions", 0, "numerator", -1),  # fewer than left
        ("trend_completion_rate", 1, "denominator", 1),
        ("census", [0, 2], "episodes", 1),
    ]:
        changed = tables[table].copy()
        changed.loc[row, column] += sign * (1 + unknown + ended)
        assert not fits(build(replace(read, tables=tables | {table: changed}))), table


@pytest.mark.usefixtures("nothing_hidden")
@pytest.mark.parametrize("cut", ["2026-09-30", "2026-09-10"])
def test_what_is_taken_for_known_is_true_where_discharges_are_by_year(cut: str) -> None:
    stays: list[tuple[str, str | None, int]] = [
        *(("2025-01-08", "2025-07-10", 5), ("2025-04-08", "2025-07-10", 3)),
        *(("2025-07-08", "2025-11-10", 4), *((one, two, 9) for one, two, _ in STAYS)),
    ]
    read = made(records_of(stays, cut, unknown=1, ended=1))
    assert list(read.tables["trend_completion_rate"]["period"]) == ["2025"]
    read = replace(read, words=read.words.replace(PROMISE, ""))
    puzzle = build(read)
    for day, number in [("2025-06-30", 8), ("2026-06-30", 8), (cut, 9)]:
        puzzle.known((THERE, day), number)
    assert fits(puzzle)


def test_what_is_taken_for_known_is_true_beside_figures_as_first_printed() -> None:
    """Four who came in the second quarter of 2026 were entered after its report."""
    stays = [(one, two, 2 * people) for one, two, people in STAYS]
    first = iop.quarterly_report(records_of(stays, "2026-06-30"), "2026Q2", ledger=Ledger())
    late: Stays = [*stays, ("2026-04-08", "2026-07-10", 4)]
    assert first.ledger is not None
    second = iop.quarterly_report(records_of(late), "2026Q3", ledger=first.ledger)
    reads = [as_read(first), as_read(second)]
    assert stands(reads[1]) == {("admissions", "2026Q2")}
    assert not stands(reads[0])
    assert fits(build(reads[1]))
    day = pd.Timestamp("2026-09-30")
    names = [One(one, "Center", "2026Q3", day).named((THERE, "2026-06-30")) for one in reads]
    assert names[0] != names[1]
    assert names[0] == (THERE, "2026-06-30")


def test_two_reports_tell_who_was_there_and_neither_does_alone() -> None:
    """The first has discharges by quarter, the second who was there on its last day."""
    first = read([30, 30, 51, 30], [0, 51, 30, 30], (HIDDEN, HIDDEN))
    second = read([30, 30, 51, 30, 30], [*[HIDDEN] * 4, 30], (30, 30), "2026Q4")
    asked = (THERE, "2026-03-31")
    for some in ([first], [second], [first, second]):
        found = solve_together(join([One.of(one) for one in some]))
        assert (asked in found.small) is (len(some) > 1)


def test_discharges_of_a_quarter_of_another_report_left_in_it() -> None:
    """A table by reason of a quarter that neither report's trend of completion shows."""
    first = read([30, 30], [HIDDEN, HIDDEN], (HIDDEN, HIDDEN), "2026Q1")
    reasons = {"reason": ["completed", "all"], "TEDS_code": ["1", ""], "discharges": [51, 51]}
    table = pd.DataFrame(reasons).assign(share="hidden")
    first = replace(first, tables=first.tables | {"discharges": table})
    first = replace(first, captions=("Discharges in 2026Q1, by reason",))
    second = read([30, 30, 51, 30], [0, HIDDEN, 30, 30], (30, 30))
    assert (THERE, "2026-03-31") not in solve_together(join([One.of(second)])).small
    assert (THERE, "2026-03-31") in solve_together(join([One.of(first), One.of(second)])).pinned
