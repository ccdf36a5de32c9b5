"""Two groups in which people leave by their attendance, and how often limits hold the truth.

``python -m validation.leaving`` draws programs in which those who attend little use sooner and
leave more often, in one group more than in the other, estimates the difference between the groups
as if leaving were independent and with `remaining_weights`, and writes docs/validation_leaving.md.
The true difference is known: nobody's use is changed by leaving.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import iop_outcomes as iop

PAGE = Path(__file__).parents[1] / "docs" / "validation_leaving.md"
TEXT = Path(__file__).parent / "leaving_page.md"
WEEKS, DAY = 8, 42
TERMS = "C(interval) * group * low"
# The chance a week of leaving after a week of high and of low attendance, by group.
LEAVING = {
    "leaving is independent": {"day": (0.08, 0.08), "evening": (0.08, 0.08)},
    "low attenders leave, in both groups alike": {"day": (0.04, 0.20), "evening": (0.04, 0.20)},
    "low attenders leave, in one group": {"day": (0.08, 0.08), "evening": (0.01, 0.40)},
}
USE = (0.02, 0.15)  # the chance a week of use after a week of high and of low attendance
EFFECTS = {"no difference": 1.0, "half the use in the evening": 0.5}


@dataclass(frozen=True)
class Estimate:
    """A difference with its limits."""

    difference: float
    lower: float
    upper: float


def simulate(
    people: int, leaving: dict[str, tuple[float, float]], ratio: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Return weekly intervals as a program records them."""
    group = np.where(np.arange(people) % 2, "evening", "day")
    evening = group == "evening"
    low = np.zeros((people, WEEKS), dtype=bool)
    state = rng.random(people) < 0.3
    for week in range(WEEKS):
        low[:, week] = state
        state = np.where(rng.random(people) < 0.75, state, rng.random(people) < 0.4)
    chance = np.where(low, USE[1], USE[0]) * np.where(evening, ratio, 1.0)[:, None]
    used = rng.random((people, WEEKS)) < chance
    leave_chance = np.empty((people, WEEKS))
    for name, (high_rate, low_rate) in leaving.items():
        own = group == name
        leave_chance[own] = np.where(low[own], low_rate, high_rate)
    left = rng.random((people, WEEKS)) < leave_chance
    use_week = np.where(used.any(axis=1), used.argmax(axis=1), WEEKS)
    leave_week = np.where(left.any(axis=1), left.argmax(axis=1), WEEKS)
    event = (use_week < WEEKS) & (use_week <= leave_week)
    last = np.minimum(np.where(event, use_week, leave_week), WEEKS - 1)
    goes = ~event & (leave_week < WEEKS - 1)
    size = last + 1
    whose = np.repeat(np.arange(people), size)
    week = np.concatenate([np.arange(count) for count in size])
    end = week == last[whose]
    return pd.DataFrame(
        {
            "episode_id": whose,
            "group": group[whose],
            "interval": week + 1,
            "entry": 7.0 * week,
            "days": 7.0 * (week + 1),
            "event": end & event[whose],
            "left": goes[whose],
            "low": low[whose, week].astype(float),
        }
    )


def true_difference(ratio: float) -> float:
    """Return evening less day without use at the day if nobody leaves, summed over attendance."""
    free = []
    for factor in (1.0, ratio):
        state = np.array([0.7, 0.3])  # high, low
        stay = 0.75
        move = stay * np.eye(2) + (1 - stay) * np.array([[0.6, 0.4], [0.6, 0.4]])
        for week in range(DAY // 7):
            if week:
                state = state @ move
            state = state * (1 - factor * np.array(USE))
        free.append(float(state.sum()))
    return free[1] - free[0]


def estimates(frame: pd.DataFrame) -> dict[str, Estimate]:
    """Return the difference in each way."""
    ways = {"as if leaving were independent": frame.assign(remaining_weight=1.0)}
    ways["remaining weights"] = iop.remaining_weights(
        frame, TERMS, left="left", numerator="C(interval) * group"
    ).frame
    return {
        name: _of(
            iop.survival_difference(
                weighted, "group", DAY, weights="remaining_weight", cluster="episode_id"
            ).table.iloc[0]
        )
        for name, weighted in ways.items()
    }


def _of(row: pd.Series) -> Estimate:  # type: ignore[type-arg]  # a row of mixed columns
    return Estimate(float(row["difference"]), float(row["lower"]), float(row["upper"]))


def row_of(names: tuple[str, str, str], estimates: list[Estimate], truth: float) -> str:
    """Return a line of the table."""
    values: NDArray[np.float64] = np.array(
        [[estimate.difference, estimate.lower, estimate.upper] for estimate in estimates]
    )
    covered = ((values[:, 1] <= truth) & (truth <= values[:, 2])).mean()
    error = values[:, 0].std(ddof=1) / np.sqrt(len(values))
    held_error = np.sqrt(covered * (1 - covered) / len(values))
    bias = values[:, 0].mean() - truth
    return (
        f"| {' | '.join(names)} | {truth:.3f} | {bias:+.3f} ({error:.3f}) | "
        f"{values[:, 0].std(ddof=1):.3f} | {covered:.1%} ({held_error:.1%}) |"
    )


def main() -> None:
    """Run the study and write its page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--programs", type=int, default=300)
    options.add_argument("--people", type=int, default=1_000)
    options.add_argument("--out", type=Path, default=PAGE)
    asked = options.parse_args()
    lines = []
    for effect, ratio in EFFECTS.items():
        truth = true_difference(ratio)
        for name, leaving in LEAVING.items():
            rows_of_way: dict[str, list[Estimate]] = {}
            for seed in range(asked.programs):
                frame = simulate(asked.people, leaving, ratio, np.random.default_rng(seed))
                for way, estimate in estimates(frame).items():
                    rows_of_way.setdefault(way, []).append(estimate)
            lines += [row_of((effect, name, way), rows, truth) for way, rows in rows_of_way.items()]
            print(f"{effect}, {name}: done", file=sys.stderr)
    text = TEXT.read_text(encoding="utf-8")
    texts = {
        "day": date.today().isoformat(),
        "programs": f"{asked.programs:,}",
        "people": f"{asked.people:,}",
        "rows": "\n".join(lines),
    }
    for key, value in texts.items():
        text = text.replace(f"{{{{{key}}}}}", value)
    asked.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
