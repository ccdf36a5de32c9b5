"""The ledger: a file of the reports made so far, read before the next one and written after it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.merging import MergePlan
from iop_outcomes.disclosure.results import Hidden, trend_keys
from iop_outcomes.disclosure.results import Key as Row
from iop_outcomes.disclosure.system.cells import PrintedCells, key_of, plain_of
from iop_outcomes.disclosure.system.documents import REPORT
from iop_outcomes.disclosure.system.json_files import read_json, refuse_file
from iop_outcomes.errors import ReportError
from iop_outcomes.shared.saving import check_place, write_whole
from iop_outcomes.trends import Trend

FORMAT = "iop-outcomes ledger, 1"
NUMBERS = ("numerator", "denominator", "value", "lower", "upper")
KIND = "The ledger"
DIGEST = "digest"  # of all else that the file holds
INSTEAD = "the file that an earlier report wrote, unchanged; or another name for a new one"
Figure = tuple[float | None, ...] | None
"""The numbers of a printed row of a trend; None if it was hidden."""


@dataclass(frozen=True, eq=False)
class Frozen:
    """A trend whose rows that were printed before are as they were printed.

    Attributes
    ----------
    trend : Trend
        The trend.
    printed, hidden : list of Key
        The names of its rows that were printed before, and that were hidden.
    changed : list of str
        The periods of which the records now give another number than was printed.
    now : dict
        The name of such a row -> the numerator and denominator that the records give.
    """

    trend: Trend
    printed: list[Key]
    hidden: list[Key]
    changed: list[str]
    now: Mapping[Row, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Ledger:
    """What was printed of some programs, report after report.

    Attributes
    ----------
    reports : tuple of PrintedCells
        Every report as its reader has it, the oldest first.
    plans : dict
        The programs and the year -> what is taken together in the reports of that year.
    figures : dict
        The programs and the name of a row of a trend -> its printed numbers.

    Examples
    --------
    >>> ledger = Ledger()
    >>> ledger.plan(("North",), 2026) is None
    True
    >>> ledger
    <Ledger: 0 reports, 0 figures>
    """

    reports: tuple[PrintedCells, ...] = ()
    plans: Mapping[Key, MergePlan] = field(default_factory=dict)
    figures: Mapping[Key, Figure] = field(default_factory=dict)

    def plan(self, programs: Sequence[str], year: int) -> MergePlan | None:
        """Return the plan of these programs for a year; None if there is none yet."""
        return self.plans.get((*sorted(programs), year))

    def freeze(self, trend: Trend, programs: Sequence[str]) -> Frozen:
        """Return a trend with the rows that were printed before as they were printed.

        A row that was hidden stays hidden. A row whose records have changed since is as it was
        printed: the difference of the two could be a few people.
        """
        table = trend.table.copy()
        names = [name for name in NUMBERS if name in table]
        printed: list[Key] = []
        hidden: list[Key] = []
        changed: list[str] = []
        other: dict[Row, tuple[float, float]] = {}
        for row, key in enumerate(trend_keys(trend)):
            name = (*sorted(programs), key)
            if name not in self.figures or not table["complete"].iloc[row]:
                continue
            figure = self.figures[name]
            if figure is None:
                hidden.append(key)
                continue
            numbers = np.array([np.nan if number is None else number for number in figure])
            now = table[list(NUMBERS)].iloc[row].to_numpy(dtype=np.float64)
            if not np.array_equal(now[:2], numbers[:2], equal_nan=True):
                changed.append(str(table["period"].iloc[row]))
                other[key] = (float(now[0]), float(now[1]))
            table.loc[table.index[row], names] = numbers
            printed.append(key)
        return Frozen(replace(trend, table=table), printed, hidden, changed, other)

    def with_report(
        self,
        cells: PrintedCells,
        year: int,
        plan: MergePlan,
        trends: Sequence[tuple[Trend, Sequence[bool]]],
        hidden: Hidden,
    ) -> Ledger:
        """Return the ledger with one more report; the same report again changes nothing.

        Parameters
        ----------
        cells : PrintedCells
            The report.
        year : int
            Its year.
        plan : MergePlan
            What was taken together.
        trends : sequence of (Trend, sequence of bool)
            Each trend before anything was hidden, and which of its rows are printed where they are
            not hidden.
        hidden : frozenset
            The rows that were hidden.
        """
        figures = dict(self.figures)
        for trend, shown in trends:
            rows = trend.table[list(NUMBERS)].to_numpy(dtype=np.float64)
            for key, row, is_shown in zip(trend_keys(trend), rows, shown, strict=True):
                name = (*sorted(cells.programs), key)
                if is_shown and name not in figures:
                    figures_of_row = tuple(
                        None if np.isnan(number) else float(number) for number in row
                    )
                    figures[name] = None if key in hidden else figures_of_row
        plans = {(*sorted(cells.programs), year): plan, **self.plans}
        again = json.dumps(cells.as_json())
        known = any(json.dumps(report.as_json()) == again for report in self.reports)
        reports = self.reports if known else (*self.reports, cells)
        return Ledger(reports, plans, figures)

    def as_json(self) -> dict[str, Any]:
        """Return plain values for a file."""
        return {
            "format": FORMAT,
            "plans": [[plain_of(key), plan.as_json()] for key, plan in self.plans.items()],
            "figures": [
                [plain_of(key), None if row is None else list(row)]
                for key, row in self.figures.items()
            ],
            "reports": [report.as_json() for report in self.reports],
        }

    @classmethod
    def read(cls, path: str | Path) -> Ledger:
        """Return the ledger of a file; an empty one where there is no file yet.

        Raises
        ------
        ReportError
            The file cannot be read or holds something else; it is named.
        """
        if not Path(path).exists():
            return cls()
        content = read_json(path, KIND, INSTEAD)
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            is_report = isinstance(content, dict) and content.get("schema") == REPORT
            problem = "it is a report" if is_report else "the file holds something else"
            refuse_file(KIND, path, problem, INSTEAD)
        digest = content.pop(DIGEST, None)  # none in a file of an earlier version
        if digest is not None and digest != _digest_of(json.dumps(content)):
            refuse_file(KIND, path, "it was changed after it was written", INSTEAD)
        try:
            return cls(
                tuple(map(PrintedCells.from_json, content["reports"])),
                {key_of(key): MergePlan.from_json(plan) for key, plan in content["plans"]},
                {
                    key_of(key): None if row is None else tuple(row)
                    for key, row in content["figures"]
                },
            )
        except (ReportError, LookupError, TypeError, ValueError, AttributeError):
            refuse_file(KIND, path, "it is not complete, or was changed", INSTEAD)

    def save(self, path: str | Path) -> Path:
        """Write the ledger; return the path. It holds no hidden number.

        A digest of its content is written with it, so that a file that was changed by hand is not
        taken for what was printed.
        """
        check_place(path, KIND)
        text = json.dumps(self.as_json())
        whole = f'{text[:-1]}, "{DIGEST}": "{_digest_of(text)}"}}\n'
        return write_whole(path, whole.encode(), KIND)

    def __repr__(self) -> str:
        """Return how much it holds."""
        return f"<Ledger: {len(self.reports)} reports, {len(self.figures)} figures>"


def _digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
