"""Who was admitted: by program and by what is known of them at admission."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AnySet
from itertools import permutations

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import TOTAL
from iop_outcomes.disclosure.merging import FINEST, Step
from iop_outcomes.disclosure.results import Key
from iop_outcomes.report.model import DraftTable, Kind, Table
from iop_outcomes.report.scope import IN_ROWS_ONLY, Scope
from iop_outcomes.report.sections.cohort.declaring import ALL, NOT_RECORDED, declare, with_share
from iop_outcomes.report.sections.cohort.served import THERE, groups_of, shown_name
from iop_outcomes.report.sections.quarters import ADMITTED, by_quarter, of_one_time, parts_of
from iop_outcomes.shared.text import SHARE_DECIMALS, list_names

View = tuple["pd.Series[str]", list[str]]
NO_REFERRALS = (
    "The records hold the episodes of people who were admitted. How many were referred and not "
    "admitted is not known, nor how long people waited; a list of all referrals with their days "
    "would be needed."
)


def admissions_table(
    scope: Scope, linked: LinkedCounts, step: Step = FINEST, seen: AnySet[Key] = frozenset()
) -> DraftTable:
    """Return the admissions by program, entry path, level, earlier admission and `served_by`.

    A group that an earlier report has, of those `seen`, has a row though nobody is in it.
    """
    admitted = scope.admitted_in(step.quarters)
    views = _views(scope)
    declare(scope, linked, "admissions", [(ALL, admitted)], rank=TOTAL)
    rows, keys = [], []
    for view, (words, order) in views.items():
        here = set(words[admitted])
        before = {key[2] for key in seen if key[:2] == ("admissions", view)}
        if here | before <= {NOT_RECORDED}:
            continue
        if view == THERE["program"]:  # one that the records have no more is in no number now
            before &= set(order)
        known = [word for word in order if word in here | before]
        known += sorted(map(str, before - set(order)))
        groups = [(word, admitted & (words == word).to_numpy()) for word in known]
        own_keys = declare(scope, linked, "admissions", groups, view, column=("admissions", view))
        linked.total(("admissions", ALL), own_keys)
        if view == THERE["program"] and len(groups) == len(scope.programs) == 1:
            groups, own_keys = [], []  # that program is all programs: the row of all says it
        rows += [(view, word.replace("_", " "), int(mask.sum())) for word, mask in groups]
        rows.append((view, ALL, int(admitted.sum())))
        keys += [*own_keys, ("admissions", ALL)]
    _declare_nested(linked, views, set(map(shown_name, scope.served_by)))
    if not rows:  # nobody was admitted in a time in which people were there
        rows, keys = [("program", ALL, 0)], [("admissions", ALL)]
    frame = pd.DataFrame(rows, columns=["by", "group", "admitted"])
    whole = float(admitted.sum()) or np.nan
    frame["share"] = (frame["admitted"] / whole).round(SHARE_DECIMALS)
    kinds: dict[str, Kind] = {"admitted": "count", "share": "share"}
    note = ""
    if scope.too_few:
        note = f"Too few to publish: {list_names(scope.too_few)}. {IN_ROWS_ONLY}"
    if scope.pooled and len(scope.programs) > 1:
        note = f"Other programs: {list_names(scope.pooled)}."
    table = Table("admissions", f"Admissions in {scope.named(step.quarters)}", frame, kinds, note)
    return DraftTable(table, with_share(keys, "admitted", ("admissions", ALL)))


def link_quarters(scope: Scope, linked: LinkedCounts, step: Step, of_trend: Sequence[Key]) -> None:
    """Declare the groups of the admissions by quarter: other reports count the same people.

    Where the table is of a longer time, those of two reports have quarters in common.

    Parameters
    ----------
    scope : Scope
        What the report covers.
    linked : LinkedCounts
        With the counts of `admissions_table` and of the trends.
    step : Step
        The time that the table is of.
    of_trend : sequence of tuple
        The counts of the trend of admissions.
    """
    if not by_quarter(scope):
        return
    dates = scope.records.episodes["admit_date"]
    window = scope.window(step.quarters)
    inside = parts_of(scope, ADMITTED, window, dates).inside
    counts = {part: int(here.sum()) for part, here in inside.items()}
    same, changed = of_one_time(linked, of_trend, counts)
    parts = parts_of(scope, ADMITTED, window, dates, changed)
    for part, whole in same.items():
        everybody = (*parts.names[part], ALL)
        linked.count(everybody, counts[part], people=scope.people(inside[part]))
        linked.total(whole, [everybody])
    named = [key for key in linked.names if isinstance(key, tuple) and len(key) == 3]
    for view, (words, _) in _views(scope).items():
        groups = [str(word) for table, of, word in named if (table, of) == ("admissions", view)]
        for word in groups:
            mask = (words == word).to_numpy()
            parts.declare(linked, ("admissions", view, word), (view, word), mask, scope.person)
        for part in same if groups else ():
            own = [(*parts.names[part], view, word) for word in groups]
            linked.total((*parts.names[part], ALL), own)


def _views(scope: Scope) -> dict[str, View]:
    """Return for each part of the table the group of each episode, and the order of the groups."""
    episodes = scope.records.episodes
    earlier = np.where(episodes["admission_number"] > 1, "admitted before", "first admission here")
    columns = {
        THERE["program"]: episodes["program"],
        THERE["entry_path"]: episodes["entry_path"],
        THERE["level"]: episodes["level"],
        THERE["admission_number"]: pd.Series(earlier, index=episodes.index),
    }
    if not scope.tells("readmissions"):
        del columns[THERE["admission_number"]]
    views: dict[str, View] = {}
    for view, values in columns.items():
        words = values.astype(object).where(values.notna(), NOT_RECORDED).astype(str)
        views[view] = words, sorted(set(words))
    return views | {shown_name(one): groups_of(episodes, one) for one in scope.served_by}


def _declare_nested(linked: LinkedCounts, views: dict[str, View], served: set[str]) -> None:
    """Declare which groups of one column are those of another, such as of an age and "adult".

    Columns of the episodes may say the same, or one more closely than another. Who knows that can
    put a count of one in place of a hidden one of the other.
    """
    for fine, coarse in permutations(views, 2):
        if not {fine, coarse} & served:
            continue
        pairs = pd.DataFrame({"fine": views[fine][0], "coarse": views[coarse][0]})
        pairs = pairs.drop_duplicates()
        if pairs["fine"].duplicated().any():
            continue
        for word, held in pairs.groupby("coarse")["fine"]:
            whole = ("admissions", coarse, word)
            parts = [("admissions", fine, one) for one in held]
            parts = [key for key in parts if key in linked]
            if whole in linked and parts:
                linked.total(whole, parts)
