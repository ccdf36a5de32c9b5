"""Where a frame comes from: what its labels need, and nothing that a number depends on.

The labels ride in the attributes of a frame under one key. pandas loses them at a merge, at a
round trip through CSV and elsewhere: a picture then says "the event" where it said "relapse", and
every number, default and refusal is as before, for these read columns and arguments only. No other
file reads or writes the attributes of a frame; a test holds that.
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
    """What the labels of a frame, and of every result made from it, need.

    Attributes
    ----------
    rule : str
        What made the frame, in a sentence or two; empty if it does not say.
    event : str
        What is counted, such as ``relapse`` or ``dropout``.
    origin : str
        Day 0, such as ``admission``.
    synthetic : bool
        Whether the data are synthetic.
    left_out : str
        How many are left out, and why.

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

    @property
    def events(self) -> str:
        """The event as the plural that counts are of."""
        return "relapses" if self.event == "relapse" else "events"


UNKNOWN = Provenance()
"""The labels of a frame that says nothing of itself."""


def label(frame: Frame, provenance: Provenance, **earlier: Any) -> Frame:
    """Put the labels of a frame into its attributes, and return it.

    Parameters
    ----------
    frame : pandas.DataFrame or pandas.Series
        A frame of one's own: its attributes are written over.
    provenance : Provenance
        The labels. They are written as plain values, so that the frame can be saved as Parquet.
    **earlier
        Further attributes, plain values, that an earlier version wrote. Nothing reads them.
    """
    frame.attrs = dict(earlier | {KEY: asdict(provenance)})
    return frame


def relabel(frame: Frame, source: pd.DataFrame | pd.Series[Any], **changed: Any) -> Frame:
    """Give a frame the labels of another but for those changed, and return it.

    What is changed and is no label is a further attribute that an earlier version wrote.
    """
    names = {field.name for field in fields(Provenance)}
    labels = {name: value for name, value in changed.items() if name in names}
    earlier = {str(name): value for name, value in source.attrs.items() if name != KEY}
    earlier |= {
        name: value for name, value in changed.items() if name in earlier or name not in names
    }
    return label(frame, replace(provenance_of(source), **labels), **earlier)


def provenance_of(frame: object) -> Provenance:
    """Return the labels of a frame; those of a frame that says nothing where it has none."""
    return read_provenance(getattr(frame, "attrs", None))


def read_provenance(attributes: object) -> Provenance:
    """Return the labels in the attributes of a frame, as pandas keeps them or as it saved them.

    A label of another type than its own is none: attributes can hold anything.
    """
    written = attributes.get(KEY) if isinstance(attributes, Mapping) else None
    if not isinstance(written, Mapping):
        return UNKNOWN
    known = {field.name: type(field.default) for field in fields(Provenance)}
    return Provenance(
        **{name: written[name] for name in known if type(written.get(name)) is known[name]}
    )
