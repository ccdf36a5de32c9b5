"""The values of a column, one for each distinct text, and the faults found in the texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

NO_DAY = np.int32(-(2**31))  # stands for a missing day
NO_WHOLE = np.int64(-(2**63))  # stands for a missing whole number
NO_CODE = -1

Array = npt.NDArray[Any]


@dataclass
class Parsed:
    """The values of the distinct texts of a column, and the faults found in them.

    Attributes
    ----------
    values : numpy.ndarray
        One value a text: int32 days, int64 whole numbers, float64 numbers, int8 flags or
        int32 codes.
    missing : numpy.ndarray of bool
        Texts without a value.
    levels : list of str
        The values of the codes of a word or name column.
    faults : dict of str to dict of int to str
        For each check the positions of the texts with the fault, and what was done; listed row by
        row.
    of_all : list of tuple
        Faults that are listed once: the check, the texts with the fault, and what was done.
    sentences : list of tuple
        Notes: a sentence with ``{rows}`` and ``{name}``, and the texts to which it applies.
    minutes, lengths : numpy.ndarray of float64 or None
        A time in minutes after midnight, and the minutes from it to a second time; missing (NaN)
        without one.
    backwards : numpy.ndarray of bool or None
        Whether the second time of a text is not after the first.
    """

    values: Array
    missing: npt.NDArray[np.bool_]
    levels: list[str] = field(default_factory=list)
    faults: dict[str, dict[int, str]] = field(default_factory=dict)
    of_all: list[tuple[str, npt.NDArray[np.bool_], str]] = field(default_factory=list)
    sentences: list[tuple[str, npt.NDArray[np.bool_]]] = field(default_factory=list)
    minutes: npt.NDArray[np.float64] | None = None
    lengths: npt.NDArray[np.float64] | None = None
    backwards: npt.NDArray[np.bool_] | None = None

    def fault(self, check: str, position: int, done: str) -> None:
        """Record that the text at `position` has a fault."""
        self.faults.setdefault(check, {})[position] = done

    def fault_of_all(self, check: str, texts: npt.NDArray[np.bool_], done: str) -> None:
        """Record a fault of some texts that is listed once for all of them."""
        if texts.any():
            self.of_all.append((check, texts, done))

    def say(self, sentence: str, texts: npt.NDArray[np.bool_]) -> None:
        """Record a sentence on some texts; ``{rows}`` becomes the number of rows with them."""
        if texts.any():
            self.sentences.append((sentence, texts))
