"""Disclosure control of the steps of a cohort, for all steps together: they share people."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.disclosure.declared import CELL, DETAIL, OLDER, RECENT
from iop_outcomes.disclosure.linked import LinkedCounts
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.words import safe_fields
from iop_outcomes.pathways import CohortFlow

Key = tuple[Hashable, ...]
SHARE = ("not_reached", "reached", "share", "lower", "upper")
APART = ("not_followed", "not_known")
NOT_SHOWN = "not known from the records"
NOT_RELEASED = "The reasons why episodes are in no share are not released."


def protect_flow(flow: CohortFlow, policy: SafePolicy) -> CohortFlow:
    """Return the steps of a cohort without small counts; see `iop_outcomes.protect`.

    Hidden numbers are missing, and ``hidden`` is True for a row with any. The reasons for exclusion
    are removed. If `flow` is protected already, it is returned unchanged.
    """
    if flow.people is None:
        return flow
    table = flow.table.copy()
    numbers = ["episodes", *APART, *SHARE, "reached_all"]
    table[numbers] = table[numbers].astype(np.float64)
    hidden_rows = np.zeros(len(table), dtype=np.bool_)
    groups = table[list(flow.by)].astype(str).agg("\n".join, axis=1) if flow.by else None
    for rows in _places(groups, len(table)):
        hidden = _link_steps(table.iloc[rows], flow.people.iloc[rows], policy)
        for place in rows:
            step = str(table["step"].iloc[place])
            for name in numbers:
                whole = name == "episodes" or step == "admitted"  # all of them, by definition
                own: Key = (step, "share" if name in SHARE else name)
                if (("episodes",) if whole else own) in hidden:
                    table.iloc[place, table.columns.get_loc(name)] = np.nan  # type: ignore[index]  # each name is given once
                    hidden_rows[place] = True
    table["hidden"] = hidden_rows
    table["why"] = np.where(table["why"] == "", "", NOT_SHOWN)
    exclusions = flow.exclusions
    texts = safe_fields(flow, policy)
    if policy.threshold > 1:
        exclusions = exclusions.iloc[:0]
        texts["rule"] += f" {NOT_RELEASED}"
    return replace(flow, table=table, exclusions=exclusions, people=None, **texts)


def _places(groups: pd.Series[Any] | None, size: int) -> list[np.ndarray]:
    if groups is None:
        return [np.arange(size)]
    codes, names = pd.factorize(groups)
    return [np.flatnonzero(codes == code) for code in range(len(names))]


def _link_steps(
    table: pd.DataFrame, people: pd.DataFrame, policy: SafePolicy
) -> frozenset[Hashable]:
    """Return the items of one group that must be hidden.

    Counts of one step are linked to those of the step before: episodes not followed to a day are
    not followed to a later day; episodes that reached all steps reached all earlier steps; episodes
    in the program on a day were in it on an earlier day. If there is a choice, the number of all
    episodes is hidden before a share is.
    """
    linked = LinkedCounts(policy)
    linked.count(
        ("episodes",),
        float(table["episodes"].max()),
        people=float(people["episodes"].max()),
        item=("episodes",),
        rank=OLDER,
    )
    earlier = ""
    for place in range(len(table)):
        row, step = table.iloc[place], str(table["step"].iloc[place])
        if step == "admitted" or np.isnan(row["reached"]):
            continue
        for name in (*APART, "not_reached", "reached", "reached_all"):
            own = "share" if name in SHARE else name
            linked.count(
                (step, name),
                float(row[name]),
                people=float(people[name].iloc[place]),
                item=(step, own),
                rank=RECENT if own == "share" else CELL if own == "reached_all" else DETAIL,
            )
        parts = [(step, name) for name in (*APART, "not_reached", "reached")]
        linked.total(("episodes",), parts)
        if earlier:
            linked.part((step, "reached"), (step, "reached_all"))
        else:  # before the first step there is none
            linked.total((step, "reached"), [(step, "reached_all")])
        if earlier:
            for name, whole, part in (
                ("not_followed", step, earlier),
                ("reached", earlier, step),
                ("reached_all", earlier, step),
            ):
                if linked.value((whole, name)) >= linked.value((part, name)):
                    linked.part((whole, name), (part, name))
        earlier = step
    return linked.hidden()
