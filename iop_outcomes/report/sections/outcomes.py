"""Symptoms and daily life with paired numbers, of two years."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts, protect
from iop_outcomes.disclosure.declared import DETAIL
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.disclosure.scores import Shown
from iop_outcomes.disclosure.system import PrintedCells
from iop_outcomes.disclosure.system.quarters import KNOWN_BY
from iop_outcomes.errors import OutcomesError
from iop_outcomes.outcome_scores import Functioning
from iop_outcomes.outcome_scores.functioning.domains import DOMAINS, completed
from iop_outcomes.outcome_scores.functioning.estimate import functioning_without_gain
from iop_outcomes.outcome_scores.moments import GRACE_DAYS, INTAKE_DAYS
from iop_outcomes.records import Records
from iop_outcomes.report.model import DraftTable, Item, Kind, Table
from iop_outcomes.report.period import TWO_YEARS, parse_report_period, within
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.changes import BEFORE_ROUNDING
from iop_outcomes.report.sections.quarters import (
    UNTIL_LEFT,
    admitted_parts,
    by_quarter,
    not_final,
)
from iop_outcomes.report.sections.scores.daily_life import declare_domain, domains_of
from iop_outcomes.report.sections.scores.scales import (
    LOWER,
    LOWER_BUT,
    SCALES,
    ReportedScale,
    bam_columns,
    bam_scales,
    words_of_bam,
)
from iop_outcomes.shared.arrays import Integers
from iop_outcomes.shared.text import SHARE_DECIMALS

ADMITTED = ("admitted", "two years")
DOMAIN_COLUMNS = {one.name: one.columns for one in DOMAINS if one.kind != "from" or one.cut}
TOO_FEW_TWICE = "too few answered twice, or the numbers would tell of a few people"
NO_INTERVAL = (
    "Lower and upper are hidden where they would tell of a few people: how many people changed "
    "follows from them, but not from the two shares."
)
NO_LIMITS = "They are hidden where they could tell how few people changed, or did not. "
WHEN = (
    f"At intake, or the start: the first answer from {INTAKE_DAYS} days before to {INTAKE_DAYS} "
    f"days after the admission. At the end: the last answer after that one, up to {GRACE_DAYS} "
    "days after the discharge, which may be long before it."
)
AS_SYMPTOMS = "At the start and at discharge: the answers that the table of symptoms names."
WHO_IS_NEW = "beside an earlier report they could tell of those who are newly counted"
NO_CHECK_INS = "These records hold no check-ins."
SYMPTOMS, DAILY_LIFE = "Change of symptoms", "Work, housing and more"
Key = tuple[Hashable, ...]


def declare_admitted(scope: Scope, linked: LinkedCounts, periods: Sequence[Key]) -> None:
    """Declare how many were admitted in the two years; it is not printed.

    `periods` are the counts of the admissions of the periods in it.
    """
    linked.count(ADMITTED, int(scope.two_years.sum()), people=scope.people(scope.two_years))
    here = [] if scope.period is None else [key for key in periods if key in linked]
    if here and sum(linked.value(key) for key in here) == linked.value(ADMITTED):
        linked.total(ADMITTED, here)


def scores_tables(
    scope: Scope, linked: LinkedCounts, before: Sequence[PrintedCells] = ()
) -> list[DraftTable]:
    """Return the tables of symptoms and of daily life; `before` are the reports issued before.

    Numbers of answers that differ by a few people are not both shown.
    """
    shown = Shown(scope.policy)
    bam, why_not = bam_scales(_of_two_years(scope))
    rows = _scale_rows(scope, linked, shown, SCALES)
    functioning = None
    if are_held(scope, before):
        bam, why_not = (), WHO_IS_NEW
    else:
        functioning = _functioning_table(scope, linked, shown, before)
    rows += _scale_rows(scope, linked, shown, bam)  # what was in reports before is chosen first
    symptoms = _symptoms_table(scope, rows, bam, why_not)
    if symptoms is not None and functioning is not None:  # its note says which answers these are
        table = functioning.table
        table = replace(table, note=table.note.replace(WHEN, AS_SYMPTOMS))
        functioning = replace(functioning, table=table)
    return [one for one in (symptoms, functioning) if one is not None]


def are_held(scope: Scope, before: Sequence[PrintedCells]) -> bool:
    """Return whether this report counts nearly all whom an earlier one counted, and more.

    It is so where the records begin within the two years of the earlier report. Low scores of those
    who are newly counted, and which kind of people has become small, would then follow from a mean
    or a row less the one before. Where many no longer count it is not known whose scores went.
    """
    same = (report for report in before if {*report.programs} & {*scope.programs})
    quarters = {report.quarter for report in same} - {""} if scope.period is not None else set()
    for quarter in quarters:
        window = parse_report_period(quarter).window(TWO_YEARS)
        gone = within(scope.records.episodes["admit_date"], window) & ~scope.two_years
        if scope.policy.hides(scope.people(gone)) or not gone.any():
            return True
    return False


Row = tuple[tuple[object, ...], dict[str, Item]]
"""A row of the table of symptoms, and what each of its counts is called where it is declared."""


def _scale_rows(
    scope: Scope, linked: LinkedCounts, shown: Shown, scales: Sequence[ReportedScale]
) -> list[Row]:
    """Return the rows of scales from intake to discharge, of those who answered twice.

    They stand beside all who were discharged, those who died among them: beside the admissions and
    who is still there, a number without those who died would tell how many did.
    """
    left = scope.two_years & scope.records.episodes["days_to_discharge"].notna().to_numpy()
    rows: list[Row] = []
    for scale in scales:
        table_of_change = _protected(scope, scale.change)
        if table_of_change is None:
            continue
        row = table_of_change.iloc[0]
        if row["hidden"] or not row["paired"] > 0:
            continue
        counts = {"episodes": float(left.sum()), "paired": row["paired"]}
        if np.isnan(row["episodes"]) or scope.policy.hides(counts["episodes"] - row["paired"]):
            counts["episodes"] = np.nan  # all but a few answered twice
        if not shown.admit(*((one, one) for one in counts.values() if not np.isnan(one))):
            continue
        items = _declare(linked, ("symptoms", scale.name), counts)
        due, both = scale.measured(_of_two_years(scope))
        masks = {"episodes": left, "paired": _mask(scope, scope.two_years.nonzero()[0][due[both]])}
        _link_scores(scope, linked, ("symptoms", scale.name), masks)
        values = (row[one] for one in ("intake_mean", "last_mean", "change", "lower", "upper"))
        share = row["paired"] / counts["episodes"]
        rows.append(((scale.title, counts["episodes"], row["paired"], share, *values), items))
    return rows


def _symptoms_table(
    scope: Scope, rows: Sequence[Row], bam: Sequence[ReportedScale], why_not: str
) -> DraftTable | None:
    """Return the table of symptoms; None without a row."""
    if not rows:
        return None
    columns = ["scale", "discharged", "answered_twice", "share"]
    columns += ["mean_at_intake", "mean_at_the_end", "change", "lower", "upper"]
    frame = pd.DataFrame([row for row, _ in rows], columns=columns)
    needs = [items for _, items in rows]
    means = columns[4:]
    frame["share"] = frame["share"].round(SHARE_DECIMALS)
    frame[means] = frame[means].round(1)
    limits = ["lower", "upper"] if scope.policy.threshold > 1 else []
    no_interval = bool(frame[limits].isna().to_numpy().any())
    for name in ("discharged", "share", *limits):  # what is missing here is hidden
        frame[name] = frame[name].astype(object).where(frame[name].notna(), HIDDEN)
    kinds: dict[str, Kind] = {"discharged": "count", "answered_twice": "count", "share": "share"}
    kinds |= dict.fromkeys(means, "number")
    with_bam = frame["scale"].isin([one.title for one in bam]).any()
    note = (
        f"{LOWER_BUT if with_bam else LOWER} "
        "The change is that of the people who answered at intake and at "
        "the end; those who did not may have fared otherwise. Lower and upper: its 95% interval. "
        f"{BEFORE_ROUNDING} "
        f"{NO_LIMITS if no_interval else ''}"
        f"{WHEN} {_left_out(scope)} The number discharged holds those who died, too. There is no "
        "group to compare with: a change need not come from the program."
        f"{words_of_bam(bam) if bam else ''}"
        f"{_without(scope, {one.title: one.columns for one in (*SCALES, *bam)}, frame['scale'])}"
        f"{_without_bam(scope, why_not)}"
    )
    table = Table("symptoms", f"{SYMPTOMS}: {scope.words(8)}", frame, kinds, note)
    answered: list[tuple[Item, ...]] = [(items["paired"],) for items in needs]
    of_columns = dict.fromkeys(columns[2:], answered)
    of_columns["share"] = [tuple(items.values()) for items in needs]
    of_columns["discharged"] = [
        (items["episodes"],) if "episodes" in items else () for items in needs
    ]
    return DraftTable(table, of_columns)


def _functioning_table(
    scope: Scope, linked: LinkedCounts, shown: Shown, before: Sequence[PrintedCells]
) -> DraftTable | None:
    """Return work, housing and more at admission and discharge, of those known at both."""
    life = _made(scope, functioning_without_gain)
    domains = [] if life is None else domains_of(scope, cast(Functioning, life), shown, before)
    if not domains:
        return None
    for domain in domains:
        declare_domain(scope, linked, domain)
        linked.part(ADMITTED, domain.shares)
    shares = ["share_start", "share_end"]
    names = ["paired", *shares, "difference", "lower", "upper"]
    limits = names[-2:]
    rows = [[one.name.replace("_", " "), *(one.row[name] for name in names)] for one in domains]
    frame = pd.DataFrame(rows, columns=["domain", *names])
    frame[names[1:]] = frame[names[1:]].astype(np.float64).round(SHARE_DECIMALS)
    if not all(one.has_interval for one in domains):
        gone = [not one.has_interval for one in domains]
        frame[limits] = frame[limits].astype(object).mask(pd.Series(gone), HIDDEN)
    kinds: dict[str, Kind] = {"paired": "count"}
    kinds |= dict.fromkeys(shares, "share")
    kinds |= dict.fromkeys(names[3:], "points")
    note = (
        "Of the people whose answer is known both at the start and at discharge (paired). Lower "
        "and upper: the 95% interval of the difference. A difference is in percentage points. "
        f"{BEFORE_ROUNDING} "
        f"{'' if scope.policy.threshold == 1 else f'{NO_INTERVAL} '}"
        f"{WHEN} {_left_out(scope)}"
        f"{_without(scope, DOMAIN_COLUMNS, [one.name for one in domains])}"
    )
    caption = f"{DAILY_LIFE}, at the start and at discharge: {scope.words(8)}"
    of_shares = [(one.shares,) for one in domains]
    of_limits = [one.needs_of_interval for one in domains]
    needs = {name: of_limits if name in limits else of_shares for name in names}
    return DraftTable(Table("functioning", caption, frame, kinds, note), needs)


def why_no_scores(scope: Scope) -> str:
    """Return why there is no table of symptoms."""
    bam, why_not = bam_scales(_of_two_years(scope))
    makes = [one.change for one in (*SCALES, *bam)]
    why = _why_no_table(scope, SYMPTOMS, "scores of depression or anxiety", makes)
    return f"{why}{_without_bam(scope, why_not)}"


def why_no_answers(scope: Scope) -> str:
    """Return why there is no table of daily life."""
    return _why_no_table(scope, DAILY_LIFE, "answers on it", [functioning_without_gain])


def _why_no_table(
    scope: Scope, title: str, what: str, makes: Sequence[Callable[..., object]]
) -> str:
    """Return why a table is not there: nothing is recorded, or all of it is hidden.

    None and a few who answered twice are one text.
    """
    if "checkins" not in scope.records.tables:
        return NO_CHECK_INS
    if all(_made(scope, make) is None for make in makes):
        return f"{title}: the check-ins hold no {what} that can be used, or nobody has left."
    if scope.policy.threshold == 1:
        return f"{title}: nobody answered both at the start and at the end."
    return f"{title}: hidden, as too few answered twice, or as it would tell of a few people."


def _without(scope: Scope, asked: Mapping[str, Sequence[str]], shown: Iterable[str]) -> str:
    """Return the sentence on what has answers and no row; empty if there is nothing.

    None and a few who answered twice are one text; what only a few ever answered is not named.
    `asked` are the columns of answers by the name of the row.
    """
    held, without = {*shown}, []
    for name, columns in asked.items():
        if name not in held and _answered(scope, columns) >= scope.policy.threshold:
            without.append(name.replace("_", " "))
    why = "nobody answered twice" if scope.policy.threshold == 1 else TOO_FEW_TWICE
    return f" Not in the table: {', '.join(without)} ({why})." if without else ""


def _without_bam(scope: Scope, why_not: str) -> str:
    """Return why scores of the BAM are not used, as a sentence; what few answered is not named."""
    if not why_not or _answered(scope, bam_columns(scope.records)) < scope.policy.threshold:
        return ""
    return f" Scores of the BAM are not used: {why_not}."


def _answered(scope: Scope, columns: Sequence[str]) -> int:
    """Return how many people ever answered in one of some columns."""
    rows = completed(scope.records, "episode_id", *columns)
    codes = rows.loc[rows.drop(columns="episode_id").notna().any(axis=1), "episode_id"]
    return scope.people(scope.records.episodes["episode_id"].isin(codes).to_numpy())


def _left_out(scope: Scope) -> str:
    """Return the sentence on who has no answer at discharge; how many died may be few."""
    text = "Left out are those not discharged yet and those who died"
    if scope.policy.threshold > 1:
        return f"{text}."
    episodes = scope.records.episodes[scope.two_years]
    died = (episodes["discharge_reason"] == "died").fillna(False)
    return f"{text} ({int((died & episodes['discharge_date'].notna()).sum()):,})."


def _protected(scope: Scope, make: Callable[..., object]) -> pd.DataFrame | None:
    """Return the table of a result of two years, protected by itself; None if it cannot be made."""
    result = _made(scope, make)
    if result is None:
        return None
    table = protect(cast(Any, result), scope.policy).table
    assert isinstance(table, pd.DataFrame)
    return table


def _made(scope: Scope, make: Callable[..., object]) -> object | None:
    """Return a result of two years; None if it cannot be made."""
    if "checkins" not in scope.records.tables:
        return None
    try:
        return make(_of_two_years(scope))
    except OutcomesError:  # the check-ins hold no such answers
        return None


def _of_two_years(scope: Scope) -> Records:
    """Return the records of those admitted in the two years up to the end of the period."""
    return scope.records.subset(scope.two_years)


def _mask(scope: Scope, places: Integers) -> Mask:
    """Return which episodes of two years are at some places."""
    mask = np.zeros(len(scope.two_years), dtype=np.bool_)
    mask[places] = True
    return mask & scope.two_years


def _link_scores(scope: Scope, linked: LinkedCounts, key: Key, masks: Mapping[str, Mask]) -> None:
    """Declare the counts of a row by quarter of admission: those of other reports are the same."""
    if not by_quarter(scope):
        return
    parts = admitted_parts(scope, linked, scope.window(8))
    parts = not_final(scope, parts, UNTIL_LEFT, KNOWN_BY)
    for name, mask in masks.items():
        whole = (*key, name)
        if whole in linked and linked.value(whole) == int(mask.sum()):
            parts.declare(linked, whole, whole, mask, scope.person)


def _declare(linked: LinkedCounts, key: Key, counts: dict[str, float]) -> dict[str, Item]:
    """Declare counts of people that are among one another and among those admitted.

    Each is an item, so that what is told of the smaller stays where only the larger must be hidden.
    """
    items: dict[str, Item] = {}
    whole: Key = ADMITTED
    for name, value in counts.items():
        own = (*key, name)
        if np.isnan(value):
            continue
        linked.count(own, float(value), item=own, rank=DETAIL)
        linked.part(whole, own)
        items[name] = own
        whole = own
    return items
