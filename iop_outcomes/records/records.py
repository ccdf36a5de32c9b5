"""Records: the three checked tables, with the problems met when they were read."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import MissingTableError, RuleError
from iop_outcomes.records.checks.losses import loss_lines
from iop_outcomes.records.checks.problems import problems_text
from iop_outcomes.records.checks.to_map import unknown_words, unmatched_rows
from iop_outcomes.records.covariates import MOST_PROGRAMS, levels_found, programs_named
from iop_outcomes.records.fitness import Held, Judgement, fitness_table, of_people, summary
from iop_outcomes.records.judgements import Judgements
from iop_outcomes.shared.messages import columns_found
from iop_outcomes.shared.saving import write_whole
from iop_outcomes.shared.text import format_count, format_names, table_html


@dataclass(frozen=True, eq=False)
class Records:
    """The checked records of one or more programs.

    Attributes
    ----------
    episodes : pandas.DataFrame
        One row a treatment episode, in the order of the export. In addition to the declared columns
        (see `describe_tables`) and covariates of the export it has ``days_to_discharge`` (float64,
        days from admission; missing if open at the data cut), ``days_followed`` (int32, days from
        admission to the last day on which the person could be seen) and ``admission_number``
        (int32: 1 for a person's first episode in these records).
    attendance, checkins : pandas.DataFrame
        One row a scheduled service, one row a check-in; sorted by episode and day. ``day`` (int32)
        is whole days since admission. The codes of ``episode_id`` (categorical) are row positions
        in `episodes`. All declared columns are present; a column that the export lacks is all
        missing. Attendance also has ``minutes_overlapping`` (float64): minutes already covered by
        an earlier session of that day. If the mapping has `expected_every`, check-ins have
        ``due_row`` (categorical): ``recorded`` (the row of a check-in that was due), ``made`` (a
        check-in was due and has no row: missed) or ``outside`` (the row of one that was not due).
    as_of : pandas.Timestamp or int
        The data cut: a date, or a study day.
    time : {"calendar", "study_days"}
        The kind of the dates.
    problems : pandas.DataFrame
        One row for each problem: ``table, file, line, column, value, check, group, done,
        message``. It contains values of the records: do not send it to others.
    sources : pandas.DataFrame
        One row a file, or a sheet of a workbook: ``table, file, rows_read, rows_kept,
        rows_set_aside, rows_folded, rows_planned, rows_left_out, sha256``; ``rows_read`` is the sum
        of the three after it. ``rows_planned`` are rows set aside because they are planned for
        after the data cut or called off ahead; they are no problems, and not in ``problems``.
        ``rows_left_out`` were not read, because the mapping says that they are not of the table.
    set_aside : dict of str to pandas.DataFrame
        For each table the rows that were set aside, as text, with file and line. A row that could
        not be divided into columns is in ``whole_row``.
    tables : tuple of str
        The tables that were read.
    synthetic : bool
        Whether the data are synthetic; pictures of them say so.
    notes : tuple of str
        Sentences on what was assumed.
    ignored : tuple of str
        The names of files and sheets that were not read, because they are none of the tables.
    """

    episodes: pd.DataFrame
    attendance: pd.DataFrame
    checkins: pd.DataFrame
    as_of: pd.Timestamp | int
    time: str
    problems: pd.DataFrame
    sources: pd.DataFrame
    set_aside: dict[str, pd.DataFrame]
    tables: tuple[str, ...]
    synthetic: bool = False
    notes: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    _quality: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)

    def quality(self) -> pd.DataFrame:
        """Return for each check how many rows it checked, and how many failed.

        Returns
        -------
        pandas.DataFrame
            One row a check and column: ``check, group`` (conformance, completeness or
            plausibility), ``table, column, rows_looked_at, rows_failed`` (int64), ``share``
            (float64, 0 to 1; missing if no row was checked), ``threshold`` (the share that may
            fail), ``status`` (passed, failed, not applicable) and ``meaning``. A check of a column
            that does not exist, or has no values, is not applicable, and not passed.
        """
        return self._quality.copy()

    def fitness(self) -> pd.DataFrame:
        """Return for each measure whether it is known from these records, and why not.

        Returns
        -------
        pandas.DataFrame
            One row a measure, as text: ``measure`` (its name, as in
            `iop_outcomes.trends.describe_quantities` if it is there), ``known`` ("yes"; "partly":
            it is calculated, but part of the evidence is missing; "no": the number would only show
            that records are absent, and no function gives it), ``why`` (empty if it is known) and
            ``needed`` (what would have to be recorded). ``why`` contains numbers of rows: the table
            is for authorised readers. Reports give the reasons without numbers.

        Notes
        -----
        What each measure needs is declared in ``iop_outcomes/records/fitness/declared.py``. After
        `where`, rows that were set aside or could not be linked are still those of the whole
        export.

        Examples
        --------
        >>> import pandas as pd
        >>> import iop_outcomes as iop
        >>> episodes = pd.DataFrame({"episode_id": ["a", "b"], "admit_date": ["2026-01-05"] * 2})
        >>> attendance = pd.DataFrame(
        ...     {"episode_id": ["a", "b"], "date": ["2026-01-06"] * 2, "status": "attended"}
        ... )
        >>> records = iop.read_records(episodes=episodes, attendance=attendance)
        >>> fitness = records.fitness().set_index("measure")
        >>> fitness.loc["attendance_rate", ["known", "why"]].tolist()
        ['no', 'no absence is recorded (0 of 2 rows)']
        """
        return fitness_table(self.judgements())

    def judgements(self, *measures: str) -> dict[str, Judgement]:
        """Return the judgements of `fitness` as objects, by measure: of all, or of those named.

        Measures that are not declared, such as your own, are left out.
        """
        return Judgements(self).of(*measures)

    def judgements_by(
        self, measure: str, codes: npt.NDArray[np.int64], groups: int
    ) -> list[Judgement | None]:
        """Return the judgement of a measure for each group of episodes.

        Parameters
        ----------
        measure : str
            The name of the measure. If it is not declared the judgements are None.
        codes : numpy.ndarray of int64
            The group of each row of `episodes`, from 0.
        groups : int
            How many groups there are.
        """
        return Judgements(self).by(measure, codes, groups)

    def known_by_program(self, measure: str) -> npt.NDArray[np.bool_]:
        """Return for each episode whether a measure is known for its program since its admission.

        `measure` is a name as in `fitness`.
        """
        return Judgements(self).known_by_program(measure)

    def told_by_program(self, measure: str) -> npt.NDArray[np.bool_]:
        """Return `known_by_program`, of which this is the old name, kept for one version."""
        warnings.warn(
            "Records.told_by_program is now Records.known_by_program; this name is removed in the "
            "next version.",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.known_by_program(measure)

    def held(self, part: bool = False) -> Held:
        """Return the tables in which evidence is looked for; `part`: of a group of episodes."""
        return Held(
            self.episodes,
            self.attendance,
            self.checkins,
            self.tables,
            self.as_of,
            self.sources,
            self.problems,
            self._quality,
            part,
        )

    def require(self, table: str, purpose: str) -> None:
        """Raise `MissingTableError` unless `table` was read; `purpose` names what needs it."""
        if table not in self.tables:
            raise MissingTableError(
                f"{purpose} needs the {table} table, which was not read.",
                found=", ".join(self.tables),
                instead=f"Read it as well: read_records(..., {table}=...).",
            )

    def require_calendar(self, purpose: str) -> None:
        """Raise `RuleError` unless the records have calendar dates."""
        if self.time != "calendar":
            raise RuleError(
                f"{purpose} needs calendar dates.",
                found="study days: whole days on a clock of each person's own",
                instead="Use what counts from admission: engagement, time_to_relapse, curves.",
            )

    def where(self, **columns: Any) -> Records:
        """Return the records of the episodes that have one of the given values in each column.

        Parameters
        ----------
        **columns
            The name of a column of `episodes`, and a value or a list of values.

        Raises
        ------
        RuleError
            If a column does not exist, if a value does not occur, or if no episode meets all
            conditions.

        Examples
        --------
        >>> import iop_outcomes as iop
        >>> records = iop.read_records("data/samples").where(program=["North", "Riverside"])
        >>> sorted(records.episodes["program"].unique())
        ['North', 'Riverside']
        """
        keep = np.ones(len(self.episodes), dtype=bool)
        for name, wanted in columns.items():
            if name not in self.episodes.columns:
                raise RuleError(
                    f"There is no column {name} in the episodes.",
                    found=columns_found(self.episodes.columns, name),
                    instead="list(records.episodes.columns) shows them all.",
                )
            single = isinstance(wanted, str) or not hasattr(wanted, "__iter__")
            values = [wanted] if single else list(wanted)
            column = self.episodes[name]
            for value in values:
                if not (column == value).any():
                    named = programs_named(column.dropna().unique()) if name == "program" else ""
                    raise RuleError(
                        f"No episode has this value in {name}.",
                        found="" if named else levels_found(column),
                        instead=f"one of {named}"
                        if named
                        else f'records.episodes["{name}"].unique() shows them.',
                    )
            keep &= column.isin(values).to_numpy(dtype=bool)
        if not keep.any():
            raise RuleError("No episode has all of these values together.")
        return self.subset(keep)

    def subset(self, keep: npt.NDArray[np.bool_]) -> Records:
        """Return the records of the episodes for which `keep` (a bool for each row) is True.

        ``problems``, ``sources`` and ``quality()`` stay those of the whole export.
        """
        position = np.cumsum(keep) - 1
        identifiers = pd.Index(self.episodes["episode_id"].to_numpy()[keep])
        frames = {}
        for name in ("attendance", "checkins"):
            frame = getattr(self, name)
            codes = frame["episode_id"].cat.codes.to_numpy()
            rows = np.flatnonzero(keep[codes])
            part = frame.take(rows).reset_index(drop=True)
            part["episode_id"] = pd.Categorical.from_codes(
                position[codes[rows]], categories=identifiers
            )
            frames[name] = part
        episodes = self.episodes.loc[keep].reset_index(drop=True)
        for column in ("person_id", "program"):
            episodes[column] = episodes[column].cat.remove_unused_categories()
        return replace(self, episodes=episodes, **frames)

    def problem_counts(self) -> pd.DataFrame:
        """Return the number of problems by check: ``check, group, table, done, rows``."""
        keys = ["check", "group", "table", "done"]
        short = self.problems.assign(done=self.problems["done"].str.split(":").str[0])
        return short.groupby(keys, sort=False).size().rename("rows").reset_index()

    def unknown_words(self) -> pd.DataFrame:
        """Return the words that neither the vocabulary nor the mapping knows, with their counts.

        Returns
        -------
        pandas.DataFrame
            One row a table, column and word, the most frequent first: ``table, column, word``
            (str), ``rows`` (int64). It contains values of the records: do not send it to others.
        """
        return unknown_words(self.problems)

    def unmatched(self) -> pd.DataFrame:
        """Return for each file how many of its rows belong to no episode that was read.

        Returns
        -------
        pandas.DataFrame
            One row a file of attendance or check-ins with such rows: ``table, file`` (str),
            ``rows_unmatched, rows_read`` (int64), ``share`` (float64, 0 to 1), ``ids_unmatched``
            (int64, number of different identifiers).
        """
        return unmatched_rows(self.problems, self.sources)

    def save_problems(self, path: str | Path) -> Path:
        """Write the list of problems as a CSV file that a spreadsheet can open.

        The file contains values of the records: do not send it to others. A spreadsheet would read
        a value as a formula if ``=``, ``+``, ``-``, ``@``, a tab or a line end is at its beginning,
        or after a comma, semicolon, bar, tab or line end in it. Such a value gets an apostrophe in
        the file, but not in ``problems``.

        Parameters
        ----------
        path : str or pathlib.Path
            Where to write; an existing file is replaced.

        Raises
        ------
        ReportError
            If the file cannot be written.
        """
        # A character that UTF-8 cannot encode is written as its code point.
        content = problems_text(self.problems).encode("utf-8", "backslashreplace")
        return write_whole(path, content, "The file of problems")

    def __repr__(self) -> str:
        """Return counts, dates and problems, without values of people."""
        return "\n".join([f"Records: {self._counts()}", *self._lines()])

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{escape(line)}</li>" for line in self._lines())
        parts = [f"<p><strong>Records</strong>: {escape(self._counts())}</p><ul>{lines}</ul>"]
        shown = self.sources.drop(columns=["sha256"])
        parts.append(table_html(shown, "Files: rows read = kept + set aside + folded"))
        if len(self.problems):
            parts.append(table_html(self.problem_counts(), "Problems met, by check"))
        return "".join(parts)

    def _counts(self) -> str:
        text = f"{format_count(len(self.episodes), 'episode')} {of_people(self.held())}"
        for name in ("attendance", "checkins"):
            if name in self.tables:
                what = "scheduled service" if name == "attendance" else "check-in"
                text += f", {format_count(len(getattr(self, name)), what)}"
        return text

    def _lines(self) -> list[str]:
        programs = self.episodes["program"].value_counts(sort=False)
        shown = ", ".join(f"{name} ({count:,})" for name, count in programs.items())
        if len(programs) > MOST_PROGRAMS:  # this many may be the names of people
            shown = f"{len(programs):,}"
        lines = [*loss_lines(self.problems, self.sources), f"programs: {shown}"]
        if not len(self.episodes):
            lines.append(f"no episode was kept; data cut {cut_text(self.as_of)}")
        elif self.time == "calendar":
            admitted = self.episodes["admit_date"]
            lines.append(
                f"admitted {admitted.min().date()} to {admitted.max().date()}; "
                f"data cut {cut_text(self.as_of)}"
            )
        else:
            lines.append(f"study days; data cut on day {self.as_of}")
        lines.extend(self.notes)
        if planned := int(self.sources["rows_planned"].sum()):
            what = "row is" if planned == 1 else "rows are"
            lines.append(f"{planned:,} {what} planned for after the data cut, and not counted")
        if self.ignored:
            lines.append(f"not read, as none of the three tables: {format_names(self.ignored)}")
        if self.synthetic:
            lines.append("synthetic data: nobody in it is real")
        if len(self.problems):
            aside = (self.sources["rows_set_aside"] - self.sources["rows_planned"]).sum()
            folded = self.sources["rows_folded"].sum()
            lines.append(
                f"{len(self.problems):,} problems: {aside:,} rows set aside, {folded:,} folded; "
                "see .problems"
            )
        else:
            lines.append("no problems")
        if len(self.episodes):
            lines.append(summary(self.judgements()))
        return lines


def cut_text(cut: pd.Timestamp | int) -> str:
    """Return a data cut as text."""
    return f"day {cut}" if isinstance(cut, int) else str(cut.date())


def require_records(records: object, purpose: str) -> None:
    """Raise `RuleError` unless `records` are `Records`; `purpose` names what needs them."""
    if not isinstance(records, Records):
        raise RuleError(
            f"{purpose} is calculated from records.",
            found=f"{type(records).__name__} in place of Records",
            instead='iop.read_records("folder"), or read_records(episodes=frame, ...)',
        )
