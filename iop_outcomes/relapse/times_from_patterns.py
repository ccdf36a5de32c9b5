"""Use patterns into times: the same searches as from check-ins, one symbol a check-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.relapse.course.observation import out_of_contact_at_end
from iop_outcomes.relapse.evidence import CLEAR, MISSING, NOT_DUE, USE, DailyEvidence
from iop_outcomes.relapse.first_event import FirstEvent, apply_rule
from iop_outcomes.relapse.rule import RelapseRule
from iop_outcomes.shared.arrays import ends_of
from iop_outcomes.use.pattern_array import PAD, SYMBOLS, encode

STATES = {"+": USE, "*": USE, "-": CLEAR, "o": MISSING, "_": NOT_DUE}


def evidence_of_patterns(
    patterns: pd.Series[Any], unit_days: int
) -> tuple[DailyEvidence, NDArray[np.int32], NDArray[np.bool_]]:
    """Return what the patterns show, how long each was followed, and which are there at all.

    A symbol is on the last day of its unit. A pattern was followed to its last unit that was
    due; a mixed unit shows use.
    """
    encoded = encode(patterns)
    by_unit = encoded.symbols
    table = np.array([STATES[symbol] for symbol in SYMBOLS], dtype=np.int8)
    who, unit = np.nonzero(by_unit != PAD)
    state = table[by_unit[who, unit]]
    day = ((unit + 1) * unit_days).astype(np.int32)
    followed = np.zeros(len(encoded), dtype=np.int32)
    due = np.flatnonzero(state != NOT_DUE)
    last = due[ends_of(who[due])]
    followed[who[last]] = day[last]
    return DailyEvidence(who, day, state), followed, encoded.has_pattern


@dataclass(frozen=True, eq=False)
class PatternEvidence:
    """What use patterns show, read once for however many rules; one entry a pattern.

    Attributes
    ----------
    daily : DailyEvidence
        The symbols as check-ins.
    followed : numpy.ndarray of int32
        The day of the last unit that was due.
    started : numpy.ndarray of bool
        Which patterns are there at all.
    """

    daily: DailyEvidence
    followed: NDArray[np.int32]
    started: NDArray[np.bool_]

    def under(self, rule: RelapseRule) -> tuple[FirstEvent, NDArray[np.object_]]:
        """Return the first event under a rule, and how each pattern ended, in words.

        Nothing is known of a discharge, nor of a baseline.
        """
        daily, followed = self.daily, self.followed
        baseline = np.full(len(followed), MISSING, dtype=np.int8)
        first_event = apply_rule(daily, baseline, followed, rule)
        seen = daily.where(daily.state >= CLEAR)
        out_of_contact = out_of_contact_at_end(
            (seen.episode, seen.day.astype(np.int64)), daily, rule, followed
        )
        ended_by = np.select(
            [first_event.event, first_event.cut, followed == 0, ~out_of_contact],
            ["relapse", "missed_check_in", "no_check_in", "end_of_follow_up"],
            default="lost",
        )
        return first_event, ended_by


def read_patterns(patterns: pd.Series[Any], unit_days: int) -> PatternEvidence:
    """Return what use patterns show; `unit_days` is what a symbol stands for."""
    return PatternEvidence(*evidence_of_patterns(patterns, unit_days))
