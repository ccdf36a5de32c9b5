"""What evidence is looked for in: the checked tables, with what became of the rows of each."""

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
    """The tables of records, as far as evidence is looked for in them.

    Attributes
    ----------
    episodes, attendance, checkins : pandas.DataFrame
        The tables of `Records`.
    tables : tuple of str
        The tables that were read.
    as_of : pandas.Timestamp or int
        The data cut.
    sources, problems, quality : pandas.DataFrame
        Of `Records`: what became of the rows of the whole export.
    part : bool
        Whether these are a group of records from which the measure is known as a whole: what does
        not occur in a group may be chance where the group is small.
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
        """Return whether this is a group with too few rows, or episodes, to say what is absent."""
        return self.part and number < enough

    def frame(self, table: str) -> pd.DataFrame:
        """Return a table by name."""
        return cast(pd.DataFrame, getattr(self, table))

    def words(self, table: str, column: str, words: tuple[str, ...]) -> Mask:
        """Return which rows of a table hold one of the words."""
        values = self.frame(table)[column]
        if not isinstance(values.dtype, pd.CategoricalDtype):
            return values.isin(words).to_numpy(dtype=bool)
        chosen = np.array([*(level in words for level in values.cat.categories), False])
        return np.asarray(chosen[values.cat.codes.to_numpy()], dtype=bool)

    @cached_property
    def treatment(self) -> Mask:
        """Which services are treatment sessions; one whose service is not recorded is one."""
        missing = self.attendance["service"].isna().to_numpy()
        return self.words("attendance", "service", TREATMENT_SERVICES) | missing

    def rows(self, table: str) -> Mask:
        """Return which rows of a table a measure counts: treatment sessions, or all rows."""
        return self.treatment if table == "attendance" else np.ones(len(self.frame(table)), bool)

    def days(self, table: str) -> npt.NDArray[Any]:
        """Return the day of each row of a table, as day numbers of one clock or since admission."""
        column = "date" if "date" in self.frame(table) else "day"
        return self.frame(table)[column].to_numpy()

    @cached_property
    def days_to_cut(self) -> Floats:
        """Return the whole days from each admission to the data cut."""
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
        """Return the day of the last attended service or completed check-in; missing if none."""
        last = np.full(len(self.episodes), -np.inf)
        for table, words in (("attendance", ATTENDED), ("checkins", ("completed",))):
            rows = self.words(table, "status", words)
            frame = self.frame(table)
            episode = frame["episode_id"].cat.codes.to_numpy()[rows]
            np.maximum.at(last, episode, frame["day"].to_numpy(dtype=np.float64)[rows])
        return np.where(np.isfinite(last), last, np.nan)

    def episodes_in(self, table: str, rows: Mask) -> Mask:
        """Return which episodes have one of the marked rows of a table."""
        codes = self.frame(table)["episode_id"].cat.codes.to_numpy()[rows]
        return np.bincount(codes, minlength=len(self.episodes)) > 0

    def counts(self, table: str) -> tuple[int, int, int]:
        """Return the rows of a table that were read, kept and planned, in the whole export."""
        rows = self.sources[self._of_sources == table]
        read, folded, kept, planned = (int(rows[name].to_numpy().sum()) for name in _COUNTED)
        return read - folded, kept, planned

    @cached_property
    def _of_sources(self) -> npt.NDArray[np.object_]:
        return self.sources["table"].to_numpy(dtype=object)

    def failed(self, table: str, checks: tuple[str, ...]) -> int:
        """Return how many rows of a table failed some checks, in the whole export."""
        return sum(self._failures.get((table, check), 0) for check in checks)

    @cached_property
    def _failures(self) -> dict[tuple[str, str], int]:
        """How many rows failed, by table and check."""
        failures: dict[tuple[str, str], int] = {}
        if not self.quality.empty:
            columns = (self.quality[name] for name in ("table", "check", "rows_failed"))
            for table, check, rows in zip(*columns, strict=True):
                failures[table, check] = failures.get((table, check), 0) + int(rows)
        return failures

    def main_reason(self, table: str) -> str:
        """Return the check by which most rows of a table were set aside; empty if none was."""
        if self.problems.empty:
            return ""
        aside = self.problems["done"].str.startswith("set aside")
        names = self.problems.loc[aside & (self.problems["table"] == table), "check"]
        return str(names.value_counts().index[0]) if len(names) else ""
