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
from iop_outcomes.survival.clusters import PERSON

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
    if missing == "impute":
        return kept
    for name in names:
        kept &= frame[name].notna().to_numpy(dtype=bool)
    if kept.all():
        return kept
    counts = {name: int(frame[name].isna().sum()) for name in names}
    missing_values = ", ".join(f"{count:,} of {name}" for name, count in counts.items() if count)
    if missing == "refuse" or not kept.any():
        raise EstimateError(
            "An adjusted comparison needs every covariate of every row.",
            found=f"missing: {missing_values}, of {len(frame):,} rows",
            instead='missing_covariates="impute", which draws them several times; or "drop", which '
            "counts them in .flow and assumes that they are like the others.",
        )
    return kept


def flow_table(
    excluded: Mapping[str, int] | None,
    times: pd.DataFrame,
    losses: Sequence[tuple[str, pd.DataFrame]],
    group: NDArray[np.intp],
    names: Sequence[str],
) -> pd.DataFrame:
    """Return the steps of the flow, in rows and in people.

    Parameters
    ----------
    excluded : mapping of str to int, optional
        What was excluded before the rows were given, by reason.
    times : pandas.DataFrame
        The rows given.
    losses : sequence of tuple
        What is left after rows were dropped for a reason: the reason, and the rows.
    group : numpy.ndarray of int
        The group of each row that is left in the end, as a code.
    names : sequence of str
        The groups that are analysed.
    """
    before = check_excluded(excluded)
    rows: list[tuple[str, str, int, int | None]] = []
    if before:
        rows.append(("rows in all", "", len(times) + sum(before.values()), None))
        rows += [("excluded before", reason, count, None) for reason, count in before.items()]
    rows.append((GIVEN, "", len(times), _people(times)))
    left = times
    for reason, after in losses:
        if len(after) < len(left):
            gone = _less(_people(left), _people(after))
            rows.append(("not analysed", reason, len(left) - len(after), gone))
        left = after
    rows.append((ANALYSED, "", len(left), _people(left)))
    for place, name in enumerate(names):
        own = left[group == place]
        rows.append(("group", name, len(own), _people(own)))
    frame = pd.DataFrame(rows, columns=["step", "reason", "n", "people"])
    return frame.astype({"n": np.int64, "people": "Int64"})


def check_excluded(excluded: Mapping[str, int] | None) -> dict[str, int]:
    """Return numbers by reason; refuse anything else."""
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
            instead='excluded={"admitted before 2025": 120}, or iop.exclusions(records, times)',
        )
    return {reason: int(count) for reason, count in known.items()}


def _people(frame: pd.DataFrame) -> int | None:
    """Return how many people the rows are of; None where the frame does not say."""
    if PERSON not in frame.columns or frame[PERSON].isna().any():
        return None
    return int(frame[PERSON].nunique())


def _less(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first - second
