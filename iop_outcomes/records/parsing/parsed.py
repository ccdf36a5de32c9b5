"""What was read of a column: a value for each distinct text, and the faults met."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

NO_DAY = np.int32(-(2**31))  # the day that stands for a missing one
NO_WHOLE = np.int64(-(2**63))  # the whole number that stands for a missing one
NO_CODE = -1

Array = npt.NDArray[Any]


@dataclass
class Parsed:
    """The values of a column's distinct texts, and the faults met in them.

    Attributes
    ----------
    values : numpy.ndarray
        One value a text: int32 days, int64 whole numbers, float64 numbers, int8 flags or
        int32 codes.
    missing : numpy.ndarray of bool
        Texts that give no value.
    levels : list of str
        What the codes of a word or name column stand for.
    faults : dict of str to dict of int to str
        For each check the texts that have the fault, with what was done; listed row by row.
    of_all : list of tuple
        Faults that are listed once: the check, the texts that have it, and what was done.
    sentences : list of tuple
        The content of a note: a sentence with ``{rows}`` and ``{name}``, and the texts that
        it is of.
    minutes, lengths : numpy.ndarray of float64 or None
        Minutes after midnight, and from there to a second time, where texts have them.
    backwards : numpy.ndarray of bool or None
        Whether the second time of a text is not after its first.
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
        """Note that the text at `position` has a fault."""
        self.faults.setdefault(check, {})[position] = done

    def fault_of_all(self, check: str, texts: npt.NDArray[np.bool_], done: str) -> None:
        """Note a fault of some texts that is listed once for all of them."""
        if texts.any():
            self.of_all.append((check, texts, done))

    def say(self, sentence: str, texts: npt.NDArray[np.bool_]) -> None:
        """Note a sentence on some texts; ``{rows}`` is how many rows hold them."""
        if texts.any():
            self.sentences.append((sentence, texts))
