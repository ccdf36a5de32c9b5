"""Do groups differ in how often each cause ends their times? Gray's test, cause by cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.result import p_value_words
from iop_outcomes.compare.score import GroupScore
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.show import table_html
from iop_outcomes.survival.causes import Causes, read_causes
from iop_outcomes.survival.checking import check_times, column_names
from iop_outcomes.survival.competing import cumulative_incidence
from iop_outcomes.survival.incidence import CumulativeIncidence

Floats = NDArray[np.float64]

ROUNDING = 1e-12
MOST_CELLS = 20_000_000  # days x groups x groups, of which a few tables are held


@dataclass(frozen=True, eq=False)
class IncidenceComparison:
    """Gray's test of each cause.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a cause: ``cause``; ``events`` (int64); ``statistic``: chi-squared;
        ``degrees_of_freedom`` (int64): the number of groups less one; ``p_value``: of a
        statistic at least as large if the incidences of the cause are the same; not corrected
        for the number of causes.
    incidence : CumulativeIncidence
        The incidences that are compared.
    rule : str
        What made the times, what competes, and the estimate.
    strata : tuple of str
        The columns within whose values the groups are compared.
    """

    table: pd.DataFrame
    incidence: CumulativeIncidence
    rule: str
    strata: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The test of each cause in words, and the rule."""
        within = f" stratified by {', '.join(self.strata)}" if self.strata else ""
        by = ", ".join(self.incidence.by)
        return f"Gray's test{within}, by {by}: {self._told}. {self.rule}"

    @property
    def synthetic(self) -> bool:
        """Whether the people are made up."""
        return self.incidence.synthetic

    def at(self, days: float | Sequence[float]) -> pd.DataFrame:
        """Return the incidences that are compared on the given days."""
        return self.incidence.at(days)

    def plot(self, ax: Any = None) -> Any:
        """Draw the incidences that are compared."""
        return self.incidence.plot(ax)

    def __repr__(self) -> str:
        """Return the test of each cause."""
        within = f" stratified by {', '.join(self.strata)}" if self.strata else ""
        return f"<IncidenceComparison: Gray's test{within}, {self._told}>"

    def _repr_html_(self) -> str:
        return table_html(self.table, self.text)

    @property
    def _told(self) -> str:
        return "; ".join(
            f"{row['cause']}: chi-squared {row['statistic']:.2f} on "
            f"{row['degrees_of_freedom']} df, {p_value_words(row['p_value'])}"
            for row in self.table.to_dict("records")
        )


def compare_incidence(
    times: pd.DataFrame,
    by: str | Sequence[str],
    end: str = "ended_by",
    *,
    causes: Sequence[Any] | None = None,
    strata: str | Sequence[str] | None = None,
    confidence: float = 0.95,
) -> IncidenceComparison:
    r"""Test whether groups differ in the incidence of each competing cause, by Gray's test.

    Parameters
    ----------
    times, end, causes
        As for `iop_outcomes.cumulative_incidence`; without late entry.
    by : str or sequence of str
        Columns whose values make the groups, two or more.
    strata : str or sequence of str, optional
        Columns within whose values the groups are compared, such as the program: who is in
        another stratum is compared with nobody here. The incidences are not stratified.
    confidence : float
        The level of the limits of the incidences.

    Returns
    -------
    IncidenceComparison
        With ``table``, ``incidence`` and ``text``.

    Raises
    ------
    EstimateError
        If there is one group only, nobody ends by one of the causes, there is late entry, or the
        groups are never at risk together (within a stratum).
    RuleError
        If a column is both a group and a stratum, or as for `iop_outcomes.cumulative_incidence`.

    Notes
    -----
    A log-rank test of the subdistribution hazard: who ended by another cause stays in the
    denominator, weighted by :math:`R_g = n_g (1 - F_g(t-)) / S_g(t-)`. The score of group g is
    :math:`\sum_t d_g - d R_g / \sum_h R_h`, and its covariance sums, over the groups' own events
    of either kind, the influence of each (Gray 1988, Ann Stat 16:1141-1154, with rho 0 and the
    correction for ties of R's ``cmprsk::cuminc``). Within strata both are made in each and added
    up. The test asks whether the *shares* differ; a
    group can have fewer relapses because more of it dies or moves away, so look at all causes.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.compare.gray import compare_incidence
    >>> times = pd.DataFrame(
    ...     {
    ...         "days": [3, 5, 7, 9, 4, 8, 10, 12],
    ...         "ended_by": ["relapse", "relapse", "died", "relapse", "died"]
    ...         + ["relapse", "died", "relapse"],
    ...         "track": ["day"] * 4 + ["evening"] * 4,
    ...     }
    ... )
    >>> compare_incidence(times, by="track", causes=["relapse", "died"]).table["events"].tolist()
    [5, 3]
    """
    found = read_causes(times, by, end, causes)
    stratum, strata_names = _strata(times, found, strata)
    incidence = cumulative_incidence(times, by, end, causes=causes, confidence=confidence)
    _check_comparable(found)

    from scipy.special import chdtrc

    parts = [_counts(found, stratum == part) for part in range(int(stratum.max()) + 1)]
    parts = [part for part in parts if len(part[0])]  # a stratum without an end says nothing
    _check_size(max(len(at_risk) for at_risk, _ in parts), len(found.times.labels))
    freedom = len(found.times.labels) - 1
    rows = []
    for cause, name in enumerate(found.names):
        scores = []
        for at_risk, ended in parts:
            own = ended[:, cause]
            scores.append(_score(at_risk, own, ended.sum(axis=1) - own))
        score, covariance = (np.sum(part, axis=0) for part in zip(*scores, strict=True))
        statistic = _statistic(score, covariance)
        events = sum(int(ended[:, cause].sum()) for _, ended in parts)
        rows.append((name, events, statistic, freedom, float(chdtrc(freedom, statistic))))
    columns = ["cause", "events", "statistic", "degrees_of_freedom", "p_value"]
    table = pd.DataFrame(rows, columns=columns)
    return IncidenceComparison(table, incidence, incidence.rule, tuple(strata_names))


def _strata(
    times: pd.DataFrame, found: Causes, strata: str | Sequence[str] | None
) -> tuple[NDArray[np.intp], list[str]]:
    names = column_names(times, strata)
    both = [name for name in names if name in found.times.labels.columns]
    if both:
        raise RuleError(
            f"Within a stratum of {', '.join(both)} there is one group of it only.",
            instead="a column that is either a group or a stratum.",
        )
    return check_times(times.assign(event=found.code >= 0), names).group, names


def _check_comparable(found: Causes) -> None:
    if not len(found.times.labels.columns):
        raise RuleError("A comparison needs the column that makes the groups.", instead='by="..."')
    if len(found.times.labels) < 2:
        raise EstimateError(
            "A comparison needs two groups or more.",
            found=f"one group of {', '.join(found.times.labels.columns)}",
            instead="cumulative_incidence(times) for the incidences of one group.",
        )
    if found.times.entry is not None:
        raise EstimateError(
            "Gray's test is not defined for late entry.",
            found="entries after day 0",
            instead="compare_survival, which takes every other cause as censoring.",
        )
    number = np.bincount(found.code[found.code >= 0], minlength=len(found.names))
    empty = [name for name, count in zip(found.names, number, strict=True) if not count]
    if empty:
        raise EstimateError(
            "A cause by which nobody ends cannot be compared.",
            found=", ".join(empty),
            instead="causes that occur.",
        )


def _check_size(days: int, groups: int) -> None:
    if days * groups**2 > MOST_CELLS:
        raise EstimateError(
            "Gray's test of so many groups needs more memory than it is worth.",
            found=f"{groups:,} groups over {days:,} days with an end",
            instead="fewer groups, or compare_survival.",
        )


def _counts(found: Causes, rows: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return at risk by day and group, and ends by day, cause and group, of some of the rows.

    The days are those with an end.
    """
    groups, causes = len(found.times.labels), len(found.names)
    group, code = found.times.group[rows], found.code[rows]
    rank, days = pd.factorize(found.times.days[rows], sort=True)
    left = np.bincount(rank * groups + group, minlength=len(days) * groups)
    at_risk = np.cumsum(left.reshape(-1, groups)[::-1], axis=0)[::-1]
    some = code >= 0
    cell = (rank[some] * causes + code[some]) * groups + group[some]
    ended = np.bincount(cell, minlength=len(days) * causes * groups)
    ended = ended.reshape(-1, causes, groups)
    kept = ended.any(axis=(1, 2))
    return at_risk[kept].astype(float), ended[kept].astype(float)


def _score(at_risk: Floats, own: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Return Gray's score and its covariance, from counts by day and group."""
    there = at_risk > 0
    each = np.divide(1.0, at_risk, out=np.zeros_like(at_risk), where=there)
    survival = np.cumprod(1 - (own + other) * each, axis=0)
    before = np.vstack([np.ones(at_risk.shape[1]), survival[:-1]])
    incidence = np.cumsum(before * own * each, axis=0)
    clear = 1 - np.vstack([np.zeros(at_risk.shape[1]), incidence[:-1]])
    undone = np.divide(1.0, before, out=np.zeros_like(before), where=there)
    weight = at_risk * undone  # those at risk, as if nobody had been censored
    total, died = weight.sum(axis=1), own.sum(axis=1)
    staying = weight * clear  # and those who ended by another cause
    score = (own - died[:, None] * staying / staying.sum(axis=1, keepdims=True)).sum(axis=0)

    pooled = np.cumsum(died / total)
    hazard = _pooled_hazard(died, total, pooled, there)
    share = weight / total[:, None]
    # How the score of each group (axis 1) moves with an event of each group (axis 2).
    pull = weight[:, :, None] * (np.eye(weight.shape[1]) - share[:, None, :])
    drift = np.cumsum(pull * hazard[:, None, None], axis=0)
    ahead = drift[-1] - drift
    gone = 1 - pooled[:, None]
    odds = np.divide(gone, survival, out=np.zeros_like(survival), where=survival > 0)

    from_own = pull + ahead * np.where(survival > 0, 1 - odds, 1.0)[:, None, :]
    several = (died[:, None] > 1) & there
    rest = np.where(several, total[:, None] * before - 1, 1.0)
    tie = 1 - np.where(several, died[:, None] - 1, 0.0) / rest
    variance = tie * before * died[:, None] / total[:, None] * each
    covariance = np.einsum("tik,tjk,tk->ij", from_own, from_own, variance)

    tie = 1 - np.where(other > 1, (other - 1) / np.maximum(at_risk - 1, 1), 0.0)
    variance = tie * before**2 * other * each**2 * odds**2
    return score, covariance + np.einsum("tik,tjk,tk->ij", ahead, ahead, variance)


def _pooled_hazard(died: Floats, total: Floats, pooled: Floats, there: NDArray[Any]) -> Floats:
    """Return the subdistribution hazard of all groups on each day."""
    free = 1 - np.append(0.0, pooled[:-1])
    spent = np.abs(free) < ROUNDING
    if (there.sum(axis=1) > 1)[spent].any():
        raise EstimateError(
            "The cause has taken everyone, by the estimate of all groups, while two groups are "
            "still at risk: Gray's test is not defined.",
            instead="compare_survival, or a shorter follow-up.",
        )
    # With one group left there is nothing to compare, whatever the hazard.
    hazard: Floats = np.divide(died, total * free, out=np.zeros(len(free)), where=~spent)
    return hazard


def _statistic(score: Floats, covariance: Floats) -> float:
    result = GroupScore(score, np.zeros_like(score), covariance)
    if result.degrees_of_freedom < len(score) - 1:
        raise EstimateError(
            "Some groups are never at risk together on a day of an event, so that they cannot "
            "be compared.",
            instead="leave such a group out, or join it with another.",
        )
    return result.statistic
