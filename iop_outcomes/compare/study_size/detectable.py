"""The least difference that would be found with the people available."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.compare.differences.restricted_mean import restricted_mean_difference
from iop_outcomes.compare.differences.result import group_names, pairs_of
from iop_outcomes.compare.differences.survival import survival_difference
from iop_outcomes.compare.group_tests.groups import refuse_incomparable, refuse_no_columns
from iop_outcomes.compare.study_size.power import check_share, errors_needed
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import DESCRIBED_GROUPS, format_level, join_described
from iop_outcomes.survival.clusters import Cluster
from iop_outcomes.survival.labels import day_asked
from iop_outcomes.survival.times import check_times

UNITS = {"hazard_ratio": "hazard ratio", "survival": "proportion", "restricted_mean": "days"}


@dataclass(frozen=True, eq=False, repr=False)
class DetectableDifference(Result):
    """The least differences that would be found with a stated power.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a measure and pair: ``measure``: ``hazard_ratio``, and with a day ``survival`` and
        ``restricted_mean``; ``group, reference``; ``n, events``: rows and events of both (int64);
        ``se``: of the difference, of the hazard ratio of its logarithm; ``lower, upper``: the true
        value nearest to no difference, on either side, that would be found (float64). Missing where
        a group has no event.
    by : tuple of str
        The columns that define the groups.
    day : float or None
        Of the survival, and up to which the restricted mean goes.
    power, confidence : float
        The probability of finding it, and the level of the test, which is two-sided.
    rule : str
        How the times were defined, and what is assumed.
    synthetic : bool
        Whether the data are synthetic.
    """

    table: pd.DataFrame
    by: tuple[str, ...]
    day: float | None
    power: float
    confidence: float
    rule: str
    synthetic: bool = False

    @property
    def text(self) -> str:
        """Each measure and pair in words, and the rule."""
        rows = self.table.head(DESCRIBED_GROUPS).to_dict("records")
        rows_text = join_described([self._row(row) for row in rows], len(self.table), "row")
        return (
            f"Found with a power of {format_level(self.power)} in a two-sided test at "
            f"{format_level(self.confidence)}: {rows_text}. {self.rule}"
        )

    def _row(self, row: dict[Any, Any]) -> str:
        pair = f"{row['group']} against {row['reference']} ({row['events']:,} events)"
        if np.isnan(row["se"]):
            return f"{pair}: not known, since a group has no event"
        if row["measure"] == "hazard_ratio":
            return f"{pair}: a hazard ratio below {row['lower']:.2f} or above {row['upper']:.2f}"
        decimals, unit = (1, " days") if row["measure"] == "restricted_mean" else (3, "")
        what = "mean days" if row["measure"] == "restricted_mean" else "proportion"
        return f"{pair}: a difference of {row['upper']:.{decimals}f}{unit} in the {what}"

    @property
    def _summary(self) -> str:
        return f"power {self.power:g}, {len(self.table)} rows"


def detectable_difference(
    times: pd.DataFrame,
    by: str | Sequence[str],
    *,
    day: float | None = None,
    reference: Any = None,
    power: float = 0.8,
    confidence: float = 0.95,
    explained: float = 0.0,
    cluster: str | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
) -> DetectableDifference:
    r"""Return the least difference between groups that the people available would show.

    Parameters
    ----------
    times, by, reference, cluster, missing_group
        As for `iop_outcomes.survival_difference`.
    day : float, optional
        If given, the differences in the survival at the day and in the restricted mean up to it are
        answered too.
    power : float
        The probability with which a true difference of that size is found.
    confidence : float
        One less the level of the test, which is two-sided.
    explained : float
        The share of the variance of the group that covariates of a model explain (R squared of the
        group on them); it makes the hazard ratio of the group less certain.

    Returns
    -------
    DetectableDifference
        With ``table`` and ``text``.

    Raises
    ------
    EstimateError
        As `iop_outcomes.survival_difference`; if there is no event.
    RuleError
        If an option is not valid, or a column is not there.

    Notes
    -----
    With d events, shares p and 1 - p of the two groups and :math:`z = z_{1-\alpha/2} +
    z_{1-\beta}`, the hazard ratio is :math:`\exp(\pm z / \sqrt{d\, p (1 - p) (1 - R^2)})`
    (Schoenfeld 1983, Biometrics 39:499-503; Hsieh and Lavori 2000, Control Clin Trials
    21:552-560): hazards are proportional, rows independent, and censoring the same in both. The
    differences at a day are z times their standard error (with clusters robust).

    This is for planning, and for saying how much a comparison that was made could have shown. The
    limits of the estimate say the same better once it is there; a power worked out from the
    observed difference says nothing (Hoenig and Heisey 2001, Am Stat 55:19-24), and is not given.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> times = pd.DataFrame({"days": np.arange(1, 192), "event": True})
    >>> times["track"] = np.where(times.index % 2, "day", "evening")
    >>> iop.detectable_difference(times, "track").table[["events", "lower", "upper"]].round(2)
       events  lower  upper
    0     191   0.67    1.5
    """
    needed = errors_needed(power, confidence)
    check_share("explained", explained, zero=True)
    frame = settle_groups(times, (by,), missing_group)
    checked = check_times(frame, by)
    refuse_no_columns(checked.labels)
    refuse_incomparable(checked, "iop.survival_curves")
    names = group_names(checked.labels)
    number = np.bincount(checked.group, minlength=len(names))
    events = np.bincount(checked.group[checked.event], minlength=len(names))
    rows = []
    for group, against in pairs_of(checked.labels, reference):
        share = number[group] / (number[group] + number[against])
        had = int(events[group] + events[against])
        information = had * share * (1 - share) * (1 - explained)
        known = events[group] > 0 and events[against] > 0
        error = 1 / np.sqrt(information) if known else np.nan
        rows.append(
            {
                "measure": "hazard_ratio",
                "group": names[group],
                "reference": names[against],
                "n": int(number[group] + number[against]),
                "events": had,
                "se": error,
                "lower": float(np.exp(-needed * error)),
                "upper": float(np.exp(needed * error)),
            }
        )
    table = pd.DataFrame(rows)
    at = None if day is None else day_asked(day, "day", checked.days)
    if at is not None:
        options = {"reference": reference, "cluster": cluster, "confidence": confidence}
        parts = [table]
        for measure, differences in (
            ("survival", survival_difference(frame, by, at, **options)),
            ("restricted_mean", restricted_mean_difference(frame, by, at, **options)),
        ):
            error = differences.table["se"].to_numpy()
            parts.append(
                table.assign(measure=measure, se=error, lower=-needed * error, upper=needed * error)
            )
        table = pd.concat(parts, ignore_index=True)
    adjusted = f" {explained:.0%} of the variance of the group explained." if explained else ""
    return DetectableDifference(
        table=table,
        by=tuple(checked.labels.columns),
        day=at,
        power=float(power),
        confidence=confidence,
        rule=f"{checked.rule} Hazard ratio by Schoenfeld's formula: proportional hazards, rows "
        f"independent.{adjusted}",
        synthetic=checked.synthetic,
    )
