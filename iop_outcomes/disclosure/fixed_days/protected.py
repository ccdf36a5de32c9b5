"""Curves on the fixed days that may be published, with rounded numbers at risk and limits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from iop_outcomes.disclosure.curve_parts import NestedCurve
from iop_outcomes.disclosure.curves import ProtectedCurves
from iop_outcomes.disclosure.fixed_days.at_risk import (
    rounded,
    safe_base,
    survival_decimals,
)
from iop_outcomes.disclosure.fixed_days.choice import (
    MOST_DAYS,
    Days,
    FixedCounts,
    choose_family,
    choose_together,
    fixed_days,
    shared_worth,
)
from iop_outcomes.disclosure.fixed_days.family import Shown, open_family
from iop_outcomes.disclosure.fixed_days.limits import printed_limits
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.words import no_errors, no_small_counts, of_frame
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival import SurvivalCurves

Nested = tuple[str, str, str]


class Bases:
    """The base of the numbers at risk of each curve and set of days; each is judged once."""

    def __init__(self, policy: SafePolicy) -> None:
        """Start without any."""
        self.policy = policy
        self._found: dict[tuple[int, Days], int | None] = {}

    def of(self, curve: FixedCounts, days: Days) -> int | None:
        """Return the base: 0 without numbers at risk, None if the days may not be published."""
        key = (id(curve), days)
        if key not in self._found:
            self._found[key] = safe_base(curve, days, self.policy)
        return self._found[key]

    def allow(self, curve: FixedCounts, days: Days) -> bool:
        """Return whether the days may be published."""
        return self.of(curve, days) is not None


def protect_curves(
    curves: SurvivalCurves,
    policy: SafePolicy,
    *,
    days: Sequence[int] | None = None,
    alike: dict[str, Sequence[float]] | None = None,
    nested: Sequence[Nested] = (),
    synthetic: bool = False,
) -> ProtectedCurves:
    """Return curves for release; `protect` with all options.

    Parameters
    ----------
    curves : SurvivalCurves
        The curves of the whole data.
    policy : SafePolicy
        The disclosure rule.
    days : sequence of int, optional
        The fixed days of which some are published, at most 12. Default: 30, 60, 90, 120, 150, 180,
        270, 365 and 730; of curves that end before day 60 days 7, 14, 21, 28 and 42.
    alike : dict of str to sequence of float, optional
        Group -> the published days of the same curve, if it is published elsewhere too. It then has
        exactly these days, so that both together disclose no more than one alone.
    nested : sequence of (str, str, str), optional
        ``events``, a group, and a group of the same people under another rule, where each such
        event of the first is also one of the second by that day: their difference is a count, too.
        Numbers at risk and limits are then printed of the curve in `alike` only.
    synthetic : bool
        Whether the records are synthetic.

    Raises
    ------
    RuleError
        If the curves have weights: their counts are not numbers of people. If there are more days.
    """
    _refuse_weights(curves)
    if policy.threshold == 1:
        return _open(curves, policy, synthetic)
    fixed = _fixed(curves, days)
    groups = [
        (_label(key), FixedCounts.of(rows, fixed))
        for key, rows in by_group(_steps(curves), curves.by)
    ]
    worth = shared_worth([group for _, group in groups], policy, fixed)
    known = Bases(policy)
    given = {
        place: tuple(int(day) for day in (alike or {})[name] if day > 0)
        for place, (name, _) in enumerate(groups)
        if name in (alike or {})
    }

    def is_open(place: int, some: Days, taken: Sequence[Days]) -> bool:
        name, curve = groups[place]
        beside = [
            NestedCurve(other.shown(days), *_nested_kinds(nested, name, label))
            for (label, other), days in zip(groups, taken, strict=True)
            if days
        ]
        small = any(
            other.discloses(day, curve.counts(day), policy) for other in beside for day in some
        )
        return not small and known.allow(curve, some)

    taken = choose_together([curve for _, curve in groups], policy, worth, is_open, given)
    chosen = dict(zip((name for name, _ in groups), taken, strict=True))
    used = {
        name: 0 if nested and name not in (alike or {}) else known.of(curve, chosen[name]) or 0
        for name, curve in groups
        if chosen[name]
    }
    parts = [Shown(curve, chosen[name], used.get(name, 0)) for name, curve in groups]
    return _published(curves, policy, parts, synthetic)


def protect_family(
    whole: SurvivalCurves,
    groups: SurvivalCurves,
    policy: SafePolicy,
    *,
    days: Sequence[int] | None = None,
    synthetic: bool = False,
) -> tuple[ProtectedCurves, ProtectedCurves]:
    """Return a curve of all people and the curves of its groups, for release together.

    Parameters
    ----------
    whole : SurvivalCurves
        The curve of all people, without groups.
    groups : SurvivalCurves
        The curves of the groups that make it up.
    policy : SafePolicy
        The disclosure rule.
    days : sequence of int, optional
        The fixed days; see `protect_curves`.
    synthetic : bool
        Whether the records are synthetic.
    """
    _refuse_weights(whole)
    _refuse_weights(groups)
    if policy.threshold == 1:
        return _open(whole, policy, synthetic), _open(groups, policy, synthetic)
    fixed = _fixed(whole, days)
    all_of = FixedCounts.of(_steps(whole), fixed)
    each = [FixedCounts.of(rows, fixed) for _, rows in by_group(_steps(groups), groups.by)]
    known = Bases(policy)
    worth = shared_worth([all_of, *each], policy, fixed)
    chosen, taken = choose_family(all_of, each, policy, worth, known.allow)
    whole_shown = Shown(all_of, chosen, known.of(all_of, chosen) or 0 if chosen else 0)
    shown = [
        Shown(curve, some, known.of(curve, some) or 0 if some else 0)
        for curve, some in zip(each, taken, strict=True)
    ]
    whole_shown, shown = open_family(whole_shown, shown, policy)
    return (
        _published(whole, policy, [whole_shown], synthetic),
        _published(groups, policy, shown, synthetic),
    )


def _fixed(curves: SurvivalCurves, days: Sequence[int] | None) -> Days:
    fixed = fixed_days(float(curves.table["day"].max())) if days is None else tuple(days)
    if len(fixed) > MOST_DAYS:
        raise RuleError(
            "A protected curve is published on some of a few fixed days.",
            found=f"{len(fixed)} days",
            instead=f"at most {MOST_DAYS} days",
        )
    return fixed


def _refuse_weights(curves: SurvivalCurves) -> None:
    if curves.weights is not None:
        raise RuleError(
            "Curves with weights cannot be protected: their counts are not of people.",
            found=f"weights={as_written(curves.weights)}",
            instead="protect the curves without weights.",
        )


def _steps(curves: SurvivalCurves) -> pd.DataFrame:
    """Return the steps without standard errors, from which counts could be calculated."""
    return curves.table.drop(columns="se")


def _open(curves: SurvivalCurves, policy: SafePolicy, synthetic: bool) -> ProtectedCurves:
    """Return every day of the curves, with all counts: for the program's own eyes."""
    table = _steps(curves).reset_index(drop=True)
    table["at_risk"] -= table["events"] + table["censored"]
    first = ~table.duplicated(list(curves.by)) if curves.by else table.index == 0
    table = pd.concat(
        [
            _steps(curves)[first & (table["day"] > 0)].assign(
                day=0, events=0, censored=0, survival=1.0, lower=1.0, upper=1.0
            ),
            table,
        ]
    )
    if curves.by:
        order = {key: place for place, (key, _) in enumerate(by_group(curves.table, curves.by))}
        keys = [
            key[0] if len(curves.by) == 1 else key
            for key in zip(*(table[name] for name in curves.by), strict=True)
        ]
        table = table.assign(_order=[order[key] for key in keys]).sort_values(
            ["_order", "day"], kind="stable"
        )
        table = table.drop(columns="_order")
    sizes = curves.sizes[[*curves.by, "n"]].copy()
    last = [rows["day"].iloc[-1] for _, rows in by_group(table, curves.by)]
    sizes = sizes.assign(
        through=last, median=curves.median()["median"].to_numpy(dtype=np.float64), base=1
    )
    return _made(curves, policy, table.reset_index(drop=True), sizes, 0, synthetic)


def _published(
    curves: SurvivalCurves, policy: SafePolicy, parts: Sequence[Shown], synthetic: bool
) -> ProtectedCurves:
    """Combine the published rows of the groups; a group without a published day is left out."""
    names = list(curves.by)
    kept, sizes = [], []
    for (_, steps), part in zip(by_group(_steps(curves), curves.by), parts, strict=True):
        if not part[1]:
            continue
        label = steps[names].iloc[[0]].reset_index(drop=True)
        rows = _rows(part, curves.confidence, policy.threshold)
        kept.append(pd.concat([label.iloc[[0] * len(rows)].reset_index(drop=True), rows], axis=1))
        sizes.append(
            label.assign(
                n=part[0].people, through=part[1][-1], median=median_of(rows), base=part[2]
            )
        )
    size_columns = [*names, "n", "through", "median", "base"]
    columns = [*names, "day", "at_risk", "survival", "lower", "upper"]
    frame = pd.concat(sizes, ignore_index=True) if sizes else pd.DataFrame(columns=size_columns)
    table = pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=columns)
    return _made(curves, policy, table[columns], frame, len(parts) - len(kept), synthetic)


def _made(
    curves: SurvivalCurves,
    policy: SafePolicy,
    table: pd.DataFrame,
    sizes: pd.DataFrame,
    left_out: int,
    synthetic: bool,
) -> ProtectedCurves:
    rule = no_small_counts(curves.rule, policy)
    if policy.threshold > 1:  # the limits are worked out from what is printed
        rule = no_errors(rule)
    text = describe(table, sizes, curves.by, left_out, curves.confidence)
    return ProtectedCurves(
        table=table,
        sizes=sizes,
        left_out=left_out,
        by=curves.by,
        rule=f"{rule} {grouping_rule(policy)}",
        text=f"{text} {rule}",
        policy=policy,
        confidence=curves.confidence,
        synthetic=synthetic or curves.synthetic,
        provenance=of_frame(curves.provenance, policy),
    )


def _rows(part: Shown, confidence: float, threshold: int) -> pd.DataFrame:
    """Return the printed rows of one curve.

    A number at risk is the threshold or more, and printed as that where the nearest multiple is
    less: 11 and 12 are not 10 to a reader who is told that counts to 10 are hidden.
    """
    curve, days, base = part
    places = curve.places(days)
    decimals = survival_decimals(curve.people)
    shares = curve.survival[places].round(decimals)
    later = np.maximum(rounded(curve.left[places[1:]], base or 1), threshold)
    risk = np.append(curve.people, later)
    at_risk = pd.array(risk, dtype="Int64")
    lower = upper = np.where(np.arange(len(shares)) == 0, 1.0, np.nan)
    if base == 0:
        at_risk[1:] = pd.NA
    else:
        limits = printed_limits(risk, shares, shares, confidence)
        lower, upper = (limit.round(decimals) for limit in limits)
    return pd.DataFrame(
        {
            "day": curve.days[places],
            "at_risk": at_risk,
            "survival": shares,
            "lower": lower,
            "upper": upper,
        }
    )


def median_of(rows: pd.DataFrame) -> float:
    """Return the day on which the lines between the printed points cross one half."""
    shares, days = rows["survival"].to_numpy(), rows["day"].to_numpy(dtype=np.float64)
    if shares[-1] > 0.5:
        return float("nan")
    return float(np.rint(np.interp(-0.5, -shares, days)))


def _nested_kinds(
    nested: Sequence[Nested], name: str, other: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the kinds of count of which the other group is part, and those that it contains."""
    return (
        tuple(kind for kind, inner, outer in nested if (inner, outer) == (other, name)),
        tuple(kind for kind, inner, outer in nested if (inner, outer) == (name, other)),
    )


def _label(key: object) -> str:
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def by_group(frame: pd.DataFrame, by: Sequence[str]) -> list[tuple[object, pd.DataFrame]]:
    """Return the rows of each group, in order; without groups all rows."""
    if not by:
        return [((), frame)]
    groups = list(frame.groupby(list(by), observed=True, sort=False))
    return [(key[0] if len(by) == 1 else key, rows) for key, rows in groups]


def grouping_rule(policy: SafePolicy) -> str:
    """Say on which days a curve is published, and what is rounded."""
    if policy.threshold == 1:
        return policy.text
    return (
        f"Only the marked days are estimates: fixed days with at least {policy.threshold} events "
        f"between them and at least {policy.threshold} people followed after them. The straight "
        "lines between them are no estimates. Shares are in whole percent (tenths from 1,000 "
        "people on); numbers at risk are rounded. Limits are worked out from these figures, as if "
        "each row were another person."
    )


def sharp_rule(policy: SafePolicy) -> str:
    """Say which days are published where neither numbers at risk nor limits are."""
    return (
        f"Only the marked days are estimates: fixed days with at least {policy.threshold} events "
        f"between them and at least {policy.threshold} people followed after them. The straight "
        "lines between them are no estimates. Shares are in whole percent (tenths from 1,000 "
        "people on); numbers at risk and limits are not shown."
    )


def describe(
    table: pd.DataFrame,
    sizes: pd.DataFrame,
    by: tuple[str, ...],
    left_out: int,
    confidence: float,
) -> str:
    """Describe each curve on its last published day."""
    sentences = []
    for position, (_, rows) in enumerate(by_group(table, by) if len(table) else []):
        last, size = rows.iloc[-1], sizes.iloc[position]
        name = ", ".join(str(size[column]) for column in by)
        people = f"n {size['n']:,.0f}"
        start = f"{name} ({people})" if name else people
        limits = (
            ""
            if pd.isna(last["lower"])
            else f" ({format_level(confidence)} limits {last['lower']:.0%} to {last['upper']:.0%})"
        )
        sentences.append(
            f"{start}: an estimated {last['survival']:.0%} were without the event on day "
            f"{last['day']:.0f}{limits}."
        )
    if left_out:
        groups = "One group has" if left_out == 1 else f"{left_out} groups have"
        sentences.append(f"{groups} too few people or events to be shown.")
    return " ".join(sentences)
