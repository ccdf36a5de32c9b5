"""What a rule says of each episode: met, not met, or not known; and the share that met it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.attendance.continuity.visits import Visits, read_visits
from iop_outcomes.attendance.stays import Attendance, read_attendance
from iop_outcomes.errors import RuleError
from iop_outcomes.records import require_records
from iop_outcomes.shared.arrays import Booleans, Floats, ratio
from iop_outcomes.shared.checks import check_confidence
from iop_outcomes.shared.groups import MissingGroup, group_episodes, ungrouped
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import format_share
from iop_outcomes.statistics.proportions import proportion_interval

if TYPE_CHECKING:
    from iop_outcomes.records import Records

NOT_OVER = "the time for it is not over"
UNRECORDED_DECIDE = "sessions without a recorded outcome decide it"
OUTSIDE = "the rule does not apply"
NOTHING = "no service of the episode has a recorded outcome"


@dataclass(frozen=True, eq=False)
class Findings:
    """What a rule finds in visits, one entry an episode.

    Attributes
    ----------
    met, failed : numpy.ndarray of bool
        Whether the rule is met; whether it can no longer be met. Neither: not yet known.
    over : numpy.ndarray of bool
        Whether the whole time that the rule allows lies within what the records show, whatever
        was found in it.
    day : numpy.ndarray of float64
        The day on which the rule was met.
    first_count, second_count : numpy.ndarray
        The two counts of the rule.
    applies : numpy.ndarray of bool or None
        Whether the rule applies to the episode; None: to every one.
    more : dict
        Further columns.
    why : str or numpy.ndarray of str
        Why it is not known where the time of the rule is over; one, or one an episode.
    """

    met: Booleans
    failed: Booleans
    over: Booleans
    day: Floats
    first_count: Any
    second_count: Any
    applies: Booleans | None = None
    more: dict[str, Any] = field(default_factory=dict)
    why: Any = NOT_OVER


@dataclass(frozen=True, repr=False)
class ContinuityMeasure(Result):
    """One rule of initiation, engagement or continuity, applied to each episode.

    Attributes
    ----------
    table : pandas.DataFrame
        One row an episode, in the order of ``records.episodes``:

        ``episode_id, person_id, program``
            As in the records.
        ``met`` : boolean
            Whether the rule is met; missing where this is not (yet) known or it does not apply.
        ``day`` : float64
            Days from admission to the day on which it was met; missing where it was not.
        ``first_count, second_count`` : float64
            The two counts of the rule, see its function.
        ``over`` : bool
            Whether the whole time that the rule allows lies within what the records show.
        ``not_known`` : str
            Why ``met`` is missing; empty where it is not.
    measure : str
        The name of the rule.
    rule : str
        The rule as sentences.
    synthetic : bool
        Whether the records are synthetic.
    """

    table: pd.DataFrame
    measure: str
    rule: str
    synthetic: bool
    _records: Records = field(compare=False)

    @property
    def _summary(self) -> str:
        met = self.table["met"]
        return f"{self.measure}, met {int(met.sum())} of {int(met.notna().sum())} known"

    @property
    def text(self) -> str:
        """The share that met the rule, and the rule."""
        row = self.summary().iloc[0]
        if not row["denominator"]:
            over = self.table.loc[self.table["over"], "not_known"]
            why = f" ({'; '.join(over.unique())})" if len(over) else ""
            return f"No episode is known for which the time of the rule is over{why}. {self.rule}"
        return (
            f"{row['numerator']:,} of {row['denominator']:,} "
            f"({format_share(row['share'])}, 95% interval "
            f"{format_share(row['lower'])} to {format_share(row['upper'])}) met the "
            f"rule. {self.rule}"
        )

    def summary(
        self,
        *,
        by: str | Sequence[str] | None = None,
        missing_group: MissingGroup = "own",
        confidence: float = 0.95,
    ) -> pd.DataFrame:
        """Return the share that met the rule, of those for whom the time of the rule is over.

        Parameters
        ----------
        by : str or sequence of str, optional
            Columns of ``records.episodes``.
        missing_group : {"refuse", "own", "leave_out"}
            How episodes without a value of `by` are handled.
        confidence : float
            Confidence level of the interval.

        Returns
        -------
        pandas.DataFrame
            One row a group:

            ``[by ...], measure``
                The group and the rule's name.
            ``episodes, not_over, not_known`` : int64
                Episodes to which the rule applies; of those, for how many the time of the rule is
                not over; and for how many it is over and still not known. Without these two they
                are the denominator.
            ``numerator, denominator`` : int64
                Episodes that met the rule, of those whose time is over and for which it is known.
            ``share, lower, upper`` : float64
                The share and Wilson's interval, which takes episodes as independent; missing if
                the denominator is 0.
            ``lowest, highest`` : float64
                The share if none, or all, of `not_known` met the rule.
            ``rule`` : str
                The rule.

        Notes
        -----
        That a rule was met is known at once, that it was not met only when its time is over. A
        share of all that is known would therefore be too high among recent admissions.
        """
        check_confidence(confidence)
        episodes, rows = self._records.episodes, self.table
        kept, left_out = ungrouped(episodes, by, missing_group, "episode")
        if kept is not None:
            episodes, rows = self._records.subset(kept).episodes, rows[kept]
        groups = group_episodes(episodes, by, missing_group)
        size, over = len(groups), rows["over"].to_numpy(dtype=np.bool_)
        inside = (rows["not_known"] != OUTSIDE).to_numpy()
        known = rows["met"].notna().to_numpy()
        met = rows["met"].fillna(False).to_numpy(dtype=np.bool_)

        def count(mask: Booleans) -> Any:
            return np.bincount(groups.codes[mask], minlength=size)

        numerator, denominator = count(inside & over & met), count(inside & over & known)
        unknown = count(inside & over & ~known)
        lower, upper = proportion_interval(numerator, denominator, confidence)
        return groups.beside(
            {
                "measure": [self.measure] * size,
                "episodes": count(inside),
                "not_over": count(inside & ~over),
                "not_known": unknown,
                "numerator": numerator,
                "denominator": denominator,
                "share": ratio(numerator, denominator),
                "lower": lower,
                "upper": upper,
                "lowest": ratio(numerator, denominator + unknown),
                "highest": ratio(numerator + unknown, denominator + unknown),
                "rule": [left_out.after(self.rule)] * size,
            }
        )


Search = Callable[[Visits], Findings]


def read_once(source: Records | Attendance, what: str) -> Attendance:
    """Return the attendance of records, read now unless it was before."""
    if isinstance(source, Attendance):
        return source
    require_records(source, what)
    source.require("attendance", what)
    return read_attendance(source)


def judge_visits(
    source: Records | Attendance, measure: str, rule: str, search: Search, *, contacts: bool = False
) -> ContinuityMeasure:
    """Return what a search of visits finds, once without and once with the unrecorded sessions.

    Where the two answers differ, sessions without a recorded outcome decide, and it is not known.
    """
    attendance = read_once(source, measure)
    without_unrecorded = search(read_visits(attendance, contacts=contacts))
    with_unrecorded = search(read_visits(attendance, contacts=contacts, unrecorded=True))
    return as_measure(attendance, measure, rule, without_unrecorded, with_unrecorded)


def as_measure(
    attendance: Attendance,
    measure: str,
    rule: str,
    findings: Findings,
    with_unrecorded: Findings | None = None,
    *,
    needs_sessions: bool = True,
) -> ContinuityMeasure:
    """Return the finding of a rule as a result.

    Parameters
    ----------
    attendance : Attendance
        Where it was found.
    measure, rule : str
        Its name, and the rule as sentences.
    findings, with_unrecorded : Findings
        What was found with unrecorded sessions as missed, and as attended.
    needs_sessions : bool
        Whether nothing is known of an episode without a service that has an outcome.
    """
    records = attendance.records
    applies = np.ones(len(findings.met), np.bool_) if findings.applies is None else findings.applies
    differs = np.zeros_like(applies)
    if with_unrecorded is not None:
        differs = (findings.met != with_unrecorded.met) | (
            findings.failed != with_unrecorded.failed
        )
    observed = attendance.stays.observed | (not needs_sessions)
    known = applies & observed & ~differs & (findings.met | findings.failed)
    why = np.select(
        [~applies, known, differs, ~observed, findings.over],
        [OUTSIDE, "", UNRECORDED_DECIDE, NOTHING, findings.why],
        NOT_OVER,
    )
    met = findings.met & known
    table = pd.DataFrame(
        {
            **{name: records.episodes[name] for name in ("episode_id", "person_id", "program")},
            "met": pd.arrays.BooleanArray(met, ~known),
            "day": np.where(met, findings.day, np.nan),
            "first_count": np.where(applies, findings.first_count, np.nan),
            "second_count": np.where(applies, findings.second_count, np.nan),
            "over": findings.over & applies,
            "not_known": why.astype(object),
            **findings.more,
        }
    )
    return ContinuityMeasure(table, measure, rule, records.synthetic, records)


def check_one_of(option: str, value: object, choices: Sequence[int]) -> None:
    """Raise RuleError if the option is none of the published numbers."""
    if value not in choices or isinstance(value, bool):
        raise RuleError(
            f"{option} must be one of {', '.join(map(str, choices))}.",
            instead=f"{option}={choices[0]}",
        )
