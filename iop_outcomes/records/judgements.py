"""The judgements of records and of groups of their episodes, where several are asked for."""

from __future__ import annotations

from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.fitness import Held, Judge, Judgement, told_of_each


class Judged(Protocol):
    """What is asked of records here; `Records` is one."""

    @property
    def episodes(self) -> pd.DataFrame:
        """One row an episode."""

    def held(self, part: bool = False) -> Held:
        """Return the tables in which evidence is looked for."""

    def subset(self, keep: npt.NDArray[np.bool_]) -> Self:
        """Return the records of some episodes."""


class Judgements:
    """Whether measures are known from records, and from groups of their episodes.

    Each group of records is made once, and each evidence looked for once, however many measures are
    asked for. The records must not change while it is used.

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

    def told_by_program(self, measure: str) -> npt.NDArray[np.bool_]:
        """Return for each episode whether the measure is known: see `Records.told_by_program`."""
        whole, episodes = self.of(measure)[measure], self._records.episodes
        if whole.known != "partly":
            return told_of_each([whole], np.zeros(len(episodes), np.int64), episodes)
        program = episodes["program"].cat.codes.to_numpy().astype(np.int64)
        judged = self.by(measure, program, int(program.max()) + 1)
        return told_of_each(judged, program, episodes)
