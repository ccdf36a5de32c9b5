"""A mapping proposed for an export: what `suggest_mapping` returns, shows and saves."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping import Mapping, read_mapping
from iop_outcomes.records.sources.opening import kind_of, shown
from iop_outcomes.records.suggestions.heading_table import heading_table
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
    """A mapping that was proposed for an export.

    Attributes
    ----------
    text : str
        The mapping as TOML, with comments: what is what, what to ask, why each line is proposed,
        and at its end which measures are known from the records. It holds no name, number or date
        of a person.
    mapping : Mapping
        The same as `read_mapping` reads it.
    questions : tuple of str
        What could not be recognised, to be asked of whoever made the export.
    table : pandas.DataFrame
        One row a heading: ``file, sheet, heading, table, column, why`` (str; empty where nothing is
        proposed) and ``confidence`` (float, 0 to 1; missing where nothing is proposed).
    problem : str
        Why the records cannot be read by the unchanged proposal; empty if they can.
    lost : tuple of str
        A sentence for each table of which many rows would be set aside by it.
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
        """Return what is what, what to ask and whether it can be read, as lines for a terminal."""
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
            Such as ``"mapping.toml"``; in the folder of the export `read_records` finds it.
        overwrite : bool
            Whether a file that is there may be replaced.

        Returns
        -------
        pathlib.Path

        Raises
        ------
        RecordsError
            If a file is there and `overwrite` is false.
        ReportError
            If the file cannot be written.
        """
        path = Path(path)
        if not overwrite and kind_of(path) != "absent":
            raise RecordsError(
                f"{shown(path)} is there already, and a mapping holds the work of a person.",
                instead="Choose another name, or say overwrite=True (--force on the command line).",
            )
        # A name of a file that is no UTF-8: in a pattern "?" stands for any one character.
        text = re.sub("[\ud800-\udfff]", "?", self.text)
        return write_whole(path, text.encode("utf-8"), "The mapping")


def suggest_mapping(source: str | Path) -> MappingSuggestion:
    """Propose a mapping for the files of an export, to be checked and changed by hand.

    Files, sheets, headings and values are looked at: which table each file or sheet is, which
    heading is which column, what the words mean, how the rows find their episode, and what to ask.
    Nothing is read by it until the mapping is given to `read_records`.

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
        If there is no such folder or file, or none of its files can be read.

    Notes
    -----
    Synonyms in English, German, Spanish and French are data of the package. A column is recognised
    by its heading and by its 400 commonest texts; words are counted over all rows. Each file is
    read twice: once to look at it, once as `read_records` reads it by the proposal.

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
    text = mapping_text(proposal, questions)
    mapping = read_mapping(tomllib.loads(text))
    trial: Trial = try_out(path, mapping)
    return MappingSuggestion(
        text + trial.text,
        mapping,
        questions,
        heading_table(proposal, export.sheets),
        trial.problem,
        trial.lost,
        tuple(f"{left.place}: {left.why}" for left in proposal.left_out),
    )
