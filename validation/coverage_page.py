"""Write what the study found as a page; every number and verdict on it is computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import iop_outcomes as iop
from validation.coverage_check_ins import RESAMPLES
from validation.coverage_count import VERDICTS
from validation.coverage_setting import ALL, Setting

TEMPLATE = Path(__file__).with_name("coverage_page.md")
MORE_TEMPLATE = Path(__file__).with_name("coverage_more_page.md")
VERSIONS = ("iop-outcomes", "python", "numpy", "scipy", "pandas", "lifelines")
# For each unit: by what it is multiplied, its decimals, and how the truth is written.
UNITS = {
    "share": (100, 1, "{:.1f} %"),
    "days": (1, 1, "{:.1f} days"),
    "rate": (1000, 2, "{:.2f} per 1,000"),
    "number": (1, 3, "{:.3f}"),
    "log": (1, 3, "{:.3f}"),
}
HEAD = ("what", "truth", "estimate", "bias", "SD", "mean SE", "95 % limits hold it", "verdict")


@dataclass(frozen=True)
class Run:
    """How the study was run."""

    command: str
    seed: int
    population: int
    replicates: int
    processes: int
    seconds: float


def write_page(
    page: Path,
    settings: Sequence[Setting],
    tables: Sequence[pd.DataFrame],
    run: Run,
    template: Path = TEMPLATE,
) -> None:
    """Fill the numbers into the page that says what was done and how to read it."""
    text = template.read_text(encoding="utf-8")
    for name, value in filled(settings, tables, run).items():
        text = text.replace("{" + name + "}", value)
    page.write_text(text, encoding="utf-8")


def filled(settings: Sequence[Setting], tables: Sequence[pd.DataFrame], run: Run) -> dict[str, str]:
    """Return what is filled into the template, by its name there."""
    titled = [
        table.assign(setting=setting.title) for setting, table in zip(settings, tables, strict=True)
    ]
    rows = pd.concat(titled, ignore_index=True)
    error = np.sqrt(0.95 * 0.05 / np.array([run.replicates, rows["replicates"].min()]))
    versions = iop.show_versions()
    minutes = run.seconds / 60
    return {
        "command": run.command,
        "date": date.today().isoformat(),
        "seed": str(run.seed),
        "population": f"{run.population:,}",
        "replicates": f"{run.replicates:,}",
        "fewest": f"{rows['replicates'].min():,}",
        "resamples": f"{RESAMPLES:,}",
        "resampled": f"{100 * held_by_resampling(RESAMPLES):.1f}",
        "error": f"{196 * error[0]:.1f}",
        "error_fewest": f"{196 * error[1]:.1f}",
        "versions": ", ".join(f"{name} {versions[name]}" for name in VERSIONS),
        "duration": f"{minutes:.0f} minutes" if minutes >= 2 else f"{run.seconds:.0f} seconds",
        "processes": "one process" if run.processes == 1 else f"{run.processes} processes",
        "summary": _summary(rows),
        "outside": _outside(rows),
        "sections": "\n\n".join(
            _section(number, setting, table)
            for number, (setting, table) in enumerate(zip(settings, tables, strict=True), start=1)
        ),
    }


def _summary(rows: pd.DataFrame) -> str:
    """Count how many limits and tests hold what they say, ours and the naive."""
    judged = rows[rows["verdict"] != ""]
    naive = judged["estimator"].str.startswith("Naive")
    stretch = _is_stretch(judged)
    parts = {
        "ours, assumptions hold": judged[judged["holds"] & ~stretch],
        "ours, assumptions hold, the data settle a stretch only": judged[judged["holds"] & stretch],
        "ours, assumptions broken": judged[~judged["holds"] & ~naive],
        "naive, in the same settings": judged[naive],
    }
    lines = [["", "limits and tests", *VERDICTS, "least", "most"]]
    for name, part in parts.items():
        if part.empty:
            continue
        kept = _kept(part)
        counts = [str(int((part["verdict"] == each).sum())) for each in VERDICTS]
        lines.append([name, str(len(part)), *counts, _percent(kept.min()), _percent(kept.max())])
    return _markdown(lines)


def _outside(rows: pd.DataFrame) -> str:
    """List what of ours is not within 93 to 97 where its assumptions hold."""
    some = rows["holds"] & ~rows["verdict"].isin(["", VERDICTS[0]]) & ~_is_stretch(rows)
    if not some.any():
        return "None."
    lines = [["setting", "what", "estimate", "limits hold it", "verdict"]]
    for row in rows[some].to_dict("records"):
        lines.append(
            [row["setting"], row["quantity"], row["estimator"], _coverage(row), _verdict(row)]
        )
    return _markdown(lines)


def _is_stretch(rows: pd.DataFrame) -> pd.Series[bool]:
    # A day of check-ins that a few programs leave unsettled is no stretch.
    return rows["bias_most"] - rows["bias_least"] > 0.05 * rows["spread"]


def _kept(rows: pd.DataFrame) -> pd.Series[float]:
    return rows["coverage"].where(rows["unit"] != "test", 1 - rows["coverage"])


def _section(number: int, setting: Setting, table: pd.DataFrame) -> str:
    size = f"{setting.people} people a program, {table['replicates'].iloc[0]:,} programs."
    parts = [f"### {number}. {setting.title}", f"{setting.text} {size}", _holds(setting)]
    order = {name: place for place, name in enumerate(table["quantity"].unique())}
    ordered = table.sort_values("quantity", key=lambda names: names.map(order), kind="stable")
    naive = ordered["estimator"].str.startswith("Naive")
    ordered = ordered.assign(naive=naive, place=ordered["quantity"].map(order))
    ordered = ordered.sort_values(["place", "naive"], kind="stable")
    lines = [list(HEAD)]
    last = None
    for row in ordered.to_dict("records"):
        again = row["quantity"] == last
        lines.append(_line(row, again))
        last = row["quantity"]
    return "\n\n".join([*parts, _markdown(lines)])


def _holds(setting: Setting) -> str:
    if ALL in setting.broken:
        return f"**The assumptions of every estimate are violated: {setting.broken[ALL]}.**"
    if not setting.broken:
        return "The assumptions of this library's estimates hold."
    exceptions = "; ".join(f"of '{name}': {why}" for name, why in setting.broken.items())
    return f"The assumptions of this library's estimates hold, except for those {exceptions}."


def _line(row: dict[str, Any], again: bool) -> list[str]:
    what = "" if again else row["quantity"]
    tail = [_coverage(row), _verdict(row)]
    if row["unit"] not in UNITS:
        return [what, "", row["estimator"], "", "", "", *tail]
    factor, decimals, written = UNITS[row["unit"]]
    truth = "" if again else written.format(row["truth"] * factor)

    def plain(value: float) -> str:
        return "" if np.isnan(value) else f"{value * factor:.{decimals}f}"

    least, most = (f"{row[end] * factor:+.{decimals}f}" for end in ("bias_least", "bias_most"))
    range_text = least if least == most else f"{least} to {most}"
    bias = f"{range_text} (± {1.96 * row['bias_error'] * factor:.{decimals + 1}f})"
    if row["estimated"] < row["replicates"]:
        bias += f", in {row['estimated']:,}"
    return [what, truth, row["estimator"], bias, plain(row["spread"]), plain(row["mean_se"]), *tail]


def held_by_resampling(resamples: int) -> float:
    """Return how often percentile limits of an exact method hold the truth.

    The truth and the estimates of the resamples are then alike, so that each place of the truth
    among them has the same chance.
    """
    lowest, highest = math.ceil(0.025 * resamples), math.ceil(0.975 * resamples)
    return (highest - lowest) / (resamples + 1)


def _coverage(row: dict[str, Any]) -> str:
    if not row["intervals"]:
        return ""
    share, least, most = (
        100 * row[name] for name in ("coverage", "coverage_lower", "coverage_upper")
    )
    text = f"{share:.1f} % ({least:.1f}–{most:.1f})"
    if row["intervals"] < row["replicates"]:
        text += f", in {row['intervals']:,}"
    return f"rejects {text}" if row["unit"] == "test" else text


def _verdict(row: dict[str, Any]) -> str:
    printed = {VERDICTS[0]: VERDICTS[0], VERDICTS[1]: "**below**", VERDICTS[2]: "above", "": ""}
    return printed[row["verdict"]] + (", perhaps by chance" if row["by_chance"] else "")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _markdown(lines: list[list[str]]) -> str:
    head, *rows = lines
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *rows])
