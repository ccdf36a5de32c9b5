"""What shares of a year's admissions tell beside the flow and the trends: the attacker asks it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model
from iop_outcomes.report.scope import Scope, choose_scope
from validation.attack_programs import population, records_up_to
from validation.attack_reading import Read
from validation.attack_relations import build
from validation.attack_saving import as_read
from validation.attack_solving import Name, Puzzle, Solved, solve
from validation.attack_years import AFTER, BEFORE, LONG_AGO, OF_YEAR

HIDDEN = "hidden"
FIRST: Name = ("retained_90", "2025Q1", "numerator")
COMPLETED: Name = (BEFORE, "x")
TABLES = ("trend_", "census", "cohort_flow")


@pytest.fixture(scope="module", autouse=True)
def no_drawing() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "draw_svg", lambda *_, **__: Picture(b"<svg/>", "A.", 1, 1))
        yield


def admissions(numbers: Sequence[object], newest: str) -> pd.DataFrame:
    quarters = pd.period_range(end=newest, periods=len(numbers), freq="Q").astype(str)
    return pd.DataFrame({"period": quarters, "numerator": numbers, "status": "known"})


def programs(admitted: object, **shares: object) -> pd.DataFrame:
    return pd.DataFrame([{"program": "all", "admitted": admitted, **shares}])


def beside_the_flow(stayed: object, share: object, cut: str, note: str = "") -> Solved:
    """Return what follows of 132 in the flow of 2025, and the share of 2025Q2 to 2026Q1."""
    caption = "How far people came: admissions from 2025-01-01 to 2025-12-31, followed for 90 days"
    flow = {"stage": ["admitted", "still in the program after 90 days"], "reached": [132, stayed]}
    tables = {
        "trend_admissions": admissions([35, 34, 32, 31, 31], "2026Q1"),
        "cohort_flow": pd.DataFrame(flow).assign(share=HIDDEN),
        "programs": programs(128, retained_90=share),
    }
    words = f"Programs Center Time 2026Q1 Data cut {cut} Made {caption} {note}"
    return solve(build(Read(tables, {}, words, (caption,))))


@pytest.mark.parametrize(
    ("stayed", "share", "cut", "note", "told"),
    [
        (22, 0.16, "2026-03-31", "", True),  # 16 of 97 in three quarters: 6 of the first
        (22, 0.16, "2026-03-31", LONG_AGO, True),  # nobody of the newest was followed
        (22, 0.16, "2026-06-28", "", True),  # not all of the newest were
        (22, 0.16, "2026-06-28", LONG_AGO, False),  # some of the newest are in the share
        (22, 0.17, "2026-03-30", "", False),  # of the fourth quarter not all were
        (40, 0.21, "2026-03-31", "", False),  # 20 of the first
        (22, HIDDEN, "2026-03-31", "", False),
        (HIDDEN, 0.16, "2026-03-31", "", False),
    ],
)
def test_who_stayed_of_the_first_quarter_of_the_flow(
    stayed: object, share: object, cut: str, note: str, told: bool
) -> None:
    found = beside_the_flow(stayed, share, cut, note)
    assert found.pinned.get(FIRST) == (6 if told else None)


def test_who_stayed_of_two_quarters_is_asked() -> None:
    """The flow begins two quarters before the year: 22 less 17 of 63."""
    caption = "How far people came: admissions from 2024-10-01 to 2025-09-30, followed for 90 days"
    flow = {"stage": ["admitted", "still in the program after 90 days"], "reached": [132, 22]}
    tables = {
        "trend_admissions": admissions([35, 34, 32, 31, 31, 30], "2026Q1"),
        "cohort_flow": pd.DataFrame(flow).assign(share=HIDDEN),
        "programs": programs(124, retained_90=0.27),
    }
    read = Read(tables, {}, f"Data cut 2026-03-30 Made {caption}", (caption,))
    found = solve(build(read))
    assert found.pinned.get(("stayed", 90, "2024Q4", "2025Q1")) == 5


def beside_discharges(
    share: object = 0.37, before: object = 67, there: object = 18, cut: str = "2025-12-31"
) -> Solved:
    """Return what follows of 73 discharged in 2025, of whom 30 completed.

    Of 80 admitted in the year before 67 or more had left.
    """
    who = ["in the program on 2025-09-30", "new", "left", "in the program on 2025-12-31"]
    closed = {"period": ["2024", "2025"], "numerator": [HIDDEN, 30], "denominator": [before, 73]}
    tables = {
        "trend_admissions": admissions([20] * 7 + [18], "2025Q4"),
        "trend_completion_rate": pd.DataFrame(closed).assign(status="known"),
        "census": pd.DataFrame({"who": who, "episodes": [HIDDEN, 18, HIDDEN, there]}),
        "programs": programs(78, completed=share),
    }
    return solve(build(Read(tables, {}, f"Programs Center Time 2025Q4 Data cut {cut} Made")))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, True),  # 5 to 8, as at most 13 were there before the year
        ({"there": HIDDEN}, True),
        ({"share": 0.3}, False),  # up to 13
        ({"share": HIDDEN}, False),
        ({"before": HIDDEN}, False),  # any number was there
        ({"before": HIDDEN, "there": HIDDEN}, False),
        ({"cut": "2026-01-31"}, False),  # some were discharged since, whom the share counts
    ],
)
def test_who_completed_of_those_admitted_before_the_year(given: dict[str, Any], told: bool) -> None:
    assert (COMPLETED in beside_discharges(**given).small) is told


def records_of(seed: int, people: int, cut: str) -> iop.Records:
    made = population(seed, people)
    episodes = made.episodes.assign(program="Center")
    return records_up_to(episodes, made.attendance, made.checkins, pd.Timestamp(cut))


def truth(puzzle: Puzzle, scope: Scope) -> None:
    """Put in what the records say: who stayed, by quarter, and who was discharged in the year."""
    people, year = scope.records.episodes, scope.window(4)
    admitted, gone = (pd.to_datetime(people[f"{one}_date"]) for one in ("admit", "discharge"))
    quarter = admitted.dt.to_period("Q").astype(str)
    for name in list(puzzle.low):
        if isinstance(name, tuple) and name[0] in ("retained_30", "retained_60", "retained_90"):
            stayed = scope.engaged[name[0]][(quarter == name[1]).to_numpy()]
            if len(stayed):
                puzzle.known(name, stayed.sum() if name[2] == "numerator" else stayed.notna().sum())
    of_year, before = admitted.between(year.first, year.last), admitted < year.first
    inside, reason = gone.between(year.first, year.last), people["discharge_reason"]
    for count, some in (("x", reason.eq("completed")), ("n", reason.notna())):
        puzzle.known((OF_YEAR, count), (some & inside & of_year).sum())
        puzzle.known((BEFORE, count), (some & inside & before).sum())
        if (AFTER, count) in puzzle:
            puzzle.known((AFTER, count), (some & (gone > year.last) & of_year).sum())
    puzzle.known((BEFORE, "for any reason or none"), (inside & before).sum())


def fits(puzzle: Puzzle) -> bool:
    try:
        solve(puzzle, ask=False)
    except ValueError:
        return False
    return True


def test_what_is_taken_for_known_of_a_year_is_true() -> None:
    open_ = iop.SafePolicy.unprotected()
    records = records_of(3, 140, "2026-05-10")  # the share has those discharged since
    read = as_read(iop.quarterly_report(records, "2026Q1", policy=open_))
    scope, puzzle = choose_scope(records, "2026Q1", None, open_), build(read)
    assert (AFTER, "x") in puzzle
    truth(puzzle, scope)
    assert fits(puzzle)
    some = {name: one for name, one in read.tables.items() if name.startswith(TABLES)}
    for column in ("retained_30", "retained_60", "retained_90", "completed"):
        changed = read.tables["programs"].copy()
        changed[column] = changed[column].astype(float) + 0.04
        puzzle = build(replace(read, tables=some | {"programs": changed}))
        truth(puzzle, scope)
        assert not fits(puzzle), column


def told() -> list[Name]:
    """Return what follows from a report of one program up to the end of a year."""
    report = iop.quarterly_report(records_of(3, 300, "2025-12-31"), "2025Q4")
    return solve(build(as_read(report))).small


def test_a_report_as_it_is_made_tells_none_of_these_and_did_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert told() == []
    # The newest quarter was taken for one of the share's, and no discharges were told apart.
    linking = "iop_outcomes.report.linking"
    monkeypatch.setattr(f"{linking}.tables.followed_until", lambda scope, *_: scope.period.last)
    monkeypatch.setattr(f"{linking}.leaving_by_time.link_completed", lambda *_: None)
    assert {COMPLETED, ("retained_90", "2024Q4", "numerator")} <= set(told())
