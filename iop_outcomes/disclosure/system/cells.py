"""The cells of a report as an outsider has them: printed or hidden, with the sums between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from iop_outcomes.disclosure.declared import Item, Key
from iop_outcomes.disclosure.linked import LinkedCounts
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.system.documents import REPORT
from iop_outcomes.errors import ReportError
from iop_outcomes.shared.messages import as_written

FORMAT = "iop-outcomes printed cells, 1"
Sum = dict[Key, int]


@dataclass(frozen=True)
class PrintedShare:
    """A printed share: the numerator is between `low` and `high` times the denominator."""

    numerator: Key
    denominator: Key
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class PrintedCells:
    """What a report discloses: the printed counts, and the sums that connect all counts.

    It holds no hidden number, so that it can be sent with the report.

    Attributes
    ----------
    threshold : int
        Counts from 1 to one less are hidden.
    quarter, data_cut : str
        The quarter of the report, and the day up to which its records go; may be empty.
    programs : tuple of str
        The programs that its numbers are of.
    counts : dict
        The name of a count -> its printed value; None where it is not printed.
    least : dict
        The name of a count -> what it is at least: 1 for one that is hidden where a zero is shown.
    not_people : set
        The counts that are no counts of people, such as sessions beyond the first of each person.
    settled : set
        The counts of periods that are complete: other reports have the same count.
    sums : list of dict
        Each a sum that is 0: the name of a count -> 1 or -1.
    shares : list of PrintedShare
        The shares printed without their counts.
    together : list of tuple
        Of joined reports: counts of which the sum is looked at, too.
    document : dict or None
        The report saved as JSON, of which the words, intervals and curves are read.
    """

    threshold: int
    quarter: str = ""
    data_cut: str = ""
    programs: tuple[str, ...] = ()
    counts: dict[Key, int | None] = field(default_factory=dict)
    least: dict[Key, int] = field(default_factory=dict)
    not_people: frozenset[Key] = frozenset()
    settled: frozenset[Key] = frozenset()
    sums: list[Sum] = field(default_factory=list)
    shares: list[PrintedShare] = field(default_factory=list)
    together: list[tuple[Key, ...]] = field(default_factory=list)
    document: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain values for a file; `from_json` reads them back."""
        place = {key: number for number, key in enumerate(self.counts)}
        return {
            "format": FORMAT,
            "threshold": self.threshold,
            "quarter": self.quarter,
            "data_cut": self.data_cut,
            "programs": list(self.programs),
            "counts": [
                {
                    "name": plain_of(key),
                    "printed": value,
                    **({"least": self.least[key]} if key in self.least else {}),
                    **({"people": False} if key in self.not_people else {}),
                    **({"settled": True} if key in self.settled else {}),
                }
                for key, value in self.counts.items()
            ],
            "sums": [[[place[key], sign] for key, sign in row.items()] for row in self.sums],
            "shares": [
                [place[share.numerator], place[share.denominator], share.low, share.high]
                for share in self.shares
            ],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> PrintedCells:
        """Return the cells that a file holds.

        Raises
        ------
        ReportError
            If it holds something else.
        """
        if content.get("format") != FORMAT:
            raise ReportError(
                "This does not hold the printed cells of a report.",
                found=as_written(content.get("format")),
                instead=f'a "format" of "{FORMAT}"',
            )
        try:
            rows = [(key_of(count["name"]), count) for count in content["counts"]]
            names = [name for name, _ in rows]
            printed = {name: count["printed"] for name, count in rows}
            return cls(
                int(content["threshold"]),
                str(content["quarter"]),
                str(content["data_cut"]),
                tuple(map(str, content["programs"])),
                {name: None if value is None else int(value) for name, value in printed.items()},
                {name: int(count["least"]) for name, count in rows if "least" in count},
                frozenset(name for name, count in rows if count.get("people") is False),
                frozenset(name for name, count in rows if count.get("settled") is True),
                [{names[place]: int(sign) for place, sign in row} for row in content["sums"]],
                [
                    PrintedShare(names[top], names[bottom], float(low), float(high))
                    for top, bottom, low, high in content["shares"]
                ],
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ReportError(
                "The printed cells of the report are not complete.",
                found=type(error).__name__,
                instead="the file as it was written, unchanged",
            ) from None

    def __repr__(self) -> str:
        """Return how many counts are printed and hidden."""
        printed = sum(value is not None for value in self.counts.values())
        return f"<PrintedCells: {printed} printed, {len(self.counts) - printed} not printed>"


def printed_cells(
    linked: LinkedCounts,
    hidden: frozenset[Item],
    *,
    quarter: str = "",
    data_cut: str = "",
    programs: tuple[str, ...] = (),
    settled: Callable[[Key], bool] = lambda _: False,
    beside_earlier: bool = False,
) -> PrintedCells:
    """Return what a reader has of declared counts if the items `hidden` are not printed.

    Where a report was made beside earlier ones a column that is hidden as a whole may hold zeros,
    so that nothing is known of its cells.

    Examples
    --------
    >>> from iop_outcomes import SafePolicy
    >>> linked = LinkedCounts(SafePolicy())
    >>> for name, value in {"a": 40, "b": 12, "c": 5, "all": 57}.items():
    ...     linked.count(name, value, item=name)
    >>> linked.total("all", ["a", "b", "c"])
    >>> printed_cells(linked, linked.hidden())
    <PrintedCells: 2 printed, 2 not printed>
    """
    names = linked.names
    shown = linked.shown_places(hidden)
    printed = linked.printed(set(hidden))
    whole = linked.whole_columns(hidden) if beside_earlier else frozenset()
    not_known = shown | linked.places_of(whole)
    values = linked.facts.values
    return PrintedCells(
        linked.policy.threshold,
        quarter,
        data_cut,
        programs,
        {name: values[place] if place in shown else None for place, name in enumerate(names)},
        {names[place]: least for place, least in printed.least.items() if place not in not_known},
        frozenset(names[place] for place in linked.no_people),
        frozenset(filter(settled, names)),
        [{names[place]: sign for place, sign in row.items()} for row in linked.facts.rows],
        [
            PrintedShare(names[share.numerator], names[share.denominator], share.low, share.high)
            for share in printed.shares
        ],
    )


def join_name(report: PrintedCells, key: Key) -> tuple[str, str, Key]:
    """Return the name of a count beside those of other reports: what it is of, and when.

    The complete periods of a trend name their own time; other counts are of the quarter of their
    report, and of its data cut.
    """
    when = "" if key in report.settled else f"{report.quarter} {report.data_cut}".strip()
    return (", ".join(sorted(report.programs)), when, key)


def plain_of(key: Key) -> Any:
    """Return the name of a count as lists, for a file."""
    return [plain_of(part) for part in key] if isinstance(key, tuple) else key


def key_of(plain: Any) -> Key:
    """Return the name of a count from the lists of a file."""
    return tuple(key_of(part) for part in plain) if isinstance(plain, list) else plain


def read_cells(text: str) -> list[PrintedCells]:
    """Return the cells of a report saved as JSON, or of all the reports of a ledger.

    They are the file itself, its part ``cells``, or its parts ``reports``. Of a report saved as
    JSON also its words, intervals and curves are read.

    Raises
    ------
    ReportError
        If it is no JSON, or holds no printed cells.
    """
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        raise ReportError(
            "This is no JSON file.", instead="a ledger, or a report saved as JSON"
        ) from None
    return cells_within(content)


def cells_within(content: Any) -> list[PrintedCells]:
    """Return the cells of what a JSON file holds: see `read_cells`.

    Raises
    ------
    ReportError
        If it holds no printed cells.
    """
    if isinstance(content, dict) and "reports" in content:
        return [PrintedCells.from_json(report) for report in content["reports"]]
    if isinstance(content, dict) and content.get("schema") == REPORT:
        cells = content.get("cells")
        alone = PrintedCells(SafePolicy.cms().threshold)
        return [replace(PrintedCells.from_json(cells) if cells else alone, document=content)]
    if isinstance(content, dict) and "cells" in content:
        content = content["cells"]
    if not isinstance(content, dict):
        raise ReportError("This does not hold a report.", found=type(content).__name__)
    return [PrintedCells.from_json(content)]
