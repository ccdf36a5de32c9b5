"""The protocol of the target trial and of its emulation, written from what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from iop_outcomes.compare.strategies.strategy import Strategy
from iop_outcomes.shared.text import format_count, format_level


@dataclass(frozen=True)
class Done:
    """What was done, as the protocol says it.

    Attributes
    ----------
    rows, people, events : int
        Rows of the times, the people behind them, and events up to the day.
    late : bool
        Whether some rows enter after day 0.
    strategies : sequence of Strategy
    formula : str
        The terms of the models of going on.
    truncate : float or None
    day : float
    confidence : float
    resamples, seed : int
    rule, event, origin : str
        How times were defined, and what the event and day 0 are called.
    ended, unknown, could_not_choose : int
        Clones ended as they did otherwise; decisions whose value is not known; clones that ended
        when the person could not choose.
    cluster : str
        What is resampled, in the plural.
    """

    rows: int
    people: int
    events: int
    late: bool
    strategies: Sequence[Strategy]
    formula: str
    truncate: float | None
    day: float
    confidence: float
    resamples: int
    seed: int
    rule: str
    event: str
    origin: str
    ended: int
    unknown: int
    could_not_choose: int
    cluster: str


def protocol_table(done: Done) -> pd.DataFrame:
    """Return the protocol: one row an element, the target trial and the emulation."""
    named = "; ".join(f"{strategy.name}: {strategy.words}" for strategy in done.strategies)
    clones = format_count(done.rows * len(done.strategies), "clone")
    late = " Some came under observation later and enter then." if done.late else ""
    rows = (
        (
            "eligibility",
            "Everyone who is at risk on day 0.",
            f"{format_count(done.rows, 'row')} of {done.people:,} {done.cluster}.{late} "
            f"{done.rule}",
        ),
        ("strategies", f"{named}.", _strategies(done)),
        (
            "assignment",
            "Random assignment to a strategy on day 0, known to all.",
            f"{clones}: one of each row under each strategy, since on day 0 all that was done fits "
            "all of them. People who go on and who do not are assumed to be alike within the terms "
            f"of the models of going on ({done.formula}).",
        ),
        (
            "start",
            f"Day 0, {done.origin}: eligibility, assignment and follow-up begin together.",
            "The same. A clone is followed to the event, the end of its row's follow-up, or the "
            f"end of the day on which its row does otherwise ({format_count(done.ended, 'clone')} "
            "ended so).",
        ),
        (
            "outcome",
            f"{done.event[:1].upper()}{done.event[1:]} by day {done.day:g}.",
            f"The same: {format_count(done.events, 'event')} by day {done.day:g}. An event before "
            "the end of a period counts under every strategy that was kept to until then.",
        ),
        (
            "contrast",
            "Per protocol: the proportion without the event at the day and the mean days without "
            "it, had everyone kept to the one strategy or to the other.",
            "The same, as differences. There is no counterpart of intention to treat.",
        ),
        ("analysis", "Curves of those assigned, weighted for deviations.", _analysis(done)),
    )
    return pd.DataFrame(rows, columns=["element", "target_trial", "emulation"])


def _strategies(done: Done) -> str:
    text = "The same, judged at the end of each period by what is recorded."
    if done.unknown:
        text += (
            " A value that is not known counts as kept (decisions of clones without one: "
            f"{done.unknown:,})."
        )
    if done.could_not_choose:
        text += (
            f" {format_count(done.could_not_choose, 'clone')} did otherwise when the person could "
            "no longer choose: no weight makes up for them."
        )
    return text


def _analysis(done: Done) -> str:
    cut = (
        "not truncated"
        if done.truncate is None
        else f"within each period truncated at quantile {done.truncate:g}"
    )
    return (
        "Weighted Kaplan-Meier curves. A clone counts by the inverse of the probability of having "
        "gone on, the product over the periods in which it could have been ended, from a pooled "
        f"logistic regression for each strategy (terms: {done.formula}). Weights are {cut} and not "
        "stabilised: a factor common to a strategy cancels in its curve. Censoring for other "
        "reasons is assumed to be independent. "
        f"{format_level(done.confidence)} limits: percentiles of {done.resamples:,} bootstrap "
        f"samples of {done.cluster}, models included (seed {done.seed})."
    )
