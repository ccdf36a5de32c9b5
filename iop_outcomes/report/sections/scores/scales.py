"""Which scales the table of symptoms may have, in plain words, and why the BAM may not be in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from iop_outcomes.errors import OutcomesError, RuleError
from iop_outcomes.outcome_scores import SymptomChange, symptom_change
from iop_outcomes.outcome_scores.at_discharge import Counted, measured
from iop_outcomes.outcome_scores.instruments import Instrument
from iop_outcomes.outcome_scores.instruments.published import BAM_LIKERT
from iop_outcomes.outcome_scores.scoring import instrument_scores
from iop_outcomes.outcome_scores.versions import bam_version, columns_of
from iop_outcomes.records import Records

BAM_TITLES = {
    "use": "Alcohol and drug use (BAM use)",
    "risk": "Risks of use (BAM risk)",
    "protective": "What protects from use (BAM protective, higher is better)",
}
NOT_TOLD_APART = "two columns hold the same item"
OUTSIDE = "a score is outside the limits of the version that is recorded"
LOWER = "Lower scores are better."
LOWER_BUT = "Lower scores are better, but of BAM protective higher ones are."
OF_BAM = (
    " BAM is the Brief Addiction Monitor, {version}, which asks about the last {days} days. Use is "
    "how often people drank, drank a lot or took drugs. Risk is health, sleep, mood, craving, "
    "risky places and trouble with others. Protective is confidence, self-help meetings, faith, "
    "work, income and help from others. There is no total of the three."
)
ORDER = (
    " Of two rows whose numbers of answers would differ by a few people only one is shown: first "
    "depression, then anxiety, work and housing, and last BAM."
)
VERSIONS = {
    "bam_likert": "with answers from 0 to 4",
    "bam_continuous": "with answers from 0 to 30 (BAM-R)",
    "bam_iop": "as it is made for intensive outpatient programs (BAM-IOP)",
}


@dataclass(frozen=True)
class ReportedScale:
    """A scale of the table of symptoms.

    Attributes
    ----------
    name : str
        What its counts are called in all reports: another version is another name.
    title : str
        What it is, in plain words.
    columns : tuple of str
        The columns of the check-ins that hold its answers.
    instrument : str or Instrument
        What was filled in.
    scale : str
        The name of the scale of it; empty for the only one.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    instrument: str | Instrument
    scale: str = ""

    @property
    def change(self) -> Callable[[Records], SymptomChange]:
        """What returns its change from intake to discharge."""
        return partial(
            symptom_change, instrument=self.instrument, scales=[self.scale] if self.scale else None
        )

    @property
    def measured(self) -> Callable[[Records], Counted]:
        """What counts who answered at both."""
        return measured(self.instrument, self.scale)


SCALES = (
    ReportedScale("phq9", "Depression (PHQ-9)", ("phq9",), "phq9"),
    ReportedScale("gad7", "Anxiety (GAD-7)", ("gad7",), "gad7"),
)


def bam_scales(records: Records) -> tuple[tuple[ReportedScale, ...], str]:
    """Return the subscales of the BAM, or none and why its scores cannot be used.

    Without any of its scores there are none, and no reason.
    """
    try:
        version = bam_version(records)
    except RuleError:
        return (), NOT_TOLD_APART
    if not isinstance(version, Instrument):
        return (), version or ""
    try:
        instrument_scores(records, version)
    except OutcomesError:
        return (), OUTSIDE
    return tuple(
        ReportedScale(
            f"{version.name} {scale.name}",
            BAM_TITLES[scale.name],
            columns_of(records, scale),
            version,
            scale.name,
        )
        for scale in version.scales
    ), ""


def bam_columns(records: Records) -> list[str]:
    """Return the columns of the check-ins with anything of the BAM but its version."""
    names = [str(name) for name in records.checkins]
    return [name for name in names if name.startswith("bam") and name != BAM_LIKERT.version_column]


def words_of_bam(scales: Sequence[ReportedScale]) -> str:
    """Return what the BAM asks, of which time and in which version; and which rows come first."""
    (version,) = {one.instrument for one in scales if isinstance(one.instrument, Instrument)}
    words = OF_BAM.format(version=VERSIONS[version.name], days=version.recall_days)
    return f"{words}{ORDER}"
