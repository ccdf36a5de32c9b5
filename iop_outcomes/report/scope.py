"""Whom a report is about: the period, the year before its end, and who is too few to publish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.attendance.engagement import engagement_of
from iop_outcomes.attendance.stays import Attendance, read_attendance, still_to_be_followed
from iop_outcomes.disclosure import SafePolicy
from iop_outcomes.errors import ReportError
from iop_outcomes.records.fitness import MEASURES, Judgement
from iop_outcomes.records.judgements import Judgements
from iop_outcomes.relapse import RelapseRule
from iop_outcomes.report.period import (
    QUARTER,
    YEAR,
    ReportPeriod,
    parse_report_period,
    period_between,
    within,
)
from iop_outcomes.trends import Tally, Trend
from iop_outcomes.trends.periods import Every, in_words
from iop_outcomes.trends.quantities import REPORTED, tally_of

IN_ROWS_ONLY = (
    "Only the numbers of rows read and checked include their people; no other number does."
)
BY_MONTH = ("attendance_rate", "no_show_rate", "check_in_response")

if TYPE_CHECKING:
    from iop_outcomes.records import Records

OTHER_PROGRAMS = "other programs"
FOLLOW_UP_DAYS = 90  # days of follow-up that the flow and the weekly picture need
IN_REPORT = tuple(name for name, one in MEASURES.items() if one.reported)
IN_PART = "only a part of what it rests on is recorded"
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Scope:
    """What a report covers, and by which rules.

    Attributes
    ----------
    records : Records
        Without the programs that are too small: they are in no number but those of rows read and
        checked, so that no outcome of theirs can be worked out from a total.
    period : ReportPeriod or None
        The quarter, year or other time; None for a report of the whole time.
    rule : RelapseRule
        What relapse is.
    policy : SafePolicy
        What may leave.
    too_few : tuple of str
        The programs left out.
    pooled : tuple of str
        The small programs that are counted together as "other programs".
    served_by : tuple of str
        Further columns of the episodes by which the admissions are shown.
    """

    records: Records
    period: ReportPeriod | None
    rule: RelapseRule
    policy: SafePolicy
    too_few: tuple[str, ...]
    pooled: tuple[str, ...] = ()
    served_by: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The time that the report covers."""
        return str(self.period) if self.period else "the whole time"

    @property
    def word(self) -> str:
        """What the time that the report covers is called: a quarter, a year, a period."""
        return self.period.word if self.period else "time"

    def window(self, quarters: int) -> ReportPeriod:
        """Return the time of so many quarters that ends with the period of the report.

        It is the period itself if `quarters` is 1 or less, or if the period is longer.
        """
        assert self.period is not None
        return self.period if quarters <= 1 else self.period.window(quarters * QUARTER)

    @property
    def begin(self) -> pd.Timestamp:
        """The day of the first admission: the records begin there."""
        first = self.records.episodes["admit_date"].min()
        return pd.Timestamp.min if pd.isna(first) else pd.Timestamp(first)

    @property
    def days_without_records(self) -> int:
        """How many days before the data cut have no record, while somebody had not left; else 0."""
        records, episodes = self.records, self.records.episodes
        if records.time != "calendar":
            return 0
        days = [
            table[name].max()
            for table in (episodes, records.attendance, records.checkins)
            for name in ("admit_date", "discharge_date", "date")
            if table is not None and name in table
        ]
        known = [pd.Timestamp(day) for day in days if not pd.isna(day)]
        is_open = "discharge_date" not in episodes or episodes["discharge_date"].isna().any()
        if not known or not is_open:
            return 0
        return max(0, (pd.Timestamp(records.as_of) - max(known)).days)

    @property
    def programs(self) -> list[str]:
        """The programs that are in the numbers."""
        return [str(name) for name in self.records.episodes["program"].unique()]

    @cached_property
    def person(self) -> npt.NDArray[np.int64]:
        """The person of each episode, as a number."""
        return self.records.episodes["person_id"].cat.codes.to_numpy().astype(np.int64)

    def people(self, episodes: Mask) -> int:
        """Return how many people have the episodes: what may be shown is a matter of people."""
        return len(np.unique(self.person[episodes]))

    def admitted_in(self, quarters: int) -> Mask:
        """Return which episodes were admitted in the last `quarters` quarters (see `window`)."""
        return self._between("admit_date", quarters)

    @cached_property
    def year(self) -> Mask:
        """Which episodes were admitted in the year up to the end of the period."""
        return self._between("admit_date", 4)

    @cached_property
    def followed_90_days(self) -> Mask:
        """Which episodes were admitted in the last 12 months followed for 90 days by the data cut.

        What a person can only reach with time is reported for these: nobody is judged too early.
        """
        known = self.engaged[f"retained_{FOLLOW_UP_DAYS}"].notna().to_numpy()
        if self.flow_dates is None:
            return known
        return known & self.records.episodes["admit_date"].between(*self.flow_dates).to_numpy()

    @property
    def followed_90_days_text(self) -> str:
        """The cohort of `followed_90_days` in words."""
        if self.flow_dates is None:
            return f"all admissions followed for {FOLLOW_UP_DAYS} days"
        of = period_between(*self.flow_dates).in_words(self.begin)
        return f"admissions from {of}, followed for {FOLLOW_UP_DAYS} days"

    @cached_property
    def considered_90_days(self) -> Mask:
        """Which episodes were admitted from the first day of `flow_dates` on, in the period."""
        if self.flow_dates is None:
            return self.admitted_in(1)
        assert self.period is not None
        considered = period_between(self.flow_dates[0], self.period.last)
        return within(self.records.episodes["admit_date"], considered)

    @cached_property
    def too_late_for_90_days(self) -> Mask:
        """Which of `considered_90_days` were admitted too late to be followed for 90 days.

        With a period that is after the last day of `flow_dates`.
        """
        if self.flow_dates is not None:
            late = (self.records.episodes["admit_date"] > self.flow_dates[1]).to_numpy()
            return np.asarray(self.considered_90_days & late)
        assert self.attendance is not None  # else there is no flow
        late = self.attendance.stays.observable < FOLLOW_UP_DAYS
        late |= still_to_be_followed(self.records, FOLLOW_UP_DAYS)
        return np.asarray(late & ~self.followed_90_days)

    @property
    def considered_90_days_text(self) -> str:
        """The cohort of `considered_90_days` in words."""
        if self.flow_dates is None:
            return "all admissions"
        assert self.period is not None
        considered = period_between(self.flow_dates[0], self.period.last)
        return f"admissions from {considered.in_words(self.begin)}"

    @cached_property
    def flow_dates(self) -> tuple[pd.Timestamp, pd.Timestamp] | None:
        """The first and last day of admission of `followed_90_days`; None for the whole time.

        They end so many whole months before the end of the period (times of three months, if it is
        made of these): a part of a trend's time would leave a few people between two counts.
        """
        if self.period is None:
            return None
        cut = pd.Timestamp(self.records.as_of) - pd.Timedelta(days=FOLLOW_UP_DAYS)
        last = min(cut.normalize(), self.period.last)
        waiting = self.records.episodes["admit_date"][
            still_to_be_followed(self.records, FOLLOW_UP_DAYS)
        ]
        last = min([last, *(waiting - pd.Timedelta(days=1))])  # complete for everybody before it
        last = self.period.whole_months_before(last)
        return period_between(last, last).window(max(YEAR, self.period.months)).first, last

    def closed_in(self, quarters: int) -> Mask:
        """Return which episodes were discharged in the last `quarters` quarters (see `window`)."""
        if self.period is None:
            return self.records.episodes["days_to_discharge"].notna().to_numpy()
        return self._between("discharge_date", quarters)

    @cached_property
    def two_years(self) -> Mask:
        """Which episodes were admitted in the two years up to the end of the period."""
        return self._between("admit_date", 8)

    def words(self, quarters: int) -> str:
        """Return a description of the people admitted in the last `quarters` quarters."""
        if self.period is None:
            return "all admissions"
        return f"admissions from {self.window(quarters).in_words(self.begin)}"

    @cached_property
    def engagement(self) -> pd.DataFrame | None:
        """The table of `iop_outcomes.engagement`; None without an attendance table."""
        return None if self.attendance is None else engagement_of(self.attendance)

    @cached_property
    def attendance(self) -> Attendance | None:
        """The attendance table, read once; None without one."""
        return read_attendance(self.records) if "attendance" in self.records.tables else None

    @cached_property
    def judgements(self) -> Judgements:
        """The judgements of these records and of each program, for the whole report."""
        return Judgements(self.records)

    @cached_property
    def made(self) -> dict[tuple[str, Every], Trend]:
        """Trends by measure and length that were made while the report is: see `trend_in`."""
        return {}

    @cached_property
    def judged(self) -> dict[str, Judgement]:
        """Whether each measure is known from the records; no reason discloses a small count.

        A rate of the whole time is not known where absences, or missed check-ins, are recorded only
        from some day on: what was before would count as attended.
        """
        judged = self.judgements.of(*IN_REPORT)
        for name, one in judged.items():
            if self.period is None and name in BY_MONTH and one.since is not None:
                judged[name] = replace(one, known="no")
            elif one.known == "partly" and self.policy.hides(list(one.counts)).any():
                judged[name] = replace(one, why_published=IN_PART)
        return judged

    def tells(self, *measures: str) -> bool:
        """Return whether all of these measures are known from the records, at least in part."""
        return not any(self.judged[name].absent for name in measures)

    def has_row_in(self, frame: pd.DataFrame) -> Mask:
        """Return which episodes have a row in a frame of episodes."""
        return self.records.episodes["episode_id"].isin(frame["episode_id"]).to_numpy()

    @property
    def not_known(self) -> list[Judgement]:
        """The measures that are not known from the records."""
        return [one for one in self.judged.values() if one.absent]

    @cached_property
    def tallies(self) -> dict[str, Tally]:
        """The tally of each measure that is known from the records."""
        return {
            name: tally_of(quantity, self.records, self.attendance)
            for name, quantity in REPORTED.items()
            if all(table in self.records.tables for table in quantity.tables) and self.tells(name)
        }

    @property
    def engaged(self) -> pd.DataFrame:
        """The table of `iop_outcomes.engagement`; an error without an attendance table."""
        self.records.require("attendance", "This part of the report")
        table = self.engagement
        assert table is not None
        return table

    def in_quarters(self, dates: pd.Series[pd.Timestamp], quarters: int) -> Mask:
        """Return which dates are in the last `quarters` quarters (see `window`)."""
        return within(dates, self.window(quarters))

    def label_of(self, quarters: int) -> str:
        """Return the name of the last `quarters` quarters (see `window`): 2025Q4 to 2026Q3."""
        if self.period is None or quarters <= 1 or self.window(quarters) == self.period:
            return self.label
        if self.period.every == "quarter":
            return f"{self.period.back(quarters - 1)} to {self.period}"
        return str(self.window(quarters))

    def named(self, quarters: int) -> str:
        """Return the same name as it is written in sentences."""
        return in_words(self.label_of(quarters))

    def _between(self, column: str, quarters: int) -> Mask:
        if self.period is None:
            return np.ones(len(self.records.episodes), dtype=np.bool_)
        return within(self.records.episodes[column], self.window(quarters))


def choose_scope(
    records: Records,
    period: str | ReportPeriod | None,
    rule: RelapseRule | None,
    policy: SafePolicy | None,
    served_by: Sequence[str] = (),
) -> Scope:
    """Return what a report of `period` covers, or raise ReportError if it cannot be made."""
    policy = policy or SafePolicy.cms()
    chosen = None if period is None else _find_period(records, period)
    rule = rule or RelapseRule()
    whole = Scope(records, chosen, rule, policy, (), served_by=tuple(served_by))
    too_few = _small_programs(whole)
    kept = [name for name in whole.programs if name not in too_few]
    if len(too_few) > 1:
        together = replace(whole, records=_pooled(records, too_few), pooled=too_few)
        if not _small_programs(together):
            return together
    if not too_few or not kept:
        return replace(whole, too_few=too_few)
    return replace(whole, records=records.where(program=kept), too_few=too_few)


def _pooled(records: Records, programs: tuple[str, ...]) -> Records:
    """Return the records with some programs under one name."""
    names = records.episodes["program"].astype(str)
    pooled = names.where(~names.isin(programs), OTHER_PROGRAMS).astype("category")
    return replace(records, episodes=records.episodes.assign(program=pooled))


def _small_programs(scope: Scope) -> tuple[str, ...]:
    """Return the programs that are too small to be reported.

    A share shows a count and its complement, so no share of fewer than twice the threshold can be
    shown; and to keep such a program's counts from being subtracted out, another program's would
    have to be hidden as well. So it is left out of the whole report. So is one with a small count
    in two years, or in all.
    """
    program = scope.records.episodes["program"].astype(str)
    every = np.ones(len(program), dtype=np.bool_)
    shares = SafePolicy(2 * scope.policy.threshold) if scope.policy.threshold > 1 else scope.policy
    small: set[str] = set()
    cohorts = ((scope.year, shares), (scope.two_years, scope.policy), (every, scope.policy))
    for chosen, policy in cohorts:
        counts = program[chosen].value_counts()
        small.update(counts.index[policy.hides(counts.to_numpy())])
    return tuple(sorted(small))


def _find_period(records: Records, period: str | ReportPeriod) -> ReportPeriod:
    if records.time != "calendar":
        raise ReportError(
            "A quarter, a year or any other period needs calendar dates.",
            found="records in study days",
            instead="quarterly_report(records), which covers the whole time",
        )
    chosen = parse_report_period(period) if isinstance(period, str) else period
    begins_after = chosen.first > (cut := pd.Timestamp(records.as_of))
    if begins_after or not _anybody_there(records, chosen):
        quarters = pd.period_range(records.episodes["admit_date"].min(), cut, freq="Q")
        each = map(parse_report_period, quarters.astype(str))
        one_of = f"one of {', '.join(str(one) for one in each if _anybody_there(records, one))}"
        if begins_after:
            raise ReportError(
                f"This {chosen.word} begins after the last day of the records.",
                found=f"{chosen}, which begins on {chosen.first.date()}; the records go up to "
                f"{cut.date()}",
                instead=f"newer records, or {one_of}",
            )
        raise ReportError(
            f"Nobody was in the program in this {chosen.word}: nobody was admitted in it, or was "
            "there.",
            found=str(chosen),
            instead=one_of,
        )
    return chosen


def _anybody_there(records: Records, period: ReportPeriod) -> bool:
    """Return whether somebody was admitted before the end of a period and not gone before it."""
    episodes = records.episodes
    gone = episodes["discharge_date"] < period.first
    admitted = episodes["admit_date"] < period.last + pd.Timedelta(days=1)
    return bool((admitted & ~gone).any())
