"""The one gate through which every result passes before it is drawn, printed or saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
import pandas as pd

from iop_outcomes.attendance import AttendanceByWeek
from iop_outcomes.disclosure.curve_days import ANCHORS, published_family, published_steps
from iop_outcomes.disclosure.curve_parts import Beside, Parts, PublishedCounts
from iop_outcomes.disclosure.curves import ProtectedCurves
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.results import protect_trend, protect_weeks
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.text import level_words
from iop_outcomes.survival import SurvivalCurves
from iop_outcomes.trends import Trend

Nested = tuple[str, str, str]


@overload
def protect(
    result: SurvivalCurves | ProtectedCurves, policy: SafePolicy | None = None
) -> ProtectedCurves: ...
@overload
def protect(result: Trend, policy: SafePolicy | None = None) -> Trend: ...
@overload
def protect(result: AttendanceByWeek, policy: SafePolicy | None = None) -> AttendanceByWeek: ...
def protect(
    result: SurvivalCurves | ProtectedCurves | Trend | AttendanceByWeek,
    policy: SafePolicy | None = None,
) -> ProtectedCurves | Trend | AttendanceByWeek:
    """Return a result that may leave: small counts, and what would give them back, are gone.

    Parameters
    ----------
    result : SurvivalCurves, Trend or AttendanceByWeek
        What `survival_curves`, `trend` or `attendance_by_week` returned; left unchanged.
    policy : SafePolicy, optional
        Default: ``SafePolicy()``, which hides counts from 1 to 10.

    Returns
    -------
    ProtectedCurves, Trend or AttendanceByWeek
        Curves: see `ProtectedCurves`. A trend and a table by week: the same, with the counts,
        value and limits of a row missing where one of its counts, or a complement, is small; a
        column ``hidden`` says where. Hide before drawing: a picture's numbers can be read back
        from the file.

    Raises
    ------
    RuleError
        The result is none of these.

    Notes
    -----
    Each result is judged by itself. Two that overlap (a whole and its parts, this quarter and the
    last) can still be subtracted from one another.
    """
    policy = policy or SafePolicy()
    if isinstance(result, ProtectedCurves):
        return result
    if isinstance(result, SurvivalCurves):
        return protect_curves(result, policy)
    if isinstance(result, Trend):
        return protect_trend(result, policy)
    if isinstance(result, AttendanceByWeek):
        return protect_weeks(result, policy)
    raise RuleError(
        "This kind of result cannot be protected.",
        found=type(result).__name__,
        instead="survival curves, a trend, attendance by week; hide_small_counts for a frame",
    )


def protect_curves(
    curves: SurvivalCurves,
    policy: SafePolicy,
    *,
    days: Sequence[int] = ANCHORS,
    parts: ProtectedCurves | None = None,
    alike: dict[str, pd.DataFrame] | None = None,
    nested: Sequence[Nested] = (),
    synthetic: bool = False,
) -> ProtectedCurves:
    """Return curves that may leave; `protect` with its options.

    Parameters
    ----------
    curves : SurvivalCurves
        The curves of the whole data.
    policy : SafePolicy
        The rule of disclosure.
    days : sequence of int
        Days to publish first, where the counts allow it.
    parts : ProtectedCurves, optional
        Published curves of the groups that make up this whole: it is then published only where
        nothing small is left when their counts are taken from its own, on one day or between two,
        and not at all if a few people are in the whole and in none of the groups.
    alike : dict of str to pandas.DataFrame, optional
        Group -> published rows of that same curve, where it is published elsewhere too: it has
        just these days here, so that the two do not tell more together than each alone.
    nested : sequence of (str, str, str), optional
        ``events`` or ``censored``, a group, and a group of the same people under another rule of
        which each such event is one of the second by that day: their difference is a count, too.
    synthetic : bool
        Whether the records are made up.

    Raises
    ------
    RuleError
        The curves have weights: how many people a step is cannot be told from them.
    """
    _refuse_weights(curves)
    others = None if parts is None else _shown_parts(parts)
    apart = 0 if parts is None else int(curves.sizes["n"].sum() - parts.sizes["n"].sum())
    published = dict(alike or {})
    groups = [(_label(key), steps) for key, steps in _by_group(_steps(curves), curves.by)]
    for name, steps in groups:
        if name not in published:
            beside = [
                Beside(PublishedCounts.of(rows), *_kinds_between(nested, name, other))
                for other, rows in published.items()
                if len(rows)
            ]
            published[name] = published_steps(steps, policy, days, parts=others, beside=beside)
    tables = [published[name].iloc[: 0 if policy.hides(apart) else None] for name, _ in groups]
    return _published(curves, policy, tables, synthetic)


def protect_family(
    whole: SurvivalCurves,
    groups: SurvivalCurves,
    policy: SafePolicy,
    *,
    days: Sequence[int] = ANCHORS,
    synthetic: bool = False,
) -> tuple[ProtectedCurves, ProtectedCurves]:
    """Return a curve of all and the curves of its groups that may leave together.

    Parameters
    ----------
    whole : SurvivalCurves
        The curve of all, without groups.
    groups : SurvivalCurves
        The curves of the groups that make it up.
    policy : SafePolicy
        The rule of disclosure.
    days : sequence of int
        Days to publish first, where the counts allow it; those of the whole come first.
    synthetic : bool
        Whether the records are made up.
    """
    _refuse_weights(whole)
    _refuse_weights(groups)
    steps = [rows for _, rows in _by_group(_steps(groups), groups.by)]
    table, tables = published_family(_steps(whole), steps, policy, days)
    return (
        _published(whole, policy, [table], synthetic),
        _published(groups, policy, tables, synthetic),
    )


def _refuse_weights(curves: SurvivalCurves) -> None:
    if curves.weights is not None:
        raise RuleError(
            "Curves with weights cannot be protected: their counts are not of people.",
            found=f"weights={as_written(curves.weights)}",
            instead="protect the curves without weights.",
        )


def _steps(curves: SurvivalCurves) -> pd.DataFrame:
    """Return the steps without their standard errors, which give back the counts they are of."""
    return curves.table.drop(columns="se")


def _published(
    curves: SurvivalCurves, policy: SafePolicy, tables: list[pd.DataFrame], synthetic: bool
) -> ProtectedCurves:
    """Put the published rows of the groups together; a group of the first day only is gone."""
    names = list(curves.by)
    medians = curves.median()["median"].to_numpy(dtype=np.float64)
    kept, sizes = [], []
    whole = _steps(curves)
    for position, (_, steps) in enumerate(_by_group(whole, curves.by)):
        table = tables[position]
        if len(table) < 2:
            continue
        label = steps[names].iloc[[0]].reset_index(drop=True)
        named = table.assign(**{name: label[name].iloc[0] for name in names})
        kept.append(named[whole.columns])
        shown = medians[position] if (table["day"] == medians[position]).any() else np.nan
        sizes.append(
            label.assign(
                n=int(table["at_risk"].iloc[0]),
                events=int(table["events"].sum()),
                censored=int(table["censored"].sum()),
                through=table["day"].iloc[-1],
                median=shown,
            )
        )
    size_columns = [*names, "n", "events", "censored", "through", "median"]
    frame = pd.concat(sizes, ignore_index=True) if sizes else pd.DataFrame(columns=size_columns)
    shown_rows = pd.concat(kept, ignore_index=True) if kept else whole.iloc[:0]
    left_out = len(tables) - len(kept)
    return ProtectedCurves(
        table=shown_rows,
        sizes=frame,
        left_out=left_out,
        by=curves.by,
        rule=f"{curves.rule} {_grouping_rule(policy)}",
        text=_describe(shown_rows, frame, curves.by, left_out, curves.confidence)
        + f" {curves.rule}",
        policy=policy,
        confidence=curves.confidence,
        synthetic=synthetic or curves.synthetic,
        provenance=curves.provenance,
    )


def _shown_parts(parts: ProtectedCurves) -> Parts:
    return Parts(
        [PublishedCounts.of(rows) for _, rows in _by_group(parts.table, parts.by) if len(rows)]
    )


def _kinds_between(
    nested: Sequence[Nested], name: str, other: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the kinds of which the other group is inside this one, and of which it is round it."""
    return (
        tuple(kind for kind, inner, outer in nested if (inner, outer) == (other, name)),
        tuple(kind for kind, inner, outer in nested if (inner, outer) == (name, other)),
    )


def _label(key: object) -> str:
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _by_group(frame: pd.DataFrame, by: Sequence[str]) -> list[tuple[object, pd.DataFrame]]:
    if not by:
        return [((), frame)]
    return list(frame.groupby(list(by), observed=True, sort=False))


def _grouping_rule(policy: SafePolicy) -> str:
    if policy.threshold == 1:
        return policy.text
    return (
        f"Shown at days between which at least {policy.threshold} events, and no or at least "
        f"{policy.threshold} ends of follow-up, lie, while at least {policy.threshold} people "
        "are followed; between them the curve is not published."
    )


def _describe(
    table: pd.DataFrame,
    sizes: pd.DataFrame,
    by: tuple[str, ...],
    left_out: int,
    confidence: float,
) -> str:
    """Say where each curve stands on its last published day."""
    sentences = []
    for position, (_, rows) in enumerate(_by_group(table, by) if len(table) else []):
        last, size = rows.iloc[-1], sizes.iloc[position]
        name = ", ".join(str(size[column]) for column in by)
        people = f"n {size['n']:,.0f}"
        start = f"{name} ({people})" if name else people
        sentences.append(
            f"{start}: an estimated {last['survival']:.0%} were without the event on day "
            f"{last['day']:.0f} ({level_words(confidence)} limits {last['lower']:.0%} to "
            f"{last['upper']:.0%})."
        )
    if left_out:
        groups = "One group has" if left_out == 1 else f"{left_out} groups have"
        sentences.append(f"{groups} too few people or events to be shown.")
    return " ".join(sentences)
