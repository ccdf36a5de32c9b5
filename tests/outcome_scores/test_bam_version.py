"""Which version of the Brief Addiction Monitor check-ins hold, and when there is none to use."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.outcome_scores.at_discharge import measured
from iop_outcomes.outcome_scores.instruments import Instrument
from iop_outcomes.outcome_scores.instruments.published import BAM_LIKERT
from iop_outcomes.outcome_scores.versions import (
    NO_KNOWN_VERSION,
    NOT_RECORDED,
    SEVERAL_VERSIONS,
    bam_version,
)


def records(**columns: Any) -> iop.Records:
    """Return check-ins of two people on two days, with columns of four rows."""
    episodes = pd.DataFrame({"episode_id": ["a", "b"], "admit_date": "2026-01-05"})
    episodes = episodes.assign(discharge_date="2026-03-10", discharge_reason="completed")
    days = ["2026-01-05", "2026-03-02"]
    rows = pd.DataFrame({"episode_id": ["a", "a", "b", "b"], "date": days * 2})
    rows = rows.assign(status="completed", **columns)
    return iop.read_records(episodes=episodes, checkins=rows, as_of="2026-06-30")


SCORES = [4, 1, 7, None]


@pytest.mark.parametrize(
    ("versions", "found"),
    [
        (["likert", "Likert", "BAM", None], "bam_likert"),
        (["BAM-R", "bam_r", "continuous", "BAM-R"], "bam_continuous"),
        (["BAM-IOP"] * 4, "bam_iop"),
        (["likert", "likert", "BAM-IOP", None], SEVERAL_VERSIONS),
        (["likert", None, "likert", "likert"], NOT_RECORDED),
        (["short form"] * 4, NO_KNOWN_VERSION),
        (["likert", "likert", "short form", None], NO_KNOWN_VERSION),
        (["likert", "likert", "likert", "BAM-IOP"], "bam_likert"),  # no score of that one
    ],
)
def test_the_version_is_that_of_each_check_in_with_a_score(
    versions: list[str | None], found: str
) -> None:
    version = bam_version(records(bam_use=SCORES, bam_version=versions))
    assert (version.name if isinstance(version, Instrument) else version) == found


def test_scores_without_a_version_are_none_and_no_scores_are_nothing() -> None:
    assert bam_version(records(bam_use=SCORES)) == NOT_RECORDED
    assert bam_version(records(bam_4=SCORES)) == NOT_RECORDED
    assert bam_version(records(phq9=SCORES, bam_version=["likert"] * 4)) is None
    assert bam_version(records(bam_use=[None] * 4, bam_version=["likert"] * 4)) is None


def test_each_subscale_has_its_own_pairs() -> None:
    made = records(bam_use=SCORES, bam_risk=[3, 3, 3, 3], bam_version=["likert"] * 4)
    for scale, paired in (("use", 1), ("risk", 2), ("protective", 0)):
        due, both = measured(BAM_LIKERT, scale)(made)
        assert (len(due), int(both.sum())) == (2, paired)
