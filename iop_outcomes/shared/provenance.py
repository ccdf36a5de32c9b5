"""The origin of a frame, for labels only; no number depends on it.

The labels are stored in the attributes of a frame under one key. pandas loses them in a merge, in a
round trip through CSV and elsewhere. A label is then "the event" instead of "relapse", but numbers,
defaults and refusals do not change, because these depend on columns and arguments only. No other
file reads or writes the attributes of a frame; a test checks this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeVar

import pandas as pd

KEY = "iop_outcomes"
Frame = TypeVar("Frame", pd.DataFrame, "pd.Series[Any]")


@dataclass(frozen=True)
class Provenance:
    """The labels of a frame and of every result computed from it.

    Attributes
    ----------
    rule : str
        How the frame was made, in one or two sentences; empty if not known.
    event : str
        The name of the event, such as ``relapse`` or ``dropout``.
    origin : str
        The name of day 0, such as ``admission``.
    synthetic : bool
        Whether the data are synthetic.
    left_out : str
        How many were left out, and why; empty if nobody was.
    ungrouped, ungrouped_noun, ungrouped_columns : int and str
        How many rows (or identifiers) belong to no group and were left out; the noun for them, in
        the singular; the columns that lack a value.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.shared.provenance import Provenance, label, provenance_of
    >>> times = label(pd.DataFrame({"days": [3], "event": [True]}), Provenance(event="relapse"))
    >>> provenance_of(times).event, provenance_of(times).events
    ('relapse', 'relapses')
    >>> provenance_of(times.assign(event=False)).origin
    'the start'
    """

    rule: str = ""
    event: str = "the event"
    origin: str = "the start"
    synthetic: bool = False
    left_out: str = ""
    ungrouped: int = 0
    ungrouped_noun: str = "row"
    ungrouped_columns: str = ""

    @property
    def events(self) -> str:
        """The plural of the event, for counts."""
        return "relapses" if self.event == "relapse" else "events"


UNKNOWN = Provenance()
"""The labels of a frame without provenance."""


def label(frame: Frame, provenance: Provenance, **earlier: Any) -> Frame:
    """Put the labels of a frame into its attributes, and return it.

    Parameters
    ----------
    frame : pandas.DataFrame or pandas.Series
        A new frame: its attributes are overwritten.
    provenance : Provenance
        The labels. They are stored as plain values, so that the frame can be saved as Parquet.
    **earlier
        Further attributes, plain values, that an earlier version wrote. They are not read.
    """
    frame.attrs = dict(earlier | {KEY: asdict(provenance)})
    return frame


def relabel(frame: Frame, source: pd.DataFrame | pd.Series[Any], **changed: Any) -> Frame:
    """Give a frame the labels of another, with changes, and return it.

    Changes that are not labels become further attributes, as an earlier version wrote them.
    """
    names = {field.name for field in fields(Provenance)}
    labels = {name: value for name, value in changed.items() if name in names}
    earlier = {str(name): value for name, value in source.attrs.items() if name != KEY}
    earlier |= {
        name: value for name, value in changed.items() if name in earlier or name not in names
    }
    return label(frame, replace(provenance_of(source), **labels), **earlier)


def unlabelled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame without labels: the frame itself if it has none, otherwise a copy."""
    if not frame.attrs:
        return frame
    bare = frame.copy()
    bare.attrs = {}
    return bare


def provenance_of(frame: object) -> Provenance:
    """Return the labels of a frame, or default labels if it has none."""
    return read_provenance(getattr(frame, "attrs", None))


def read_provenance(attributes: object) -> Provenance:
    """Return the labels in the attributes of a frame, as kept or as saved by pandas.

    A label of the wrong type is ignored, because attributes can contain anything.
    """
    written = attributes.get(KEY) if isinstance(attributes, Mapping) else None
    if not isinstance(written, Mapping):
        return UNKNOWN
    known = {field.name: type(field.default) for field in fields(Provenance)}
    return Provenance(
        **{name: written[name] for name in known if type(written.get(name)) is known[name]}
    )
