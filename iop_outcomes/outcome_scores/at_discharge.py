"""Who counts in a measure of discharges: places of episodes, and which of them have it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from iop_outcomes.errors import EstimateError
from iop_outcomes.outcome_scores.change.paired import Pairs
from iop_outcomes.outcome_scores.functioning.domains import choose
from iop_outcomes.outcome_scores.instruments import Change, Instrument, Scale, find_instrument
from iop_outcomes.outcome_scores.moments import Answers, Moment
from iop_outcomes.outcome_scores.scoring import read_items, scores_of
from iop_outcomes.records import Records
from iop_outcomes.shared.arrays import Booleans, Floats, Integers
from iop_outcomes.shared.groups import group_episodes

Counted = tuple[Integers, Booleans]
AT_DISCHARGE = Moment("discharge")
NO_ANSWERS = Answers(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))


def measured(instrument: str | Instrument, scale: str = "") -> Callable[[Records], Counted]:
    """Return what counts discharged episodes: those with a first and a last score of a scale.

    Without its name it is the first of the instrument.
    """
    asked = find_instrument(instrument)
    (of_scale,) = asked.scales_named([scale]) if scale else asked.scales[:1]

    def count(records: Records) -> Counted:
        pairs = _pairs(records, asked, of_scale)
        return np.flatnonzero(pairs.due), pairs.paired[pairs.due]

    return count


def better(instrument: str, rule: str) -> Callable[[Records], Counted]:
    """Return what counts discharged episodes with both scores: those better by a rule."""
    asked = find_instrument(instrument)
    scale = asked.scales[0]
    (change,) = [scale_change for scale_change in scale.changes if scale_change.name == rule]

    def count(records: Records) -> Counted:
        return _judged(_pairs(records, asked, scale), scale, change)

    return count


def changed(instrument: str) -> Callable[[Records], tuple[Integers, Floats]]:
    """Return what counts discharged episodes with both scores: the last less the first."""
    asked = find_instrument(instrument)

    def count(records: Records) -> tuple[Integers, Floats]:
        pairs = _pairs(records, asked, asked.scales[0])
        both = pairs.paired
        return np.flatnonzero(both), (pairs.last - pairs.first)[both]

    return count


def having(domain: str) -> Callable[[Records], Counted]:
    """Return what counts discharged episodes with both answers: those that have it then."""

    def count(records: Records) -> Counted:
        places, _, last = at_both_times(domain)(records)
        return places, last == 1

    return count


def at_both_times(domain: str) -> Callable[[Records], tuple[Integers, Floats, Floats]]:
    """Return what finds discharged episodes with both answers: 1 or 0 at the start, and then."""

    def find(records: Records) -> tuple[Integers, Floats, Floats]:
        (asked_domain,) = choose([domain], None)
        groups = group_episodes(records.episodes, None)
        pairs = Pairs.of(asked_domain.answers(records), records, AT_DISCHARGE, groups)
        both = pairs.paired
        return np.flatnonzero(both), pairs.first[both], pairs.last[both]

    return find


def _pairs(records: Records, instrument: Instrument, scale: Scale) -> Pairs:
    """Return the pairs of a scale; nobody has one where nothing of it is recorded."""
    groups = group_episodes(records.episodes, None)
    try:
        read = read_items(records, instrument, None)
    except EstimateError:
        return Pairs.of(NO_ANSWERS, records, AT_DISCHARGE, groups)
    scores = scores_of(records, instrument, read, "complete")
    rows = scores[(scores["scale"] == scale.name).to_numpy(dtype=bool)]
    return Pairs.of(Answers.of_scores(rows), records, AT_DISCHARGE, groups)


def _judged(pairs: Pairs, scale: Scale, change: Change) -> Counted:
    both = pairs.paired
    is_better, _, asked = change.judge(pairs.first[both], pairs.last[both], scale.better)
    return np.flatnonzero(both)[asked], is_better[asked]
