"""The mapping that `suggest_mapping` proposes for an export."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping import Mapping, read_mapping
from iop_outcomes.records.sources.opening import kind_of, shown
from iop_outcomes.records.suggestions.export_day import days_stated, question_on
from iop_outcomes.records.suggestions.heading_table import heading_table
from iop_outcomes.records.suggestions.naming import WrittenNames
from iop_outcomes.records.suggestions.proposing.proposal import propose
from iop_outcomes.records.suggestions.proposing.questions import questions_of
from iop_outcomes.records.suggestions.reading import read_export
from iop_outcomes.records.suggestions.trial import Trial, try_out
from iop_outcomes.records.suggestions.writing import mapping_text
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.saving import write_whole
from iop_outcomes.shared.text import format_count

_MOST_LEFT_OUT = 8


@dataclass(frozen=True, eq=False, repr=False)
class MappingSuggestion(Result):
    """A mapping that is proposed for an export.

    Attributes
    ----------
    text : str
        The mapping as TOML, with comments: the tables, questions, the reason for each line, and at
        the end which measures are known from the records. It contains no name, identifier or date
        of a person; a file or sheet whose name may be a person's is written as a pattern.
    mapping : Mapping
        The same as read by `iop_outcomes.records.read_mapping`.
    questions : tuple of str
        Questions on what could not be recognised, for the people who made the export.
    table : pandas.DataFrame
        One row a heading: ``file, sheet, heading, table, column, why`` (str; empty if nothing is
        proposed) and ``confidence`` (float64, 0 to 1; missing if nothing is proposed).
    problem : str
        Why the records cannot be read with the unchanged proposal; empty if they can.
    lost : tuple of str
        A sentence for each table with many rows set aside when the records are read with it.
    left_out : tuple of str
        The files, folders and lines that are not read, each with the reason.
    """

    text: str
    mapping: Mapping
    questions: tuple[str, ...]
    table: pd.DataFrame
    problem: str = ""
    lost: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def _summary(self) -> str:
        recognised = int((self.table["column"] != "").sum())
        read = "can be read" if not self.problem else "cannot be read yet"
        return (
            f"{recognised:,} of {len(self.table):,} headings, {len(self.questions):,} questions, "
            f"{read}"
        )

    def summary(self) -> str:
        """Return tables, questions, and whether the records can be read, as lines of text."""
        lines = [f"{format_count(self.table['heading'].size, 'heading')} looked at:"]
        recognised = self.table[self.table["table"] != ""]
        for (table, file), rows in recognised.groupby(["table", "file"], sort=False):
            columns = ", ".join(dict.fromkeys(column for column in rows["column"] if column))
            lines.append(f"  {file}: {table} ({columns})")
        lines += [f"  not read: {place}" for place in self.left_out[:_MOST_LEFT_OUT]]
        if len(self.left_out) > _MOST_LEFT_OUT:
            more = len(self.left_out) - _MOST_LEFT_OUT
            lines.append(f"  and {more:,} more that are not read: the mapping names them")
        if self.questions:
            lines.append("to ask whoever made the export:")
            lines += [f"  {n}. {text}" for n, text in enumerate(self.questions, start=1)]
        read = "yes; its end says which measures are known"
        if self.problem:
            read = f"not yet: {self.problem}"
        elif self.lost:
            read = f"not as it should be: {'; '.join(self.lost)}"
        lines.append(f"can the records be read by it: {read}")
        return "\n".join(lines)

    @property
    def _caption(self) -> str:
        parts = [f"A proposed mapping: {self._summary}", self.problem]
        if self.questions:
            parts.append("To ask whoever made the export:")
            parts += [f"{place}. {text}" for place, text in enumerate(self.questions, start=1)]
        return " ".join(part for part in parts if part)

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the mapping to a file.

        Parameters
        ----------
        path : path
            Where to write. In the folder of the export, `read_records` finds a file with the name
            ``mapping.toml``.
        overwrite : bool
            Whether an existing file may be replaced.

        Returns
        -------
        pathlib.Path
            The path as given.

        Raises
        ------
        RecordsError
            If the file exists and `overwrite` is False.
        ReportError
            If the file cannot be written.
        """
        path = Path(path)
        if not overwrite and kind_of(path) != "absent":
            raise RecordsError(
                f"{shown(path)} exists already, and may have been edited by hand.",
                instead="Choose another name, or say overwrite=True (--force on the command line).",
            )
        # A file name that is not UTF-8: in a pattern "?" stands for any character.
        text = re.sub("[\ud800-\udfff]", "?", self.text)
        return write_whole(path, text.encode("utf-8"), "The mapping")


def suggest_mapping(source: str | Path) -> MappingSuggestion:
    """Propose a mapping for the files of an export, to be checked and changed by hand.

    From files, sheets, headings and values it is determined which table each file or sheet is,
    which column each heading is, what the words mean, how the episode of a row is found, and what
    to ask. The mapping has no effect until it is given to `read_records`.

    Parameters
    ----------
    source : path
        A folder with the files of an export, a workbook, or one file.

    Returns
    -------
    MappingSuggestion
        With ``text``, ``mapping``, ``questions`` and ``table``; ``save`` writes it.

    Raises
    ------
    RecordsError
        If there is no such folder or file, or none of the files can be read.

    Notes
    -----
    The package contains synonyms in English, German, Spanish and French. A column is recognised by
    its heading and its 400 most frequent texts; words are counted over all rows. Each file is read
    twice: once for the proposal, and once as `read_records` reads it with the proposal.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> suggestion = iop.suggest_mapping("data/samples")
    >>> suggestion.table.query("table == 'checkins'")["column"].head(3).tolist()
    ['episode_id', 'date', 'status']
    """
    if not isinstance(source, str | Path):
        raise RecordsError(
            "The source is neither a folder nor a file.",
            found=type(source).__name__,
            instead='Write suggest_mapping("folder with the exports").',
        )
    path = Path(source)
    export = read_export(path)
    proposal = propose(shown(path), export.several, export.sheets, export.left_out, export.legends)
    questions = questions_of(proposal)
    names = WrittenNames.of(
        [source.bundle for source in proposal.sources],
        [left.place for left in proposal.left_out],
        proposal.label,
    )
    mapping = read_mapping(tomllib.loads(mapping_text(proposal, (), names)))
    trial: Trial = try_out(path, mapping, names.text)
    days = days_stated(export.stated, proposal.order, trial.cut)
    questions += tuple(filter(None, [question_on(days, trial.cut)]))
    questions = tuple(map(names.text, questions))
    text = mapping_text(proposal, questions, names)
    return MappingSuggestion(
        text + trial.said_of_cut(days, names.text),
        mapping,
        questions,
        heading_table(proposal, export.sheets, names),
        trial.problem,
        trial.lost,
        tuple(f"{names.place(left.place)}: {names.text(left.why)}" for left in proposal.left_out),
    )
