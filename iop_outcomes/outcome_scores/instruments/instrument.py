"""One instrument: items, scales, bands, rules of change, where it comes from and who may use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.arrays import Booleans
from iop_outcomes.shared.checks import check_choice, is_number
from iop_outcomes.shared.messages import as_written, names_asked

Better = Literal["lower", "higher"]
Combine = Literal["sum", "mean"]
ChangeKind = Literal["points", "percent", "cross"]
PRORATE_FROM = 0.8
CLOSE = 1e-9  # of two scores that differ by rounding only


@dataclass(frozen=True)
class Item:
    """One item, by number and short label; its wording is not kept here.

    Parameters
    ----------
    number : str
        Its number on the form, such as ``"9"`` or ``"7A"``.
    label : str
        What it is about, in a few words.
    low, high : float or None
        The limits of its answers; None if they are not known, and then not checked.
    words : tuple of (str, float)
        Its answers in words, lower case, with their numbers.
    """

    number: str
    label: str
    low: float | None = None
    high: float | None = None
    words: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Band:
    """A band of severity, from a score up to the next band."""

    start: float
    label: str


@dataclass(frozen=True)
class Change:
    """A rule of what counts as better and as worse.

    Parameters
    ----------
    name : str
        Its name in tables.
    kind : {"points", "percent", "cross"}
        ``points``: a change of at least `amount` points. ``percent``: a change of at least `amount`
        percent of the first score, of those whose first score is above 0. ``cross``: the better
        side of the score `amount` is reached (better) or left (worse).
    amount : float
        The limit. Of ``cross`` the score that is on the worse side where lower scores are better,
        and on the better side where higher ones are.
    source : str
        Where the limit comes from.

    Examples
    --------
    >>> from iop_outcomes.outcome_scores.instruments.instrument import Change
    >>> rule = Change("5_points", "points", 5, "Loewe 2004")
    >>> better, worse, counted = rule.judge([12, 12, 12], [7, 8, 17], "lower")
    >>> better.tolist(), worse.tolist()
    ([True, False, False], [False, False, True])
    """

    name: str
    kind: ChangeKind
    amount: float
    source: str

    def __post_init__(self) -> None:
        """Refuse a rule that is not known or has no limit."""
        check_choice("kind", self.kind, ("points", "percent", "cross"), " of a rule of change")
        if not is_number(self.amount) or (self.kind != "cross" and self.amount <= 0):
            raise RuleError(
                "The amount of a rule of change is a number above 0, or a score for a cross.",
                found=f"amount={as_written(self.amount)}",
                instead="amount=5",
            )

    def judge(
        self, first: object, last: object, better: Better
    ) -> tuple[Booleans, Booleans, Booleans]:
        """Return who is better, who is worse, and of whom this can be asked."""
        before, after = np.asarray(first, dtype=np.float64), np.asarray(last, dtype=np.float64)
        gain = before - after if better == "lower" else after - before
        counted = np.ones(before.shape, dtype=np.bool_)
        if self.kind == "cross":
            good = [
                score < self.amount - CLOSE if better == "lower" else score >= self.amount - CLOSE
                for score in (before, after)
            ]
            return ~good[0] & good[1], good[0] & ~good[1], counted
        limit = np.full(before.shape, float(self.amount))
        if self.kind == "percent":
            counted = before > 0
            limit = before * self.amount / 100
        return (
            counted & (gain >= limit - CLOSE),
            counted & (gain <= -limit + CLOSE),
            counted,
        )

    @property
    def text(self) -> str:
        """The rule in words."""
        if self.kind == "points":
            return f"a change of at least {self.amount:.3g} points"
        if self.kind == "percent":
            return f"a change of at least {self.amount:g}% of the first score"
        return f"the score {self.amount:g} is crossed"


@dataclass(frozen=True)
class Scale:
    """A score of an instrument.

    Parameters
    ----------
    name, title : str
        What it is called in tables, and in pictures.
    better : {"lower", "higher"}
        Which scores are better.
    items : tuple of str
        The numbers of its items; empty for a score that is only recorded as a total.
    low, high : float or None
        The limits of the score; None if they are not known.
    column : str
        The column of the check-ins with the recorded score.
    combine : {"sum", "mean"}
        How items make the score.
    bands : tuple of Band
        By rising score; empty if no source gives any.
    changes : tuple of Change
        The rules of change that a source gives.
    reliability : float or None
        The test-retest correlation that a source gives.
    reliability_source : str
        Where it comes from.
    """

    name: str
    title: str
    better: Better
    items: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    column: str = ""
    combine: Combine = "sum"
    bands: tuple[Band, ...] = ()
    changes: tuple[Change, ...] = ()
    reliability: float | None = None
    reliability_source: str = ""

    def __post_init__(self) -> None:
        """Refuse a scale that nothing can be calculated from."""
        check_choice("better", self.better, ("lower", "higher"), " of a scale")
        check_choice("combine", self.combine, ("sum", "mean"), " of a scale")
        if not self.items and not self.column:
            raise RuleError(
                f"The scale {as_written(self.name)} has neither items nor a column of scores.",
                instead='items = ["1", "2"], or column = "the_column"',
            )
        starts = [band.start for band in self.bands]
        if starts != sorted(set(starts)):
            raise RuleError(
                f"The bands of the scale {as_written(self.name)} do not rise.",
                found=", ".join(f"{start:g}" for start in starts),
                instead="each band from a higher score than the one before",
            )


@dataclass(frozen=True)
class Instrument:
    """An instrument that is filled in again and again.

    Parameters
    ----------
    name, title, version : str
        What it is called in code and in pictures, and which version it is. Scores of two versions
        are never put together.
    recall_days : int
        How many days the questions look back over; 0 for now.
    scales : tuple of Scale
        Its scores.
    items : tuple of Item
        Its items; empty if only totals are recorded.
    reversed : tuple of str
        The items whose answers are turned round before they are added.
    flagged : tuple of str
        The items of which any answer above the lowest is shown by itself, whatever the total.
    stems : tuple of str
        How the columns of items begin: ``phq9`` finds ``phq9_1``, ``phq9_01``, ``phq9_item_1``,
        ``phq9_q1``. The name by default.
    prorate_from : float
        The least share of the items of a scale with which it may be prorated, if asked for.
    version_column : str
        The column of the check-ins that says which version was filled in, if any.
    version_words : tuple of str
        Its values for this version.
    source, licence : str
        Where it was published, and under which conditions it may be used.
    note : str
        What else a reader needs to know.
    """

    name: str
    title: str
    version: str
    recall_days: int
    scales: tuple[Scale, ...]
    items: tuple[Item, ...] = ()
    reversed: tuple[str, ...] = ()
    flagged: tuple[str, ...] = ()
    stems: tuple[str, ...] = ()
    prorate_from: float = PRORATE_FROM
    version_column: str = ""
    version_words: tuple[str, ...] = ()
    source: str = ""
    licence: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse an instrument without a name, a source, or with items that are not its own."""
        for field in ("name", "title", "source", "licence"):
            value = getattr(self, field)
            if not isinstance(value, str) or not value.strip():
                raise RuleError(
                    f"An instrument says its {field}: it is printed with every figure.",
                    found=f"{field}={as_written(value)}",
                    instead=f'{field} = "..."',
                )
        known = {item.number for item in self.items}
        if len(known) != len(self.items):
            raise RuleError(f"Two items of {self.name} have one number.")
        asked = [*self.reversed, *self.flagged, *(n for scale in self.scales for n in scale.items)]
        unknown = list(dict.fromkeys(number for number in asked if number not in known))
        if unknown:
            raise RuleError(
                f"{self.title} has no item {names_asked(unknown)}, which a scale, `reversed` or "
                "`flagged` names.",
                found=f"items {', '.join(item.number for item in self.items) or 'none'}",
                instead="the numbers of its items",
            )
        if not self.scales or len({scale.name for scale in self.scales}) != len(self.scales):
            raise RuleError(f"{self.title} needs scales, each with a name of its own.")
        if not is_number(self.prorate_from) or not 0 < self.prorate_from <= 1:
            raise RuleError(
                "The share of items from which a scale may be prorated is above 0, at most 1.",
                found=f"prorate_from={as_written(self.prorate_from)}",
                instead=f"prorate_from = {PRORATE_FROM}",
            )

    def scale(self, name: str) -> Scale:
        """Return the scale of that name; RuleError if there is none."""
        return self.scales_named([name])[0]

    def scales_named(self, names: Sequence[str]) -> list[Scale]:
        """Return the scales of these names; RuleError if there is none of a name."""
        known = {scale.name: scale for scale in self.scales}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise RuleError(
                f"{self.title} has no scale of that name.",
                found=names_asked(unknown),
                instead=f"one of {', '.join(known)}",
            )
        return [known[name] for name in names]

    def item(self, number: str) -> Item:
        """Return the item of that number."""
        return next(item for item in self.items if item.number == number)

    @property
    def text(self) -> str:
        """The instrument in one or two sentences, as printed with figures."""
        over = f"over the last {self.recall_days} days" if self.recall_days else "now"
        version = f", {self.version}" if self.version else ""
        return f"{self.title}{version}, {over} ({self.source})."
