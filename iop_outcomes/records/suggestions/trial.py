"""Trial reading of the records with the proposal; the known measures are comments at its end."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from iop_outcomes.errors import OutcomesError, in_commands
from iop_outcomes.records.checks.losses import loss_lines, odd_row_lines
from iop_outcomes.records.fitness.declared import MEASURES
from iop_outcomes.records.fitness.judging import not_known_lines
from iop_outcomes.records.likely_headings import MAP
from iop_outcomes.records.mapping import Mapping
from iop_outcomes.records.read import read_records
from iop_outcomes.records.records import Records
from iop_outcomes.records.shaping.dropped import LEFT_OUT
from iop_outcomes.records.suggestions.export_day import comment_on
from iop_outcomes.records.suggestions.toml import comment

_MOST_CHECKS = 12


@dataclass(frozen=True)
class Trial:
    """The result of a trial: comments for the mapping, the problem, and tables with lost rows.

    `cut` is the newest day with something recorded; None if there is none or the dates are no
    calendar dates.
    """

    text: str
    problem: str = ""
    lost: tuple[str, ...] = ()
    cut: datetime.date | None = None

    def said_of_cut(self, days: dict[str, tuple[str, ...]], rename: Callable[[str], str]) -> str:
        """Return the end of the mapping, with what is said of the data cut if there is one."""
        if self.cut is None:
            return self.text
        lines = comment(rename(comment_on(days)), "# ", "#     ")
        return self.text + "\n".join(lines) + "\n"


def try_out(path: Path, mapping: Mapping, rename: Callable[[str], str] = str) -> Trial:
    """Read the records with a mapping, and return what is known from them.

    Parameters
    ----------
    path : path
        The export.
    mapping : Mapping
        The mapping that is proposed.
    rename : callable
        Replaces, in the comments, names of files that may be those of people.
    """
    title = "# What the records can tell, read by the lines above ".ljust(100, "-")
    try:
        records = read_records(path, mapping=mapping)
    except OutcomesError as error:
        sentence = in_commands(" ".join(str(error).split())).replace(MAP, "")
        lines = [
            title,
            *comment(f"The records cannot be read by these lines yet: {rename(sentence)}"),
        ]
        return Trial("\n".join(lines) + "\n", rename(sentence))
    lost = [rename(sentence) for sentence in loss_lines(records.problems, records.sources)]
    comments = [line for sentence in lost for line in comment(sentence)]
    lines = [title, *comments, *_rows(records, rename), *_fitness(records)]
    known = isinstance(records.as_of, pd.Timestamp) and len(records.episodes) > 0
    cut = pd.Timestamp(records.as_of).date() if known else None
    return Trial("\n".join(lines) + "\n", lost=tuple(lost), cut=cut)


def _rows(records: Records, rename: Callable[[str], str]) -> list[str]:
    lines = []
    for table, rows in records.sources.groupby("table", sort=False, observed=True):
        kept, planned = rows["rows_kept"].sum(), rows["rows_planned"].sum()
        aside = rows["rows_set_aside"].sum() - planned
        text = f"{table}: {kept:,} rows kept, {aside:,} set aside"
        text += f", {planned:,} planned for later" if planned else ""
        lines += comment(f"{text}, {rows['rows_folded'].sum():,} folded")
    counts = records.problem_counts()
    for row in counts.head(_MOST_CHECKS).itertuples(index=False):
        lines += comment(
            f"{row.table}, {row.check}: {row.rows:,} rows, {row.done}", "#   ", "#     "
        )
    for line in odd_row_lines(records.problems):
        lines += comment(rename(line), "#   ", "#     ")
    for note in records.notes:
        if LEFT_OUT in note:
            lines += comment(rename(note), "#   ", "#     ")
    return lines


def _fitness(records: Records) -> list[str]:
    judged = records.judgements()
    known = ", ".join(
        judgement.measure
        for judgement in judged.values()
        if judgement.known == "yes" and MEASURES[judgement.measure].reported
    )
    lines = ["#", *(comment(f"known: {known}", "# ", "#     ") if known else [])]
    for sentence in not_known_lines(judged):
        lines += comment(sentence, "# ", "#     ")
    return lines
