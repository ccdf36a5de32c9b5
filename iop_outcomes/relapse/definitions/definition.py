"""One definition of an outcome on use patterns: its rule, where it comes from, what it measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from iop_outcomes.errors import RuleError
from iop_outcomes.relapse.definitions.measures import Measure
from iop_outcomes.relapse.definitions.windows import Window
from iop_outcomes.shared.messages import as_written

Kind = Literal["abstinence", "relapse", "reduction"]
KINDS = ("abstinence", "relapse", "reduction")


@dataclass(frozen=True)
class Definition:
    """A definition of an outcome on use patterns, published or your own.

    Parameters
    ----------
    name : str
        What it is called in code, and the name of its column.
    title : str
        What it is called on a picture.
    kind : {"abstinence", "relapse", "reduction"}
        What it is about. Dropout is grouped with relapse, as in the library of definitions that the
        published ones are taken from.
    rule : str
        The rule, in a sentence.
    missing : str
        What a missed week counts as, in a sentence.
    measure : Measure
        What is measured, put together from ``iop_outcomes.relapse.definitions.building_blocks``.
    unit : str
        The unit of its values.
    citation, doi : str
        Where the rule was published; several DOIs apart by ``; ``.
    adaptation : str
        How the rule differs from that of the paper; empty where it does not.
    reference : tuple of (str, Measure)
        The columns in which the reference answers hold it, and what they measure.

    Examples
    --------
    A definition of your own: no week of use among the weeks seen in weeks 5 to 12.

    >>> import pandas as pd
    >>> from iop_outcomes.relapse.definitions.outcomes import outcomes
    >>> from iop_outcomes.relapse.definitions.building_blocks import AtLeast, Definition, Share
    >>> own = Definition(
    ...     name="clear_from_week_5",
    ...     title="Clear in weeks 5 to 12",
    ...     kind="abstinence",
    ...     rule="No week with use among the weeks seen in weeks 5 to 12.",
    ...     missing="Missed weeks are left out.",
    ...     measure=AtLeast(Share("-", 5, 12, left_out="o"), 1),
    ... )
    >>> patterns = pd.Series({"a": "++++--o-----", "b": "--------+---", "c": "+ooooooooooo"})
    >>> outcomes(patterns, ["krupitsky_2004", own])
       krupitsky_2004  clear_from_week_5
    a            True               True
    b           False              False
    c            True               <NA>
    """

    name: str
    title: str
    kind: Kind
    rule: str
    missing: str
    measure: Measure
    unit: str = ""
    citation: str = ""
    doi: str = ""
    adaptation: str = ""
    reference: tuple[tuple[str, Measure], ...] = ()

    def __post_init__(self) -> None:
        """Refuse a definition without a name, a rule or a missing rule."""
        for field in ("name", "title", "rule", "missing"):
            value = getattr(self, field)
            if not isinstance(value, str) or not value.strip():
                raise RuleError(
                    f"A definition says its {field}: it is printed with every figure.",
                    found=f"{field}={as_written(value)}",
                    instead=f'Definition(..., {field}="...")',
                )
        if self.kind not in KINDS:
            raise RuleError(
                "The kind of a definition is not known.",
                found=f"kind={as_written(self.kind)}",
                instead=f"one of {', '.join(KINDS)}.",
            )
        if not isinstance(self.measure, Measure):
            raise RuleError(
                "A definition measures something on use patterns.",
                found=f"measure of type {type(self.measure).__name__}",
                instead='a Measure, such as Share("-"), or Calculated(function) for a function.',
            )

    @property
    def window(self) -> Window | None:
        """What it looks for, if it has a time to an event; else None."""
        return self.measure if isinstance(self.measure, Window) else None

    @property
    def source(self) -> Literal["paper", "adaptation"]:
        """Whether the rule is the paper's, or an adaptation of it."""
        return "adaptation" if self.adaptation else "paper"

    @property
    def text(self) -> str:
        """The definition in one line: title, rule and missing rule, for every figure of it."""
        return f"{self.title}: {self.rule} {self.missing}"
