"""The tables of the section on relapse: behind the curves, by day, and by missing check-ins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import ProtectedCurves
from iop_outcomes.disclosure.fixed_days.at_risk import survival_decimals
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.relapse import RelapseRule
from iop_outcomes.report.model import Kind, Table, share_kinds, write_value
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.ends.each_day import MILESTONES as DAYS
from iop_outcomes.report.sections.ends.each_day import NOT_FOLLOWED, days_told
from iop_outcomes.report.sections.relapse.results import MISSING, RelapseResults
from iop_outcomes.survival import IntervalSurvival

CURVE_KINDS: dict[str, Kind] = {
    "day": "count",
    "at_risk": "count",
    "events": "count",
    "censored": "count",
}
OF_CURVES = ("survival", "lower", "upper", "lowest", "highest")
"""The columns of shares of curves; each is written as it was rounded."""
EXACT: Kind = "share"
IN_WHOLE: Kind = "whole_share"
LOWER, UPPER = "_lower", "_upper"
"""How the names of the columns end that hold the limits of the share on a day."""
LEFT_OUT = "too few people or events, or to protect others"
NOBODY = "nobody who was admitted there is in a curve"
NO_PROGRAMS = (
    "Not shown by program: fewer than two programs have enough people and events, and protect no "
    "others."
)
OPEN_NOTE = (
    "Each share with its 95% limits; a share of 0% or 100% has none. At risk: still followed after "
    "the day. Not known: nobody is followed to the day."
)
MISSING_NOTE = (
    "The same people and the same definition. Counts as use: all who "
    "missed a check-in are taken to have used then; as no use: none of them. Ends follow-up: each "
    "is counted up to the first missing check-in, whatever is answered later, and those who miss "
    "one are taken to be like those who answer; so this share may lie outside the other two. Where "
    "these differ much, the check-ins do not tell how many relapsed."
)
INTERVAL_NOTE = (
    "Each relapse fell between the last check-in without use and the one that showed it. Highest: "
    "the share without relapse through the day if each was on the day of the check-in that showed "
    "it. However early they were, the share is not below lowest, which is said in steps: 5, 10, 20 "
    "or 50 points lower. Survival: the middle of both. Turnbull's estimate. Only these days are "
    "estimates."
)
EACH_INTERVAL_NOTE = (
    "Each relapse fell between the last check-in without use and the one that showed it. Known "
    "clear: known to be without relapse through the day. In between: known so before the day, and "
    "a later check-in showed the relapse. Not seen again: known so before it, and not seen again. "
    "Relapsed: a check-in has shown it by the day. The four are all people. Survival: the share "
    "without relapse through the day, in the middle of what such records can tell; lowest and "
    "highest are its ends. Turnbull's estimate, without confidence limits. A row is a day on which "
    "the estimate or what is known changes, or one of the fixed days of reports."
)
CENSORS = "censors the episode at the last day known before it"
ENDS_FOLLOW_UP = "ends the follow-up on the last day known before it"
ESTIMATE = " Kaplan-Meier estimate."  # the section of methods says it
MISSING_CAPTION = "Without relapse, by what a missing check-in counts as"
SEE_MISSING = f'See the table "{MISSING_CAPTION}".'
SOMEWHAT = "They can be somewhat too narrow or too wide."
ROUNDED = re.compile(r"; numbers at risk are rounded\. Limits [^.]*\.")
"""What is said of curves whose numbers at risk are printed."""
HOW = "How these shares are estimated stands under the first picture of this section."
AS_NAMED = "; missing check-ins as named"
NO_MISSING_RULES = (
    "What these shares would be if a missing check-in counted otherwise is not shown: too few "
    "people or events."
)
LESS = (
    "Some days or numbers at risk are left out, and all curves of some kinds can be, since they "
    "would tell, beside those of an earlier report, of a few people who count in one of them only."
)
LIMITS = (
    "With 95% limits, where they can be shown. They are worked out from rounded figures, and can "
    "be somewhat too narrow or too wide."
)
WITHOUT_RISK = (
    "At risk: all, on day 0; on the other days hidden, and with it the 95% limits. Survival: the "
    "share without relapse through the day."
)
ONLY_DAYS = "Only these days are estimates; the lines between them in the picture are not."
AS_FIRST = "Its columns are those of the table behind the first picture of this section."
STATUSES = {
    "clear": "known_clear",
    "between": "in_between",
    "over": "not_seen_again",
    "events": "relapsed",
}


def left_out(programs: Sequence[str], shown: Sequence[str] | None, *, hides: bool = True) -> str:
    """Return the sentence that names the programs that have no curve; empty if all have one.

    Parameters
    ----------
    programs : sequence of str
        All of the report. Whether nobody was admitted to one is not said: it may be hidden.
    shown : sequence of str or None
        Those with a curve; None where the programs are not shown side by side.
    hides : bool
        Whether the policy hides anything; else only who has nobody in a curve is not shown.
    """
    if shown is None and hides:
        return NO_PROGRAMS if len(programs) > 1 else ""
    missing = [name for name in programs if name not in (shown or ())]
    return f"Not shown: {', '.join(missing)} ({LEFT_OUT if hides else NOBODY})." if missing else ""


def without_a_curve(scope: Scope, results: RelapseResults) -> str:
    """Return the sentence that names the programs of these results that have no curve."""
    curves = results.by_program
    shown = None if curves is None else list(curves.sizes["program"].astype(str))
    hides = scope.policy.threshold > 1
    if shown is None and not hides:
        program = scope.records.episodes["program"].astype(str)
        shown = [] if results.counted is None else sorted(set(program[results.counted]))
    return left_out(sorted(scope.programs), shown, hides=hides)


def has_risk(curves: ProtectedCurves) -> bool:
    """Return whether any number at risk is printed, and with it limits, after day 0."""
    table = curves.table
    return bool(table.loc[table["day"] > 0, "at_risk"].notna().any())


def how_estimated(scope: Scope, results: RelapseResults, curves: ProtectedCurves) -> str:
    """Return the method of the section: who is counted, how it is estimated, what is missing.

    It stands with the first picture, of `curves`. What holds under the rule of the report only is
    not said of curves under each rule. What relapse is and what a missing check-in means are not in
    it: `what_is_counted` has them.
    """
    text = "All count, also those followed for a few days only."
    of_rule = curves is not results.by_missing
    if of_rule and scope.rule.missing == "censor":
        unit = "week" if scope.rule.by_week else "check-in that was due"
        text += f" Whoever has no known answer for the first {unit} contributes no day after day 0"
        if scope.policy.threshold == 1:
            start = results.overall.table.iloc[0]
            none = int(start["censored"])
            people = none + int(start["at_risk"])
            text += f": {none:,} of {people:,} {'episode' if people == 1 else 'episodes'}"
        text += "."
    of_missing = _of_missing(scope.rule) if of_rule else AS_NAMED
    said = "".join((scope.rule.definition_text, of_missing, "."))
    rest = curves.rule.removeprefix(said).replace(ESTIMATE, "").strip()
    if not has_risk(curves):
        rest = ROUNDED.sub(".", rest)
    missing = results.missing if of_rule and scope.tells("relapse_missing_rules") else ""
    return " ".join(filter(None, [text, rest, missing]))


def what_is_counted(rule: RelapseRule) -> tuple[str, ...]:
    """Return what relapse is, and what a missing check-in means: a sentence each.

    Examples
    --------
    >>> print(what_is_counted(RelapseRule())[1])
    A missing check-in ends the follow-up on the last day known before it.
    """
    definition = f"{rule.definition_text}."
    missing = _of_missing(rule).removeprefix("; a ").replace(CENSORS, ENDS_FOLLOW_UP)
    return (definition, f"A {missing}.") if missing else (definition,)


def _of_missing(rule: RelapseRule) -> str:
    """Return the part of a rule on missing check-ins; empty where it has none of its own."""
    return rule.text.removeprefix(rule.definition_text).partition(".")[0]


def curve_table(
    name: str,
    caption: str,
    curves: ProtectedCurves,
    own: str = "",
    first: ProtectedCurves | None = None,
) -> Table:
    """Return the table behind a drawn curve: just what is drawn, and what is said of it alone.

    What its columns are is said of the first one of the section, and of one that has more: `first`
    are the curves of that one, None where this is it.
    """
    names = [*curves.by, "day", "at_risk", "events", "censored", "survival", "lower", "upper"]
    columns = [column for column in names if column in curves.table]
    if "lowest" in curves.table:
        frame = curves.table[[*curves.by, "day", "survival", "lowest", "highest"]]
        return _in_percent(Table(name, caption, frame, CURVE_KINDS, INTERVAL_NOTE), curves)
    if curves.policy.threshold == 1:
        note = (
            "At risk: still followed after the day. Survival: the share without relapse so far, "
            "with its 95% limits. A row is a day on which somebody relapsed or follow-up ended."
        )
        kinds = {**CURVE_KINDS, **dict.fromkeys(("survival", "lower", "upper"), EXACT)}
        return Table(name, caption, curves.table[columns], kinds, f"{note} {own}".rstrip())
    frame = curves.table[columns].copy()
    for column in ("at_risk", "lower", "upper"):
        frame[column] = frame[column].astype(object).where(frame[column].notna(), HIDDEN)
    general = (
        "At risk: still followed after the day, on day 0 all, rounded to the nearest 5, 10 or 20, "
        f"but not below {curves.policy.threshold}. Survival: the share without relapse through "
        f"the day, with 95% limits that are worked out from the figures of this table. {SOMEWHAT}"
    )
    if not has_risk(curves):
        general = WITHOUT_RISK
    more = first is None or (has_risk(curves) and not has_risk(first))
    note = f"{general} {ONLY_DAYS}" if more else AS_FIRST
    table = Table(name, caption, frame, CURVE_KINDS, f"{note} {own}".rstrip())
    return _in_percent(table, curves)


def _in_percent(table: Table, curves: ProtectedCurves) -> Table:
    """Return a table of curves with each share written as it was rounded: by how many it is of."""
    by = [*curves.by]
    sizes = curves.sizes.assign(decimals=curves.sizes["n"].map(survival_decimals))
    decimals = (
        table.frame[by].merge(sizes[[*by, "decimals"]], how="left", on=by)["decimals"].tolist()
        if by
        else [int(sizes["decimals"].iloc[0])] * len(table.frame)
    )
    names = [name for name in OF_CURVES if name in table.frame]
    shares, cells = share_kinds(dict.fromkeys(names, decimals))
    return replace(table, kinds={**table.kinds, **shares}, cell_kinds=cells)


def milestone_table(results: RelapseResults, whom: str, left: str = "") -> Table:
    """Return the share without relapse of some people on the days that readers ask for."""
    parts = [_milestones(results.overall).assign(program="all")]
    if results.by_program is not None:
        parts.insert(0, _milestones(results.by_program))
    frame = pd.concat(parts, ignore_index=True)
    frame.insert(0, "program", frame.pop("program"))
    note = (
        f"{LIMITS} Hidden: too few events lie between this day and another one that is shown, or "
        "too few people are followed so long."
    )
    if results.overall.policy.threshold == 1:
        note = OPEN_NOTE
    told = not results.overall.table.empty or results.by_program is not None
    note = " ".join(filter(None, [note, HOW if told else "", left]))
    kinds = _kinds(frame, EXACT if results.overall.policy.threshold == 1 else IN_WHOLE)
    caption = f"Without relapse, by day: {whom}"
    return as_read(Table("without_relapse", caption, frame, kinds, note))


def missing_rule_table(results: RelapseResults) -> Table:
    """Return what the answer would be under each rule for missing check-ins."""
    frame = _milestones(results.by_missing)
    name = "events_on_missing_data"
    frame[name] = frame[MISSING].map(results.resting)
    shares, cells = share_kinds({name: [results.decimals[one] for one in frame[MISSING]]})
    is_open = results.by_missing.policy.threshold == 1
    kinds = _kinds(frame, EXACT if is_open else IN_WHOLE) | shares
    open_note = f" {OPEN_NOTE}" if is_open else ""
    if results.overall.table.empty and results.by_program is None:  # the table above has no share
        open_note += f" {HOW}"
    note = f"{MISSING_NOTE}{open_note}"
    return as_read(
        Table("missing_check_ins", MISSING_CAPTION, frame, kinds, note, cell_kinds=cells)
    )


def interval_table(name: str, caption: str, curves: IntervalSurvival) -> Table:
    """Return the table behind an interval-censored curve of which nothing is hidden."""
    ends = curves.table[["left", "right"]].to_numpy().ravel()
    last = float(curves.fits["last_day"].iloc[0])
    days = days_told(last, np.append(ends[np.isfinite(ends)], last))
    at, counts = curves.at([0, *days]), curves.risk_table([0, *days])
    frame = counts.rename(columns=STATUSES)
    frame["survival"] = (at["lowest"] + at["highest"]) / 2
    frame[["lowest", "highest"]] = at[["lowest", "highest"]]
    kinds: dict[str, Kind] = {"day": "count", **dict.fromkeys(STATUSES.values(), "count")}
    kinds |= dict.fromkeys(("survival", "lowest", "highest"), EXACT)
    return Table(name, caption, frame, kinds, EACH_INTERVAL_NOTE)


def as_read(table: Table) -> Table:
    """Return the table with what a page has: each share with its limits in one cell."""
    frame, kinds = table.frame.copy(), dict(table.kinds)
    for day in [str(name) for name in frame if f"{name}{LOWER}" in frame]:
        names = [day, f"{day}{LOWER}", f"{day}{UPPER}"]
        kind = kinds[day]
        rows = zip(*(frame[name] for name in names), strict=True)
        frame[day] = [_with_limits(kind, *row) for row in rows]
        frame = frame.drop(columns=names[1:])
        kinds = {name: one for name, one in kinds.items() if name not in names}
    return replace(table, read=replace(table, frame=frame, kinds=kinds))


def _with_limits(kind: Kind, share: object, *limits: object) -> str:
    """Return a share as it is written, with its limits where both are numbers."""
    written = write_value(share, kind)
    if any(isinstance(one, str) or pd.isna(one) for one in limits):  # type: ignore[call-overload]  # a cell
        return written
    lower, upper = (write_value(one, kind) for one in limits)
    return f"{written} ({lower} to {upper})"


def _milestones(curves: ProtectedCurves) -> pd.DataFrame:
    """Return one row a group, and for each day the share and its limits, a column each.

    Where nothing is hidden the number at risk stands beside them.
    """
    rows = curves.at(DAYS)
    is_open = curves.policy.threshold == 1
    frame = curves.sizes[list(curves.by)].reset_index(drop=True).astype(object)
    if not curves.by:
        frame = pd.DataFrame(index=range(len(curves.sizes)))
    for number, day in enumerate(DAYS):
        at = rows.iloc[number :: len(DAYS)]
        names = [f"day_{day}", f"day_{day}{LOWER}", f"day_{day}{UPPER}"]
        cells = at[["survival", "lower", "upper"]].to_numpy(dtype=float)
        frame[names] = pd.DataFrame(
            [_open_cells(*row) if is_open else _cells(*row) for row in cells],
            index=frame.index,
            columns=names,
            dtype=object,
        )
        if is_open:
            frame[f"at_risk_{day}"] = at["at_risk"].to_numpy()
    return frame


def _cells(share: float, *limits: float) -> list[object]:
    """Return a share and its limits in whole percent, or the word for each that is hidden."""
    gone = np.isnan([share, *limits])
    gone[1:] |= gone.any()
    return [
        HIDDEN if is_gone else float(f"{one:.2f}")
        for one, is_gone in zip((share, *limits), gone, strict=True)
    ]


def _open_cells(share: float, *limits: float) -> list[object]:
    """Return the same where nothing is hidden: some days are not known, some have no limits."""
    if pd.isna(share):
        return [NOT_FOLLOWED, None, None]
    lower, upper = limits
    none = np.isnan(lower) or np.isnan(upper) or lower == upper
    return [share, *([None, None] if none else limits)]


def _kinds(frame: pd.DataFrame, kind: Kind) -> dict[str, Kind]:
    """Return the kinds of shares, limits and the numbers at risk, if none is hidden."""
    kinds: dict[str, Kind] = {}
    for name in map(str, frame.columns):
        if name.startswith("at_risk_"):
            kinds[name] = "count"
        elif name.startswith("day_"):
            kinds[name] = kind
    return kinds
