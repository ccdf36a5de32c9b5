"""The search of a definition: k units of use among n consecutive ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Unit = Literal["check_in", "week", "day"]


@dataclass(frozen=True)
class Search:
    """The first unit that brings the units with use among the last `window` to `needed`.

    Attributes
    ----------
    needed, window : int
        The k and the n.
    unit : {"check_in", "week", "day"}
        What is counted: check-ins that were due; weeks from the day after the origin; or days,
        which must follow each other without a day between.
    first : int
        The number of the first week, or the first day after the origin, that counts.
    of : {"use", "missed"}
        What is counted; ``"missed"`` in definitions of dropout.
    """

    needed: int = 1
    window: int = 1
    unit: Unit = "week"
    first: int = 1
    of: Literal["use", "missed"] = "use"

    def is_reached(self, counted: NDArray[np.bool_], start: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return at which units n of the last `window` are `counted`.

        Parameters
        ----------
        counted : numpy.ndarray of bool
            Whether each unit counts, those of an episode in the order of their days.
        start : numpy.ndarray of int
            For each unit the place of the first one that its window may reach back to.
        """
        before = np.append(0, np.cumsum(counted))  # before each unit, and at the end
        begin = np.maximum(np.arange(len(counted)) - self.window + 1, start)
        reached: NDArray[np.bool_] = before[1:] - before[begin] >= self.needed
        return reached

    def text(self, week_days: int) -> str:
        """Return what is looked for, as "4 weeks with use in a row, from week 3 on,"."""
        unit, length = self.unit.replace("_", "-"), ""
        if self.unit == "week" and week_days != 7:
            unit, length = "period", f" of {week_days} days"
        noun = (unit if self.needed == 1 else f"{unit}s") + length
        many = f"{self.needed} "
        text = many + (f"{noun} with use" if self.of == "use" else f"missed {noun}")
        if self.needed < self.window:
            text += f" within {self.window} in a row"
        elif self.window > 1:
            text += " in a row"
        return text + (f", from {unit} {self.first} on," if self.first > 1 else "")
