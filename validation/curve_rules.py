"""Two rules for which days of a small program's curve are shown: how many, and how far off.

    python -m validation.curve_rules --page docs/validation_curve_rules.md

The rule of `protect` chooses among fixed days those that are worth most together, and prints no
ends of follow-up. The rule before it needed 11 events and no, or 11, ends of follow-up between two
shown days; it is written out here.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

import iop_outcomes as iop

TEXT = Path(__file__).with_name("curve_rules_page.md")
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


def days_before(times: pd.DataFrame, threshold: int = THRESHOLD) -> list[int]:
    """Return the days that the rule before shows: those asked for, then any others."""
    shown = [0]
    everyday = sorted(times["days"].unique().tolist())
    for day in [*ASKED, *everyday]:
        if 0 < day <= everyday[-1] and day not in shown and _enough(times, shown, day, threshold):
            shown = sorted([*shown, day])
    return shown[1:]


def _enough(times: pd.DataFrame, shown: list[int], day: int, threshold: int) -> bool:
    """Return whether a further day leaves enough, or no, ends on both sides of it."""
    if (times["days"] > day).sum() < threshold:
        return False
    earlier = max(other for other in shown if other < day)
    later = min((other for other in shown if other > day), default=None)
    stretches = [(earlier, day), *([] if later is None else [(day, later)])]
    for start, end in stretches:
        inside = times[(times["days"] > start) & (times["days"] <= end)]
        events = int(inside["event"].sum())
        if events < threshold or 0 < len(inside) - events < threshold:
            return False
    return True


def read_off(days: Sequence[float], shares: Sequence[float]) -> Floats:
    """Return the shares on the days asked for: lines between shown points, level after the last."""
    return np.interp(ASKED, [0, *days], [1.0, *shares])


def trial(size: int, seed: int) -> dict[str, list[float]]:
    """Return by rule the errors in points on each day asked for, and the number of days shown.

    Under ``base`` to which the numbers at risk are rounded, under ``limits`` the errors in points
    of each shown lower and upper limit.
    """
    times = draw(size, np.random.default_rng([seed, size]))
    curves = iop.survival_curves(times)
    truth = curves.at(list(ASKED))["survival"].to_numpy(dtype=np.float64)
    before = days_before(times)
    protected = iop.protect(curves)
    shown = protected.table.iloc[1:]
    exact = curves.at(shown["day"].tolist()) if len(shown) else shown
    off = [
        100 * abs(float(value) - float(other))
        for name in ("lower", "upper")
        for value, other in zip(shown[name], exact[name], strict=True)
        if not pd.isna(value)
    ]
    heights = curves.at(before)["survival"].round(2).tolist() if before else []
    points = {
        "before": (before, heights),
        "now": (shown["day"].tolist(), shown["survival"].tolist()),
    }
    rows = {
        name: [*(100 * abs(read_off(*both) - truth)), len(both[0])] for name, both in points.items()
    }
    return {**rows, "base": protected.sizes["base"].tolist(), "limits": off}


def run(runs: int) -> pd.DataFrame:
    """Return a row a rule and size: the mean errors, and the mean number of days shown."""
    rows = []
    for size in SIZES:
        trials = [trial(size, seed) for seed in range(runs)]
        bases = [base for result in trials for base in result["base"]]
        limits = [off for result in trials for off in result["limits"]]
        for name in ("before", "now"):
            means = np.mean([result[name] for result in trials], axis=0)
            rows.append((size, name, *means, bases, limits))
    columns = ["size", "rule", *map(str, ASKED), "days", "bases", "limits"]
    return pd.DataFrame(rows, columns=columns)


def page(summary: pd.DataFrame, command: str) -> str:
    """Return the page of docs/."""
    names = {"before": "the rule before", "now": "that of `protect`"}
    lines = [
        "| people | rule | days shown | error at day 30 | 60 | 90 | 180 (points) |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in summary.to_dict("records"):
        errors = " | ".join(f"{row[str(day)]:.1f}" for day in ASKED)
        lines.append(f"| {row['size']} | {names[row['rule']]} | {row['days']:.1f} | {errors} |")
    now = summary[summary["rule"] == "now"]
    bases = ["| people | curves | to 5 | to 10 | to 20 | none |", "|---|---|---|---|---|---|"]
    limits = ["| people | mean (points) | most |", "|---|---|---|"]
    for size, used, off in zip(now["size"], now["bases"], now["limits"], strict=True):
        counts = " | ".join(str(used.count(base)) for base in (5, 10, 20, 0))
        bases.append(f"| {size} | {len(used)} | {counts} |")
        limits.append(f"| {size} | {np.mean(off):.1f} | {max(off):.1f} |")
    text = TEXT.read_text(encoding="utf-8")
    for name, value in {
        "DATE": date.today().isoformat(),
        "COMMAND": command,
        "TABLE": "\n".join(lines),
        "BASES": "\n".join(bases),
        "LIMITS": "\n".join(limits),
    }.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--page", type=Path)
    options = parser.parse_args(sys.argv[1:])
    summary = run(options.runs)
    print(summary.drop(columns=["bases", "limits"]).round(2).to_string())
    if options.page:
        command = shlex.join(
            ["python", "-m", "validation.curve_rules", "--runs", str(options.runs)]
        )
        options.page.write_text(page(summary, command), encoding="utf-8")


if __name__ == "__main__":
    main()
