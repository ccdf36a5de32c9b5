"""One measure by period, with counts, intervals and completeness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError
from iop_outcomes.records import require_records
from iop_outcomes.records.fitness import NOT_KNOWN, reasons_in
from iop_outcomes.shared.arrays import Floats, Integers
from iop_outcomes.shared.checks import check_confidence
from iop_outcomes.shared.groups import (
    NOTHING_LEFT_OUT,
    Groups,
    LeftOut,
    MissingGroup,
    group_episodes,
    ungrouped,
)
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import describe_groups
from iop_outcomes.trends.counting import count_by_period
from iop_outcomes.trends.periods import (
    Every,
    check_every,
    periods_between,
)
from iop_outcomes.trends.quantities import Quantity, Tally, find_quantity

if TYPE_CHECKING:
    from iop_outcomes.records import Records


@dataclass(frozen=True, eq=False, repr=False)
class Trend(DrawnResult):
    """One measure over months or quarters.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and period, with the columns of :func:`trend`.
    measure : str
        The name of the measure.
    title : str
        The name in a picture.
    unit : {"proportion", "episodes"}
        The unit of the values: a proportion from 0 to 1, or a number of episodes.
    every : {"month", "quarter"}
        The length of a period.
    by : tuple of str
        The columns that define the groups.
    confidence : float
        Confidence level of the intervals.
    rule : str
        How the numbers were computed.
    people : numpy.ndarray of int64 or None
        Shape (rows, 3): for each row of the table the number of persons in its denominator, in its
        numerator, and with entries in the denominator only. A hundred sessions may be those of two
        people, and disclosure control depends on the number of people.
    synthetic : bool
        Whether the records are synthetic; if so, the picture is labelled as synthetic.
    left_out : LeftOut
        How many episodes without a group were left out.
    """

    table: pd.DataFrame
    measure: str
    title: str
    unit: str
    every: str
    by: tuple[str, ...]
    confidence: float
    rule: str
    people: Integers | None = None
    synthetic: bool = False
    left_out: LeftOut = NOTHING_LEFT_OUT

    @property
    def text(self) -> str:
        """The latest complete value with counts and interval, and the range; one sentence a group.

        Changes are not described, because differences between periods may be due to chance.
        """
        return self.left_out.after(describe_groups(self.table, self.by, self._sentence))

    def only(self, rows: Integers) -> Trend:
        """Return the trend of the given rows of the table, by position, with their people."""
        table = self.table.iloc[rows].reset_index(drop=True)
        people = None if self.people is None else self.people[rows]
        return replace(self, table=table, people=people)

    @property
    def _summary(self) -> str:
        """The measure and the periods."""
        by = f", by={', '.join(self.by)}" if self.by else ""
        periods = self.table["period"]
        return f"{self.measure}, {periods.iloc[0]} to {periods.iloc[-1]}{by}"

    @property
    def _caption(self) -> str:
        return f"{self.title} by {self.every}. {self.rule}"

    def _sentence(self, rows: pd.DataFrame, group: str) -> str:
        unknown = reasons_in(rows)
        if len(unknown) == len(rows):
            return f"{group}{self.title}: {unknown.iloc[0]}."
        known = rows[rows["value"].notna()]
        if known.empty:
            return f"{group}{self.title}: no {self.every} has a value that is known and shown yet."
        last = known.iloc[-1]
        text = f"{group}{self.title} in {last['period']}: {self._amount(last['value'])}"
        text += self._brackets(last)
        if len(known) > 1:
            low, high = self._amount(known["value"].min()), self._amount(known["value"].max())
            span = f"between {low} and {high}" if low != high else f"always {low}"
            text += (
                f"; {span} over {len(known)} {self.every}s "
                f"({known.iloc[0]['period']} to {last['period']})"
            )
        incomplete = rows.loc[~rows["mature"], "period"]
        if not incomplete.empty:
            first, newest = incomplete.iloc[0], incomplete.iloc[-1]
            which = first if first == newest else f"{first} to {newest}"
            text += f". Not complete yet: {which}"
        if len(unknown):
            text += f". {unknown.iloc[0].capitalize()}"
        return text + "."

    def _brackets(self, row: pd.Series[Any]) -> str:
        """Return counts and interval of one row in brackets, or nothing if neither is shown."""
        parts = []
        if pd.notna(row["numerator"]) and pd.notna(row["denominator"]):
            parts.append(f"{row['numerator']:,.0f} of {row['denominator']:,.0f}")
        if pd.notna(row["lower"]):
            low, high = self._amount(row["lower"]), self._amount(row["upper"])
            parts.append(f"{self.confidence * 100:g}% interval {low} to {high}")
        return f" ({'; '.join(parts)})" if parts else ""

    def _amount(self, value: float) -> str:
        if self.unit == "proportion":
            return f"{value:.1%}"
        return f"{value:,.1f}".removesuffix(".0")


def trend(
    records: Records,
    measure: str | Quantity,
    *,
    every: str = "month",
    by: str | Sequence[str] | None = None,
    missing_group: MissingGroup = "own",
    confidence: float = 0.95,
) -> Trend:
    r"""Return one measure over months or quarters.

    Parameters
    ----------
    records : Records
        With calendar dates.
    measure : str or Quantity
        ``attendance_rate``, ``no_show_rate``, ``admissions``, ``retained_30``, ``retained_60``,
        ``retained_90``, ``completion_rate`` or ``check_in_response``; see
        :func:`iop_outcomes.trends.describe_quantities`.
    every : {"month", "quarter"}
        The length of a period.
    by : str or sequence of str, optional
        Columns of ``records.episodes``.
    missing_group : {"refuse", "own", "leave_out"}
        What becomes of episodes without a value of `by`: refused; a group "not recorded" of their
        own; or left out, and counted in ``rule`` and ``text``.
    confidence : float
        Confidence level of the intervals, between 0 and 1.

    Returns
    -------
    Trend
        Its ``.table`` has one row a group and period, for all periods from the first admission to
        the data cut:

        ``[by ...], period`` : str
            The group, and the period as ``2026-03`` or ``2026Q1``.
        ``start, end`` : datetime64
            Its first and last day.
        ``numerator, denominator`` : float64
            Whole counts of all entries with a known value; the denominator of a count is missing.
            If the period is not complete these are the counts so far.
        ``value`` : float64
            The sum of numerators over the sum of denominators (never a mean of rates), 0 to 1; or
            the count. Missing if the denominator is 0 or the period is not complete. A count is 0
            in an empty period, but missing before the group's first entry.
        ``lower, upper`` : float64
            The interval, missing with the value.
        ``mature`` : bool
            Whether the answer was known for everybody at the data cut: the period's end, and the
            days that the measure needs after it, are not after the cut, and nobody who could still
            come to count was followed for a shorter time.
        ``not_known`` : str
            Why the records cannot tell the measure (`Records.fitness`), of this group or before
            some day; its numbers are then missing. Empty where they can.

    Raises
    ------
    MissingTableError
        If a table that the measure needs was not read.
    RuleError
        If the records have study days, or the measure or an option is not known.
    EstimateError
        If there are no episodes.

    Notes
    -----
    Intervals. Rates of sessions and check-ins: those of one person are correlated, so the interval
    is that of a ratio with clusters
    (:func:`iop_outcomes.statistics.proportions.clustered_interval`), which needs two persons. Rates
    of people: Wilson's (:func:`iop_outcomes.statistics.proportions.proportion_interval`). Counts:
    the exact interval of a Poisson count (Garwood 1936), :math:`\tfrac12 \chi^2_{\alpha/2, 2k}` to
    :math:`\tfrac12 \chi^2_{1-\alpha/2, 2k+2}`.

    References
    ----------
    Garwood F. Fiducial limits for the Poisson distribution. Biometrika 1936; 28: 437-442.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> retained = iop.trend(records, "retained_90", every="quarter")
    >>> bool(retained.table["mature"].iloc[-1])  # the newest quarter is not 90 days old
    False
    """
    require_records(records, "A trend")
    quantity = find_quantity(measure)
    period_length = check_every(every)
    check_confidence(confidence)
    records.require_calendar(f"the trend of {quantity.name}")
    for table in quantity.tables:
        records.require(table, f"the trend of {quantity.name}")
    if records.episodes.empty:
        raise EstimateError("There are no episodes, so there is no trend.", found="0 episodes")
    kept, left_out = ungrouped(records.episodes, by, missing_group, "episode")
    used = records if kept is None else records.subset(kept)
    groups = group_episodes(used.episodes, by, missing_group)
    made = _trend(
        quantity.tally(used), used, quantity, groups, every=period_length, confidence=confidence
    )
    return replace(made, left_out=left_out, rule=left_out.after(made.rule))


def trend_of(
    tally: Tally,
    records: Records,
    quantity: Quantity,
    *,
    every: Every = "month",
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
) -> Trend:
    """Return `trend` of a tally that was made from the records before."""
    groups = group_episodes(records.episodes, by)
    return _trend(tally, records, quantity, groups, every=every, confidence=confidence)


def _trend(
    tally: Tally,
    records: Records,
    quantity: Quantity,
    groups: Groups,
    *,
    every: Every,
    confidence: float,
) -> Trend:
    periods = periods_between(records.episodes["admit_date"].min(), records.as_of, every)
    counts, people = count_by_period(
        tally,
        records,
        groups,
        periods,
        kind=quantity.kind,
        confidence=confidence,
    )
    frame = _assemble(counts, groups, periods, quantity, pd.Timestamp(records.as_of))
    frame = _without_unknown(frame, records, quantity, groups, len(periods))
    return Trend(
        table=frame,
        measure=quantity.name,
        title=quantity.title,
        unit=quantity.unit,
        every=every,
        by=groups.names,
        confidence=confidence,
        rule=_rule_text(quantity, records),
        people=people,
        synthetic=records.synthetic,
    )


def _assemble(
    counts: dict[str, Floats],
    groups: Groups,
    periods: pd.PeriodIndex,
    quantity: Quantity,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """Return the table, with missing values for periods that are not complete."""
    start, end = periods.start_time, periods.end_time.normalize()
    known = end + pd.Timedelta(days=quantity.days_to_mature) <= as_of
    mature = np.tile(known, len(groups))
    shown = {name: np.where(mature, counts[name], np.nan) for name in ("value", "lower", "upper")}
    return groups.beside(
        {
            "period": periods.astype(str).tolist() * len(groups),
            "start": np.tile(start, len(groups)),
            "end": np.tile(end, len(groups)),
            "numerator": counts["numerator"],
            "denominator": counts["denominator"],
            **shown,
            "mature": mature,
        }
    )


def _without_unknown(
    frame: pd.DataFrame, records: Records, quantity: Quantity, groups: Groups, periods: int
) -> pd.DataFrame:
    """Return the table without the numbers that would be nothing but absence of records."""
    reasons: list[str] = []
    starts = frame["start"].to_numpy().reshape(-1, periods)
    judged = records.judgements_by(quantity.name, groups.codes, len(groups))
    for begin, judgement in zip(starts, judged, strict=True):
        if judgement is None or (judgement.since is None and not judgement.absent):
            reasons += [""] * periods
        elif judgement.absent:
            reasons += [judgement.text] * periods
        else:
            early = begin < np.datetime64(judgement.since, "s")
            reasons += [f"{NOT_KNOWN}: {judgement.told}" if one else "" for one in early]
    frame["not_known"] = reasons
    unknown = frame["not_known"] != ""
    frame.loc[unknown, ["numerator", "denominator", "value", "lower", "upper"]] = np.nan
    return frame


def _rule_text(quantity: Quantity, records: Records) -> str:
    cut = pd.Timestamp(records.as_of).date().isoformat()
    if quantity.days_to_mature:
        known = f"{quantity.days_to_mature} days after the period's end"
    else:
        known = "the period's end"
    return f"{quantity.text} Complete from {known} on; data cut {cut}."
