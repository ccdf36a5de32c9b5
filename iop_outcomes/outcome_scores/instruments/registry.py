"""The published instruments: one frame to read, and each to be found by its name."""

from __future__ import annotations

from difflib import get_close_matches

import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.outcome_scores.instruments.instrument import Instrument
from iop_outcomes.outcome_scores.instruments.published import PUBLISHED
from iop_outcomes.shared.messages import as_written


def find_instrument(instrument: str | Instrument) -> Instrument:
    """Return the published instrument of that name, or the instrument itself.

    Raises
    ------
    RuleError
        If there is none of that name. ``bam`` alone is refused, since its versions never mix.
    """
    if isinstance(instrument, Instrument):
        return instrument
    known = {instrument.name: instrument for instrument in PUBLISHED}
    if isinstance(instrument, str) and instrument in known:
        return known[instrument]
    if instrument == "bam":
        raise RuleError(
            "The BAM has three versions whose scores differ: say which one was filled in.",
            found='instrument="bam"',
            instead="one of bam_likert, bam_continuous, bam_iop",
        )
    near = get_close_matches(str(instrument), list(known), n=3, cutoff=0.5)
    raise RuleError(
        "There is no instrument of that name.",
        found=as_written(instrument),
        instead=f"one of {', '.join(near or known)}; instruments() describes them, and "
        "read_instrument(file) reads one of your own",
    )


def instruments() -> pd.DataFrame:
    """Return the published instruments, one scale a row.

    Returns
    -------
    pandas.DataFrame
        Text in all columns but ``recall_days`` (int64), ``low`` and ``high`` (float64, missing
        where no source gives them): ``name, title, version, recall_days, scale, column, items,
        combine, better, low, high, bands, changes, flagged, missing, source, licence, note``.

    Examples
    --------
    >>> from iop_outcomes.outcome_scores.instruments.registry import instruments
    >>> table = instruments().set_index(["name", "scale"])
    >>> print(table.loc[("bam_likert", "use"), "items"], table.loc[("bam_likert", "use"), "high"])
    4, 5, 6 12.0
    """
    rows = []
    for instrument in PUBLISHED:
        for scale in instrument.scales:
            rows.append(
                {
                    "name": instrument.name,
                    "title": instrument.title,
                    "version": instrument.version,
                    "recall_days": instrument.recall_days,
                    "scale": scale.name,
                    "column": scale.column,
                    "items": ", ".join(scale.items),
                    "combine": scale.combine,
                    "better": scale.better,
                    "low": float("nan") if scale.low is None else float(scale.low),
                    "high": float("nan") if scale.high is None else float(scale.high),
                    "bands": "; ".join(f"{b.start:g}: {b.label}" for b in scale.bands),
                    "changes": "; ".join(f"{c.name}: {c.text} ({c.source})" for c in scale.changes),
                    "flagged": ", ".join(instrument.flagged),
                    "missing": missing_text(instrument),
                    "source": instrument.source,
                    "licence": instrument.licence,
                    "note": instrument.note,
                }
            )
    return pd.DataFrame(rows)


def missing_text(instrument: Instrument) -> str:
    """Return what a missing item does, as a sentence."""
    return (
        "A scale needs all its items; prorated only if asked for, from "
        f"{instrument.prorate_from:.0%} of them on."
    )
