"""The section on relapse: curves, what missing check-ins mean for them, and the rule in words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import ProtectedCurves, protect_curves
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.relapse import RelapseRule, time_to_relapse
from iop_outcomes.report.model import Kind, Table
from iop_outcomes.report.scope import Scope
from iop_outcomes.survival import survival_curves

DAYS = (30, 60, 90, 180)
MISSING = "a missing check-in"
MISSING_NAMES = {
    "censor": "ends what is known",
    "use": "counts as use",
    "no_use": "counts as no use",
    "last_value": "takes the last value",
}
CURVE_KINDS: dict[str, Kind] = {
    "day": "count",
    "at_risk": "count",
    "events": "count",
    "censored": "count",
    "survival": "whole_share",
    "lower": "whole_share",
    "upper": "whole_share",
}


@dataclass(frozen=True, eq=False)
class RelapseResults:
    """The protected curves of two years, over all and by program, with what they rest on.

    Attributes
    ----------
    overall : ProtectedCurves
        All programs together.
    by_program : ProtectedCurves or None
        None with fewer than two programs.
    by_missing : ProtectedCurves
        All programs, under each rule for missing check-ins.
    missing : str
        The share of the events that rests on missing data, in words.
    resting : dict
        The name of each such rule -> that share.
    """

    overall: ProtectedCurves
    by_program: ProtectedCurves | None
    by_missing: ProtectedCurves
    missing: str
    resting: dict[str, float | str]


def relapse_results(scope: Scope) -> RelapseResults | None:
    """Return the protected curves of two years' admissions; None if too few can be followed."""
    times = _times(scope, scope.rule)
    if scope.policy.hides(len(times)) or times.empty:
        return None
    parts = None
    if len(times["program"].unique()) > 1:
        parts = protect_curves(
            survival_curves(times, by="program"),
            scope.policy,
            synthetic=scope.records.synthetic,
        )
        parts = parts if len(parts.sizes) > 1 else None
    overall = protect_curves(
        survival_curves(times), scope.policy, parts=parts, synthetic=scope.records.synthetic
    )
    by_missing, resting = _by_missing_rule(scope)
    return RelapseResults(overall, parts, by_missing, _rests_on_missing(times, scope), resting)


def _by_missing_rule(scope: Scope) -> tuple[ProtectedCurves, dict[str, float | str]]:
    """Return the curves under each rule, and the share of their events on missing data."""
    found: dict[str, pd.DataFrame] = {}
    for missing, words in MISSING_NAMES.items():
        times = _times(scope, replace(scope.rule, missing=missing))  # type: ignore[arg-type]
        name = f"{words} (used here)" if missing == scope.rule.missing else words
        columns = ["person_id", "days", "event", "rests_on_missing"]
        same = [other for other in found if found[other].equals(times[columns])]
        if same:
            # One rule that gives what another gives is the same curve: it is drawn once.
            found = {f"{key}, or {name}" if key in same else key: found[key] for key in found}
        else:
            found[name] = times[columns]
    resting: dict[str, float | str] = {}
    for name, times in found.items():
        events, on_missing = int(times["event"].sum()), int(times["rests_on_missing"].sum())
        few = bool(scope.policy.hides_fraction(on_missing, events))
        resting[name] = HIDDEN if few else on_missing / events if events else np.nan
    parts = [times.assign(**{MISSING: name}) for name, times in found.items()]
    both = pd.concat(parts, ignore_index=True)
    both.attrs["rule"] = f"{scope.rule.text.partition(';')[0]}; missing check-ins as named."
    curves = protect_curves(
        survival_curves(both, by=MISSING), scope.policy, synthetic=scope.records.synthetic
    )
    return curves, resting


def _times(scope: Scope, rule: RelapseRule) -> pd.DataFrame:
    times = time_to_relapse(scope.records, rule)
    kept = scope.records.episodes.loc[scope.two_years, "episode_id"]
    chosen = times[times["episode_id"].isin(kept)].reset_index(drop=True)
    chosen["program"] = chosen["program"].astype(str)
    chosen.attrs = times.attrs
    return chosen


def _rests_on_missing(times: pd.DataFrame, scope: Scope) -> str:
    events = int(times["event"].sum())
    missing = int(times["rests_on_missing"].sum())
    if events == 0:
        return "There was no event."
    if missing == 0:
        return "No event rests on missing data."
    if bool(scope.policy.hides_fraction(missing, events)):
        return "The share of the events that rests on missing data cannot be shown: too few."
    return f"{missing / events:.0%} of the events rest on missing data."


def curve_table(name: str, caption: str, curves: ProtectedCurves) -> Table:
    """Return the table behind a drawn curve: just what is drawn."""
    columns = [*curves.by, "day", "at_risk", "events", "censored", "survival", "lower", "upper"]
    note = (
        "Events and ends of follow-up since the row before; at risk: followed at its beginning. "
        "Survival: the share without relapse through the day, with 95% limits."
    )
    return Table(name, caption, curves.table[columns], CURVE_KINDS, note)


def milestone_table(results: RelapseResults) -> Table:
    """Return the share without relapse on the days that readers ask for, with its limits."""
    parts = [_milestones(results.overall).assign(program="all")]
    if results.by_program is not None:
        parts.insert(0, _milestones(results.by_program))
    frame = pd.concat(parts, ignore_index=True)
    frame.insert(0, "program", frame.pop("program"))
    note = (
        "With 95% limits. Hidden: too few events, or ends of follow-up, lie between this day and "
        "the last one shown, or too few people are followed so long."
    )
    return Table("without_relapse", "Without relapse, by day", frame, {}, note)


def missing_rule_table(results: RelapseResults) -> Table:
    """Return what the answer would be under each rule for missing check-ins."""
    frame = _milestones(results.by_missing)
    frame["events_on_missing_data"] = frame[MISSING].map(results.resting)
    kinds: dict[str, Kind] = {"events_on_missing_data": "share"}
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
    found = curves.at(DAYS)
    shares, lower, upper = (found[name] for name in ("survival", "lower", "upper"))
    cells = [
        HIDDEN if pd.isna(share) else f"{share:.0%} ({low:.0%} to {high:.0%})"
        for share, low, high in zip(shares, lower, upper, strict=True)
    ]
    frame = curves.sizes[list(curves.by)].reset_index(drop=True).astype(object)
    for number, day in enumerate(DAYS):
        frame[f"day_{day}"] = cells[number :: len(DAYS)]
    return frame
