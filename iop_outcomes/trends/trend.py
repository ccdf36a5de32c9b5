"""One measure by period, with counts, intervals and completeness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import EstimateError
from iop_outcomes.records import require_records
from iop_outcomes.records.fitness import NOT_KNOWN
from iop_outcomes.records.judgements import Judgements
from iop_outcomes.shared.arrays import Floats, set_missing
from iop_outcomes.shared.checks import check_choice, check_confidence
from iop_outcomes.shared.groups import Groups, MissingGroup, group_episodes, ungrouped
from iop_outcomes.trends.adjusting import refuse_stock
from iop_outcomes.trends.charting import chart_rule
from iop_outcomes.trends.charts.series import Baseline, Rebase
from iop_outcomes.trends.cohorts import OF_CURVES
from iop_outcomes.trends.counting import count_by_period
from iop_outcomes.trends.frames import so_far, trend_of_frame
from iop_outcomes.trends.periods import Every, check_every, periods_between
from iop_outcomes.trends.quantities import Quantity, Tally, find_quantity
from iop_outcomes.trends.quantities.attendance_rule import refuse_rule, under_rule
from iop_outcomes.trends.result import COUNTS, SHOWN, Trend
from iop_outcomes.trends.staff import describe_lettered, lettered
from iop_outcomes.trends.windows import Windows, calendar_windows

if TYPE_CHECKING:
    from iop_outcomes.attendance import AttendanceRule
    from iop_outcomes.records import Records


def trend(
    records: Records | pd.DataFrame,
    measure: str | Quantity | None = None,
    *,
    every: str | None = None,
    by: str | Sequence[str] | None = None,
    missing_group: MissingGroup = "own",
    confidence: float = 0.95,
    chart: str = "auto",
    baseline: Baseline = None,
    rebase: Rebase = (),
    events: Rebase = (),
    target: float | None = None,
    improves: str | None = None,
    rules: str | None = None,
    first_month: int = 1,
    incomplete: Literal["show", "leave_out"] = "show",
    adjust: str | Sequence[str] | None = None,
    holidays: Sequence[Any] = (),
    names: bool = False,
    attendance: AttendanceRule | None = None,
) -> Trend:
    r"""Return one measure over time, with limits and rules that distinguish a signal from chance.

    Parameters
    ----------
    records : Records or pandas.DataFrame
        Records with calendar dates; or a frame with ``period`` and ``numerator, denominator`` or
        ``value``. A period is a date, a pandas period, a number, or a label such as ``2026-03``,
        ``2026Q1`` or ``2026-W05``. A column ``complete`` (bool) says which periods are complete;
        by default all.
    measure : str or Quantity, optional
        ``attendance_rate``, ``retained_90``, ``relapse_free_90``, ``iet_style``, ``census`` and
        others: :func:`iop_outcomes.trends.describe_quantities` lists them. Of a frame, its name in
        pictures.
    every : {"week", "month", "quarter", "year"}, optional
        The length of a period; of records by default a month. Of a frame: sum numerators and
        denominators by these periods; by default its rows are the periods. Weeks are from Monday.
    by : str or sequence of str, optional
        Columns of ``records.episodes`` or of the frame.
    missing_group : {"refuse", "own", "leave_out"}
        How episodes without a value of `by` are handled: refused; a group "not recorded" of their
        own; or left out, and counted in ``rule`` and ``text``.
    confidence : float
        Confidence level of the intervals, between 0 and 1.
    chart : str
        ``xmr``, ``p``, ``p_prime``, ``u``, ``u_prime``, ``c``, ``g``, ``t`` or ``run``, see
        :mod:`iop_outcomes.trends.charts`; ``"none"``; or ``"auto"``: p' for sessions and check-ins,
        which are alike within a person, p for rates of people, XmR for counts, means and estimates
        with censoring; of a frame p' for proportions, u' for other rates, XmR for values.
    baseline : int or tuple of two dates, optional
        Estimate centre and limits from the first n known points of each segment, or from
        those between two dates, and draw them for all. Default: from all points.
    rebase : list of (date, str)
        New centre and limits from the period that holds the date, with the reason.
    events : list of (date, str)
        What happened, to be drawn.
    target : float, optional
        The value to be reached.
    improves : {"up", "down", "neither"}, optional
        Which direction is an improvement; by default that of the measure, of a frame up.
    rules : {"mdc", "anhoej", "none"}, optional
        The rules for signals, see :func:`iop_outcomes.trends.signals.judge`; by default those of
        Making Data Count, and of Anhoej for run charts.
    first_month : int
        The first month of the year, for quarters and years: 7 for a fiscal year from July. Fiscal
        years are named by the year in which they end, as ``FY2026`` and ``FY2026Q1``.
    incomplete : {"show", "leave_out"}
        How periods that are not complete are shown: rows with ``complete`` False and the value so
        far, drawn as open points; or no rows. Limits and rules never read them.
    adjust : {"season", "working_days"} or list of both, optional
        Chart adjusted values. ``"season"``, of months and quarters: less the effect of the calendar
        month, see :func:`iop_outcomes.trends.adjusting.season_effects`; needs two years.
        ``"working_days"``, of counts: as in a period with the mean number of them.
    holidays : sequence of date, optional
        Days from Monday to Friday that are no working days.
    names : bool
        Show members of staff as recorded: columns such as ``counselor`` or ``facilitator`` are
        otherwise shown as letters.
    attendance : AttendanceRule, optional
        Of records and measures of sessions: which sessions count, are due and are attended.

    Returns
    -------
    Trend
        Its ``.table`` has one row a group and period; of records for all periods from the first
        admission to the data cut:

        ``[by ...], period`` : str
            The group, and the period as ``2026-03`` or ``2026Q1``.
        ``start, end`` : datetime64
            Its first and last day; missing where a frame has numbers or other labels.
        ``numerator, denominator`` : float64
            Whole counts of all entries with a known value; the denominator of a count is missing.
            If the period is not complete these are the counts so far. Of a mean, the sum of hours,
            days or points, and the number of entries. Of an estimate from times to relapse, the
            episodes known to be relapse-free on the day (or to have relapsed by it), and all.
        ``events, competing, censored, followed`` : float64
            Only of estimates from times to relapse: how many episodes had a relapse by the day, a
            competing end before one (0 for Kaplan-Meier), were censored before the day, or were
            followed through it; together the denominator.
        ``value`` : float64
            The sum of numerators over the sum of denominators (never a mean of rates), 0 to 1 for
            a proportion; the count; or the estimate within the cohort. Missing if the denominator
            is 0, nobody was followed long enough or the period is not complete. A count is 0 in an
            empty period, but missing before the group's first entry.
        ``lower, upper`` : float64
            The interval, missing with the value.
        ``complete`` : bool
            Whether the answer was known for everybody at the data cut: the period's end, and the
            days that the measure needs after it, are not after the cut, and nobody admitted in it
            is open and was followed for a shorter time (``followed_until``). Whose follow-up should
            have ended over 180 days before the cut is lost to it, and is waited for no longer.
        ``not_known`` : str
            Why the measure is not known from the records (`Records.fitness`), of this group or
            before some day; its numbers are then missing. Empty where they can.
        ``value_so_far, lower_so_far, upper_so_far`` : float64
            The rate of a period that is not complete, from those known so far; missing for counts,
            which can only grow, and if the denominator is below 10.
        ``centre, lower_limit, upper_limit`` : float64
            The centre and limits of the chart, from complete periods; see
            :func:`iop_outcomes.trends.charts.xmr_chart`.
        ``variation, assurance, rule`` : str
            The verdict of the chart, see :func:`iop_outcomes.trends.signals.judge`.
        ``segment, trial`` : int64, bool
            The number of rebasings so far; whether the limits rest on fewer than 12 points.

        ``adjustment, adjusted, adjusted_so_far`` : float64
            Only with `adjust`: what it adds to the value, and the adjusted value, to which centre,
            limits and verdict belong; ``working_days`` (float64) of each period.

        The columns from ``centre`` on are there only with a chart.

    Raises
    ------
    MissingTableError
        If a table that the measure needs was not read.
    RuleError
        If the records have study days, the frame lacks a column or holds no numbers, or the measure
        or an option is not known.
    EstimateError
        If there are no episodes, or no rows; or too few years for an adjustment.

    Notes
    -----
    Intervals. Rates of sessions and check-ins: those of one person are correlated, so the interval
    is that of a ratio with clusters
    (:func:`iop_outcomes.statistics.proportions.clustered_interval`), which needs two persons. Rates
    of people, and proportions of a frame: Wilson's
    (:func:`iop_outcomes.statistics.proportions.proportion_interval`). Counts, and other rates of a
    frame: the exact interval of a Poisson count
    (:func:`iop_outcomes.statistics.proportions.count_interval`). Means: Student's, a person's
    entries taken together. Estimates from times to relapse: those of
    :func:`iop_outcomes.survival_curves` and :func:`iop_outcomes.cumulative_incidence`.

    The interval is about one period; limits are about the variation between periods, and only they
    show whether something has changed.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> retained = iop.trend(records, "retained_90", every="quarter")
    >>> bool(retained.table["complete"].iloc[-1])  # the newest quarter is not 90 days old
    False
    >>> import pandas as pd
    >>> counts = pd.DataFrame({"period": ["2026-01", "2026-02"], "numerator": [40, 45]})
    >>> by_month = iop.trend(counts.assign(denominator=50), chart="p", target=0.9)
    >>> by_month.verdict[["period", "variation", "assurance"]].iloc[0].tolist()
    ['2026-02', 'common cause', 'hit and miss']
    """
    check_confidence(confidence)
    check_choice("incomplete", incomplete, ("show", "leave_out"))
    period_length = None if every is None else check_every(every, first_month)
    asked: dict[str, Any] = {
        "baseline": baseline,
        "rebase": rebase,
        "events": events,
        "target": target,
    }
    asked |= {"chart": chart, "improves": improves, "rules": rules}
    asked |= {"adjust": adjust, "holidays": holidays}
    if isinstance(records, pd.DataFrame):
        refuse_rule(attendance)
        return trend_of_frame(
            *(records, measure, period_length, by, missing_group),
            confidence=confidence,
            first_month=first_month,
            asked=asked,
            complete_only=incomplete == "leave_out",
            names=names,
        )
    require_records(records, "A trend")
    quantity = under_rule(find_quantity(measure), attendance)
    records.require_calendar(f"the trend of {quantity.name}")
    for table in quantity.tables:
        records.require(table, f"the trend of {quantity.name}")
    if records.episodes.empty:
        raise EstimateError("There are no episodes, so there is no trend.", found="0 episodes")
    rule = chart_rule(
        quantity.kind,
        default=quantity.improves,
        least=quantity.least,
        most=quantity.most,
        **asked,
    )
    kept, left_out = ungrouped(records.episodes, by, missing_group, "episode")
    used = records if kept is None else records.subset(kept)
    groups, staff = lettered(group_episodes(used.episodes, by, missing_group), names)
    tally = quantity.tally(used)
    if rule is not None and tally.until is not None:
        refuse_stock(rule.adjustment, quantity.title)
    result = _trend(
        *(tally, used, quantity, groups),
        every=period_length or "month",
        confidence=confidence,
        first_month=first_month,
    )
    described_rule = left_out.after(f"{result.rule} {describe_lettered(staff)}".strip())
    result = replace(result, left_out=left_out, lettered=staff, rule=described_rule)
    if incomplete == "leave_out":
        result = result.complete_only()
    return result.with_chart(rule)


def trend_of(
    tally: Tally,
    records: Records,
    quantity: Quantity,
    *,
    every: Every = "month",
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    windows: Windows | None = None,
    judgements: Judgements | None = None,
) -> Trend:
    """Return `trend` of a tally, and judgements, made before of the records; also of `windows`."""
    groups = group_episodes(records.episodes, by)
    options: Any = {"every": every, "confidence": confidence, "windows": windows}
    return _trend(tally, records, quantity, groups, judgements=judgements, **options)


def _trend(
    tally: Tally,
    records: Records,
    quantity: Quantity,
    groups: Groups,
    *,
    every: Every,
    confidence: float,
    first_month: int = 1,
    windows: Windows | None = None,
    judgements: Judgements | None = None,
) -> Trend:
    first = records.episodes["admit_date"].min()
    periods = windows or calendar_windows(periods_between(first, records.as_of, every, first_month))
    counts, people = count_by_period(
        tally,
        records,
        groups,
        periods,
        quantity=quantity,
        confidence=confidence,
    )
    frame = _assemble(
        counts, groups, periods, quantity, _known_at(records, quantity, tally, groups, periods)
    )
    judgements = judgements or Judgements(records)
    frame = _without_unknown(frame, judgements, quantity, groups, len(periods))
    return Trend(
        table=frame,
        measure=quantity.name,
        title=quantity.title,
        unit=quantity.unit,
        every=every if windows is None else "period",
        by=groups.names,
        confidence=confidence,
        rule=_rule_text(quantity, records),
        people=people,
        synthetic=records.synthetic,
        when=periods.when[np.tile(np.arange(len(periods)), len(groups))],
    )


def _assemble(
    counts: dict[str, Floats],
    groups: Groups,
    periods: Windows,
    quantity: Quantity,
    complete: npt.NDArray[np.bool_],
) -> pd.DataFrame:
    """Return the table, with missing values for periods that are not complete."""
    shown = so_far({name: counts[name] for name in SHOWN}, complete, counts["denominator"])
    now = {name: shown.pop(f"{name}_so_far") for name in SHOWN}
    if quantity.kind == "count":  # what was counted so far would look like a fall
        now = {name: np.full(len(complete), np.nan) for name in now}
    return groups.beside(
        {
            "period": periods.labels * len(groups),
            "start": np.tile(periods.start, len(groups)),
            "end": np.tile(periods.end, len(groups)),
            "numerator": counts["numerator"],
            "denominator": counts["denominator"],
            **{name: counts[name] for name in OF_CURVES if name in counts},
            **shown,
            "complete": complete,
            "not_known": "",
            **{f"{name}_so_far": values for name, values in now.items()},
        }
    )


def _known_at(
    records: Records, quantity: Quantity, tally: Tally, groups: Groups, periods: Windows
) -> npt.NDArray[np.bool_]:
    """Return for each group and period whether it is complete at the data cut.

    Where people are followed from admission, everybody admitted in it has been followed so long.
    """
    days = quantity.days_to_mature
    known = periods.end + pd.Timedelta(days=days) <= pd.Timestamp(records.as_of)
    complete = np.tile(known, len(groups))
    if tally.waiting is not None:
        dates = records.episodes["admit_date"].iloc[tally.waiting]
        place = periods.places(dates)
        waiting = groups.codes[tally.waiting][place >= 0]
        complete[waiting * len(periods) + place[place >= 0]] = False
    return complete


def _without_unknown(
    frame: pd.DataFrame, judgements: Judgements, quantity: Quantity, groups: Groups, periods: int
) -> pd.DataFrame:
    """Return the table without the numbers that would be nothing but absence of records."""
    reasons: list[str] = []
    starts = frame["start"].to_numpy().reshape(-1, periods)
    judged = judgements.by(quantity.name, groups.codes, len(groups))
    for begin, judgement in zip(starts, judged, strict=True):
        if judgement is None or (judgement.since is None and not judgement.absent):
            reasons += [""] * periods
        elif judgement.absent:
            reasons += [judgement.text] * periods
        else:
            early = begin < np.datetime64(judgement.since, "s")
            reason = f"{NOT_KNOWN}: {judgement.why_published}"
            reasons += [reason if is_early else "" for is_early in early]
    frame["not_known"] = reasons
    unknown = (frame["not_known"] != "").to_numpy()
    counts = [name for name in (*COUNTS, *OF_CURVES) if name in frame]
    set_missing(frame, unknown, [*counts, *SHOWN, *(f"{name}_so_far" for name in SHOWN)])
    return frame


def _rule_text(quantity: Quantity, records: Records) -> str:
    cut = pd.Timestamp(records.as_of).date().isoformat()
    return f"{quantity.text} Complete from {quantity.complete_from} on; data cut {cut}."
