"""Use patterns: for each episode one text with one symbol a week or day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.records import require_records
from iop_outcomes.shared.arrays import starts_of
from iop_outcomes.shared.checks import check_choice, is_whole
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.provenance import Provenance, label
from iop_outcomes.use.evidence import (
    CLEAR,
    MISSING,
    MIXED,
    NOT_DUE,
    USE,
    Disagreement,
    Others,
    Refused,
    Sources,
    UseDays,
    UseRule,
    read_use_days,
    substance_names,
)
from iop_outcomes.use.origins import STARTS, Start, died_in_treatment, start_days

if TYPE_CHECKING:
    from iop_outcomes.records import Records

Unit = Literal["week", "day"]
Unfinished = Literal["missed", "not_due"]

UNIT_DAYS = {"week": 7, "day": 1}
BY_DAY = "use_pattern_by_day"  # the name of patterns whose symbols are days
UNFINISHED = {"missed": "is missed", "not_due": "is not due"}
_SHOWN, _CLEAR, _MISSED, _NOT_DUE = 1, 2, 4, 8  # what a unit contains, as bits


@dataclass(frozen=True)
class _Span:
    """The units of the patterns: the number of the first, the number of units, and days per unit.

    Unit 1 begins on the day after the start. Without a number of units each pattern runs to the
    end of its follow-up.
    """

    first: int
    units: int | None
    days: int

    def lengths(self, followed: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the number of units of each pattern; `followed` is in days from the start."""
        if self.units is not None:
            return np.full(len(followed), self.units)
        return np.maximum(-(-followed // self.days) + 1 - self.first, 0)


def use_patterns(
    records: Records,
    *,
    start: Start = "admission",
    weeks: int | tuple[int, int] | None = 24,
    sources: Sources = "either",
    disagreement: Disagreement = "use",
    substances: str | Sequence[str] | None = None,
    prescribed: str | None = None,
    others: Others = "no_use",
    refused: Refused = "missing",
    unit: Unit = "week",
    unfinished: Unfinished = "missed",
) -> pd.Series[str]:
    """Return for each episode its use pattern: one symbol a week, or a day.

    ========  =====================================================================
    symbol    the week
    ========  =====================================================================
    ``+``     use on at least one day, and no use on none
    ``-``     no use on at least one day, and use on none
    ``*``     both, or a mixed test
    ``o``     missed: nothing is known
    ``_``     not due: nothing is known, and no check-in was due
    ========  =====================================================================

    Parameters
    ----------
    records : Records
        With the check-ins; with the attendance too if the patterns start at the first session.
    start : {"admission", "first_session", "discharge"}
        Day 0. Week 1 is the seven days after it; the start itself is the last day of week 0. A
        pattern whose start was never reached has ``_`` only, or with ``weeks=None`` is missing.
        People who died in treatment never reached a discharge.
    weeks : int, (int, int) or None
        The number of weeks from week 1, or the numbers of the first and the last (``(-3, 0)``: the
        four weeks up to the start). None: from week 1 to the week in which the follow-up ends, so
        that patterns differ in length. A person who was not followed for a day has none (missing).
    sources : {"either", "self_report", "drug_test"}
        Which sources are used. Self-report is ``used``, or ``use_days`` above 0.
    disagreement : {"use", "drug_test", "self_report", "mixed"}
        With ``sources="either"``, the value of a day on which the two disagree (use, no use or, for
        a test, mixed): the one nearer to use (the default), the test, the report, or mixed.
    substances : str or sequence of str, optional
        The substances that count, as ``checkins.substance`` names them (several of one check-in are
        separated by ``;``); by default all. Use without a named substance counts.
    prescribed : str, optional
        A column of the episodes with the substances prescribed to the person (separated by ``;``).
        They do not count.
    others : {"no_use", "nothing"}
        What a check-in that shows use of other substances only shows of those that count: no use
        (the default, for check-ins that ask or test for all substances), or nothing (for exports
        with a separate row for each result).
    refused : {"missing", "use", "as_reported"}
        The value of a day on which a drug test was refused and no test has a result: missing,
        unless use is reported (the default); use; or the report. See `iop_outcomes.RelapseRule`.
    unit : {"week", "day"}
        The time unit of a symbol; `weeks` is in weeks in either case. Use days with daily check-ins
        only: a weekly check-in gives the value of its own day only.
    unfinished : {"missed", "not_due"}
        The value of a partial last week without a check-in: missed (the default, as in the
        reference), or not due, unless a check-in in that week was missed. The check-in might still
        have taken place after the end of follow-up.

    Returns
    -------
    pandas.Series of str
        Indexed by ``episode_id`` in the order of ``records.episodes``; named ``use_pattern``, or
        with ``unit="day"`` ``use_pattern_by_day``: readers of patterns take the unit from the name.
        ``attrs``: ``rule`` (a sentence or two), ``unit_days`` (7 or 1) and ``synthetic``, for
        labels.

    Raises
    ------
    MissingTableError
        If the check-ins, or the attendance that the start needs, were not read.
    RuleError
        If an option is not one of these, or no check-in names a substance that counts.

    Notes
    -----
    The value of a day is the highest of its check-ins: use, mixed, no use, unknown (missed, or
    completed without an answer or a valid test), not due. This is done first for reports and tests
    separately, then for both together. A week with no value is missed, unless a check-in was
    recorded as not due and none as missed. Before week 1 it is missed only if a check-in was
    missed, because check-ins may not be due before the start. Weeks that begin after the end of the
    follow-up (``followed_until``, at most the data cut) are not due.

    These are the rules by which the weekly patterns of CTN-0094 (public.ctn0094extra) were made
    from the raw tables; ``validation/ctn0094_words.py`` reproduces them exactly.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["a", "b"], "admit_date": ["2026-01-05"] * 2})
    >>> checkins = pd.DataFrame(
    ...     {
    ...         "episode_id": ["a", "a", "b"],
    ...         "date": ["2026-01-12", "2026-01-19", "2026-01-19"],
    ...         "status": "completed",
    ...         "used": ["no", "yes", "no"],
    ...     }
    ... )
    >>> records = iop.read_records(episodes=episodes, checkins=checkins, as_of="2026-01-26")
    >>> iop.use_patterns(records, weeks=4).to_dict()
    {'a': '-+o_', 'b': 'o-o_'}
    """
    require_records(records, "A use pattern")
    records.require("checkins", "A use pattern")
    check_choice("start", start, STARTS, " of use patterns")
    check_choice("unfinished", unfinished, UNFINISHED, " of use patterns")
    span = _span(weeks, unit)
    counted = substance_names(substances)
    rule = UseRule(sources, disagreement, counted, prescribed, others, refused)
    origin = start_days(records, start, "Use patterns").astype(np.int64)
    started = origin >= 0
    followed = np.where(started, records.episodes["days_followed"].to_numpy() - origin, -1)
    lengths = np.where(started | (span.units is not None), span.lengths(followed), 0)
    use_days = read_use_days(records, rule)
    held = _held(use_days, origin, span, lengths)
    symbols = _symbols(held, span, lengths, followed, unfinished == "not_due")
    name = pd.Index(records.episodes["episode_id"], name="episode_id")
    called = BY_DAY if unit == "day" else "use_pattern"
    patterns = pd.Series(_texts(symbols), index=name, name=called, dtype=object)
    text = _rule_text(rule.text, start, unit, unfinished)
    text += _left_out(start, int((~started).sum()), int(died_in_treatment(records, start).sum()))
    provenance = Provenance(text, event="use", origin=STARTS[start], synthetic=records.synthetic)
    earlier = {"rule": text, "unit_days": span.days, "synthetic": records.synthetic}
    return label(patterns, provenance, **earlier)


def unit_days_of(patterns: object, unit: Unit | None = None) -> int:
    """Return the days of a symbol: of the requested unit, or else of the unit in the name.

    Patterns that are not named as daily are weekly.
    """
    if unit is not None:
        check_choice("unit", unit, UNIT_DAYS, " of use patterns")
        return UNIT_DAYS[unit]
    return 1 if getattr(patterns, "name", None) == BY_DAY else 7


def _held(
    use_days: UseDays,
    origin: npt.NDArray[np.int64],
    span: _Span,
    lengths: npt.NDArray[np.int64],
) -> npt.NDArray[np.uint8]:
    """Return the values of the days of each unit as bits: one row an episode, one column a unit."""
    bits = np.zeros(USE + 1, dtype=np.uint8)
    bits[[NOT_DUE, MISSING, CLEAR, USE]] = _NOT_DUE, _MISSED, _CLEAR, _SHOWN
    bits[MIXED] = _SHOWN | _CLEAR
    episode = use_days.episode
    unit = (use_days.day - origin[episode] - 1) // span.days + 1 - span.first
    inside = (unit >= 0) & (unit < lengths[episode]) & (origin[episode] >= 0)
    width = int(lengths.max(initial=0))
    place = (episode * width + unit)[inside]
    first = starts_of(place)
    held = np.zeros(len(lengths) * width, dtype=np.uint8)
    if len(first):
        held[place[first]] = np.bitwise_or.reduceat(bits[use_days.state[inside]], first)
    return held.reshape(len(lengths), width)


def _symbols(
    held: npt.NDArray[np.uint8],
    span: _Span,
    lengths: npt.NDArray[np.int64],
    followed: npt.NDArray[np.int64],
    leave_unfinished: bool,
) -> npt.NDArray[np.uint8]:
    """Return the symbols as bytes; 0 after the end of a pattern."""
    number = span.first + np.arange(held.shape[1])
    symbols = np.where(number < 1, _letters(from_start=False)[held], _letters()[held])
    last_day = number * span.days
    reached = last_day if leave_unfinished else last_day - span.days + 1
    nothing = held & (_SHOWN | _CLEAR | _MISSED) == 0
    symbols[nothing & (reached > followed[:, None]) & (number > 0)] = ord("_")
    symbols[np.arange(held.shape[1]) >= lengths[:, None]] = 0
    return symbols


def _letters(from_start: bool = True) -> npt.NDArray[np.uint8]:
    # The symbol of each combination of bits.
    letters = np.full(16, ord("o" if from_start else "_"), dtype=np.uint8)
    combination = np.arange(16)
    letters[combination == _NOT_DUE] = ord("_")
    letters[combination & _MISSED > 0] = ord("o")
    letters[combination & _CLEAR > 0] = ord("-")
    letters[combination & _SHOWN > 0] = ord("+")
    letters[combination & (_SHOWN | _CLEAR) == _SHOWN | _CLEAR] = ord("*")
    return letters


def _texts(symbols: npt.NDArray[np.uint8]) -> npt.NDArray[np.object_]:
    people, width = symbols.shape
    texts = np.full(people, None, dtype=object)
    if width:
        some = symbols[:, 0] > 0
        whole = np.ascontiguousarray(symbols[some]).view(f"S{width}").ravel()
        texts[some] = whole.astype(f"U{width}")
    return texts


def _span(weeks: int | tuple[int, int] | None, unit: str) -> _Span:
    check_choice("unit", unit, UNIT_DAYS, " of use patterns")
    days = UNIT_DAYS[unit]
    if weeks is None:
        return _Span(1, None, days)
    pair = tuple(weeks) if isinstance(weeks, (tuple, list)) else (1, weeks)
    if len(pair) != 2 or not all(map(is_whole, pair)) or pair[0] > pair[1]:
        raise RuleError(
            "`weeks` must be a number of weeks, 1 or more, or the numbers of the first and the "
            "last week.",
            found=f"weeks={as_written(weeks)}",
            instead="weeks=24, weeks=(-3, 0), or weeks=None for the whole follow-up.",
        )
    first, last = (int(week) for week in pair)
    return _Span((first - 1) * 7 // days + 1, (last - first + 1) * 7 // days, days)


def _rule_text(evidence: str, start: str, unit: str, unfinished: str) -> str:
    text = (
        f"One symbol a {unit} from the day after {STARTS[start]}, {evidence}: + use, - no use, "
        f"* both, o missed, _ not due. A {unit} without a check-in is missed until the follow-up "
        "ends"
    )
    if unit == "week":
        text += f"; a partial last {unit} {UNFINISHED[unfinished]}"
    return text + "."


def _left_out(start: str, not_started: int, died: int) -> str:
    if not not_started:
        return ""
    noun = "episode" if not_started == 1 else "episodes"
    text = f" {not_started:,} {noun} never reached {STARTS[start]}"
    return text + (f"; {died:,} of these ended in death." if died else ".")
