"""The check-ins after the origin as one state a day: use, no use, or missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.arrays import ends_of
from iop_outcomes.shared.messages import columns_found
from iop_outcomes.use.evidence import (
    CLEAR,
    MISSING,
    MIXED,
    NOT_DUE,
    USE,
    UseDays,
    UseRule,
    read_days,
    read_use_days,
)
from iop_outcomes.use.origins import start_days

if TYPE_CHECKING:
    from iop_outcomes.records import Records
    from iop_outcomes.relapse.rule import RelapseRule


@dataclass(frozen=True, eq=False)
class DailyEvidence:
    """The state of use on each day with a check-in, in order of episode and time.

    Attributes
    ----------
    episode : numpy.ndarray of int
        The row of the episode in ``records.episodes``.
    day : numpy.ndarray of int32
        The day after the origin (of a week: its last day).
    state : numpy.ndarray of int8
        NOT_DUE, MISSING, CLEAR or USE.
    """

    episode: NDArray[np.intp]
    day: NDArray[np.int32]
    state: NDArray[np.int8]

    def where(self, keep: NDArray[np.bool_]) -> DailyEvidence:
        """Return the days that `keep` marks."""
        if keep.all():
            return self
        return DailyEvidence(self.episode[keep], self.day[keep], self.state[keep])


def origin_days(records: Records, rule: RelapseRule) -> NDArray[np.int32]:
    """Return each episode's origin in days from admission, -1 where it was never reached."""
    return start_days(records, rule.origin, "Time to relapse")


def read_checkins(
    records: Records, rule: RelapseRule, origin: NDArray[np.int32]
) -> tuple[DailyEvidence, NDArray[np.int8]]:
    """Return the state of each day after the origin, and the last known state up to it.

    Of several check-ins on a day, use counts before no use, and no use before nothing known. A
    mixed test is use. Days after the end of an episode's follow-up are not used.
    """
    records.require("checkins", "Time to relapse")
    if rule.name == "first_heavy_day":
        days = read_days(records, _heavy_states(records.checkins, rule))
    else:
        use = UseRule(rule.evidence, "use", rule.substances, rule.prescribed, refused=rule.refused)
        days = read_use_days(records, use)
    rows = _since_origin(days, origin)
    after = rows.day > 0
    known = rows.where(~after & (rows.state >= CLEAR))
    baseline = np.full(len(origin), MISSING, dtype=np.int8)
    last = ends_of(known.episode)
    baseline[known.episode[last]] = known.state[last]
    return rows.where(after), baseline


def _since_origin(days: UseDays, origin: NDArray[np.int32]) -> DailyEvidence:
    state = np.where(days.state == MIXED, USE, days.state).astype(np.int8)
    rows = DailyEvidence(days.episode, (days.day - origin[days.episode]).astype(np.int32), state)
    return rows.where(origin[days.episode] >= 0)


def _heavy_states(checkins: pd.DataFrame, rule: RelapseRule) -> NDArray[np.int8]:
    # Who used nothing did not drink heavily, whether or not drinks were counted.
    name = rule.heavy_column
    if name not in checkins.columns or not pd.api.types.is_numeric_dtype(checkins[name]):
        raise RuleError(
            f"A heavy-drinking day needs the number of them, or of drinks, in the column {name} "
            "of the check-ins.",
            found=columns_found(checkins.columns, name),
            instead='RelapseRule(definition="first_heavy_day", heavy_column="drinks", '
            "heavy_from=5), for example.",
        )
    number = checkins[name].to_numpy(dtype=np.float64, na_value=np.nan)
    none = (~checkins["used"]).fillna(False).to_numpy(dtype=bool)
    none |= checkins["use_days"].to_numpy() == 0
    known = np.where(~np.isnan(number) | none, CLEAR, MISSING)
    return np.where(number >= rule.heavy_from, USE, known).astype(np.int8)


__all__ = ["CLEAR", "MISSING", "NOT_DUE", "USE", "DailyEvidence", "origin_days", "read_checkins"]
