"""All rules side by side, and how often two of them disagree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.attendance.continuity.early import (
    first_to_fourth_session,
    iet_style,
    va_continuity,
    washington_circle,
)
from iop_outcomes.attendance.continuity.judged import ContinuityMeasure, read_once
from iop_outcomes.attendance.continuity.leaving import (
    dropout_by_absences,
    dropout_by_gap,
    dropout_by_missing_weeks,
)
from iop_outcomes.attendance.continuity.staying import ended_as, minimum_dose, retention
from iop_outcomes.attendance.continuity.transitions import followed_up
from iop_outcomes.attendance.stays import Attendance
from iop_outcomes.shared.groups import MissingGroup, ungrouped
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import format_share

if TYPE_CHECKING:
    from iop_outcomes.records import Records

RULES: tuple[Callable[[Attendance], ContinuityMeasure], ...] = (
    iet_style,
    washington_circle,
    va_continuity,
    first_to_fourth_session,
    followed_up,
    lambda attendance: followed_up(attendance, within=30),
    lambda attendance: dropout_by_gap(attendance, days=14),
    dropout_by_gap,
    lambda attendance: dropout_by_gap(attendance, days=60),
    lambda attendance: dropout_by_gap(attendance, days=90),
    dropout_by_absences,
    dropout_by_missing_weeks,
    retention,
    ended_as,
    lambda attendance: ended_as(attendance, reason="transferred"),
    minimum_dose,
)


@dataclass(frozen=True, repr=False)
class Continuity(Result):
    """All rules of initiation, engagement and continuity side by side.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and rule, with the columns of `ContinuityMeasure.summary`.
    episodes : pandas.DataFrame
        One row an episode: ``episode_id, person_id, program`` and for each rule a column
        (boolean) that says whether it is met.
    disagreement : pandas.DataFrame
        One row a pair of rules: ``first, second`` (str), ``known`` (int64) the episodes for which
        both are known and the time of both is over, ``differ`` (int64) those on which they
        disagree, ``share`` (float64). Of a rule of dropout "not dropped out" is compared.
    rule : str
        What is compared.
    synthetic : bool
        Whether the records are synthetic.
    """

    table: pd.DataFrame
    episodes: pd.DataFrame
    disagreement: pd.DataFrame
    rule: str
    synthetic: bool = False

    @property
    def _summary(self) -> str:
        return f"{self.table['measure'].nunique()} rules, {len(self.episodes):,} episodes"

    @property
    def text(self) -> str:
        """The pair of rules that disagrees most, and what is compared."""
        if self.disagreement.empty:  # left out for release
            return self.rule
        known = self.disagreement.dropna(subset="share")
        if known.empty:
            return f"No two rules are known of the same episode. {self.rule}"
        worst = known.loc[known["share"].idxmax()]
        return (
            f"{worst['first']} and {worst['second']} disagree most: on {worst['differ']:,} of "
            f"{worst['known']:,} episodes ({format_share(worst['share'])}). {self.rule}"
        )


def continuity(
    records: Records,
    *,
    by: str | Sequence[str] | None = None,
    missing_group: MissingGroup = "own",
    confidence: float = 0.95,
) -> Continuity:
    """Return all rules of initiation, engagement and continuity side by side.

    Parameters
    ----------
    records : Records
        With the attendance table.
    by : str or sequence of str, optional
        Columns of ``records.episodes`` that define groups.
    missing_group : {"refuse", "own", "leave_out"}
        How episodes without a value of `by` are handled.
    confidence : float
        Confidence level of the intervals.

    Returns
    -------
    Continuity
        Each rule with its usual options. Medication is not recorded, so that its continuity is
        not among them.

    Raises
    ------
    MissingTableError
        If no attendance table was read.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> result = iop.continuity(iop.read_records("data/samples"))
    >>> result.table["measure"].tolist()[:3]
    ['iet_style', 'washington_circle', 'va_continuity']
    """
    kept, left_out = ungrouped(records.episodes, by, missing_group, "episode")
    if kept is not None:
        records = records.subset(kept)
    attendance = read_once(records, "Continuity")
    measures = [rule(attendance) for rule in RULES]
    parts = [
        measure.summary(by=by, missing_group=missing_group, confidence=confidence)
        for measure in measures
    ]
    episodes = measures[0].table[["episode_id", "person_id", "program"]].copy()
    for measure in measures:
        episodes[measure.measure] = measure.table["met"]
    return Continuity(
        pd.concat(parts, ignore_index=True),
        episodes,
        _disagreement(measures),
        left_out.after(
            "Compared are the episodes for which both rules are known and the time of both is "
            "over; of a rule of dropout, not having dropped out."
        ),
        records.synthetic,
    )


def _disagreement(measures: Sequence[ContinuityMeasure]) -> pd.DataFrame:
    """Return for each pair of rules on how many episodes they disagree."""
    stayed, known = {}, {}
    for measure in measures:
        met = measure.table["met"]
        known[measure.measure] = (met.notna() & measure.table["over"]).to_numpy(dtype=np.bool_)
        value = met.to_numpy(dtype=np.bool_, na_value=False)
        stayed[measure.measure] = ~value if measure.measure.startswith("dropout") else value
    rows = []
    for first, second in combinations(stayed, 2):
        both = known[first] & known[second]
        differ = int((both & (stayed[first] != stayed[second])).sum())
        of = int(both.sum())
        rows.append((first, second, of, differ, differ / of if of else np.nan))
    return pd.DataFrame(rows, columns=["first", "second", "known", "differ", "share"])
