"""Use patterns into times: the same searches as from check-ins, one symbol a check-in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.relapse.course.observation import silent_at_end
from iop_outcomes.relapse.ends import ENDS
from iop_outcomes.relapse.evidence import CLEAR, MISSING, NOT_DUE, USE, Shown
from iop_outcomes.relapse.first_event import Known, apply_rule
from iop_outcomes.relapse.rule import RelapseRule
from iop_outcomes.shared.arrays import ends_of
from iop_outcomes.use.pattern_array import PAD, SYMBOLS, encode

STATES = {"+": USE, "*": USE, "-": CLEAR, "o": MISSING, "_": NOT_DUE}


def shown_by_words(
    patterns: pd.Series[Any], unit_days: int
) -> tuple[Shown, NDArray[np.int32], NDArray[np.bool_]]:
    """Return what the words show, how long each was followed, and which are there at all.

    A symbol stands on the last day of its unit. A word was followed to its last unit that was
    due; a mixed unit shows use.
    """
    words = encode(patterns)
    by_unit = words.symbols
    table = np.array([STATES[symbol] for symbol in SYMBOLS], dtype=np.int8)
    who, unit = np.nonzero(by_unit != PAD)
    state = table[by_unit[who, unit]]
    day = ((unit + 1) * unit_days).astype(np.int32)
    followed = np.zeros(len(words), dtype=np.int32)
    due = np.flatnonzero(state != NOT_DUE)
    last = due[ends_of(who[due])]
    followed[who[last]] = day[last]
    return Shown(who, day, state), followed, words.given


def read_word_times(
    patterns: pd.Series[Any], rule: RelapseRule, unit_days: int
) -> tuple[pd.DataFrame, Known, NDArray[np.bool_]]:
    """Return the times of all words, what they rest on, and which words are there.

    As `iop_outcomes.relapse.times.read_times`; nothing is known of a discharge, nor of a
    baseline.
    """
    shown, followed, given = shown_by_words(patterns, unit_days)
    baseline = np.full(len(followed), MISSING, dtype=np.int8)
    known = apply_rule(shown, baseline, followed, rule)
    seen = shown.where(shown.state >= CLEAR)
    silent = silent_at_end((seen.episode, seen.day.astype(np.int64)), shown, rule, followed)
    ended_by = np.select(
        [known.event, known.cut, followed == 0, ~silent],
        ["relapse", "missed_check_in", "no_check_in", "end_of_follow_up"],
        default="lost",
    )
    times = pd.DataFrame({"days": known.days, "event": known.event}, index=patterns.index)
    times["ended_by"] = pd.Categorical(ended_by, categories=list(ENDS))
    return times, known, given
