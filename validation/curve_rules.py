"""Two rules for which days of a small program's curve are shown: how many, and how far off.

    python -m validation.curve_rules --page docs/validation_curve_rules.md

The rule of today needs 11 events and no, or 11, ends of follow-up between two shown days. The other
prints no ends of follow-up and chooses among six days those that are worth most together.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from datetime import date
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

import iop_outcomes as iop

TEXT = Path(__file__).with_name("curve_rules_page.md")
WORTH = {180: 4.0, 90: 2.5, 30: 1.5, 60: 1.2, 120: 1.0, 150: 0.9}
ASKED = (30, 60, 90, 180)
THRESHOLD = 11
SHAPE, RELAPSED, LOST, END = 0.8, 0.4, 0.2, 180
SIZES = (50, 80, 150, 300)
Floats = npt.NDArray[np.float64]


def draw(size: int, random: np.random.Generator) -> pd.DataFrame:
    """Return times to relapse: 40% by day 180, Weibull; 20% are lost before, at any time."""
    scale = END / (-np.log(1 - RELAPSED)) ** (1 / SHAPE)
    relapse = np.ceil(scale * random.weibull(SHAPE, size))
    lost = np.where(random.random(size) < LOST, np.ceil(random.random(size) * END), END + 1)
    days = np.minimum(relapse, lost)
    return pd.DataFrame({"days": days.astype(int), "event": relapse <= lost})


def chosen_days(times: pd.DataFrame, threshold: int = THRESHOLD) -> tuple[int, ...]:
    """Return the days worth most among those with enough events between them, and people after."""
    events = np.sort(times.loc[times["event"], "days"].to_numpy())
    days = np.array(sorted(WORTH))
    through = np.searchsorted(events, days, side="right")
    left = np.array([(times["days"] > day).sum() for day in days])
    best: tuple[float, tuple[int, ...]] = (0.0, ())
    for size in range(1, len(days) + 1):
        for some in combinations(range(len(days)), size):
            counts = np.diff([0, *through[list(some)]])
            if (counts >= threshold).all() and (left[list(some)] >= threshold).all():
                worth = sum(WORTH[int(days[one])] for one in some)
                best = max(best, (worth, tuple(int(days[one]) for one in some)))
    return best[1]


def read_off(days: Sequence[float], shares: Sequence[float]) -> Floats:
    """Return the shares on the days asked for: lines between shown points, level after the last."""
    return np.interp(ASKED, [0, *days], [1.0, *shares])


def trial(size: int, seed: int) -> dict[str, list[float]]:
    """Return by rule the errors in points on each day asked for, and the number of days shown."""
    times = draw(size, np.random.default_rng([seed, size]))
    curves = iop.survival_curves(times)
    truth = curves.at(list(ASKED))["survival"].to_numpy(dtype=np.float64)
    shown = iop.protect(curves).table.iloc[1:]
    days = chosen_days(times)
    shares = curves.at(list(days))["survival"].round(2) if days else []
    points = {
        "today": (shown["day"].tolist(), shown["survival"].tolist()),
        "chosen": (list(days), list(shares)),
    }
    return {
        name: [*(100 * abs(read_off(*both) - truth)), len(both[0])] for name, both in points.items()
    }


def run(runs: int) -> pd.DataFrame:
    """Return a row a rule and size: the mean errors, and the mean number of days shown."""
    rows = []
    for size in SIZES:
        trials = [trial(size, seed) for seed in range(runs)]
        for name in ("today", "chosen"):
            means = np.mean([one[name] for one in trials], axis=0)
            rows.append((size, name, *means))
    return pd.DataFrame(rows, columns=["size", "rule", *map(str, ASKED), "days"])


def page(found: pd.DataFrame, command: str) -> str:
    """Return the page of docs/."""
    names = {"today": "that of `protect`", "chosen": "days chosen together"}
    lines = [
        "| people | rule | days shown | error at day 30 | 60 | 90 | 180 (points) |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in found.to_dict("records"):
        errors = " | ".join(f"{row[str(day)]:.1f}" for day in ASKED)
        lines.append(f"| {row['size']} | {names[row['rule']]} | {row['days']:.1f} | {errors} |")
    text = TEXT.read_text(encoding="utf-8")
    for name, value in {
        "DATE": date.today().isoformat(),
        "COMMAND": command,
        "TABLE": "\n".join(lines),
    }.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--page", type=Path)
    options = parser.parse_args(sys.argv[1:])
    found = run(options.runs)
    print(found.round(2).to_string())
    if options.page:
        command = shlex.join(
            ["python", "-m", "validation.curve_rules", "--runs", str(options.runs)]
        )
        options.page.write_text(page(found, command), encoding="utf-8")


if __name__ == "__main__":
    main()
