"""Which version of the Brief Addiction Monitor the check-ins hold: its three never mix."""

from __future__ import annotations

from iop_outcomes.outcome_scores.answers import item_columns
from iop_outcomes.outcome_scores.functioning.domains import completed
from iop_outcomes.outcome_scores.instruments import Instrument, Scale
from iop_outcomes.outcome_scores.instruments.published import BAM_CONTINUOUS, BAM_IOP, BAM_LIKERT
from iop_outcomes.records import Records

BAM_VERSIONS = (BAM_LIKERT, BAM_CONTINUOUS, BAM_IOP)
NOT_RECORDED = "which version was filled in is not recorded for each check-in"
NO_KNOWN_VERSION = "the version recorded is none that is known here"
SEVERAL_VERSIONS = "more than one version was filled in, and versions are never put together"


def bam_version(records: Records) -> Instrument | str | None:
    """Return the only version of the BAM in completed check-ins, or why there is none.

    Returns
    -------
    Instrument, str or None
        The version; why the scores cannot be used; None where no check-in has any of them.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> from iop_outcomes.outcome_scores.versions import bam_version
    >>> bam_version(iop.read_records("data/samples")).name
    'bam_likert'
    """
    if "checkins" not in records.tables:
        return None
    columns = [name for scale in BAM_LIKERT.scales for name in columns_of(records, scale)]
    rows = completed(records, *dict.fromkeys(columns), BAM_LIKERT.version_column)
    filled = rows.drop(columns=BAM_LIKERT.version_column, errors="ignore").notna().any(axis=1)
    if not filled.any():
        return None
    if BAM_LIKERT.version_column not in rows:
        return NOT_RECORDED
    words = rows.loc[filled.to_numpy(), BAM_LIKERT.version_column].astype(object)
    if words.isna().any():
        return NOT_RECORDED
    found = {" ".join(str(word).replace("_", " ").lower().split()) for word in words.unique()}
    versions = [one for one in BAM_VERSIONS if found & {*one.version_words}]
    if found - {word for one in BAM_VERSIONS for word in one.version_words}:
        return NO_KNOWN_VERSION
    return versions[0] if len(versions) == 1 else SEVERAL_VERSIONS


def columns_of(records: Records, scale: Scale) -> tuple[str, ...]:
    """Return the columns of the check-ins with a score of the BAM, or with its items."""
    of_item = item_columns(records.checkins, BAM_LIKERT)
    names = (scale.column, *(of_item[item] for item in scale.items if item in of_item))
    return tuple(name for name in names if name in records.checkins)
