"""The steps of a cohort for release: declared together, since all are of the same people."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.disclosure.linked import CELL, DETAIL, OLDER, RECENT, LinkedCounts
from iop_outcomes.disclosure.policy import SafePolicy
from iop_outcomes.disclosure.words import safe_fields
from iop_outcomes.pathways import CohortFlow

Key = tuple[Hashable, ...]
SHARE = ("not_reached", "reached", "share", "lower", "upper")
APART = ("not_followed", "not_known")
NOT_SHOWN = "the records do not tell it"
NOT_RELEASED = "Why episodes are in no share is not released."


def protect_flow(flow: CohortFlow, policy: SafePolicy) -> CohortFlow:
    """Return the steps of a cohort without small counts; see `iop_outcomes.protect`."""
    if flow.people is None:
        return flow
    table = flow.table.copy()
    numbers = ["episodes", *APART, *SHARE, "reached_all"]
    table[numbers] = table[numbers].astype(np.float64)
    gone = np.zeros(len(table), dtype=np.bool_)
    groups = table[list(flow.by)].astype(str).agg("\n".join, axis=1) if flow.by else None
    for rows in _places(groups, len(table)):
        hidden = _link_steps(table.iloc[rows], flow.people.iloc[rows], policy)
        for place in rows:
            step = str(table["step"].iloc[place])
            for name in numbers:
                whole = name == "episodes" or step == "admitted"  # all of them, by definition
                own: Key = (step, "share" if name in SHARE else name)
                if (("episodes",) if whole else own) in hidden:
                    table.iloc[place, table.columns.get_loc(name)] = np.nan  # type: ignore[index]
                    gone[place] = True
    table["hidden"] = gone
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
    """Return what may not be printed of one group.

    Those not followed to a day are not followed to a later one; those who reached all steps had
    reached the one before. Of those in the program on a day some are there on a later one. All
    episodes are hidden before a share is.
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
