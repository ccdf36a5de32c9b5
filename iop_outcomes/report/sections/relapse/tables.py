"""The tables of the section on relapse: behind the curves, by day, and by missing check-ins."""

from __future__ import annotations

import pandas as pd

from iop_outcomes.disclosure import ProtectedCurves
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.report.model import Kind, Table
from iop_outcomes.report.sections.relapse.results import MISSING, RelapseResults

DAYS = (30, 60, 90, 180)
CURVE_KINDS: dict[str, Kind] = {
    "day": "count",
    "at_risk": "count",
    "events": "count",
    "censored": "count",
    "survival": "whole_share",
    "lower": "whole_share",
    "upper": "whole_share",
    "lowest": "whole_share",
    "highest": "whole_share",
}
INTERVAL_NOTE = (
    "Each relapse fell between the last check-in without use and the one that showed it. Survival: "
    "the share without relapse through the day, in the middle of what such records can tell; "
    "lowest and highest are its ends. Turnbull's estimate. Only these days are estimates."
)


def curve_table(name: str, caption: str, curves: ProtectedCurves) -> Table:
    """Return the table behind a drawn curve: just what is drawn."""
    names = [*curves.by, "day", "at_risk", "events", "censored", "survival", "lower", "upper"]
    columns = [column for column in names if column in curves.table]
    if "lowest" in curves.table:
        frame = curves.table[[*curves.by, "day", "survival", "lowest", "highest"]]
        return Table(name, caption, frame, CURVE_KINDS, INTERVAL_NOTE)
    if curves.policy.threshold == 1:
        note = "At risk: still followed after the day. Survival: the share without relapse so far."
        return Table(name, caption, curves.table[columns], CURVE_KINDS, note)
    frame = curves.table[columns].copy()
    for column in ("at_risk", "lower", "upper"):
        frame[column] = frame[column].astype(object).where(frame[column].notna(), HIDDEN)
    note = (
        "At risk: still followed after the day, on day 0 all, rounded to the nearest 5, 10 or 20. "
        "Survival: the share without relapse through the day, with 95% limits that are worked out "
        "from the figures of this table. Only these days are estimates; the lines between them in "
        "the picture are not."
    )
    return Table(name, caption, frame, CURVE_KINDS, note)


def milestone_table(results: RelapseResults) -> Table:
    """Return the share without relapse on the days that readers ask for, with its limits."""
    parts = [_milestones(results.overall).assign(program="all")]
    if results.by_program is not None:
        parts.insert(0, _milestones(results.by_program))
    frame = pd.concat(parts, ignore_index=True)
    frame.insert(0, "program", frame.pop("program"))
    note = (
        "With 95% limits, where they can be shown. Hidden: too few events lie between this day "
        "and the last one shown, or too few people are followed so long."
    )
    return Table("without_relapse", "Without relapse, by day", frame, {}, note)


def missing_rule_table(results: RelapseResults) -> Table:
    """Return what the answer would be under each rule for missing check-ins."""
    frame = _milestones(results.by_missing)
    frame["events_on_missing_data"] = frame[MISSING].map(results.resting)
    kinds: dict[str, Kind] = {"events_on_missing_data": "whole_share"}
    return Table(
        "missing_check_ins",
        "Without relapse, by what a missing check-in counts as",
        frame,
        kinds,
        "The same people and the same definition. Where these differ much, the check-ins do not "
        "tell how many relapsed: the truth lies between.",
    )


def _milestones(curves: ProtectedCurves) -> pd.DataFrame:
    """Return one row a group and one column a day, each cell the share with its limits."""
    rows = curves.at(DAYS)
    shares, lower, upper = (rows[name] for name in ("survival", "lower", "upper"))
    cells = [
        HIDDEN
        if pd.isna(share)
        else f"{share:.0%}"
        if pd.isna(low)
        else f"{share:.0%} ({low:.0%} to {high:.0%})"
        for share, low, high in zip(shares, lower, upper, strict=True)
    ]
    frame = curves.sizes[list(curves.by)].reset_index(drop=True).astype(object)
    for number, day in enumerate(DAYS):
        frame[f"day_{day}"] = cells[number :: len(DAYS)]
    return frame
