"""Bias and coverage of adjusted comparisons where the effect is known: docs/validation_adjusted.md.

    python -m validation.adjusted [--replicates 250] [--others 60] [--seed 20261127] [--page PAGE]

Some three minutes of one processor.
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
from validation.adjusted_setting import DAY, SETTINGS, Setting, draw, truth

ROOT = Path(__file__).parents[1]
TEMPLATE = Path(__file__).with_name("adjusted_page.md")
RESAMPLES = 200
RESAMPLED = 0.3  # of the programs also have limits by resampling
NAIVE = "no adjustment"
BOOTSTRAP = {"right": ("standardisation",)}  # elsewhere its estimates alone are counted


def run(setting: Setting, replicates: int, seed: int) -> pd.DataFrame:
    """Return the estimates of each program, a row a program, method and measure."""
    rows: list[dict[str, Any]] = []
    for place in range(replicates):  # the same people in each setting
        random = np.random.default_rng([seed, place])
        frame = draw(setting, random)
        for method, limits, differences in _estimates(
            setting, frame, place < RESAMPLED * replicates
        ):
            for row in differences.to_dict("records"):
                rows.append(
                    {
                        "setting": setting.name,
                        "method": method,
                        "limits": limits,
                        "measure": row["measure"],
                        "difference": row["difference"],
                        "se": row["se"],
                        "lower": row["lower"],
                        "upper": row["upper"],
                    }
                )
    return pd.DataFrame(rows)


def _estimates(
    setting: Setting, frame: pd.DataFrame, resampled: bool
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    for method in ("weighting", "augmented"):
        adjusted = iop.adjusted_curves(
            *(frame, "track", setting.covariates),
            outcome=setting.outcome,
            day=DAY,
            method=method,  # type: ignore[arg-type]
            limits="closed_form",
        )
        if method == "weighting":
            yield NAIVE, "closed form", adjusted.unadjusted
        yield method, "closed form", adjusted.table
    if setting.name == "right":
        weighted = iop.propensity_weights(frame, "track", setting.covariates).frame
        options: dict[str, Any] = {"weights": "propensity_weight"}
        parts = [
            iop.survival_difference(weighted, "track", DAY, **options).table.assign(
                measure="survival"
            ),
            iop.restricted_mean_difference(weighted, "track", DAY, **options).table.assign(
                measure="restricted_mean"
            ),
        ]
        yield "weighting", "weights taken as known", pd.concat(parts)
    if resampled:
        wanted = setting.name in BOOTSTRAP
        standardised = iop.adjusted_curves(
            *(frame, "track", setting.covariates),
            outcome=setting.outcome,
            day=DAY,
            method="standardisation",
            resamples=RESAMPLES if wanted else 100,
        )
        yield "standardisation", "bootstrap", standardised.table


def summary(drawn: pd.DataFrame, true: dict[str, float]) -> pd.DataFrame:
    """Return bias, spread and coverage, one row a method, kind of limits and measure."""
    rows = []
    for (method, limits, measure), own in drawn.groupby(
        ["method", "limits", "measure"], sort=False
    ):
        value = true[str(measure)]
        covered = (own["lower"] <= value) & (value <= own["upper"])
        rows.append(
            {
                "method": method,
                "limits": limits,
                "measure": measure,
                "programs": len(own),
                "truth": value,
                "mean": own["difference"].mean(),
                "bias": own["difference"].mean() - value,
                "bias_error": own["difference"].std() / np.sqrt(len(own)),
                "spread": own["difference"].std(),
                "mean_se": own["se"].mean(),
                "coverage": covered.mean(),
                "coverage_error": np.sqrt(0.95 * 0.05 / len(own)),
            }
        )
    return pd.DataFrame(rows)


def as_table(results: pd.DataFrame, setting: Setting) -> str:
    """Return a table of the page."""
    lines = [
        "| measure | method | limits | programs | truth | mean | bias | spread | mean error | "
        "95% limits hold it | expected |",
        "|" + " --- |" * 11,
    ]
    for row in results.sort_values("measure", ascending=False, kind="stable").to_dict("records"):
        scale, decimals, unit = (100, 1, " %") if row["measure"] == "survival" else (1, 2, " days")
        numbers = [
            f"{scale * row[name]:.{decimals}f}"
            for name in ("truth", "mean", "bias", "spread", "mean_se")
        ]
        numbers[2] += f" ± {1.96 * scale * row['bias_error']:.{decimals}f}"
        right = row["method"] in setting.right
        coverage = f"{100 * row['coverage']:.1f} % ± {196 * row['coverage_error']:.1f}"
        lines.append(
            f"| {row['measure'].replace('_', ' ')} ({unit.strip()}) | {row['method']} | "
            f"{row['limits']} | {row['programs']:,} | {' | '.join(numbers)} | {coverage} | "
            f"{'95 %' if right else 'may miss'} |"
        )
    return "\n".join(lines)


def page_of(parts: dict[str, str], seconds: float, programs: tuple[int, int], seed: int) -> str:
    """Return the page."""
    versions = iop.show_versions()
    names = ("iop-outcomes", "python", "numpy", "scipy", "pandas")
    filled = {
        "date": date.today().isoformat(),
        "seconds": f"{seconds:,.0f}",
        "replicates": f"{programs[0]:,}",
        "others": f"{programs[1]:,}",
        "share": f"{RESAMPLED:.0%}",
        "resamples": f"{RESAMPLES:,}",
        "seed": str(seed),
        "versions": ", ".join(f"{name} {versions[name]}" for name in names),
        "tables": "\n\n".join(
            f"## {setting.title}\n\n{parts[setting.name]}" for setting in SETTINGS
        ),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, value in filled.items():
        text = text.replace("{" + name + "}", value)
    return text


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=250)
    parser.add_argument("--others", type=int, default=60, help="where some assumption is wrong")
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "validation_adjusted.md")
    options = parser.parse_args(arguments)
    start = time.process_time()
    true = truth()
    parts = {}
    for setting in SETTINGS:
        programs = options.replicates if setting is SETTINGS[0] else options.others
        parts[setting.name] = as_table(summary(run(setting, programs, options.seed), true), setting)
        print(f"{setting.title}\n{parts[setting.name]}\n", flush=True)
    seconds = time.process_time() - start
    programs = options.replicates, options.others
    options.page.write_text(page_of(parts, seconds, programs, options.seed), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
