"""Rules of continuity for release: shares of groups, without what small counts would show.

All rules are of the same episodes. The episodes of a rule, and those whose time is over, are among
those of another; those who drop out by a long gap are among those by a short one. A count is shown
if it is 0 or large and differs from each such count that is shown by nothing or by enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.attendance.continuity import Continuity, ContinuityMeasure
from iop_outcomes.disclosure.policy import SafePolicy, with_printed_digits
from iop_outcomes.disclosure.scores import Shown
from iop_outcomes.disclosure.words import no_small_counts
from iop_outcomes.shared.groups import MissingGroup

MET = ("numerator", "denominator", "share", "lower", "upper")
REST = ("episodes", "not_over", "not_known", "lowest", "highest")
WORDS = ("measure", "rule")
NOT_RELEASED = "How often two rules disagree, and single episodes, are not released."


def protect_rule(
    measure: ContinuityMeasure,
    policy: SafePolicy,
    *,
    by: str | Sequence[str] | None = None,
    missing_group: MissingGroup = "own",
) -> pd.DataFrame:
    """Return the summary of one rule for release, with a column ``hidden``."""
    return safe_rows(measure.summary(by=by, missing_group=missing_group), policy)


def protect_continuity(result: Continuity, policy: SafePolicy) -> Continuity:
    """Return all rules side by side for release.

    Of which episodes two rules are known differs by few from pair to pair, so that the pairs are
    left out.
    """
    if policy.threshold == 1:
        return replace(result, table=safe_rows(result.table, policy))
    return replace(
        result,
        table=safe_rows(result.table, policy),
        episodes=result.episodes.iloc[:0],
        disagreement=result.disagreement.iloc[:0],
        rule=f"{NOT_RELEASED} {policy.note}",
    )


def safe_rows(table: pd.DataFrame, policy: SafePolicy) -> pd.DataFrame:
    """Return rows of `ContinuityMeasure.summary` without small counts.

    Parameters
    ----------
    table : pandas.DataFrame
        ``[by ...], measure``, the counts, shares and bounds.
    policy : SafePolicy
        What is small.

    Returns
    -------
    pandas.DataFrame
        The same with numbers missing: all of a row, which ``hidden`` (bool) marks, or only its
        episodes and those that are not known.
    """
    numbers = [*MET, *REST]
    by = [name for name in table.columns if name not in (*numbers, *WORDS)]
    safe = table.astype(dict.fromkeys(numbers, np.float64)).assign(hidden=False)
    if "rule" in safe:
        safe["rule"] = [no_small_counts(rule, policy) for rule in safe["rule"]]
    shown: dict[tuple[str, str], Shown] = {}

    def family(group: str, name: str) -> Shown:
        return shown.setdefault((group, name), Shown(policy))

    for place, label in enumerate(safe.index):
        row = table.iloc[place]
        group = "\n".join(str(row[name]) for name in by)
        if not _met_shown(row, group, family, policy):
            safe.loc[label, numbers] = np.nan
            safe.loc[label, "hidden"] = True
        elif not _rest_shown(row, group, family, policy):
            safe.loc[label, list(REST)] = np.nan
    return safe if policy.threshold == 1 else with_printed_digits(safe)


def _met_shown(row: pd.Series[Any], group: str, family: Any, policy: SafePolicy) -> bool:
    """Show who met the rule, and out of how many, if neither discloses a small count."""
    met, known = float(row["numerator"]), float(row["denominator"])
    if policy.hides(np.array([met, known - met, known])).any():
        return False
    nested = str(row["measure"]).rstrip("0123456789")  # one rule with several limits
    return bool(
        family(group, "episodes").admit((known, known))
        and family(group, f"{nested} met").admit((met, met))
        and family(group, f"{nested} not met").admit((known - met, known - met))
    )


def _rest_shown(row: pd.Series[Any], group: str, family: Any, policy: SafePolicy) -> bool:
    """Show all episodes of the rule, and those that are not known, in the same way."""
    early, unknown = float(row["not_over"]), float(row["not_known"])
    if policy.hides(np.array([early, unknown, early + unknown])).any():
        return False
    every, over = float(row["episodes"]), float(row["episodes"]) - early
    return bool(family(group, "episodes").admit((every, every), (over, over)))
