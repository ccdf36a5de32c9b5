"""Earlier reports in the ledger, so that hidden counts cannot be calculated from both."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.ledger import Figure, Ledger
from iop_outcomes.disclosure.results import trend_keys
from iop_outcomes.errors import ReportError
from iop_outcomes.records.covariates import programs_named
from iop_outcomes.report.earlier.reading import NUMBERS, EarlierReport
from iop_outcomes.report.period import QUARTER, parse_report_period, refuse_overlap
from iop_outcomes.report.scope import Scope
from iop_outcomes.trends import Trend
from iop_outcomes.trends.quantities import find_quantity


def data_cut_of(scope: Scope) -> str:
    """Return the day up to which the records go."""
    cut = scope.records.as_of
    return cut.date().isoformat() if hasattr(cut, "date") else str(cut)


def rules_of(scope: Scope) -> dict[str, str]:
    """Return the rules that two reports must have in common: policy and definition of relapse."""
    return {"policy": scope.policy.text, "relapse": scope.rule.text}


def refuse_ledger(scope: Scope, ledger: Ledger) -> None:
    """Refuse a report that a ledger cannot hold.

    Raises
    ------
    ReportError
        The report is internal: what others have of the program is in the ledger, and no internal
        report is. Or its time does not fit: see `refuse_overlap`; or it is not of whole quarters.
    """
    if scope.policy.threshold == 1:
        raise ReportError(
            "A ledger holds what was printed for others, and an internal report is not for them.",
            found="a ledger with a report that shows all counts",
            instead="the internal report without --ledger (ledger=)",
        )
    refuse_overlap(scope.period, [one.quarter for one in ledger.reports])
    _refuse_others(scope, [one.quarter for one in ledger.reports])


def _refuse_others(scope: Scope, periods: Iterable[str]) -> None:
    """Refuse a report beside one of another time if they are not of the same quarters.

    Tables of a year and of two years are declared by quarter, which reports of quarters have in
    common. Those of two months differ by who was counted in a month, who may be few.
    """
    period, others = scope.period, sorted({one for one in periods if one and one != scope.label})
    if period is None or not others:
        return
    begun = {parse_report_period(one).first.month % QUARTER for one in others}
    if not period.of_quarters or begun != {period.first.month % QUARTER}:
        raise ReportError(
            "Only reports of whole quarters can be protected beside one another: the tables of a "
            "year and of two years of this one, less those of the earlier one, would tell who was "
            "counted between.",
            found=f"{period} beside {', '.join(others)}",
            instead="reports of quarters, half-years or years; or this one without the earlier "
            "one, for readers who do not have that",
        )


def refuse_unlike(scope: Scope, reports: Sequence[EarlierReport]) -> None:
    """Refuse earlier reports that cannot be compared with this report.

    Raises
    ------
    ReportError
        If an earlier report covers other programs, uses another policy or another definition of
        relapse, covers a period of another length or one that is not before this one, or has a
        later data cut.
    """
    for report in reports:
        _refuse_period(scope, report)
        mine, theirs = set(scope.programs), set(report.programs)
        if mine != theirs:
            raise ReportError(
                "The earlier report covers other programs.",
                found=f"this report is of {_of(mine)}; the earlier one is of {_of(theirs)}",
                instead="a report of the same programs, with the same names",
            )
        if report.data_cut > data_cut_of(scope):
            raise ReportError(
                "The earlier report was made from later records than this one.",
                found=f"a data cut of {report.data_cut} before, and {data_cut_of(scope)} now",
                instead="a report of earlier records, or newer records for this one",
            )
        threshold = report.cells.threshold
        named = {"policy": "policy of small counts", "relapse": "definition of relapse"}
        unlike = [
            name_in_words
            for name, name_in_words in named.items()
            if report.rules.get(name) != rules_of(scope)[name]
        ]
        if threshold != scope.policy.threshold or bool(report.mark) != bool(scope.policy.mark):
            unlike.insert(0, named["policy"])
        if unlike:
            raise ReportError(
                f"The earlier report was made with another {unlike[0]}.",
                instead="a report that was made with the same rules",
            )


def _of(programs: Iterable[str]) -> str:
    """Return the programs of a report by name; of very many, how many they are."""
    every = set(programs)
    return programs_named(every) or f"{len(every):,} programs"


def _refuse_period(scope: Scope, report: EarlierReport) -> None:
    period = scope.period
    if period is None:
        raise ReportError(
            "A report of the whole time cannot be compared with an earlier report.",
            instead="--quarter 2026Q3 or a --period, with --compare",
        )
    if report.period == str(period):
        raise ReportError(
            "The earlier report is of the same time as this one, and not before it.",
            found=f"{report.period} before, and {period} now",
            instead="a report of an earlier time; to make a report once more, --ledger with the "
            "ledger that holds it",
        )
    before = parse_report_period(report.period)
    if before.each != period.each or before.last >= period.first:
        raise ReportError(
            "The earlier report covers a time of another length, or one that is not before this "
            "report: the difference of the two could be a few people.",
            found=f"{report.period} before, and {period} now",
            instead="reports of one length that follow one another, such as quarters",
        )
    _refuse_others(scope, [report.period])


def with_earlier(
    ledger: Ledger, reports: Sequence[EarlierReport], trends: Iterable[Trend], scope: Scope
) -> Ledger:
    """Return a ledger that also contains earlier reports.

    Parameters
    ----------
    ledger : Ledger
        The ledger so far; it is not changed.
    reports : sequence of EarlierReport
        Earlier reports that `refuse_unlike` accepted.
    trends : iterable of Trend
        Those of this report, before anything is hidden.
    scope : Scope
        What the report is about.

    Notes
    -----
    A figure that was printed before and differs now by few people stays as it was printed, as with
    a ledger: beside the first the corrected one would tell of these few. Of sessions and check-ins
    it is not known how many people a correction is of, so that every one of them stays. A figure
    that differs by more is printed again.
    """
    programs = tuple(sorted(scope.programs))
    figures: dict[Key, Figure] = dict(ledger.figures)
    whole = list(trends)
    for report in reports:
        for trend in whole:
            for row, key in enumerate(trend_keys(trend)):
                name = (*programs, key)
                key_of_row = (trend.measure, str(trend.table["period"].iloc[row]))
                if name in figures or key_of_row not in report.rows or trend.by:
                    continue
                printed = report.rows[key_of_row]
                if printed is not None and (standing := _standing(trend, row, printed, scope)):
                    figures[name] = standing
    in_ledger = {json.dumps(earlier.as_json()) for earlier in ledger.reports}
    cells = [report.cells for report in reports]
    new = [earlier for earlier in cells if json.dumps(earlier.as_json()) not in in_ledger]
    return replace(ledger, reports=(*ledger.reports, *new), figures=figures)


def _standing(
    trend: Trend, row: int, printed: Sequence[float | None], scope: Scope
) -> tuple[float | None, ...]:
    """Return the figures of a row that stay as they were printed; empty if it is printed again."""
    numbers = trend.table[list(NUMBERS)].iloc[row].to_numpy(dtype=np.float64)
    before = np.array([np.nan if number is None else number for number in printed[:2]])
    if np.array_equal(numbers[:2], before, equal_nan=True):  # with all its digits
        return tuple(None if np.isnan(number) else float(number) for number in numbers)
    off = numbers[:2] - before
    changes = [*off, off[1] - off[0]]
    small = any(
        0 < abs(change) < scope.policy.threshold for change in changes if not np.isnan(change)
    )
    stays = small or find_quantity(trend.measure).kind == "sessions"
    return tuple(printed) if stays else ()
