"""From the rows that were given to those that are analysed, with the reason of each loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.checks import is_whole
from iop_outcomes.shared.messages import as_written

Flags = NDArray[np.bool_]
GIVEN, ANALYSED = "rows given", "analysed"


def with_covariates(frame: pd.DataFrame, names: Sequence[str], missing: str) -> Flags:
    """Return which rows have a value of every covariate; refuse others unless they are dropped.

    Raises
    ------
    EstimateError
        If a value is missing and this is refused, or no row has all of them.
    """
    kept: Flags = np.ones(len(frame), dtype=bool)
    for name in names:
        kept &= frame[name].notna().to_numpy(dtype=bool)
    if kept.all():
        return kept
    counts = {name: int(frame[name].isna().sum()) for name in names}
    found = ", ".join(f"{count:,} of {name}" for name, count in counts.items() if count)
    if missing == "refuse" or not kept.any():
        raise EstimateError(
            "An adjusted comparison needs every covariate of every row.",
            found=f"missing: {found}, of {len(frame):,} rows",
            instead='missing_covariates="drop", which counts them in .flow and assumes that they '
            "are like the others; or multiple imputation of them before.",
        )
    return kept


def flow_table(
    excluded: Mapping[str, int] | None,
    given: int,
    losses: Sequence[tuple[str, int]],
    sizes: Sequence[tuple[str, int]],
) -> pd.DataFrame:
    """Return the steps of the flow.

    Parameters
    ----------
    excluded : mapping of str to int, optional
        What was excluded before the rows were given, by reason.
    given : int
        Rows given.
    losses : sequence of tuple
        What was dropped of them: reason and number.
    sizes : sequence of tuple
        The groups that are analysed: name and number.
    """
    before = check_excluded(excluded)
    total = given + sum(before.values())
    rows: list[tuple[str, str, int]] = []
    if before:
        rows.append(("rows in all", "", total))
        rows += [("excluded before", reason, count) for reason, count in before.items()]
    rows.append((GIVEN, "", given))
    rows += [("not analysed", reason, count) for reason, count in losses if count]
    rows.append((ANALYSED, "", sum(size for _, size in sizes)))
    rows += [("group", name, size) for name, size in sizes]
    frame = pd.DataFrame(rows, columns=["step", "reason", "n"])
    return frame.astype({"n": np.int64})


def check_excluded(excluded: Mapping[str, int] | None) -> dict[str, int]:
    """Return numbers by reason; refuse what is none."""
    if excluded is None:
        return {}
    known: Any = excluded
    fit = isinstance(known, Mapping) and all(
        isinstance(reason, str) and is_whole(count, 0) for reason, count in known.items()
    )
    if not fit:
        raise RuleError(
            "What was excluded before is a number for each reason.",
            found=as_written(excluded),
            instead='excluded={"admitted before 2025": 120}',
        )
    return {reason: int(count) for reason, count in known.items()}
