"""Table 1: what groups were like on day 0, before and after weighting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.balance.covariates import Covariate, read_covariates
from iop_outcomes.compare.balance.result import Balance
from iop_outcomes.compare.balance.standardised import (
    Spread,
    difference_of,
    difference_of_missing,
)
from iop_outcomes.compare.differences.result import Pairs, group_names, pairs_of
from iop_outcomes.compare.group_tests.groups import refuse_no_columns, refuse_single_group
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.groups import LeftOut, MissingGroup, settle_groups
from iop_outcomes.shared.messages import names_asked
from iop_outcomes.shared.provenance import provenance_of
from iop_outcomes.shared.text import format_count
from iop_outcomes.survival.clusters import Cluster, read_clusters
from iop_outcomes.survival.curves.weighted import read_weighting
from iop_outcomes.survival.times import CheckedGroups, check_groups

Floats = NDArray[np.float64]


def balance(
    times: pd.DataFrame,
    by: str | Sequence[str],
    covariates: str | Sequence[str],
    *,
    weights: str | None = None,
    reference: Any = None,
    missing_group: MissingGroup = "refuse",
) -> Balance:
    r"""Describe groups by their covariates, with standardised differences (Table 1).

    Parameters
    ----------
    times : pandas.DataFrame
        One row a person or episode, with the columns named here; ``days`` and ``event`` are not
        needed.
    by : str or sequence of str
        Columns whose values define the groups, two or more.
    covariates : str or sequence of str
        Columns known on day 0, each with its kind by its type: numbers; yes or no (True and False,
        or 1 and 0); text and categories. Missing values are allowed, and counted.
    weights : str, optional
        The column of weights, above 0, such as ``propensity_weight`` of
        `iop_outcomes.propensity_weights`: the table then has every number before and after
        weighting.
    reference : object, optional
        The group that all others are compared with (a tuple where `by` has several columns). By
        default all pairs, the later group less the earlier one.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` are handled: refused; a group "not recorded" of their own;
        or left out, and counted in ``rule`` and ``text``.

    Returns
    -------
    Balance
        With ``table``, ``differences``, ``groups``, ``text``, ``paper_table()`` and ``plot()``.

    Raises
    ------
    EstimateError
        If there is one group only, a row has no group, a number is infinite, a weight is not above
        0, or a column of text has so many values that it may name people.
    RuleError
        If a column is not there, is both a group and a covariate, or holds dates.

    Notes
    -----
    The standardised difference of numbers and of yes or no is the difference of the means over the
    root of the mean of the two variances (Austin 2009, Stat Med 28:3083-3107), :math:`n - 1` in the
    variance of numbers, :math:`p (1 - p)` in that of yes or no. Words with any number of levels
    have one, without sign: the Mahalanobis distance of the shares (Yang and Dalton 2012, SAS Global
    Forum, paper 335). All are of the rows with a value; the share without one has a difference of
    its own. After weighting the unit is still the spread before it, so that what changes is the
    difference (Stuart 2010, Stat Sci 25:1-21).

    There are no p-values: they say how many people there are, not how alike the groups are (Imai,
    King and Stuart 2008, J R Stat Soc A 171:481-502). Differences below 0.1 are often called small;
    no limit is applied here.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> people = pd.DataFrame(
    ...     {
    ...         "track": ["day"] * 4 + ["evening"] * 4,
    ...         "age": [30.0, 40.0, 50.0, None, 20.0, 30.0, 40.0, 30.0],
    ...         "employed": [False, False, True, False, True, True, False, True],
    ...     }
    ... )
    >>> iop.balance(people, "track", ["age", "employed"]).paper_table().iloc[1:]
                  covariate          day     evening difference
    1        age, mean (sd)  40.0 (10.0)  30.0 (8.2)      -1.10
    2      age, missing (%)    1 (25.0%)    0 (0.0%)      -0.82
    3  employed, yes, n (%)    1 (25.0%)   3 (75.0%)       1.15
    """
    times = settle_groups(times, (by,), missing_group)
    groups = check_groups(times, by)
    refuse_no_columns(groups.labels)
    refuse_single_group(groups.labels, "times.describe() for one group.")
    covariate_columns = read_covariates(times, covariates)
    both = [
        covariate.name for covariate in covariate_columns if covariate.name in groups.labels.columns
    ]
    if both:
        raise RuleError(
            "Groups differ by the column that defines them.",
            found=f"{names_asked(both)} in by= and in the covariates",
            instead="covariates= without it.",
        )
    weight = read_weighting(times, weights, None).weight
    pairs = pairs_of(groups.labels, reference)
    provenance = provenance_of(times)
    rule = f"{_counted(times)} Standardised differences of the rows with a value{_unit(weights)}."
    return Balance(
        table=pd.concat(
            [_rows(covariate, groups, weight) for covariate in covariate_columns], ignore_index=True
        ),
        differences=pd.concat(
            [_differences(covariate, groups, weight, pairs) for covariate in covariate_columns],
            ignore_index=True,
        ),
        groups=_sizes(groups, weight),
        by=tuple(groups.labels.columns),
        weights=weights,
        rule=LeftOut.of(provenance).after(rule),
        synthetic=provenance.synthetic,
    )


def _counted(times: pd.DataFrame) -> str:
    clustering = read_clusters(times, Cluster.PERSON).clustering
    rows = format_count(clustering.rows, "row")
    if clustering.by is None:
        return f"{rows}."
    return f"{rows} of {clustering.clusters:,} values of {clustering.by}; rows are counted."


def _unit(weights: str | None) -> str:
    return "" if weights is None else f", before and after weighting by {weights}, in one unit"


def _sizes(groups: CheckedGroups, weight: Floats | None) -> pd.DataFrame:
    number = len(groups.labels)
    sizes = pd.DataFrame(
        {
            "group": group_names(groups.labels),
            "n": np.bincount(groups.group, minlength=number).astype(np.int64),
        }
    )
    if weight is None:
        return sizes
    total, squares = (
        np.bincount(groups.group, power, minlength=number) for power in (weight, weight**2)
    )
    return sizes.assign(weight=total, effective_size=total**2 / squares)


def _rows(covariate: Covariate, groups: CheckedGroups, weight: Floats | None) -> pd.DataFrame:
    """Return what each group has of a covariate, one row a level and group."""
    names = group_names(groups.labels)
    plain = Spread.of(covariate, groups.group, len(names), None)
    weighed = None if weight is None else Spread.of(covariate, groups.group, len(names), weight)
    levels = covariate.levels or ("yes" if covariate.kind == "yes_no" else "",)
    rows: list[dict[str, Any]] = []
    for column, level in enumerate(levels):
        for place, name in enumerate(names):
            known = plain.rows[place] - plain.missing[place]
            row = {
                "covariate": covariate.name,
                "kind": covariate.kind,
                "level": level,
                "group": name,
                "n": int(plain.rows[place]),
                "missing": int(plain.missing[place]),
                **_numbers(covariate, groups.group == place, plain, place, column),
            }
            row["count"] = known * row["share"]
            if weighed is not None:
                row |= {
                    "weighted_missing": weighed.share_missing[place],
                    "weighted_mean": weighed.mean[place, column],
                    "weighted_sd": float(np.sqrt(weighed.covariance[place, column, column])),
                }
            rows.append(row)
    return pd.DataFrame(rows)


def _numbers(
    covariate: Covariate, inside: NDArray[np.bool_], plain: Spread, place: int, column: int
) -> dict[str, float]:
    """Return the mean and the rest of a number, or the share of a level."""
    mean = float(plain.mean[place, column])
    names = ("sd", "lower_quartile", "median", "upper_quartile")
    if covariate.kind != "number":
        return {"share": mean, "mean": np.nan, **dict.fromkeys(names, np.nan)}
    values = covariate.values[inside & covariate.known, 0]
    quartiles = np.quantile(values, [0.25, 0.5, 0.75]) if len(values) else [np.nan] * 3
    spread = float(np.sqrt(plain.covariance[place, 0, 0]))
    return {
        "share": np.nan,
        "mean": mean,
        **dict(zip(names, [spread, *map(float, quartiles)], strict=True)),
    }


def _differences(
    covariate: Covariate, groups: CheckedGroups, weight: Floats | None, pairs: Pairs
) -> pd.DataFrame:
    """Return the standardised differences of a covariate, one row a pair."""
    names = group_names(groups.labels)
    plain = Spread.of(covariate, groups.group, len(names), None)
    after = None if weight is None else Spread.of(covariate, groups.group, len(names), weight)
    rows = []
    for first, second in pairs:
        row = {
            "covariate": covariate.name,
            "kind": covariate.kind,
            "group": names[first],
            "reference": names[second],
            "difference": difference_of(covariate.kind, plain, plain, first, second),
            "difference_missing": difference_of_missing(plain, plain, first, second),
        }
        if after is not None:
            row |= {
                "weighted_difference": difference_of(covariate.kind, after, plain, first, second),
                "weighted_difference_missing": difference_of_missing(after, plain, first, second),
            }
        rows.append(row)
    return pd.DataFrame(rows)
