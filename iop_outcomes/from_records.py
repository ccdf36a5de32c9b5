"""Estimates asked of records at once: the clinic's wing makes the frame, the statistics read it.

The one place where a function takes records and returns an estimate, since neither wing knows the
other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from iop_outcomes import survival
from iop_outcomes.errors import RuleError
from iop_outcomes.records import Records
from iop_outcomes.relapse import state_histories
from iop_outcomes.shared.groups import MissingGroup
from iop_outcomes.survival import Cluster

if TYPE_CHECKING:
    from iop_outcomes.relapse import RelapseRule
    from iop_outcomes.survival import StateOccupation


def state_occupation(
    histories: Records | pd.DataFrame,
    rule: RelapseRule | None = None,
    by: str | Sequence[str] | None = None,
    *,
    id: str | None = "episode_id",
    cluster: str | Cluster | None = Cluster.PERSON,
    start: float | None = None,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
) -> StateOccupation:
    """Estimate the probability of being in each state by day, of records or of their histories.

    Parameters
    ----------
    histories : Records or pandas.DataFrame
        Records, of which `iop_outcomes.state_histories` then makes the histories; or a frame of
        histories, as of `iop_outcomes.survival.state_occupation`.
    rule : RelapseRule, optional
        With records only: what counts as relapse and what a missing check-in means.
    by, id, cluster, start, missing_group, confidence
        As of `iop_outcomes.survival.state_occupation`, where the estimate is described.

    Returns
    -------
    StateOccupation
        With ``table``, ``transitions``, ``at``, ``time_in_state`` and ``plot``.

    Raises
    ------
    EstimateError
        As of `iop_outcomes.survival.state_occupation`.
    RuleError
        The same, or if a rule is given with a frame.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> found = iop.state_occupation(records, iop.RelapseRule(missing="drop"), by="track")
    >>> found.by
    ('track',)
    """
    if isinstance(histories, Records):
        histories = state_histories(histories, rule)
    elif rule is not None:
        raise RuleError(
            "A rule applies to records, but histories were given.",
            found="a frame and a rule",
            instead="iop.state_occupation(iop.state_histories(records, rule), by=...)",
        )
    return survival.state_occupation(
        histories,
        by,
        id=id,
        cluster=cluster,
        start=start,
        missing_group=missing_group,
        confidence=confidence,
    )
