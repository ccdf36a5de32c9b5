"""The checked tables in which evidence is looked for, with the numbers of rows read and kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.records.schema import ATTENDED, TREATMENT_SERVICES

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
_COUNTED = ("rows_read", "rows_folded", "rows_kept", "rows_planned")


@dataclass(frozen=True, eq=False)
class Held:
    """The tables of records in which evidence is looked for.

    Attributes
    ----------
    episodes, attendance, checkins : pandas.DataFrame
        The tables of `Records`.
    tables : tuple of str
        The tables that were read.
    as_of : pandas.Timestamp or int
        The data cut.
    sources, problems, quality : pandas.DataFrame
        The tables of `Records` about the rows of the whole export.
    part : bool
        Whether these are a group of larger records for which the measure is known. In a small group
        something may be absent by chance.
    """

    episodes: pd.DataFrame
    attendance: pd.DataFrame
    checkins: pd.DataFrame
    tables: tuple[str, ...]
    as_of: pd.Timestamp | int
    sources: pd.DataFrame
    problems: pd.DataFrame
    quality: pd.DataFrame
    part: bool = False

    def few(self, number: int, enough: int) -> bool:
        """Return whether this is a group with too few rows or episodes to judge an absence."""
        return self.part and number < enough

    def frame(self, table: str) -> pd.DataFrame:
        """Return a table by name."""
        return cast(pd.DataFrame, getattr(self, table))

    def words(self, table: str, column: str, words: tuple[str, ...]) -> Mask:
        """Return which rows of a table have one of the words in a column."""
        values = self.frame(table)[column]
        if not isinstance(values.dtype, pd.CategoricalDtype):
            return values.isin(words).to_numpy(dtype=bool)
        chosen = np.array([*(level in words for level in values.cat.categories), False])
        return np.asarray(chosen[values.cat.codes.to_numpy()], dtype=bool)

    @cached_property
    def treatment(self) -> Mask:
        """Which services are treatment sessions; a service that is not recorded counts as one."""
        missing = self.attendance["service"].isna().to_numpy()
        return self.words("attendance", "service", TREATMENT_SERVICES) | missing

    def rows(self, table: str) -> Mask:
        """Return which rows of a table are judged: of attendance treatment sessions, else all."""
        return self.treatment if table == "attendance" else np.ones(len(self.frame(table)), bool)

    def days(self, table: str) -> npt.NDArray[Any]:
        """Return the date of each row of a table, or without dates its day since admission."""
        column = "date" if "date" in self.frame(table) else "day"
        return self.frame(table)[column].to_numpy()

    @cached_property
    def days_to_cut(self) -> Floats:
        """The whole days from each admission to the data cut."""
        if isinstance(self.as_of, pd.Timestamp):
            days = (self.as_of - self.episodes["admit_date"]).dt.days
        else:
            days = self.as_of - self.episodes["admit_day"]
        return np.asarray(days.to_numpy(), dtype=np.float64)

    @cached_property
    def discharged(self) -> Mask:
        """Which episodes have a day of discharge."""
        return self.episodes["days_to_discharge"].notna().to_numpy()

    @cached_property
    def last_seen(self) -> Floats:
        """The day since admission of the last attended service or completed check-in, or NaN."""
        last = np.full(len(self.episodes), -np.inf)
        for table, words in (("attendance", ATTENDED), ("checkins", ("completed",))):
            rows = self.words(table, "status", words)
            frame = self.frame(table)
            episode = frame["episode_id"].cat.codes.to_numpy()[rows]
            np.maximum.at(last, episode, frame["day"].to_numpy(dtype=np.float64)[rows])
        return np.where(np.isfinite(last), last, np.nan)

    def episodes_in(self, table: str, rows: Mask) -> Mask:
        """Return which episodes have at least one of the rows that `rows` marks."""
        codes = self.frame(table)["episode_id"].cat.codes.to_numpy()[rows]
        return np.bincount(codes, minlength=len(self.episodes)) > 0

    def counts(self, table: str) -> tuple[int, int, int]:
        """Return the numbers of rows read (without folded ones), kept and planned."""
        rows = self.sources[self._of_sources == table]
        read, folded, kept, planned = (int(rows[name].to_numpy().sum()) for name in _COUNTED)
        return read - folded, kept, planned

    @cached_property
    def _of_sources(self) -> npt.NDArray[np.object_]:
        return self.sources["table"].to_numpy(dtype=object)

    def failed(self, table: str, checks: tuple[str, ...]) -> int:
        """Return how many rows of a table of the whole export failed one of some checks."""
        return sum(self._failures.get((table, check), 0) for check in checks)

    @cached_property
    def _failures(self) -> dict[tuple[str, str], int]:
        """The number of rows that failed, by table and check."""
        failures: dict[tuple[str, str], int] = {}
        if not self.quality.empty:
            columns = (self.quality[name] for name in ("table", "check", "rows_failed"))
            for table, check, rows in zip(*columns, strict=True):
                failures[table, check] = failures.get((table, check), 0) + int(rows)
        return failures

    def main_reason(self, table: str) -> str:
        """Return the check that set aside most rows of a table; empty if no row was set aside."""
        if self.problems.empty:
            return ""
        aside = self.problems["done"].str.startswith("set aside")
        names = self.problems.loc[aside & (self.problems["table"] == table), "check"]
        return str(names.value_counts().index[0]) if len(names) else ""
