"""The audit of finished reports: each alone, and all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import pandas as pd

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.system.attack import COLUMNS, attack
from iop_outcomes.disclosure.system.cells import PrintedCells
from iop_outcomes.disclosure.system.consistent import attack_together
from iop_outcomes.disclosure.system.joining import CHANGED, join
from iop_outcomes.disclosure.system.overlaps import disclosed_together, figures
from iop_outcomes.disclosure.system.parts import KeptParts
from iop_outcomes.disclosure.system.people.saved import people_together
from iop_outcomes.errors import ReportError

TOGETHER = "together"
CONTRADICT = (
    "Taken together the reports contradict each other: records were changed between them. They "
    "were audited one by one, in sets that fit, and by what the same count is in two of them."
)


@dataclass(frozen=True, eq=False)
class Audit:
    """What an outsider can work out from some reports.

    Attributes
    ----------
    found : pandas.DataFrame
        As `attack` returns it, with ``report`` (str): the number of the report, from 1, or
        ``together``.
    counts : int
        How many counts were looked at: declared ones, and whole numbers in saved tables.
    threshold : int
        Counts from 1 to one less were looked for.
    note : str
        What could not be asked; empty if everything was.
    """

    found: pd.DataFrame
    counts: int
    threshold: int
    note: str = ""

    @property
    def text(self) -> str:
        """The result in sentences, a line each."""
        small = f"from 1 to {self.threshold - 1}"
        known = f"{len(self.found):,} {small} can be worked out"
        head = f"{self.counts:,} counts were looked at; {known}."
        lines = [head, *([self.note] if self.note else [])]
        for row in self.found.to_dict("records"):
            value = row["low"] if row["low"] == row["high"] else f"{row['low']} to {row['high']}"
            lines.append(
                f"  {row['report']}: {row['cell']}: {value} ({row['how']})"
                + (f", from {row['from']}" if row["from"] else "")
            )
        lines.append(
            "This audit assists and does not certify: it knows the declared sums, and no reader "
            "who knows some of the people."
        )
        return "\n".join(lines)


def audit(reports: Sequence[PrintedCells], parts: KeptParts | None = None) -> Audit:
    """Return what an outsider can work out from reports, alone and together.

    Parameters
    ----------
    reports : sequence of PrintedCells
        Of the same records: quarters, programs and data cuts may differ.
    parts : KeptParts, optional
        Connected counts that were asked before; those of these reports are added.

    Raises
    ------
    ReportError
        If there is none, one is internal (it shows all counts, so that there is nothing to ask), or
        the numbers of one report contradict each other.

    Notes
    -----
    What one report gives is not named again for all together. Of reports saved as JSON the tables
    are compared, too: a year beside its quarters, some programs beside all of them.

    Examples
    --------
    >>> total = {"a": 1, "b": 1, "all": -1}
    >>> one = PrintedCells(11, "2026Q1", counts={"a": 40, "b": None, "all": None}, sums=[total])
    >>> other = PrintedCells(11, "2026Q1", counts={"a": None, "b": None, "all": 44}, sums=[total])
    >>> audit([one, other]).found[["report", "low"]].values.tolist()
    [['together', 4]]
    """
    if not reports:
        raise ReportError("There is no report to audit.")
    for number, report in enumerate(reports, start=1):
        if is_internal(report):
            refuse_internal(f"report {number} of {len(reports)}")
    parts = KeptParts() if parts is None else parts
    frames = [
        attack(report, parts).assign(report=str(number))
        for number, report in enumerate(reports, start=1)
    ]
    note = ""
    counts = sum(len(report.counts) for report in reports)
    counts += sum(figures(report.document) for report in reports if report.document)
    if len(reports) > 1:
        together, all_fit = attack_together(reports, parts)
        if not all_fit:
            note = CONTRADICT
            together = pd.concat([together, _changed(reports)]).drop_duplicates("cell")
        alone = {cell for frame in frames for cell in frame["cell"]}
        new = together[~together["cell"].map(lambda cell: any(known in cell for known in alone))]
        frames.append(new.assign(report=TOGETHER))
    frames += _of_documents(reports)
    frames_with_rows = [frame for frame in frames if len(frame)] or frames[:1]
    table = pd.concat(frames_with_rows, ignore_index=True)[["report", *COLUMNS]]
    table = table.astype({"low": np.int64, "high": np.int64})
    return Audit(table, counts, max(report.threshold for report in reports), note)


def is_internal(report: PrintedCells) -> bool:
    """Return whether a report shows all counts: with a threshold of 1 none is small."""
    return report.threshold == 1 or bool(report.document and report.document.get("mark"))


def refuse_internal(which: str) -> NoReturn:
    """Refuse to audit an internal report: that nothing small were found would look like safe."""
    raise ReportError(
        "An internal report shows all counts, small ones too, and must not be sent: there is "
        "nothing to ask.",
        found=which,
        instead="the report that is to be sent, made without SafePolicy.internal()",
    )


def _changed(reports: Sequence[PrintedCells]) -> pd.DataFrame:
    """Return the small differences of what the same count is in two reports."""
    joined = join(reports)
    changed: dict[Key, int | None] = {
        key: value
        for key, value in joined.counts.items()
        if isinstance(key, tuple) and key[0] == CHANGED
    }
    return attack(PrintedCells(joined.threshold, counts=changed))


def _of_documents(reports: Sequence[PrintedCells]) -> list[pd.DataFrame]:
    """Return what the tables of saved reports disclose of the same programs and days."""
    saved = [
        (str(n), report.document) for n, report in enumerate(reports, start=1) if report.document
    ]
    if not saved:
        return []
    threshold = max(report.threshold for report in reports)
    frames, known = [], set()
    groups = [(number, [document]) for number, document in saved]
    if len(saved) > 1:
        groups.append((TOGETHER, [document for _, document in saved]))
    for number, documents in groups:
        rows = [
            *disclosed_together(documents, threshold),
            *people_together(documents, threshold),
        ]
        small_counts = [row for row in rows if row[0] not in known]
        known |= {row[0] for row in small_counts}
        frames.append(pd.DataFrame(small_counts, columns=COLUMNS).assign(report=number))
    return frames
