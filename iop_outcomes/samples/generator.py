"""The synthetic sample in one call."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.samples.model.design import DATA_CUT, Design
from iop_outcomes.samples.model.frames import attendance_frame, checkin_frame, episode_frame
from iop_outcomes.samples.model.population import admit_and_follow
from iop_outcomes.samples.truth import Truth, make_truth
from iop_outcomes.shared.provenance import Provenance, label


@dataclass(frozen=True, eq=False)
class Sample:
    """A set of synthetic records with the true values.

    Attributes
    ----------
    episodes, attendance, checkins : pandas.DataFrame
        The three tables with the columns that ``read_records`` reads; dates as datetime64[s],
        words as categories; ``attrs["synthetic"]`` is True.
    truth : Truth
        The true values, recorded or not.
    seed : int
        The seed of the random numbers.
    """

    episodes: pd.DataFrame
    attendance: pd.DataFrame
    checkins: pd.DataFrame
    truth: Truth
    seed: int

    def __repr__(self) -> str:
        """Return seed and sizes."""
        return (
            f"Sample(seed={self.seed}, synthetic: {len(self.episodes):,} episodes, "
            f"{len(self.attendance):,} attendance rows, {len(self.checkins):,} check-ins, "
            f"data cut {DATA_CUT})"
        )


def synthetic_records(
    seed: int = 2026, *, people: int | None = None, design: Design | None = None
) -> Sample:
    """Return the records of five synthetic programs up to 2026-09-30, and the true values.

    No data are from a real person. ``data/samples/README.md`` and ``Design`` describe the simulated
    effects and their calibration.

    Parameters
    ----------
    seed : int
        The same seed gives the same records.
    people : int, optional
        How many people are admitted at least once (by default the design's 760); some are
        readmitted, so that there are about an eighth more episodes.
    design : Design, optional
        Other parameters than those of the committed sample.

    Returns
    -------
    Sample
        Three frames and their true values.

    Raises
    ------
    RuleError
        If `people` is below 1 or the seed is negative.

    Examples
    --------
    >>> from iop_outcomes.samples import synthetic_records
    >>> sample = synthetic_records(7, people=50)
    >>> sample.episodes["person_id"].nunique()
    50
    """
    design = design or Design()
    if people is not None:
        design = replace(design, people=people)
    if design.people < 1 or seed < 0:
        raise RuleError(
            "A sample needs a seed of 0 or more, and at least one person.",
            found=f"seed {seed}, people {design.people}",
            instead="Write synthetic_records(seed=2026, people=760).",
        )
    streams = [np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(3)]
    who, course = admit_and_follow(design, streams[0])
    sample = Sample(
        episodes=episode_frame(who, course, design),
        attendance=attendance_frame(who, course, design, streams[1]),
        checkins=checkin_frame(who, course, design, streams[2]),
        truth=make_truth(who, course, design),
        seed=seed,
    )
    for frame in (sample.episodes, sample.attendance, sample.checkins):
        label(frame, Provenance(synthetic=True), synthetic=True)
    return sample
