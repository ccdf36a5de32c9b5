"""The checks of every comparison of groups: groups, strata, events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.survival.times import CheckedTimes, check_times


def strata_of(
    times: pd.DataFrame, strata: str | Sequence[str] | None, groups: list[str]
) -> tuple[NDArray[np.intp], list[str]]:
    """Return the stratum of each row and the columns that define the strata.

    Parameters
    ----------
    times : pandas.DataFrame
        Times that passed `check_times`.
    strata : str, sequence of str or None
        The columns; None is one stratum of all.
    groups : list of str
        The columns that define the groups.

    Raises
    ------
    EstimateError
        If a row has no stratum.
    RuleError
        If a column is not there, or is both a group and a stratum.
    """
    if strata is None:
        return np.zeros(len(times), dtype=np.intp), []
    checked = check_times(times, strata)
    names = list(checked.labels.columns)
    both = [name for name in names if name in groups]
    if both:
        raise RuleError(
            f"Within a stratum of {', '.join(both)} there is one group of it only.",
            instead="a column that is either a group or a stratum.",
        )
    return checked.group, names


@dataclass(frozen=True, eq=False)
class Grouped:
    """Times in groups within strata, as a test takes them.

    Attributes
    ----------
    times : pandas.DataFrame
        Those with a group and a stratum.
    checked : CheckedTimes
    names : list of str
        The columns that define the groups.
    stratum : numpy.ndarray of int
        (rows,), codes from 0.
    strata : list of str
        The columns that define the strata.
    """

    times: pd.DataFrame
    checked: CheckedTimes
    names: list[str]
    stratum: NDArray[np.intp]
    strata: list[str]

    @classmethod
    def of(
        cls,
        times: pd.DataFrame,
        by: str | Sequence[str],
        strata: str | Sequence[str] | None,
        missing_group: MissingGroup,
    ) -> Grouped:
        """Return checked times; EstimateError or RuleError where there is nothing to compare."""
        settled = settle_groups(times, (by, strata), missing_group)
        checked = check_times(settled, by)
        refuse_no_columns(checked.labels)
        names = list(checked.labels.columns)
        stratum, columns = strata_of(settled, strata, names)
        return cls(settled, checked, names, stratum, columns)


def refuse_no_columns(labels: pd.DataFrame) -> None:
    """Refuse a comparison without a column that defines the groups."""
    if not len(labels.columns):
        raise RuleError(
            "A comparison needs the column that defines the groups.", instead='by="..."'
        )


def refuse_single_group(labels: pd.DataFrame, instead: str) -> None:
    """Refuse a single group; `instead` says what to write for it."""
    if len(labels) < 2:
        raise EstimateError(
            "A comparison needs two groups or more.",
            found=f"one group of {', '.join(map(str, labels.columns))}",
            instead=instead,
        )


def refuse_incomparable(times: CheckedTimes, curves: str) -> None:
    """Refuse a single group, and times without an event.

    Parameters
    ----------
    times : CheckedTimes
        The times and their groups.
    curves : str
        The function that gives the curves, as a user calls it.
    """
    refuse_single_group(times.labels, f"{curves}(times) for the curve of one group.")
    if not times.event.any():
        raise EstimateError(
            "There are no events to compare: every time is censored.",
            found=f"0 events among {len(times.days):,}",
            instead=f"{curves}(times, by=...) says how many of each group were followed.",
        )
