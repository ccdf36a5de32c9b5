"""A saved report read back: what it printed of its measures, and its cells."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from iop_outcomes.disclosure.system import PrintedCells
from iop_outcomes.disclosure.system.documents import REPORT, rows_of, tables_of
from iop_outcomes.disclosure.system.json_files import read_json
from iop_outcomes.errors import ReportError
from iop_outcomes.shared.characters import printable
from iop_outcomes.shared.messages import as_written

LARGEST = 50_000_000  # bytes; a report of many programs has less than one million
MOST = 10**9  # people, sessions or rows
TREND = "trend_"
NUMBERS = ("numerator", "denominator", "value", "lower", "upper")
KNOWN, HIDDEN_ROW = "known", "hidden"
DAY = re.compile(r"\d{4}-\d\d-\d\d")
PERIOD = re.compile(r"\d{4}[\dQ. to-]{0,30}")
WHAT = "The earlier report"
INSTEAD = 'the file that report.save("2026Q2.json") or report --format json wrote, unchanged'
Figures = tuple[float | None, ...]


@dataclass(frozen=True, eq=False)
class EarlierReport:
    """What a report printed that was issued earlier.

    Attributes
    ----------
    period : str
        The name of its time.
    first, last : str
        Its first and last day.
    data_cut : str
        The day up to which its records went.
    programs : tuple of str
        Those of its cells.
    mark : str
        What an internal report says on every page; else empty.
    rules : dict of str to str
        The policy, and the definition of relapse.
    rows : dict
        The measure and the period -> the numbers that were printed; None where they were hidden.
    newest : dict of str to str
        The title of a measure -> the period that was on the page of all measures.
    cells : PrintedCells
        Its counts with the sums between them.
    """

    period: str
    first: str
    last: str
    data_cut: str
    programs: tuple[str, ...]
    mark: str
    rules: Mapping[str, str]
    rows: Mapping[tuple[str, str], Figures | None]
    newest: Mapping[str, str]
    cells: PrintedCells

    def of_period(self, measure: str) -> Figures | None:
        """Return the counts and the share of a measure in the period of the report.

        None where they were not printed.
        """
        printed = {
            str(key[4]): value
            for key, value in self.cells.counts.items()
            if isinstance(key, tuple)
            and len(key) == 5
            and (key[0], key[1], key[3]) == ("trend", measure, self.period)
        }
        top, bottom = (printed.get(name) for name in NUMBERS[:2])
        if top is None or not bottom:
            return None
        return float(top), float(bottom), top / bottom, None, None


def read_earlier(
    files: str | Path | Sequence[str | Path] | None,
) -> tuple[EarlierReport, ...]:
    """Return the saved reports of some files, in the order of their periods.

    Parameters
    ----------
    files : str or pathlib.Path or a sequence of them, or None
        Files of reports saved as JSON.

    Raises
    ------
    ReportError
        A file cannot be read, holds something else, or was saved without its printed counts; or two
        are of the same time and programs. It says which file and what is wrong, and names no value
        of the file.
    """
    if files is None:
        return ()
    paths = [files] if isinstance(files, str | Path) else list(files)
    for path in paths:
        if not isinstance(path, str | Path):
            _refuse("An earlier report is given as its file.", as_written(path))
    reports = [_read(Path(path)) for path in paths]
    _refuse_twice(paths, reports)
    return tuple(sorted(reports, key=lambda report: (report.last, report.first, report.data_cut)))


def _refuse_twice(paths: Sequence[str | Path], reports: Sequence[EarlierReport]) -> None:
    """Refuse two reports of one time and the same programs: every row would be there twice."""
    known: dict[object, str] = {}
    for path, report in zip(paths, reports, strict=True):
        name = printable(str(path))
        same = (report.first, report.last, frozenset(report.programs))
        if same in known:
            _refuse(
                "Two of the earlier reports are of the same time and the same programs.",
                f"{known[same]} and {name}, both of {report.period}",
                "each of them once; of a report that was issued twice the newer one, and --ledger, "
                "which holds both",
            )
        known[same] = name


def _refuse(problem: str, found: str = "", instead: str = INSTEAD) -> NoReturn:
    raise ReportError(problem, found=found, instead=instead) from None


def _read(path: Path) -> EarlierReport:
    document = read_json(path, WHAT, INSTEAD, largest=LARGEST)
    name = printable(str(path))
    if not isinstance(document, dict) or document.get("schema") != REPORT:
        _refuse("The earlier report is not a report that was saved as JSON by this version.", name)
    try:
        return _checked(document)
    except ReportError as error:
        found = f"{name}: {error.found}" if error.found else name
        _refuse(error.wrong, found, error.instead)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        _refuse("The earlier report is not complete, or was changed.", name)


def _checked(document: Mapping[str, Any]) -> EarlierReport:
    facts = {str(fact["name"]): str(fact["text"]) for fact in document["facts"]}
    period = document["period"]
    if period is None:
        _refuse("The earlier report is of the whole time, and of no period to be compared.")
    name, first, last = (str(period[part]) for part in ("name", "first", "last"))
    cut = facts["Data cut"]
    if not PERIOD.fullmatch(name) or not all(map(DAY.fullmatch, (first, last, cut))):
        raise ValueError
    if "cells" not in document:
        _refuse_without_cells(name, cut)
    rows: dict[tuple[str, str], Figures | None] = {}
    newest: dict[str, str] = {}
    for table in tables_of(document):
        table_name = str(table["name"])
        for row in rows_of(table):
            if table_name == "measures":
                newest[str(row["measure"])] = str(row["period"])
            if table_name.startswith(TREND) and row["status"] in (KNOWN, HIDDEN_ROW):
                key = (table_name.removeprefix(TREND), str(row["period"]))
                rows[key] = _figures(row) if row["status"] == KNOWN else None
    try:
        cells = PrintedCells.from_json(document["cells"])
    except ReportError:  # it would name what is there
        raise ValueError from None
    _check_cells(cells)
    _refuse_contradiction(cells, rows)
    rules = {str(name): str(text) for name, text in dict(document["rules"]).items()}
    return EarlierReport(
        name,
        first,
        last,
        cut,
        cells.programs,
        str(document["mark"]),
        rules,
        rows,
        newest,
        cells,
    )


def _refuse_without_cells(period: str, cut: str) -> NoReturn:
    """Refuse a file without cells: its tables alone do not say how their numbers hang together."""
    _refuse(
        "It cannot be checked whether small counts can be calculated from the earlier report and "
        "this one together: the file of the earlier report holds none of its printed counts.",
        f"a report of {period} with a data cut of {cut}, without its part `cells`",
        f"Make the report of {period} again with this version, from the same records, issue it in "
        "place of the earlier one, and compare with its JSON file. Or leave the comparison out: "
        "then nothing of this report is checked against the earlier one, and small counts could "
        "possibly be calculated by those who have both.",
    )


def _figures(row: Mapping[str, Any]) -> Figures:
    """Return the numbers of a row, or raise ValueError if they are none."""
    numbers: list[float | None] = []
    for name in NUMBERS:
        value = row.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            raise TypeError
        if value is not None and (not math.isfinite(value) or not 0 <= value < MOST):
            raise ValueError
        if value is not None and name in NUMBERS[:2] and value != int(value):
            raise ValueError
        numbers.append(None if value is None else float(value))
    if numbers[0] is None:
        raise ValueError
    return tuple(numbers)


def _check_cells(cells: PrintedCells) -> None:
    """Raise ValueError if no report has such cells."""
    numbers = [*cells.counts.values(), *cells.least.values(), cells.threshold]
    signs = {sign for row in cells.sums for sign in row.values()}
    shares = [bound for share in cells.shares for bound in (share.low, share.high)]
    if any(number is not None and not 0 <= number < MOST for number in numbers):
        raise ValueError
    if signs - {-1, 1} or not all(0 <= bound <= 1 for bound in shares):
        raise ValueError


def _refuse_contradiction(
    cells: PrintedCells, rows: Mapping[tuple[str, str], Figures | None]
) -> None:
    """Refuse a file whose tables print something else than its cells say, or something more."""
    declared = set()
    for key, value in cells.counts.items():
        if not (isinstance(key, tuple) and len(key) == 5 and key[0] == "trend"):
            continue
        figures = rows.get((str(key[1]), str(key[3])))
        if figures is None or key[4] not in NUMBERS[:2] or value is None:
            continue
        declared.add((str(key[1]), str(key[3])))
        if figures[NUMBERS.index(str(key[4]))] not in (None, value):
            _refuse("The earlier report does not agree with itself: it was changed.")
    if any(figures is not None and key not in declared for key, figures in rows.items()):
        _refuse("The earlier report does not agree with itself: it was changed.")
