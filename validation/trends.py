"""Control charts on programs whose changes are known: found where, how late, and how often falsely.

    python -m validation.trends [--seeds 60] [--out docs/validation_trends.md]

Synthetic programs are drawn anew for each seed; their planted changes of attendance are the truth.
The same seeds give the same page, but for its date. Writes the page, and
iop_outcomes/trends/watching/measured.toml, whose rates `watch` expects by chance.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import iop_outcomes as iop
from iop_outcomes.trends.charts import make_chart, p_prime_chart
from iop_outcomes.trends.quantities.quantity import FIRST_PERIODS
from iop_outcomes.trends.signals import judge
from iop_outcomes.trends.watching.false_alarms import NUMBERS, quarter_of
from validation.trends_alarms import measured
from validation.trends_lengths import lengths
from validation.trends_page import page_of, toml_of

FIRST_SEED = 1001
SKIPPED = {every: FIRST_PERIODS[every] for every in ("week", "month", "quarter")}
BASELINE = 12
STABLE = "North"
RUNS = 8000  # of each average run length
SERIES = 50_000  # of each rate of independent values


def program_of(seed: int) -> tuple[iop.Records, pd.DataFrame]:
    """Return the records of a seed, and their planted changes."""
    sample = iop.synthetic_records(seed=seed)
    records = iop.read_records(episodes=sample.episodes, attendance=sample.attendance)
    return records, sample.truth.changes


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
            table = judge(make_chart(stable, chart, baseline=baseline))
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


def study(seeds: int) -> dict[str, pd.DataFrame]:
    """Return the tables of the page."""
    late, false = [], []
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        records, changes = program_of(seed)
        counts = attendance_of(records, "month")
        late += [{"seed": seed, **row} for row in delays(counts, changes)]
        stable = records.where(program=[STABLE])
        for every in SKIPPED:
            rows = alarms(attendance_of(stable, every), every)
            false += [{"seed": seed, **row} for row in rows]
    sample = iop.read_records(Path(__file__).parents[1] / "data" / "samples")
    changes = iop.synthetic_records(seed=FIRST_SEED).truth.changes
    return {
        "sample": pd.DataFrame(delays(attendance_of(sample, "month"), changes)),
        "delays": pd.DataFrame(late),
        "alarms": pd.DataFrame(false),
        "lengths": lengths(RUNS),
        "rates": measured(SERIES),
    }


def main() -> None:
    """Run the study and write its page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--out", default="docs/validation_trends.md")
    parser.add_argument("--numbers", default=str(NUMBERS))
    asked = parser.parse_args()
    tables = study(asked.seeds)
    options = {"seeds": asked.seeds, "first": FIRST_SEED, "skipped": SKIPPED["month"], "runs": RUNS}
    options |= {"series": SERIES}
    page = page_of(tables, options, date.today().isoformat())
    Path(asked.out).write_text(page, encoding="utf-8", newline="\n")
    Path(asked.numbers).write_text(toml_of(tables, options), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
