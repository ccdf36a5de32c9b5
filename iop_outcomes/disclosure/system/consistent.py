"""Reports whose numbers contradict each other, since records were changed between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from iop_outcomes.disclosure.system.attack import Outsider, attack, fits
from iop_outcomes.disclosure.system.cells import PrintedCells
from iop_outcomes.disclosure.system.fitting import Fitting
from iop_outcomes.disclosure.system.joining import Joined, join
from iop_outcomes.disclosure.system.parts import KeptParts
from iop_outcomes.disclosure.system.runs import with_runs
from iop_outcomes.errors import ReportError


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
        return fits(join([reports[place] for place in sorted(places)]), parts)

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
    # Only reports of the same programs have quarters of the same people in common.
    often = Counter(report.programs for report in reports)
    reports = [with_runs(one) if often[one.programs] > 1 else one for one in reports]
    try:
        return attack(join(reports), parts), True
    except ReportError:
        none = attack(PrintedCells(max(report.threshold for report in reports)))
        frames = [attack(join(chosen), parts) for chosen in consistent_sets(reports, parts)]
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
    try:
        return [Outsider(reports.cells, parts, likely)], True
    except ReportError:
        sets = consistent_sets(reports.reports, parts)
        return [Outsider(join(chosen), parts, likely) for chosen in sets], False
