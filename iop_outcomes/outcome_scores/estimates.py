"""Means and shares by group with limits that take a person's episodes together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.shared.arrays import Booleans, Floats, Integers, ratio, sums
from iop_outcomes.statistics.proportions import clustered_interval, proportion_interval


@dataclass(frozen=True, eq=False)
class Means:
    """Means by group: float64, one value a group; missing where there is none.

    Attributes
    ----------
    number : numpy.ndarray
        Values.
    mean, sd : numpy.ndarray
        Mean, and standard deviation of the values.
    lower, upper : numpy.ndarray
        Limits; missing with fewer than two persons.
    """

    number: Floats
    mean: Floats
    sd: Floats
    lower: Floats
    upper: Floats


def clustered_means(
    values: Floats, person: Integers, group: Integers, groups: int, confidence: float
) -> Means:
    r"""Return means with limits, a person's values taken together.

    With residuals :math:`r_p` of person p, the sum over the person's values of their distance from
    the mean of n values of k persons, the variance is :math:`\frac{k}{k - 1} \sum r_p^2 / n^2`, and
    the limits are Student's on k - 1 degrees of freedom. With one value a person they are the usual
    limits of a mean.

    Examples
    --------
    >>> import numpy as np
    >>> from iop_outcomes.outcome_scores.estimates import clustered_means
    >>> one = clustered_means(np.array([1.0, 2.0, 6.0]), np.arange(3), np.zeros(3, int), 1, 0.95)
    >>> one.mean.tolist(), one.lower.round(3).tolist(), one.upper.round(3).tolist()
    ([3.0], [-3.572], [9.572])
    """
    from scipy.special import stdtrit

    number = np.bincount(group, minlength=groups).astype(np.float64)
    mean = ratio(sums(group, values, groups), number)
    apart = values - mean[group]
    squares = sums(group, apart**2, groups)
    sd = np.sqrt(ratio(squares, number - 1))
    width = int(person.max(initial=0)) + 1
    cells, place = np.unique(group.astype(np.int64) * width + person, return_inverse=True)
    residuals = sums(place, apart, len(cells))
    of_cell = cells // width
    persons = np.bincount(of_cell, minlength=groups).astype(np.float64)
    factor = ratio(persons, persons - 1)
    variance = ratio(factor * sums(of_cell, residuals**2, groups), number**2)
    quantile = stdtrit(np.maximum(persons - 1, 1), 0.5 + confidence / 2)
    half = np.where(persons >= 2, quantile * np.sqrt(variance), np.nan)
    return Means(number, mean, sd, mean - half, mean + half)


def share_limits(
    counts: Booleans, person: Integers, group: Integers, groups: int, confidence: float
) -> tuple[Floats, Floats]:
    """Return the limits of the share of `counts` in each group.

    Wilson's where each person is given once in the group, else those clustered by person.
    """
    x = sums(group, counts.astype(np.float64), groups)
    n = np.bincount(group, minlength=groups).astype(np.float64)
    lower, upper = proportion_interval(x, n, confidence)
    width = int(person.max(initial=0)) + 1
    cells = np.unique(group.astype(np.int64) * width + person)
    repeated = np.bincount(cells // width, minlength=groups) < n
    if repeated.any():
        low, high = clustered_interval(
            counts.astype(np.float64),
            np.ones(len(counts)),
            person,
            group=group,
            groups=groups,
            confidence=confidence,
        )
        lower, upper = np.where(repeated, low, lower), np.where(repeated, high, upper)
    return lower, upper


def counts_of(mask: Booleans, group: Integers, groups: int) -> Integers:
    """Return how many of `mask` are in each group (int64)."""
    return np.bincount(group[mask], minlength=groups).astype(np.int64)


PEOPLE = "people_"


def counted(
    masks: dict[str, Booleans], person: Integers, group: Integers, groups: int
) -> dict[str, Integers]:
    """Return for each mask its rows by group, and under ``people_`` and its name the persons."""
    counts: dict[str, Integers] = {}
    width = int(person.max(initial=0)) + 1
    for name, mask in masks.items():
        counts[name] = counts_of(mask, group, groups)
        cells = np.unique(group[mask].astype(np.int64) * width + person[mask])
        counts[PEOPLE + name] = np.bincount(cells // width, minlength=groups).astype(np.int64)
    return counts


def split_people(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a table without the numbers of persons, and these, one row for each row of it."""
    people = [name for name in frame.columns if str(name).startswith(PEOPLE)]
    return (
        frame.drop(columns=people).reset_index(drop=True),
        frame[people]
        .rename(columns=lambda name: str(name).removeprefix(PEOPLE))
        .reset_index(drop=True),
    )


def people_only(columns: dict[str, Integers], names: tuple[str, ...]) -> dict[str, Integers]:
    """Return the numbers of persons of some counts that the table itself does not show."""
    return {PEOPLE + name: columns[PEOPLE + name] for name in names}
