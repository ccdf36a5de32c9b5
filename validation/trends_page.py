"""The page of the study of control charts, from its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.trends.signals.judging import BEYOND, NEAR, ONE_SIDE, RISE_OR_FALL
from iop_outcomes.trends.watching.false_alarms import quarter_of
from validation.trends_alarms import RUNS

OF_MDC = {name: name for name in (RISE_OR_FALL, NEAR, BEYOND, ONE_SIDE)}
_PAGE = Path(__file__).with_name("trends_page.md")


def page_of(tables: dict[str, pd.DataFrame], options: dict[str, int], day: str) -> str:
    """Return the page as Markdown."""
    alarms = tables["alarms"]
    return _PAGE.read_text(encoding="utf-8").format(
        seeds=options["seeds"],
        first=options["first"],
        skipped=options["skipped"],
        day=day,
        last=options["first"] + options["seeds"] - 1,
        runs=options["runs"],
        series=options["series"],
        sample=_table(_sample(tables["sample"])),
        delays=_table(_delays(tables["delays"])),
        alarms=_table(_alarms(alarms, tables["rates"])),
        lengths=_table(_lengths(tables["lengths"])),
        rates=_table(_rates(tables["rates"])),
    )


def _share(values: Any) -> str:
    rate = float(np.mean(values))
    error = np.sqrt(rate * (1 - rate) / max(len(values), 1))
    return f"{rate:.1%} ({error:.1%})"


def _mean(values: Any) -> str:
    """Return the mean of shares of charts with its standard error."""
    return f"{np.mean(values):.2%} ({np.std(values, ddof=1) / np.sqrt(len(values)):.2%})"


def _change(row: dict[str, Any]) -> dict[str, str]:
    what = "log odds a month" if row["kind"] == "trend" else "log odds"
    return {
        "program": row["program"],
        "change": f"{row['kind']} from {row['start']}, {row['log_odds']:+g} {what}",
    }


def _sample(table: pd.DataFrame) -> list[dict[str, str]]:
    return [
        _change(row)
        | {
            "first signal": row["found"] or "none",
            "delay in months": f"{row['delay']:.0f}" if np.isfinite(row["delay"]) else "",
            "signal before": "yes" if row["before"] else "no",
        }
        for row in table.to_dict("records")
    ]


def _delays(table: pd.DataFrame) -> list[dict[str, str]]:
    rows = []
    for _, part in table.groupby(["program", "start"], sort=False):
        delay = part["delay"].to_numpy(dtype=np.float64)
        late = np.where(np.isnan(delay), np.inf, delay)
        quartiles = np.sort(late)[[len(late) // 4, len(late) // 2, 3 * len(late) // 4]]
        texts = [
            f"{quartile:.0f}" if np.isfinite(quartile) else "not found" for quartile in quartiles
        ]
        rows.append(
            _change(part.iloc[0].to_dict())
            | {
                "found within 3 months": _share(late <= 3),
                "within 6": _share(late <= 6),
                "within 12": _share(late <= 12),
                "ever": _share(np.isfinite(late)),
                "delay: median (quartiles)": f"{texts[1]} ({texts[0]} to {texts[2]})",
                "signal before": _share(part["before"]),
            }
        )
    return rows


def _alarms(table: pd.DataFrame, rates: pd.DataFrame) -> list[dict[str, str]]:
    rows = []
    mdc = rates[rates["rules"] == "mdc"]
    for (every, chart, baseline), part in table.groupby(["every", "chart", "baseline"], sort=False):
        points = round(float(part["points"].mean()))
        known = mdc[mdc["baseline"] == baseline]
        stated = np.interp(points, known["points"], known[f"last_{quarter_of(str(every))}"])
        rows.append(
            {
                "periods": f"{points} {every}s",
                "chart": "p'" if chart == "p_prime" else "p",
                "limits from": "all" if baseline == 0 else f"the first {baseline}",
                "points beyond": _mean(part["beyond"]),
                "points marked": _mean(part["marked"]),
                "charts with a point beyond": _share(part["any_beyond"]),
                "charts marked in the last quarter": _share(part["last_quarter"]),
                "of independent values": f"{stated:.1%}",
                "correlation of neighbours": f"{part['neighbours'].mean():+.2f}",
            }
        )
    return rows


def _lengths(table: pd.DataFrame) -> list[dict[str, str]]:
    return [
        {
            "rule": row["rule"],
            "shift in standard deviations": f"{row['shift']:g}",
            "average run length found": f"{row['found']:.1f}",
            "exact": f"{row['exact']:.2f}",
            "published": "" if np.isnan(row["published"]) else f"{row['published']:.2f}",
            "found over exact": f"{row['found'] / row['exact']:.3f}",
        }
        for row in table.to_dict("records")
    ]


def _rates(table: pd.DataFrame) -> list[dict[str, str]]:
    return [
        {
            "rules": row["rules"],
            "points": str(row["points"]),
            "limits from": "all" if row["baseline"] == 0 else f"the first {row['baseline']}",
            **{f"last {width}": f"{row[f'last_{width}']:.1%}" for width in (1, 3, 13)},
            "anywhere": f"{row['any']:.1%}",
        }
        for row in table.to_dict("records")
    ]


def _table(rows: list[dict[str, str]]) -> str:
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads), *([row[head] for head in heads] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def toml_of(tables: dict[str, pd.DataFrame], options: dict[str, int]) -> str:
    """Return the rates that `watch` expects, in the form that `false_alarms.measured` reads."""
    lines = [
        "# Written by python -m validation.trends with docs/validation_trends.md.",
        f"# Series of independent values: {options['series']} a row. Samples: {options['seeds']}.",
    ]
    rates = tables["rates"]
    for row in rates.to_dict("records"):
        last = ", ".join(f"{row[f'last_{width}']:.5f}" for width in (1, 3, 13))
        lines += [
            *("", "[[independent]]", f'rules = "{row["rules"]}"'),
            *(f"first_12 = {str(row['baseline'] > 0).lower()}", f"points = {row['points']}"),
            f"marked_in_last = [{last}]  # 1, 3 and 13 points",
        ]
    alarms = tables["alarms"]
    primed = alarms[alarms["chart"] == "p_prime"].groupby(["every", "baseline"], sort=False)
    for (every, baseline), part in primed:
        lines += [
            *("", "[[sessions]]", f'every = "{every}"'),
            f"first_12 = {str(baseline > 0).lower()}",
            f"marked = {part['last_quarter'].mean():.5f}  # charts with a mark in the last quarter",
        ]
    lines += ["", "[points]  # share of the points of charts of 24 that a rule marks first"]
    for rules, names in (("mdc", OF_MDC), ("anhoej", {"runs": RUNS})):
        chosen = (rates["rules"] == rules) & (rates["points"] == 24) & (rates["baseline"] == 0)
        (row,) = rates[chosen].to_dict("records")
        lines += [f'"{key}" = {row[f"by {name}"]:.5f}' for key, name in names.items()]
    return "\n".join(lines) + "\n"
