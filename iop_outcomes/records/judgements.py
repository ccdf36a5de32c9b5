"""The judgements of records and of groups of their episodes, for several measures at once."""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.fitness import Held, Judge, Judgement, known_of_each


class Judged(Protocol):
    """The part of `Records` that is used here."""

    @property
    def episodes(self) -> pd.DataFrame:
        """One row an episode."""

    def held(self, part: bool = False) -> Held:
        """Return the tables in which evidence is looked for; `part`: of a group of episodes."""

    def subset(self, keep: npt.NDArray[np.bool_]) -> Self:
        """Return the records of the episodes for which `keep` is True."""


class Judgements:
    """Whether measures are known from records, and from groups of their episodes.

    Each group of records is selected once, and each piece of evidence looked for once, for any
    number of measures. The records must not change while it is used.

    Parameters
    ----------
    records : Records
        The records.
    """

    def __init__(self, records: Judged) -> None:
        self._records = records
        self._whole = Judge(records.held())
        self._parts: dict[tuple[bytes, int], list[Judge]] = {}

    def of(self, *measures: str) -> dict[str, Judgement]:
        """Return the judgements by measure: see `Records.judgements`."""
        return self._whole.judge(measures or None)

    def by(self, measure: str, codes: npt.NDArray[np.int64], groups: int) -> list[Judgement | None]:
        """Return the judgement for each group of episodes: see `Records.judgements_by`."""
        whole = self.of(measure).get(measure)
        if whole is None or whole.known == "no" or groups == 1:
            return [whole] * groups
        key = (codes.tobytes(), groups)
        if key not in self._parts:
            parts = (self._records.subset(codes == group) for group in range(groups))
            self._parts[key] = [Judge(part.held(part=True)) for part in parts]
        return [part.judge([measure])[measure] for part in self._parts[key]]

    def known_by_program(self, measure: str) -> npt.NDArray[np.bool_]:
        """Return for each episode whether the measure is known: see `Records.known_by_program`."""
        whole, episodes = self.of(measure)[measure], self._records.episodes
        if whole.known != "partly":
            return known_of_each([whole], np.zeros(len(episodes), np.int64), episodes)
        program = episodes["program"].cat.codes.to_numpy().astype(np.int64)
        judged = self.by(measure, program, int(program.max()) + 1)
        return known_of_each(judged, program, episodes)
