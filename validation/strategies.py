"""Strategies of attendance in simulated programs whose true effect of attendance is known.

``python -m validation.strategies`` draws programs from the samples' model, compares strategies by
the public call and by the naive way, and writes docs/validation_strategies.md beside the truth. The
truth is a simulation in which everyone keeps to the strategy: a week that does not is drawn again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import iop_outcomes as iop
from iop_outcomes.samples.model import course as course_model
from iop_outcomes.samples.model.design import PROGRAMS, Design
from iop_outcomes.samples.model.people import admit_people
from iop_outcomes.samples.model.sessions import hold_sessions
from iop_outcomes.samples.model.state import (
    ABSENT,
    ASSESSMENT,
    ATTENDED,
    Course,
    SimulationState,
)

PAGE = Path(__file__).parents[1] / "docs" / "validation_strategies.md"
TEXT = Path(__file__).parent / "strategies_page.md"
WEEKS, DAY, RATE = 4, 42, 0.7
TRIES = 200
HISTORY = "C(period) + attended_last_week + absences_last_week + attended_before + absences_before"
STRATEGIES = (
    iop.Strategy("seven tenths", at_least=RATE, column="attendance_rate", weeks=WEEKS),
    iop.Strategy("fewer", less_than=RATE, column="attendance_rate", weeks=WEEKS),
)
Keeps = Callable[[NDArray[Any]], NDArray[np.bool_]]

# As the sample's, but that hardly anyone leaves in the first seven weeks, so that everyone can keep
# to each strategy, and that a week of either kind is usual.
BASE = Design(
    people=760,
    shape=0.8,
    scale=110.0,
    mean_attendance=0.68,
    correlation=0.05,
    weekly_decline=0.0,
    median_stay=(85.0,) * 7,
    spread_stay=(0.08,) * 7,
    horizon=150,
    programs=tuple(replace(one, log_odds=0.4 * one.log_odds, changes=()) for one in PROGRAMS),
)
EFFECTS = {"no effect": 0.0, "the sample's effect": -1.1, "twice the sample's": -2.2}


def simulate(design: Design, rng: np.random.Generator) -> tuple[pd.DataFrame, Course]:
    """Return people and their courses as they come."""
    who = admit_people(design, rng)
    return who, course_model.follow(who, design, rng)


def forced(design: Design, keeps: Keeps, rng: np.random.Generator) -> tuple[float, int]:
    """Return the share without use by the day had everyone kept to a strategy, and the exceptions.

    A person is drawn a week at a time. Use in a week is counted as it comes, since a week is judged
    at its end. A week that ends without use and does not keep to the strategy is drawn again, from
    what came before it, until it ends without use and keeps to it: how it is kept is left open, and
    a second draw is no second time at risk. Exceptions are people-weeks that did not keep to the
    strategy in any of `TRIES` draws.
    """
    who = admit_people(design, rng)
    state = course_model._set_out(who, design, rng)
    course_model._first_contact(state)
    constant = course_model.fixed_log_hazard(who, design)
    exceptions = 0
    for week in range(DAY // 7):
        rows = np.arange(len(who))
        before = part_of(state, rows)
        for draw in range(TRIES):
            part = part_of(before, rows)
            rate = run_week(part, week, constant[rows])
            put(state, rows, part)
            used = part.course.relapse <= 7 * week + 6
            rows = rows[~keeps(rate) & ~used | (used if draw else False)]
            if week >= WEEKS or not len(rows):
                break
        else:
            exceptions += len(rows)
    return float((state.course.relapse > DAY).mean()), exceptions


def run_week(state: SimulationState, week: int, constant: NDArray[Any]) -> NDArray[Any]:
    """Simulate the days of a week; return the share attended of the sessions due in it."""
    for day in range(max(7 * week, 1), 7 * week + 7):
        course_model._relapse(state, day, course_model._hazard_of(state, day, constant))
        course_model._close_without_contact(state, day)
        hold_sessions(state, day)
    people = len(state.log_odds)
    came, due = (
        sum(
            (
                np.bincount(day["episode"][np.isin(day["outcome"], kinds)], minlength=people)
                for day in state.days
            ),
            np.zeros(people, dtype=np.int64),
        )
        for kinds in ([ATTENDED], [ATTENDED, ABSENT])
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(came / due)


def part_of(state: SimulationState, rows: NDArray[np.intp]) -> SimulationState:
    """Return a copy of the state of some people, without their sessions so far."""
    old = state.course
    part = SimulationState(
        who={name: column[rows] for name, column in state.who.items()},
        design=state.design,
        rng=state.rng,
        course=Course(old.leave[rows], old.discharge[rows], old.reason[rows], old.relapse[rows]),
        shut=state.shut,
        staff_absent=state.staff_absent,
        attendance=state.attendance,
        log_odds=state.log_odds[rows],
        last_contact=state.last_contact[rows],
    )
    part.attended, part.due = state.attended[:, rows], state.due[:, rows]
    return part


def put(state: SimulationState, rows: NDArray[np.intp], part: SimulationState) -> None:
    """Put the state of some people back."""
    for name in ("leave", "discharge", "reason", "relapse"):
        getattr(state.course, name)[rows] = getattr(part.course, name)
    state.last_contact[rows] = part.last_contact
    state.attended[:, rows], state.due[:, rows] = part.attended, part.due


def frames(who: pd.DataFrame, course: Course) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the times to the true first use, and the weeks of each person."""
    times = pd.DataFrame(
        {
            "episode_id": np.arange(len(who)),
            "days": np.minimum(course.relapse, DAY),
            "event": course.relapse <= DAY,
            "program": who["program"].astype(str),
        }
    )
    rows = course.sessions
    rows = rows[(rows["service"] != ASSESSMENT) & (rows["day"] < 7 * WEEKS)]
    cell = rows["episode"].to_numpy() * WEEKS + rows["day"].to_numpy() // 7
    outcome = rows["outcome"].to_numpy()
    came, missed = (
        np.bincount(cell[outcome == kind], minlength=len(who) * WEEKS).reshape(-1, WEEKS)
        for kind in (ATTENDED, ABSENT)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = came / (came + missed)
    columns: dict[str, NDArray[Any]] = {"attendance_rate": rate.ravel()}
    for name, count in (("attended", came), ("absences", missed)):
        earlier = np.cumsum(count, axis=1) - count
        columns[f"{name}_before"] = earlier.ravel()
        columns[f"{name}_last_week"] = np.diff(earlier, axis=1, prepend=0).ravel()
    weeks = pd.DataFrame(columns).assign(
        episode_id=np.repeat(np.arange(len(who)), WEEKS),
        day=np.tile(7 * np.arange(WEEKS) + 6, len(who)),
    )
    overall = came.sum(axis=1) / np.maximum((came + missed).sum(axis=1), 1)
    return times.assign(high=overall >= RATE), weeks


@dataclass(frozen=True)
class Estimate:
    """A difference with its limits."""

    difference: float
    lower: float
    upper: float


def estimates(design: Design, seed: int, resamples: int) -> dict[str, Estimate]:
    """Return the difference by each way, in one simulated program: seven tenths less fewer."""
    times, weeks = frames(*simulate(design, np.random.default_rng(seed)))
    comparison = iop.compare_strategies(
        times,
        weeks,
        STRATEGIES[::-1],
        day=DAY,
        formula=f"{HISTORY} + program",
        resamples=resamples,
        seed=seed,
    )
    naive = iop.survival_difference(times, "high", DAY, reference=False)
    return {
        "emulation": _of(comparison.table.iloc[0]),
        "whole-stay rate": _of(naive.table.iloc[0]),
    }


def _of(row: Any) -> Estimate:
    return Estimate(float(row["difference"]), float(row["lower"]), float(row["upper"]))


def true_difference(design: Design, people: int, seed: int) -> tuple[float, float, int]:
    """Return the true difference, its Monte Carlo error, and the exceptions."""
    many = replace(design, people=people)
    shares, exceptions = [], 0
    for place, strategy in enumerate(STRATEGIES):
        # a week without a session due ends no clone, and keeps to each strategy here too
        share, failed = forced(
            many,
            lambda rate, one=strategy: one.kept(rate) | np.isnan(rate),
            np.random.default_rng((seed, place)),
        )
        shares.append(share)
        exceptions += failed
    error = np.sqrt(sum(share * (1 - share) for share in shares) / people)
    return shares[0] - shares[1], float(error), exceptions


def row_of(name: str, way: str, estimates: list[Estimate], truth: tuple[float, float, int]) -> str:
    """Return a line of the table."""
    values = np.array(
        [[estimate.difference, estimate.lower, estimate.upper] for estimate in estimates]
    )
    bias = values[:, 0].mean() - truth[0]
    error = np.hypot(values[:, 0].std(ddof=1) / np.sqrt(len(values)), truth[1])
    covered = ((values[:, 1] <= truth[0]) & (truth[0] <= values[:, 2])).mean()
    return (
        f"| {name} | {truth[0]:.3f} ({truth[1]:.3f}) | {way} | {values[:, 0].mean():.3f} | "
        f"{bias:+.3f} ({error:.3f}) | {values[:, 0].std(ddof=1):.3f} | {covered:.0%} |"
    )


def main() -> None:
    """Run the study and write its page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--programs", type=int, default=200)
    options.add_argument("--resamples", type=int, default=200)
    options.add_argument("--truth", type=int, default=40_000)
    options.add_argument("--out", type=Path, default=PAGE)
    asked = options.parse_args()
    lines, exceptions = [], 0
    for name, effect in EFFECTS.items():
        design = replace(BASE, attendance_effect=effect)
        truth = true_difference(design, asked.truth, 2026)
        exceptions += truth[2]
        rows_of_way: dict[str, list[Estimate]] = {}
        for seed in range(asked.programs):
            for way, estimate in estimates(design, seed, asked.resamples).items():
                rows_of_way.setdefault(way, []).append(estimate)
            if sys.stderr.isatty() or seed % 20 == 19:
                print(f"{name}: {seed + 1} of {asked.programs}", file=sys.stderr)
        lines += [row_of(name, way, rows, truth) for way, rows in rows_of_way.items()]
    text = TEXT.read_text(encoding="utf-8")
    texts = {
        "day": date.today().isoformat(),
        "programs": f"{asked.programs:,}",
        "resamples": f"{asked.resamples:,}",
        "truth": f"{asked.truth:,}",
        "exceptions": f"{exceptions:,}",
        "rows": "\n".join(lines),
    }
    for key, value in texts.items():
        text = text.replace(f"{{{{{key}}}}}", value)
    asked.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
