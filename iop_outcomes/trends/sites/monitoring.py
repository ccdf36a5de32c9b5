"""Whom VLAD and CUSUM follow: outcomes in the order of time beside what was expected of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.arrays import Booleans, Floats
from iop_outcomes.shared.checks import check_choice, is_whole
from iop_outcomes.shared.groups import MissingGroup
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.text import format_share
from iop_outcomes.trends.quantities import Quantity
from iop_outcomes.trends.signals.judging import IMPROVES
from iop_outcomes.trends.sites.case_mix import CaseMix, fit_case_mix
from iop_outcomes.trends.sites.entries import Entries, entries_of

if TYPE_CHECKING:
    from iop_outcomes.records import Records

Span = int | tuple[object, object] | None
FEWEST_BASELINE = 20  # people in a baseline


@dataclass(frozen=True, eq=False)
class Monitored:
    """People in the order of time, with what was expected of each.

    Attributes
    ----------
    entries : Entries
        Their counts, a row a person (episode), in order.
    risk : numpy.ndarray of float64
        The expected probability of the event.
    base : numpy.ndarray of bool
        Who is in the baseline, and is not followed.
    improves : {"up", "down"}
        Whether the event is wanted.
    case_mix : CaseMix or None
        The model of the baseline; None if risks were given, or all are alike.
    rule : str
        What is followed, and what is expected.
    """

    entries: Entries
    risk: Floats
    base: Booleans
    improves: str
    case_mix: CaseMix | None
    rule: str

    @property
    def outcome(self) -> Floats:
        """Whether the event happened, 0 or 1."""
        return self.entries.above

    def by_group(self) -> list[np.ndarray]:
        """Return for each group the rows that are followed, in the order of time."""
        codes = self.entries.groups.codes
        return [
            np.flatnonzero((codes == group) & ~self.base)
            for group in range(len(self.entries.groups))
        ]


def monitored(
    source: Records | pd.DataFrame,
    measure: str | Quantity | None,
    by: str | Sequence[str] | None,
    missing_group: MissingGroup,
    *,
    adjust: str | Sequence[str] | None,
    baseline: Span,
    improves: str | None,
    names: bool,
    what: str,
) -> Monitored:
    """Return whom `iop_outcomes.vlad` and `risk_adjusted_cusum` follow; `what` is for errors.

    Raises
    ------
    RuleError, EstimateError
        As these functions.
    """
    if improves is not None:
        check_choice("improves", improves, IMPROVES[:2])
    entries = entries_of(source, measure, by, missing_group, what=what, names=names)
    _check_single(entries, what)
    entries = _ordered(entries)
    if entries.ratio:
        return _of_expected(entries, adjust, baseline, improves)
    base = _baseline(entries, baseline)
    inside = np.flatnonzero(base)
    model = None
    if adjust is None:
        rate = float(entries.above[inside].mean())
        if not 0 < rate < 1:
            raise EstimateError(
                "In the baseline nobody or everybody has the event, so that it expects nothing.",
                found=f"{len(inside):,} people",
                instead="a longer baseline",
            )
        risk = np.full(len(base), rate)
        expected = (
            f"Expected of each: {format_share(rate)}, the rate of the baseline ({len(inside):,})."
        )
    else:
        frame = entries.frame
        model = fit_case_mix(frame, entries.above, entries.below, adjust, fit=base)
        risk = model.risk
        expected = model.text.replace("the same entries", f"the baseline ({len(inside):,})")
    rule = f"{entries.rule} {expected} Those of the baseline are not followed."
    wanted = improves or (entries.improves if entries.improves != "neither" else "down")
    return Monitored(entries, risk, base, wanted, model, entries.left_out.after(rule))


def _check_single(entries: Entries, what: str) -> None:
    several = entries.below != 1 if not entries.ratio else ~np.isin(entries.above, (0, 1))
    likely = entries.ratio & ((entries.below < 0) | (entries.below > 1))
    if several.any() or np.any(likely):
        raise RuleError(
            f"{what} follows people with one outcome each, 0 or 1.",
            found=f"{int((several | likely).sum()):,} of {len(several):,} rows with another number",
            instead="a measure of people such as retained_30; or a frame with a row a person: "
            "numerator 0 or 1 and denominator 1, or observed 0 or 1 and expected from 0 to 1",
        )


def _ordered(entries: Entries) -> Entries:
    """Return entries in the order of their dates; without dates as given."""
    if entries.day is None:
        return entries
    if np.isnat(entries.day).any():
        raise RuleError(
            "Each row needs a date.",
            found=f"{int(np.isnat(entries.day).sum()):,} of {len(entries.day):,} missing",
            instead="rows with a date",
        )
    return entries.rows(np.argsort(entries.day, kind="stable"))


def _of_expected(
    entries: Entries, adjust: object, baseline: Span, improves: str | None
) -> Monitored:
    """Return those whose risks are given; a baseline is left out."""
    if adjust is not None:
        raise RuleError(
            "What is expected is given, so that there is nothing to adjust.",
            found="adjust= for a frame with observed, expected",
            instead="leave adjust= out",
        )
    base = np.zeros(len(entries.above), dtype=np.bool_)
    if baseline is not None:
        base = _baseline(entries, baseline)
    rule = entries.left_out.after(f"{entries.title}: observed and expected as given.")
    return Monitored(entries, entries.below, base, improves or "down", None, rule)


def _baseline(entries: Entries, baseline: Span) -> Booleans:
    """Return who is in the baseline."""
    size = len(entries.above)
    base = np.zeros(size, dtype=np.bool_)
    if is_whole(baseline, 1):
        base[:baseline] = True
    elif isinstance(baseline, (tuple, list)) and len(baseline) == 2 and entries.day is not None:
        try:
            first, last = (pd.Timestamp(day).normalize() for day in baseline)  # type: ignore[arg-type]  # or it raises
        except (TypeError, ValueError):
            raise _no_baseline(baseline) from None
        base = (entries.day >= np.datetime64(first)) & (
            entries.day < np.datetime64(last + pd.Timedelta(days=1))
        )
    else:
        raise _no_baseline(baseline)
    count = int(base.sum())
    if count < FEWEST_BASELINE or count == size:
        raise EstimateError(
            f"A baseline needs {FEWEST_BASELINE} people or more, and somebody after it.",
            found=f"{count:,} of {size:,} people in it",
            instead='baseline=("2024-01-01", "2024-12-31"), or a number of people',
        )
    after = np.flatnonzero(base)[-1]
    base[:after] = True  # who came before or between is not followed either
    return base


def _no_baseline(baseline: object) -> RuleError:
    return RuleError(
        "baseline= is a first and a last date, or a number of people: what is expected is "
        "estimated from them.",
        found=f"baseline={as_written(baseline)}",
        instead='baseline=("2024-01-01", "2024-12-31") for records or a frame with dates, or '
        "baseline=200",
    )


def per_year(day: Any, count: int) -> float:
    """Return the number of people a year; missing without dates."""
    if day is None or count < 2:
        return float("nan")
    days = (day.max() - day.min()) / np.timedelta64(1, "D")
    return float(count / days * 365.25) if days > 0 else float("nan")
