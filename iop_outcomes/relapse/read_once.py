"""What the records show before a definition is applied, read once for however many rules.

It does not depend on the definition or the missing rule: day 0, the check-ins after it, who was
seen last when, and the discharges.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.records.fitness.declared import SILENCE
from iop_outcomes.relapse.course.observation import last_contacts, out_of_contact_at_end
from iop_outcomes.relapse.ends import Discharges, Ends, ends_after, read_discharges
from iop_outcomes.relapse.evidence import DailyEvidence, origin_days, read_checkins
from iop_outcomes.relapse.first_event import FirstEvent, apply_rule

if TYPE_CHECKING:
    from iop_outcomes.records import Records
    from iop_outcomes.records.fitness.measure import Answer
    from iop_outcomes.relapse.rule import RelapseRule

_NOTHING_DUE = "who stopped answering counts as one from whom nothing more was due"


@dataclass(frozen=True, eq=False)
class RecordsEvidence:
    """What the records show of each episode, in the order of ``records.episodes``.

    Attributes
    ----------
    origin, followed : numpy.ndarray of int32
        Day 0 in days from admission, -1 where it was never reached; the end of the follow-up.
    daily : DailyEvidence
        The check-ins after day 0.
    baseline : numpy.ndarray of int8
        The last known state up to day 0.
    last_contact : numpy.ndarray of int64
        The day of the last contact.
    discharges : Discharges
        When and why each episode ended.
    """

    origin: NDArray[np.int32]
    followed: NDArray[np.int32]
    daily: DailyEvidence
    baseline: NDArray[np.int8]
    last_contact: NDArray[np.int64]
    discharges: Discharges
    _out_of_contact: dict[tuple[bool, int], NDArray[np.bool_]] = field(default_factory=dict)

    @property
    def started(self) -> NDArray[np.bool_]:
        """Which episodes have a day 0."""
        return self.origin >= 0

    def under(self, rule: RelapseRule) -> tuple[FirstEvent, Ends]:
        """Return the first event under a rule, and how each episode ended."""
        first = apply_rule(self.daily, self.baseline, self.followed, rule)
        return first, ends_after(self.discharges, rule, first, self._out_of_contact_under(rule))

    def _out_of_contact_under(self, rule: RelapseRule) -> NDArray[np.bool_]:
        key = rule.fills, rule.lost_after
        if key not in self._out_of_contact:
            seen = np.arange(len(self.last_contact)), self.last_contact
            self._out_of_contact[key] = out_of_contact_at_end(seen, self.daily, rule, self.followed)
        return self._out_of_contact[key]


class EvidenceReader:
    """Reads what each rule needs of the same records, and hands on what it has read already.

    Parameters
    ----------
    records : Records
        The records.
    """

    def __init__(self, records: Records) -> None:
        self.records = records
        self._read: dict[Hashable, RecordsEvidence] = {}

    def of(self, rule: RelapseRule) -> RecordsEvidence:
        """Return what a rule is applied to."""
        heavy = (rule.heavy_column, rule.heavy_from) if rule.name == "first_heavy_day" else None
        counted = tuple(rule.substances), rule.prescribed, rule.refused
        key = rule.origin, rule.evidence, counted, heavy
        if key not in self._read:
            self._read[key] = _read(self.records, rule)
        return self._read[key]

    def silence(self, rule: RelapseRule) -> str:
        """Return what silence means where unanswered check-ins have no row; else an empty text.

        It is a sentence to put behind the text of the rule, and holds no number.
        """
        answer = self._silence
        if answer.known == "yes":
            return ""
        text = answer.why_published
        if rule.by_week:  # a week between two answers without one is missing
            text = text.partition(":")[0] + ": " + _NOTHING_DUE
        elif self._nothing_missed:
            text = text.replace(": ", ", so that the rule for missing check-ins is empty: ", 1)
        return f" {text[:1].upper()}{text[1:]}."

    @cached_property
    def _silence(self) -> Answer:
        return SILENCE.judge(self.records.held())

    @cached_property
    def _nothing_missed(self) -> bool:
        judged = self.records.judgements("relapse_missing_rules")["relapse_missing_rules"]
        return judged.reason == "Words"


def _read(records: Records, rule: RelapseRule) -> RecordsEvidence:
    episodes = records.episodes
    origin = origin_days(records, rule)
    followed = np.maximum(episodes["days_followed"].to_numpy() - origin, 0).astype(np.int32)
    daily, baseline = read_checkins(records, rule, origin)
    frame = (origin, followed)
    return RecordsEvidence(
        *(origin, followed, daily, baseline),
        last_contact=last_contacts(records, frame),
        discharges=read_discharges(episodes, rule, daily, frame),
    )
