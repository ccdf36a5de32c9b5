"""The plan: at which step of its ladder each table is, for a year."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from iop_outcomes.disclosure.merging.ladders import FINEST, Step

MOST_SMALL = 0.2
"""The share of rows that may hold a small count; above it the next step is taken."""


def choose_step(
    ladder: Sequence[Step], rows: Callable[[Step], tuple[int, int]], most: float = MOST_SMALL
) -> Step:
    """Return the first step of a ladder at which few rows hold a small count; else the last.

    Parameters
    ----------
    ladder : sequence of Step
        From the finest to the coarsest.
    rows : callable
        Returns of a step how many rows hold a small count, and how many rows there are.
    most : float
        The share of rows that may.

    Examples
    --------
    >>> small = {"quarter": (5, 8), "half_year": (2, 8), "year": (1, 8)}
    >>> choose_step([Step(one) for one in small], lambda step: small[step.every]).every
    'year'
    """
    for step in ladder:
        small, all_rows = rows(step)
        if small <= most * all_rows:
            return step
    return ladder[-1]


@dataclass(frozen=True)
class MergePlan:
    """What is taken together in each table of a report.

    Attributes
    ----------
    steps : dict of str to Step
        The name of a table or trend -> its step; the finest for one that is not named.
    judged_on : str
        The time whose counts decided, in words; empty where nothing was judged.
    changed : tuple of str
        The names whose step is not the first of their ladder.
    """

    steps: Mapping[str, Step] = field(default_factory=dict)
    judged_on: str = ""
    changed: tuple[str, ...] = ()

    def step(self, name: str) -> Step:
        """Return the step of a table or trend."""
        return self.steps.get(name, FINEST)

    def trend_every(self, measure: str) -> str:
        """Return the length of the periods of a trend; empty if nothing was judged."""
        step = self.steps.get(f"trend_{measure}")
        return "" if step is None else step.every

    @property
    def text(self) -> str:
        """The plan as it is printed; empty if nothing is taken together."""
        if not self.changed:
            return ""
        steps_text = "; ".join(
            f"{name.replace('_', ' ')}: {self.steps[name].text}" for name in self.changed
        )
        return (
            f"So that fewer numbers need to be hidden, some tables are of longer periods or wider "
            f"groups. {steps_text[:1].upper()}{steps_text[1:]}. A table takes the finest form in "
            f"which at most {MOST_SMALL:.0%} of its rows would hold a small count; decided from "
            f"{self.judged_on}."
        )

    def as_json(self) -> dict[str, Any]:
        """Return the plan as plain values, for a file."""
        return {
            "judged_on": self.judged_on,
            "changed": list(self.changed),
            "steps": {
                name: {
                    "every": step.every,
                    "together": {group: list(words) for group, words in step.together},
                }
                for name, step in self.steps.items()
            },
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> MergePlan:
        """Return the plan that a file holds."""
        steps = {
            name: Step(
                step["every"],
                tuple((group, tuple(words)) for group, words in step["together"].items()),
            )
            for name, step in content["steps"].items()
        }
        return cls(steps, content["judged_on"], tuple(content["changed"]))
