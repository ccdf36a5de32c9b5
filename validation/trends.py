"""Control charts on programs whose changes are known: found where, how late, and how often falsely.

    python -m validation.trends [--seeds 60] [--out docs/validation_trends.md]

Synthetic programs are drawn anew for each seed; their planted changes of attendance are the truth.
The same seeds give the same page, but for its date.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import iop_outcomes as iop
from iop_outcomes.trends.charts import p_prime_chart
from iop_outcomes.trends.signals import (
    judge,
    point_lies_beyond_a_limit,
    seven_points_lie_on_one_side,
)
from iop_outcomes.trends.watching.false_alarms import quarter_of
from validation.trends_alarms import SEED, measured
from validation.trends_page import page_of

FIRST_SEED = 1001
SKIPPED = {"week": 26, "month": 6, "quarter": 2}  # first periods, in which all are newly admitted
BASELINE = 12
STABLE = "North"
RUNS = 8000  # of each average run length
LONGEST = 4000  # points of a run; of runs of 370 in the mean 2 in 100,000 are longer


def program_of(seed: int) -> tuple[iop.Records, pd.DataFrame]:
    """Return the records of a seed, and their planted changes."""
    made = iop.synthetic_records(seed=seed)
    records = iop.read_records(
        episodes=made.episodes, attendance=made.attendance, checkins=made.checkins
    )
    return records, made.truth.changes


def attendance_of(records: iop.Records, every: str) -> pd.DataFrame:
    """Return the counts of attendance by program and period, without the first months."""
    options: dict[str, Any] = {"every": every, "by": "program", "chart": "none"}
    table = iop.trend(records, "attendance_rate", **options).table
    known = table[table["complete"]]
    late = known.groupby("program", sort=False).cumcount() >= SKIPPED[every]
    return known.loc[late, ["program", "period", "numerator", "denominator"]]


def delays(counts: pd.DataFrame, changes: pd.DataFrame) -> list[dict[str, Any]]:
    """Return for each planted change when a p' chart with a baseline of 12 months signals it.

    Each month is judged by what was known at its end. ``delay`` is the number of months from that
    of the change until a month since then has a signal in its direction, 0 in the same month;
    missing if there is none. ``before`` says whether any signal was seen before the change.
    """
    rows = []
    for change in changes.to_dict("records"):
        own = counts[counts["program"] == change["program"]].reset_index(drop=True)
        chart = p_prime_chart(own, baseline=BASELINE)
        ends = pd.PeriodIndex(own["period"], freq="M").end_time
        begun = int(np.flatnonzero(ends >= change["start"])[0])
        right = "improvement" if change["log_odds"] > 0 else "concern"
        seen, before = np.nan, False
        for month in range(BASELINE - 1, len(own)):
            judged = judge(chart.iloc[: month + 1])
            if month < begun:
                before |= bool((judged["rule"] != "").any())
            elif judged["variation"].iloc[begun:].str.startswith(right).any():
                seen = float(month - begun)
                break
        rows.append(
            {
                "program": change["program"],
                "kind": change["kind"],
                "start": change["start"].date().isoformat(),
                "log_odds": change["log_odds"],
                "delay": seen,
                "before": before,
                "found": "" if np.isnan(seen) else own["period"].iloc[begun + int(seen)],
            }
        )
    return rows


def alarms(stable: pd.DataFrame, every: str) -> list[dict[str, Any]]:
    """Return what charts of the stable program say, by kind of chart and of baseline."""
    rows = []
    for chart in ("p", "p_prime"):
        for baseline in (None, BASELINE):
            if baseline is not None and len(stable) <= baseline:
                continue
            table = iop.trend(stable, chart=chart, baseline=baseline).table
            known = table[table["value"].notna()]
            marked = (known["rule"] != "").to_numpy()
            beyond = (known["rule"] == "beyond a limit").to_numpy()
            z = (known["value"] - known["centre"]).to_numpy()
            rows.append(
                {
                    "every": every,
                    "chart": chart,
                    "baseline": baseline or 0,
                    "points": len(known),
                    "beyond": beyond.mean(),
                    "marked": marked.mean(),
                    "any_beyond": beyond.any(),
                    "last_quarter": marked[-quarter_of(every) :].any(),
                    "neighbours": np.corrcoef(z[1:], z[:-1])[0, 1],
                }
            )
    return rows


def run_lengths(shift: float, rules: Iterable[str], runs: int = RUNS, seed: int = SEED) -> float:
    """Return the mean number of points until a signal, with limits known, of normal values.

    ``rules`` are ``beyond`` and ``seven``: the public functions mark the points; of seven on one
    side the signal is at the seventh.
    """
    random = np.random.default_rng([seed, round(100 * shift)])
    lengths = []
    for _ in range(runs):
        values = np.empty(0)
        for size in (64, 512, LONGEST):  # most runs are short
            values = np.append(values, random.normal(shift, 1.0, size - len(values)))
            length = _first(values, rules)
            if length <= size:
                break
        lengths.append(min(length, LONGEST))
    return float(np.mean(lengths))


def _first(values: np.ndarray, rules: Iterable[str]) -> int:
    """Return the number of points until the first signal; one more than all if there is none."""
    found = [len(values) + 1]
    if "beyond" in rules:
        limit = np.full(len(values), 3.0)
        found += [int(np.argmax(one)) + 1 for one in [_mark(values, limit)] if one.any()]
    if "seven" in rules:
        marks = seven_points_lie_on_one_side(np.sign(values).astype(np.int8)) != 0
        found += [int(np.argmax(marks)) + 7] * bool(marks.any())
    return min(found)


def _mark(values: np.ndarray, limit: np.ndarray) -> np.ndarray:
    return np.asarray(point_lies_beyond_a_limit(values, -limit, limit) != 0)


def study(seeds: int) -> dict[str, pd.DataFrame]:
    """Return the tables of the page."""
    found, false = [], []
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        records, changes = program_of(seed)
        counts = attendance_of(records, "month")
        found += [{"seed": seed, **row} for row in delays(counts, changes)]
        stable = records.where(program=[STABLE])
        for every in SKIPPED:
            rows = alarms(attendance_of(stable, every), every)
            false += [{"seed": seed, **row} for row in rows]
    sample = iop.read_records(Path(__file__).parents[1] / "data" / "samples")
    changes = iop.synthetic_records(seed=FIRST_SEED).truth.changes
    return {
        "sample": pd.DataFrame(delays(attendance_of(sample, "month"), changes)),
        "delays": pd.DataFrame(found),
        "alarms": pd.DataFrame(false),
        "lengths": _lengths(),
        "rates": measured(20_000),
    }


def _lengths() -> pd.DataFrame:
    """Average run lengths beside those that are published or follow by arithmetic."""
    rows = [
        # Montgomery 2020, section 5.3 and 6.2; 1 / P(beyond three sigma)
        ("beyond a limit", ("beyond",), 0.0, 370.40),
        ("beyond a limit", ("beyond",), 1.0, 43.89),
        ("beyond a limit", ("beyond",), 1.5, 14.97),
        ("beyond a limit", ("beyond",), 2.0, 6.30),
        ("beyond a limit", ("beyond",), 3.0, 2.00),
        # fair coins until seven alike in a row: 2 ** 7 - 1 (Feller 1968, XIII.7)
        ("seven on one side", ("seven",), 0.0, 127.0),
    ]
    return pd.DataFrame(
        [
            {"rule": name, "shift": shift, "found": run_lengths(shift, rules), "known": known}
            for name, rules, shift, known in rows
        ]
    )


def main() -> None:
    """Run the study and write its page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--out", default="docs/validation_trends.md")
    asked = parser.parse_args()
    tables = study(asked.seeds)
    options = {"seeds": asked.seeds, "first": FIRST_SEED, "skipped": SKIPPED["month"], "runs": RUNS}
    page = page_of(tables, options, date.today().isoformat())
    Path(asked.out).write_text(page, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
