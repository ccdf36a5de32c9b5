"""Curves of relapse of two reports in a row: how many relapsed between two printed days."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.system import PrintedCells, audit, join
from iop_outcomes.disclosure.system.attack import fits
from iop_outcomes.report.period import within
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.sections.quarters import COHORTS
from iop_outcomes.report.sections.relapse import relapse_results, with_curves
from iop_outcomes.report.sections.relapse.beside import Beside
from iop_outcomes.report.sections.relapse.declared_curves import (
    CURVE,
    ENDED,
    FOLLOWED,
    GONE,
    OR_FOLLOWED,
    PrintedCurve,
    cells_of_curve,
    pieces_of,
)
from iop_outcomes.survival.curves.estimate import product_curves
from validation.attack_curve_pairs import solve_pairs
from validation.attack_programs import population, records_up_to
from validation.attack_reading import Read
from validation.attack_series_reading import One

QUARTERS = ("2025Q2", "2025Q3")


@cache
def scope_of(quarter: str) -> Scope:
    """Return a program of 300 people who all answer, and whose sessions are all recorded."""
    made = population(4, 300)
    checkins = made.checkins.assign(status="completed")
    checkins["used"] = checkins["used"].astype(object).where(checkins["used"].notna(), "no")
    attendance = made.attendance[made.attendance["status"].astype(object) != "unrecorded"]
    end = pd.Period(quarter, "Q").end_time.normalize()
    episodes = made.episodes.assign(program="Center")
    records = records_up_to(episodes, attendance, checkins, end)
    return choose_scope(records, quarter, None, None)


def two_reports() -> tuple[list[One], list[PrintedCells]]:
    """Return what two reports in a row print of their curve of all, and what they declare."""
    reports, cells = list[One](), list[PrintedCells]()
    for quarter in QUARTERS:
        scope = scope_of(quarter)
        found = relapse_results(scope, before=cells)
        assert found is not None
        admitted = scope.records.episodes["admit_date"].dt.to_period("Q").astype(str)
        begun = admitted.value_counts().sort_index()
        trend = pd.DataFrame({"period": begun.index, "numerator": begun.to_numpy()})
        read = Read({"relapse": found.overall.table, "trend_admissions": trend}, {}, "")
        reports.append(One(read, "Center", quarter, pd.Timestamp(scope.records.as_of)))
        cut = str(pd.Timestamp(scope.records.as_of).date())
        own = PrintedCells(11, scope.label, cut, tuple(sorted(scope.programs)))
        cells.append(with_curves(own, found))
    return reports, cells


def test_how_many_more_relapsed_between_two_days_is_not_told() -> None:
    """65% and 55% of 80 still followed are 11 to 13 relapses, 66% and 54% of 100 are 14 to 20.

    So they were 1 to 9 more in the second report, with its numbers at risk to the nearest ten.
    """
    reports, cells = two_reports()
    assert [len(one.small) for one in solve_pairs(reports).values()] == [0]
    assert len(audit(cells).found) == 0
    assert set(reports[1].read.tables["relapse"]["day"]) >= {0, 180}


def planted(beside: Beside, curve: PrintedCurve) -> PrintedCurve:
    """Return the curve of all with coarser numbers at risk, and fewer days, in a second report."""
    if not beside.earlier or not curve.base:
        return curve
    return replace(curve.without(30), base=10)


def test_the_audit_sees_how_many_more_relapsed_between_two_days(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Beside, "safe", planted)
    reports, cells = two_reports()
    (told,) = solve_pairs(reports).values()
    assert {name[-2:] for name in told.small if isinstance(name, tuple)} == {(120.0, 180.0)}
    found = audit(cells).found
    assert any("newly known" in one and "120 / 180" in one for one in found["cell"])


def true_number(scope: Scope, times: pd.DataFrame, key: Key) -> int:
    """Return how many of a curve are counted under a name of `cells_of_curve`."""
    assert isinstance(key, tuple)
    inside = np.ones(len(times), dtype=np.bool_)
    if key[0] == COHORTS:
        ends = {str(piece.last.date()): piece for piece in pieces_of(scope, scope.window(8))}
        inside, key = within(times["admitted"], ends[str(key[1])]), key[2:]
    if key[3] == "n":
        return int(inside.sum())
    kind, start, end = key[3:6]
    between = (times["day"] > start) & (times["day"] <= end)
    counted = {
        ENDED: between & times["ended"],
        GONE: between & ~times["ended"],
        FOLLOWED: times["day"] > end,
        OR_FOLLOWED: (between & times["ended"]) | (times["day"] > end),
    }[kind]
    return int((inside & counted).sum())


def drawn(scope: Scope, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return times of the people of a scope, and which of two ends came first, if any."""
    random = np.random.default_rng(seed)
    own = scope.records.episodes.loc[scope.two_years, ["episode_id", "admit_date"]]
    times = own.rename(columns={"admit_date": "admitted"}).reset_index(drop=True)
    times["day"] = random.integers(1, 230, len(times)).astype("float64")
    cause = pd.Series(random.choice(["relapse", "other", ""], len(times), p=[0.4, 0.4, 0.2]))
    return times, cause


DAYS = (60, 120, 180)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_declared_between_days_holds_of_the_true_numbers(seed: int) -> None:
    scope = scope_of(QUARTERS[0])
    times, cause = drawn(scope, seed)
    times = times.assign(ended=cause == "relapse")
    given = pd.DataFrame({"days": times["day"], "event": times["ended"]})
    given["person_id"] = times["episode_id"]
    survival = product_curves(given).at(list(DAYS))["survival"].round(2)
    falls = {day: 1 - float(share) for day, share in zip(DAYS, survival, strict=True)}
    holds(scope, times, PrintedCurve(("rule", "censor"), falls, 5, times))


@pytest.mark.parametrize("seed", range(8))
def test_so_it_does_of_what_came_first(seed: int) -> None:
    scope = scope_of(QUARTERS[0])
    times, cause = drawn(scope, seed)
    falls = incidences(times, cause)
    for kind, other in (("relapse", "other"), ("other", "relapse")):
        own = times.assign(ended=cause == kind)
        curve = PrintedCurve(("first", kind), falls[kind], 0, own)
        holds(scope, own, replace(curve, others=falls[other], kinds=2))


@pytest.mark.parametrize("seed", range(4))
def test_so_it_does_where_nobody_ended_so_between_two_days(seed: int) -> None:
    """What came first is printed where none, or at least 11, ended so between two days."""
    scope = scope_of(QUARTERS[0])
    times, cause = drawn(scope, seed)
    none = cause.where(~times["day"].between(61, 120) | (cause != "relapse"), "other")
    falls = incidences(times, none)
    own = times.assign(ended=none == "relapse")
    curve = PrintedCurve(("first", "relapse"), falls["relapse"], 0, own)
    curve = replace(curve, others=falls["other"], kinds=2)
    assert falls["relapse"][60] == falls["relapse"][120]
    holds(scope, own, curve)
    ended = (CURVE, *curve.name, ENDED, 60, 120)
    cells = cells_of_curve(scope, curve)
    assert {ended: 1} in cells.sums
    assert fits(join([cells]))


def incidences(times: pd.DataFrame, cause: pd.Series) -> dict[str, dict[int, float]]:
    """Return the share of each kind of end by each day, by Aalen and Johansen."""
    ends = times.assign(cause=cause.mask(cause == ""))[["episode_id", "day", "cause"]]
    left, alive = len(ends), 1.0
    by_day: dict[str, dict[int, float]] = {"relapse": {}, "other": {}}
    risen = dict.fromkeys(by_day, 0.0)
    for day in range(1, max(DAYS) + 1):
        here = ends[ends["day"] == day]
        for kind in risen:
            risen[kind] += alive * int((here["cause"] == kind).sum()) / left
        alive *= 1 - int(here["cause"].notna().sum()) / left
        left -= len(here)
        if day in DAYS:
            for kind, share in risen.items():
                by_day[kind][day] = round(share, 2)
    return by_day


def holds(scope: Scope, times: pd.DataFrame, curve: PrintedCurve) -> None:
    """Check that the true numbers fit the sums and shares that are declared of a curve."""
    cells = cells_of_curve(scope, curve)
    true = {key: true_number(scope, times, key) for key in cells.counts}
    assert true["curve", *curve.name, "n"] == cells.counts[CURVE, *curve.name, "n"]
    assert all(sum(sign * true[key] for key, sign in row.items()) == 0 for row in cells.sums)
    assert all(true[key] >= least for key, least in cells.least.items())
    assert len(cells.shares) > 2 * len(DAYS)
    for one in cells.shares:
        assert 0 <= one.low <= one.high <= 1  # others are refused in an earlier report
        top, bottom = true[one.numerator], true[one.denominator]
        assert one.low * bottom - 1e-9 <= top <= one.high * bottom + 1e-9
