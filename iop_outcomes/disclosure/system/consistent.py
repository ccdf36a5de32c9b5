"""Reports whose numbers contradict each other, since records were changed between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pandas as pd

from iop_outcomes.disclosure.system.attack import Outsider, attack, fits
from iop_outcomes.disclosure.system.cells import PrintedCells
from iop_outcomes.disclosure.system.fitting import Fitting
from iop_outcomes.disclosure.system.joining import Joined
from iop_outcomes.disclosure.system.parts import KeptParts
from iop_outcomes.errors import ReportError

Answer = TypeVar("Answer")


def consistent_sets(
    reports: Sequence[PrintedCells], parts: KeptParts | None = None
) -> list[list[PrintedCells]]:
    """Return sets of reports that whole numbers fit together.

    Parameters
    ----------
    reports : sequence of PrintedCells
        In the order in which they were made.
    parts : KeptParts, optional
        Connected counts that were asked before.

    Returns
    -------
    list of list of PrintedCells
        Each set begins with the newest report that is in none yet, and takes up the others, the
        newest first, as long as they fit: a reader trusts the newer of two reports. Every report is
        in a set, but one that contradicts itself.
    """
    newest_first = list(range(len(reports)))[::-1]

    def fit(places: Sequence[int]) -> bool:
        chosen = Joined([reports[place] for place in sorted(places)])
        return fits(chosen.without_exports, parts)

    sets: list[list[int]] = []
    for first in newest_first:
        if any(first in chosen for chosen in sets) or not fit([first]):
            continue
        fitting = [first]
        for other in newest_first:
            if other != first and fit([*fitting, other]):
                fitting.append(other)
        sets.append(fitting)
    return [[reports[place] for place in sorted(chosen)] for chosen in sets]


def attack_together(
    reports: Sequence[PrintedCells], parts: KeptParts | None = None
) -> tuple[pd.DataFrame, bool]:
    """Return what several reports disclose together, as `attack` does, and whether all of them fit.

    Where they do not fit, it is what any of the `consistent_sets` discloses. Connected counts that
    are equal to some that were asked before, in `parts`, are not asked again.
    """
    parts = KeptParts() if parts is None else parts

    def ask(cells: PrintedCells) -> pd.DataFrame:
        return attack(cells, parts)

    try:
        return _of_what_fits(Joined(reports), ask), True
    except ReportError:
        none = attack(PrintedCells(max(report.threshold for report in reports)))
        sets = consistent_sets(reports, parts)
        frames = [_of_what_fits(Joined(chosen), ask) for chosen in sets]
        frames = [frame for frame in frames if len(frame)] or [none]
        return pd.concat(frames, ignore_index=True).drop_duplicates(
            "cell", ignore_index=True
        ), False


def outsiders(
    reports: Joined, parts: KeptParts | None = None, likely: Fitting | None = None
) -> tuple[list[Outsider], bool]:
    """Return who reads several reports together, and whether all of them fit.

    That is one outsider if they do, else one for each of the `consistent_sets`: what
    `attack_together` finds follows for one of them.

    Parameters
    ----------
    reports : Joined
        The reports.
    parts : KeptParts, optional
        Connected counts that were asked before.
    likely : Fitting, optional
        Whole numbers that may fit.
    """
    parts = KeptParts() if parts is None else parts

    def ask(cells: PrintedCells) -> Outsider:
        return Outsider(cells, parts, likely)

    try:
        return [_of_what_fits(reports, ask)], True
    except ReportError:
        sets = consistent_sets(reports.reports, parts)
        return [_of_what_fits(Joined(chosen), ask) for chosen in sets], False


def _of_what_fits(reports: Joined, ask: Callable[[PrintedCells], Answer]) -> Answer:
    """Return what is answered of reports: without their exports, if only those contradict them.

    Rows may have been removed, and others added: this takes no reports apart.
    """
    try:
        return ask(reports.cells)
    except ReportError:
        return ask(reports.without_exports)
