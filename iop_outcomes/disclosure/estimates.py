"""Differences, doses and entry paths for release: rows of few people have no numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.compare import Difference
from iop_outcomes.disclosure.policy import MANY, SafePolicy
from iop_outcomes.disclosure.words import no_small_counts
from iop_outcomes.pathways import DoseAndOutcome, Transitions

Mask = npt.NDArray[np.bool_]
HUNDRED = 100  # from this many people on, days are given with one decimal
ROUNDED = ("estimate", "lower", "upper")


def protect_difference(result: Difference, policy: SafePolicy) -> Difference:
    """Return differences for release; see `iop_outcomes.protect`.

    A group is shown if neither its rows, its events nor those without one are few, nor, of a share,
    those on either side of it. Shares are rounded to whole percent (tenths from 1,000 people on),
    days to whole ones (tenths from 100 people on), p-values to two decimals; standard errors, from
    which those at risk could be calculated, are left out.
    """
    if policy.threshold == 1:
        return result
    groups, table = result.groups.copy(), result.table.copy()
    n, events, share = (
        groups[name].to_numpy(dtype=np.float64) for name in ("n", "events", "estimate")
    )
    gone = policy.hides(n) | policy.hides(events) | policy.hides(n - events)
    if result.unit == "proportion":
        gone |= (n * share < policy.threshold) | (n * (1 - share) < policy.threshold)
    labels = groups[list(result.by)].astype(str).agg(", ".join, axis=1)
    hidden = set(labels[gone])
    few = float(n[~gone].min()) if (~gone).any() else 0.0
    decimals = _decimals(result.unit, few)
    numbers = [
        name
        for name in groups.columns
        if name not in result.by and pd.api.types.is_numeric_dtype(groups[name])
    ]
    groups[numbers] = groups[numbers].astype(np.float64)
    groups.loc[labels.isin(hidden).to_numpy(), numbers] = np.nan
    groups["se"] = np.nan
    groups[list(ROUNDED)] = groups[list(ROUNDED)].round(decimals)
    pair = table["group"].isin(hidden) | table["reference"].isin(hidden)
    values = [name for name in table.columns if pd.api.types.is_numeric_dtype(table[name])]
    table[values] = table[values].astype(np.float64)
    table.loc[pair.to_numpy(), values] = np.nan
    table["se"] = np.nan
    p_values = [name for name in values if name.endswith("p_value") or name == "p_adjusted"]
    table[p_values] = table[p_values].round(2)
    others = [name for name in values if name not in (*p_values, "se")]
    table[others] = table[others].round(decimals)
    known = ~pair.to_numpy()
    rule = no_small_counts(result.rule, policy)
    if result.clustering is not None and result.clustering.few:
        rule += f" {result.clustering.warning}"
    return replace(
        result,
        table=table[known].reset_index(drop=True),
        groups=groups,
        rule=f"{rule} {policy.note} Pairs with few people or events are left out.",
        decimals=decimals,
        clustering=None,  # rows less clusters are those who came again
    )


def _decimals(unit: str, people: float) -> int:
    if unit == "proportion":
        return 2 if people < MANY else 3
    return 0 if people < HUNDRED else 1


def protect_dose(result: DoseAndOutcome, policy: SafePolicy) -> DoseAndOutcome:
    """Return doses and outcomes for release; see `iop_outcomes.protect`.

    Of a service or approach the dose is shown if neither those who came to it nor the others are
    few, and the outcome if that holds of each dose, and of those with relapse in each.
    """
    if policy.threshold == 1:
        return result
    dose, table = result.dose.copy(), result.table.copy()
    came, episodes = (dose[name].to_numpy(dtype=np.float64) for name in ("with_any", "episodes"))
    few = policy.hides(came) | policy.hides(episodes - came) | policy.hides(episodes)
    due, attended = (dose[name].to_numpy(dtype=np.float64) for name in ("due", "attended"))
    few |= policy.hides(attended) | policy.hides(due - attended)
    dose = _without(dose, few, (result.of,))
    followed, events, censored = (
        table[name].to_numpy(dtype=np.float64) for name in ("episodes", "events", "censored")
    )
    rest = followed - events - censored
    small = np.zeros(len(table), dtype=np.bool_)
    for counts in (followed, events, censored, rest):
        small |= policy.hides(counts)
    wholes = table[result.of].isin(set(table[result.of][small])).to_numpy()
    table = _without(table, wholes, (result.of, "dose"))
    rule = no_small_counts(result.rule, policy)
    note = "Services or approaches with few people or events have no numbers."
    return replace(result, dose=dose, table=table, rule=f"{rule} {policy.note} {note}")


def protect_transitions(result: Transitions, policy: SafePolicy) -> pd.DataFrame:
    """Return the table of entry paths for release; see `iop_outcomes.protect`.

    A row is shown if neither its people, its events nor the others are few, nor those of its path
    who are not in the curve. The curves are protected by themselves.
    """
    table = result.table.copy()
    if policy.threshold == 1:
        return table
    episodes, n, events = (
        table[name].to_numpy(dtype=np.float64) for name in ("episodes", "n", "events")
    )
    few = np.zeros(len(table), dtype=np.bool_)
    for counts in (episodes, n, events, n - events, episodes - n):
        few |= policy.hides(counts)
    return _without(table, few, ("entry_path", "measure", "day", "not_known"))


def _without(table: pd.DataFrame, gone: Mask, kept: tuple[str, ...]) -> pd.DataFrame:
    """Return a table without the numbers of some rows, which ``hidden`` marks; shares rounded."""
    numbers = [
        name
        for name in table.columns
        if name not in kept and pd.api.types.is_numeric_dtype(table[name])
    ]
    table[numbers] = table[numbers].astype(np.float64)
    table.loc[gone, numbers] = np.nan
    shares = [name for name in numbers if name in (*ROUNDED, "share", "rate", "relapsed")]
    shares += [name for name in numbers if name in ("rate_lower", "rate_upper")]
    table[shares] = table[shares].round(2)
    return table.assign(hidden=gone)
