"""The same comparison with other times: other definitions of the event, other rules for gaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.compare.adjustment import AdjustedCurves
from iop_outcomes.errors import OutcomesError, RuleError
from iop_outcomes.shared.characters import one_line
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.text import format_fixed

GIVEN = "as given"
NUMBERS = (
    *("estimate", "estimate_reference", "difference", "se", "lower", "upper"),
    "missing_information",
)
NOT_ESTIMATED = "Not estimated: "


def check_alternatives(alternatives: Mapping[str, pd.DataFrame] | None) -> dict[str, pd.DataFrame]:
    """Return the alternatives by name; refuse what is no mapping of names to frames of times."""
    if alternatives is None:
        return {}
    known: Any = alternatives
    fit = isinstance(known, Mapping) and all(
        isinstance(name, str) and name.strip() and isinstance(frame, pd.DataFrame)
        for name, frame in known.items()
    )
    if not fit:
        raise RuleError(
            "Alternatives are frames of times by name.",
            found=as_written(alternatives),
            instead='alternatives={"missed counts as use": iop.time_to_relapse(records, rule)}',
        )
    if GIVEN in known:
        raise RuleError(f'The name "{GIVEN}" is that of the times themselves.')
    return dict(known)


def alternatives_table(
    main: AdjustedCurves,
    alternatives: Mapping[str, pd.DataFrame],
    adjust: Callable[[pd.DataFrame], tuple[AdjustedCurves, str]],
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Compare by each alternative.

    Parameters
    ----------
    main : AdjustedCurves
        By the times themselves.
    alternatives : mapping of str to pandas.DataFrame
    adjust : callable
        Returns adjusted curves of a frame of times, and how the times were defined.

    Returns
    -------
    table : pandas.DataFrame
        See `iop_outcomes.CohortComparison`.
    rules : dict of str to str
        Of each alternative how its times were defined, or why it has no estimate.
    """
    parts = [_rows(GIVEN, main)] if alternatives else []
    rules: dict[str, str] = {}
    for name, times in alternatives.items():
        try:
            adjusted, rule = adjust(times)
        except OutcomesError as error:
            parts.append(_no_rows(name, len(times)))
            rules[name] = f"{NOT_ESTIMATED}{one_line(str(error))}"
            continue
        groups = set(adjusted.groups["group"]), set(main.groups["group"])
        if groups[0] != groups[1]:
            apart = sorted(groups[0] ^ groups[1])
            raise RuleError(
                f"The alternative {as_written(name)} has other groups than the times given.",
                found=f"{len(apart)} groups that are in one of both only",
                instead="times with the same values of the columns in by=.",
            )
        parts.append(_rows(name, adjusted))
        rules[name] = rule
    if not parts:
        return _no_rows("", 0).iloc[:0], rules
    return pd.concat(parts, ignore_index=True), rules


def few_events(table: pd.DataFrame, fewest: int) -> str:
    """Return the alternatives with few events in a group, as a sentence with a blank; or empty."""
    rows = table[(table["analysis"] == "adjusted") & (table["alternative"] != GIVEN)]
    names = rows.loc[rows["fewest_events"] < fewest, "alternative"].unique()
    if not len(names):
        return ""
    return f"By other times, fewer than {fewest} events in a group: {', '.join(names)}. "


def spread_of(table: pd.DataFrame) -> str:
    """Return between which values the adjusted difference lies, as a sentence; perhaps empty."""
    rows = table[(table["analysis"] == "adjusted") & (table["measure"] == "survival")]
    rows = rows[rows["se"] > 0]  # without an event nothing is compared
    if rows[["group", "reference"]].drop_duplicates().shape[0] != 1 or len(rows) < 2:
        return ""
    least, most = (
        format_fixed(100 * value, 1)
        for value in (rows["difference"].min(), rows["difference"].max())
    )
    excluding = int(((rows["lower"] > 0) | (rows["upper"] < 0)).sum())
    return (
        f"By {len(rows)} definitions of the event (.alternatives) the adjusted difference in the "
        f"share without it lies between {least} and {most} percentage points, and its limits "
        f"exclude 0 in {excluding}. "
    )


def _rows(name: str, adjusted: AdjustedCurves) -> pd.DataFrame:
    parts = []
    for analysis, table in (("not adjusted", adjusted.unadjusted), ("adjusted", adjusted.table)):
        own = table.copy()
        sizes: dict[str, Any] = {
            "alternative": name,
            "analysis": analysis,
            "n": int(adjusted.groups["n"].sum()),
            "events": int(adjusted.groups["events"].sum()),
            "fewest_events": int(adjusted.groups["events"].min()),
        }
        for place, (column, value) in enumerate(sizes.items()):
            own.insert(place, column, value)
        parts.append(own)
    return pd.concat(parts, ignore_index=True).astype(
        {"n": np.int64, "events": "Int64", "fewest_events": "Int64"}
    )


def _no_rows(name: str, number: int) -> pd.DataFrame:
    nothing = {column: [np.nan] for column in NUMBERS}
    return pd.DataFrame(
        {
            "alternative": [name],
            "analysis": ["not estimated"],
            "n": np.array([number], dtype=np.int64),
            "events": pd.array([None], dtype="Int64"),
            "fewest_events": pd.array([None], dtype="Int64"),
            "measure": [""],
            "group": [""],
            "reference": [""],
            **nothing,
        }
    )
