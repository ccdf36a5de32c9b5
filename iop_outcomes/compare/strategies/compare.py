"""Strategies compared on plain frames: clone, censor, weight, resample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.resampling.contrasts import curve_table, difference_rows
from iop_outcomes.compare.resampling.samples import check_samples, person_counts, refuse_failed
from iop_outcomes.compare.resampling.step_curves import RowsOnGrid, grid_of
from iop_outcomes.compare.strategies.cloning import clone
from iop_outcomes.compare.strategies.decisions import Decisions
from iop_outcomes.compare.strategies.protocol import Done, protocol_table
from iop_outcomes.compare.strategies.result import StrategyComparison
from iop_outcomes.compare.strategies.strategy import Strategy, check_strategies
from iop_outcomes.compare.strategies.weighting import GoingOn
from iop_outcomes.errors import EstimateError
from iop_outcomes.shared.checks import check_truncate
from iop_outcomes.survival.clusters import Cluster, Clusters, read_clusters
from iop_outcomes.survival.labels import day_asked
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.times import CheckedTimes, check_times

Floats = NDArray[np.float64]


def compare_strategies(
    times: pd.DataFrame,
    decisions: pd.DataFrame,
    strategies: Sequence[Strategy],
    *,
    day: float,
    formula: str | Sequence[str],
    grace: int = 0,
    id: str = "episode_id",
    possible: str | None = None,
    truncate: float | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    confidence: float = 0.95,
    resamples: int = 500,
    seed: int = 0,
    progress: bool = False,
) -> StrategyComparison:
    r"""Compare sustained strategies by cloning, censoring and weighting.

    Parameters
    ----------
    times : pandas.DataFrame
        One row a person or episode: ``days``, ``event``, perhaps ``entry``, the column `id`, and
        covariates known on day 0.
    decisions : pandas.DataFrame
        One row a person and period: the column `id`; ``day``, the day at the end of which what
        was done in the period is known (6, 13, 20 for weeks); the columns of the strategies,
        missing where not known; and covariates known before the period, such as the hours of the
        week before. Periods after the end of a row's follow-up are not used.
    strategies : sequence of Strategy
        Two or more.
    day : float
        The day of the differences, chosen before the data are seen.
    formula : str or sequence of str
        The terms of the models of going on, as for `iop_outcomes.cox`: columns of either frame,
        and ``period``, the number of the period. All that affects both going on and the event has
        to be among them.
    grace : int
        In how many periods a person may do otherwise and still keep to a strategy, unless the
        strategy says.
    id : str
        The column that says whose decisions are which.
    possible : str, optional
        A column of `decisions`, True where the person could choose, such as was still in the
        program. Who could not and did otherwise ends without a probability.
    truncate : float, optional
        Weights above this quantile within a period are cut to it: less variance, some bias. By
        default none are.
    cluster : str, Cluster.PERSON or None
        What is resampled together: by default ``person_id`` where it repeats.
    confidence : float
        The level of the limits.
    resamples, seed : int
        The number of bootstrap samples, at least 100, and their seed.
    progress : bool
        Whether to report progress on the standard error output.

    Returns
    -------
    StrategyComparison
        With ``table``, ``curves``, ``weights``, ``protocol``, ``text`` and ``plot()``.

    Raises
    ------
    EstimateError
        If the times are not valid, decisions do not fit them, nobody keeps to a strategy up to the
        day, a covariate is missing, or too many samples have no estimate.
    RuleError
        If a strategy or option is not valid, or a column is not there.

    Notes
    -----
    Each row is taken once for each strategy. A clone is censored at the end of the first period in
    which its row does otherwise (the grace used up). No row is assigned by what comes later: before
    the first decision all clones are alike, so that there is no immortal time. Those who go on
    differ from those who do not; a clone that continues therefore counts :math:`W_k = \prod_{j \le
    k} 1 / P(\text{going on at } j \mid \text{terms})` after period k, the product over periods in
    which it could have been ended. The curve is Kaplan and Meier's with these weights (Hernán,
    Lanoy, Costagliola and Robins 2006, Basic Clin Pharmacol Toxicol 98:237-242; Cain et al. 2010,
    Int J Biostat 6:18; Hernán and Robins 2016, Am J Epidemiol 183:758-764, on the protocol).

    What is estimated has two limits. Decisions are known at the end of a period, so that within it
    the strategies do not differ: an effect within the first period is not seen. And a strategy such
    as "at least nine hours" leaves open how many: the hours are then those of the people who keep
    to it (and, with grace, the periods in which the grace is used). Several clones of one person
    are not independent: limits are by resampling people, and repeat all steps.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> random = np.random.default_rng(1)
    >>> times = pd.DataFrame({"episode_id": range(80), "days": random.integers(5, 40, 80)})
    >>> times["event"] = random.random(80) < 0.6
    >>> weeks = pd.DataFrame({"episode_id": np.repeat(range(80), 2), "day": [6, 13] * 80})
    >>> weeks["hours"] = random.choice([6.0, 10.0], 160)
    >>> nine = iop.Strategy("nine", at_least=9, weeks=2)
    >>> both = [nine, iop.Strategy("fewer", less_than=9, weeks=2)]
    >>> comparison = compare_strategies(times, weeks, both, day=21, formula="period", resamples=100)
    >>> comparison.table[["measure", "group", "reference"]].iloc[0].tolist()
    ['survival', 'fewer', 'nine']
    """
    wanted = check_strategies(strategies, grace)
    check_samples(resamples, seed)
    check_truncate(truncate)
    normal_quantile(confidence)
    checked = check_times(times, None)
    last = day_asked(day, "day", checked.days)
    clusters = read_clusters(times, cluster)
    columns = sorted({strategy.column for strategy in wanted})
    checked_decisions = Decisions.of(times, checked, decisions, columns, id=id, possible=possible)
    text = formula if isinstance(formula, str) else " + ".join(f"`{name}`" for name in formula)
    grid = grid_of(checked_decisions.times_days, checked.event, last)
    arms = [_Arm.of(checked_decisions, strategy, text, truncate, grid) for strategy in wanted]
    survival = np.stack([arm.survival(np.ones(len(times)), name=True) for arm in arms])
    drawn, failed = _drawn(arms, clusters, resamples, seed, progress)
    refuse_failed(failed, resamples, "nobody keeps to a strategy up to the day")
    names = [strategy.name for strategy in wanted]
    weights = pd.concat([arm.weights() for arm in arms], ignore_index=True)
    groups = pd.DataFrame([arm.sizes(last) for arm in arms])
    by_day = int((checked.event & (checked_decisions.times_days <= last)).sum())
    done = _done(checked, clusters, weights=weights, groups=groups)
    return StrategyComparison(
        table=difference_rows(names, grid, survival, drawn, reference=None, confidence=confidence),
        curves=curve_table(names, grid, survival, drawn, confidence),
        groups=groups,
        day=last,
        method="Strategies compared by cloning, censoring and weighting",
        confidence=confidence,
        resamples=resamples,
        failed=failed,
        seed=seed,
        rule=checked.rule,
        event=checked.provenance.event,
        origin=checked.provenance.origin,
        synthetic=checked.synthetic,
        weights=weights,
        protocol=protocol_table(
            Done(
                **done,
                events=by_day,
                strategies=wanted,
                formula=text,
                truncate=truncate,
                day=last,
                confidence=confidence,
                resamples=resamples,
                seed=seed,
            )
        ),
    )


@dataclass(frozen=True, eq=False)
class _Arm:
    """The clones of one strategy, their model and their place on the grid."""

    strategy: Strategy
    model: GoingOn
    rows: RowsOnGrid

    @classmethod
    def of(
        cls,
        decisions: Decisions,
        strategy: Strategy,
        formula: str,
        truncate: float | None,
        grid: Floats,
    ) -> _Arm:
        clones = clone(decisions, strategy)
        model = GoingOn.of(decisions, clones, formula, truncate)
        return cls(strategy, model, RowsOnGrid.of(grid, clones.entry, clones.days, clones.event))

    def survival(self, counts: Floats, *, name: bool = False) -> Floats:
        """Return the curve with these weights of the rows of the times; missing if it breaks off.

        With `name` a curve that breaks off is refused.
        """
        after = self.model.after(self.model.probabilities(counts))
        weight = self.model.of_stretches(after) * counts[self.model.clones.row]
        survival, end = self.rows.survival(weight)
        if end == len(survival):
            return survival
        if name:
            raise EstimateError(
                "No clone of a strategy is followed up to the day.",
                found=f"{len(np.unique(self.model.clones.row)):,} clones, the last at risk on day "
                f"{self.rows.grid[max(end - 1, 0)]:g}",
                instead="an earlier day, or a strategy that more people keep to.",
            )
        return np.full(len(survival), np.nan)

    def weights(self) -> pd.DataFrame:
        chance = self.model.probabilities(np.ones(int(self.model.clones.row.max()) + 1))
        return self.model.table(self.strategy.name, chance, self.model.after(chance))

    def sizes(self, day: float) -> dict[str, object]:
        clones = self.model.clones
        number = len(np.unique(clones.row))
        ended = int((~clones.kept).sum())
        return {
            "group": self.strategy.name,
            "n": number,
            "ended": ended,
            "kept": number - ended,
            "events": int((clones.event & (clones.days <= day)).sum()),
        }


def _drawn(
    arms: list[_Arm], clusters: Clusters, resamples: int, seed: int, progress: bool
) -> tuple[Floats, int]:
    """Return the curves of the samples that have them, (samples, arms, days), and the others."""
    drawn = np.stack(
        [
            np.stack([arm.survival(counts) for arm in arms])
            for counts in person_counts(clusters.each, resamples, seed, progress)
        ]
    )
    good = np.isfinite(drawn).all(axis=(1, 2))
    return drawn[good], int((~good).sum())


def _done(
    checked: CheckedTimes, clusters: Clusters, *, weights: pd.DataFrame, groups: pd.DataFrame
) -> dict[str, Any]:
    """Return what the protocol says of the times and of the clones."""
    by = clusters.clustering.by if clusters.code is not None else None
    return {
        "rows": len(checked.days),
        "people": int(clusters.each.max()) + 1,
        "late": checked.entry is not None,
        "rule": checked.rule,
        "event": checked.provenance.event,
        "origin": checked.provenance.origin,
        "ended": int(groups["ended"].sum()),
        "unknown": int(weights["unknown"].sum()),
        "could_not_choose": int(weights["could_not_choose"].sum()),
        "cluster": "rows" if by is None else f"values of {by}",
    }
