"""Adjusted comparisons with missing covariates: docs/validation_imputed_covariates.md.

    python -m validation.imputed_covariates [--replicates 100] [--seed 20261128] [--page PAGE]

Some five minutes of one processor.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import iop_outcomes as iop
from validation.adjusted import as_table, summary
from validation.adjusted_setting import BOTH, DAY, SETTINGS, Setting, draw, truth

ROOT = Path(__file__).parents[1]
TEMPLATE = Path(__file__).with_name("imputed_covariates_page.md")
IMPUTATIONS, RESAMPLES = 10, 100
RESAMPLED = 0.35  # of the programs also have limits by bootstrap
WHOLE, COMPLETE = "nothing lost", "complete rows"
IMPUTED = "imputed, weighting", "imputed, augmented"
SETTING = Setting("lost", "", 300, False, BOTH, BOTH, (WHOLE, *IMPUTED))


def lost(frame: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Lose covariates at random given the group and the outcome.

    Severity of 1 in 10 of the day track and 2 in 10 of the evening track, but of 6 in 10 of those
    in the evening track with the event by day 30, who left before it was asked; opioids of 15 in
    100.
    """
    evening = (frame["track"] == "evening").to_numpy()
    early = (frame["event"] & (frame["days"] <= 30)).to_numpy()
    chance = np.where(evening, np.where(early, 0.6, 0.2), 0.1)
    gone, also = random.random(len(frame)) < chance, random.random(len(frame)) < 0.15
    return frame.assign(
        severity=frame["severity"].where(~gone), opioids=frame["opioids"].where(~also)
    )


def run(replicates: int, seed: int) -> pd.DataFrame:
    """Return the estimates of each program, a row a program, method and measure."""
    rows = []
    for place in range(replicates):
        random = np.random.default_rng([seed, place])
        frame = draw(SETTINGS[0], random)
        for method, limits, table in _estimates(frame, random, place < RESAMPLED * replicates):
            rows.append(table.assign(method=method, limits=limits))
    return pd.concat(rows, ignore_index=True)


def _estimates(
    frame: pd.DataFrame, random: np.random.Generator, resampled: bool
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    gaps = lost(frame, random)
    closed: dict[str, Any] = {"day": DAY, "limits": "closed_form"}
    complete = gaps.dropna()
    yield WHOLE, "closed form", iop.adjusted_curves(frame, "track", BOTH, **closed).table
    yield COMPLETE, "closed form", iop.adjusted_curves(complete, "track", BOTH, **closed).table
    for method, name in zip(("weighting", "augmented"), IMPUTED, strict=True):
        options: dict[str, Any] = {"method": method, "imputations": IMPUTATIONS}
        yield name, "Rubin", iop.adjusted_curves(gaps, "track", BOTH, **options, **closed).table
    if resampled:
        drawn = iop.adjusted_curves(
            gaps, "track", BOTH, day=DAY, imputations=IMPUTATIONS, resamples=RESAMPLES
        )
        yield IMPUTED[0], "bootstrap", drawn.table


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=100)
    parser.add_argument("--seed", type=int, default=20261128)
    parser.add_argument(
        "--page", type=Path, default=ROOT / "docs" / "validation_imputed_covariates.md"
    )
    options = parser.parse_args(arguments)
    start = time.process_time()
    drawn = run(options.replicates, options.seed)
    table = as_table(summary(drawn, truth()), SETTING)
    print(table)
    missing = drawn[drawn["method"].isin(IMPUTED)].groupby(["method", "limits"])
    print(missing["missing_information"].mean())
    versions = iop.show_versions()
    names = ("iop-outcomes", "python", "numpy", "scipy", "pandas")
    filled = {
        "date": date.today().isoformat(),
        "seconds": f"{time.process_time() - start:,.0f}",
        "replicates": f"{options.replicates:,}",
        "seed": str(options.seed),
        "imputations": str(IMPUTATIONS),
        "resamples": str(RESAMPLES),
        "share": f"{RESAMPLED:.0%}",
        "lost": f"{100 * drawn[drawn['limits'] == 'Rubin']['missing_information'].mean():.0f}",
        "versions": ", ".join(f"{name} {versions[name]}" for name in names),
        "table": table,
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, value in filled.items():
        text = text.replace("{" + name + "}", value)
    options.page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
