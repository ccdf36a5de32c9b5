"""Relapse and other ends, whichever came first: the table of those who are in the curve."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import ProtectedCurves
from iop_outcomes.disclosure.fixed_days import EndsElsewhere, protect_first
from iop_outcomes.disclosure.fixed_days.at_risk import survival_decimals
from iop_outcomes.records.schema import DISCHARGE_REASONS
from iop_outcomes.relapse import RelapseRule
from iop_outcomes.report.model import WHOLE_PERCENT, Kind, Table, share_kind
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.ends.each_day import each_day, with_limits
from iop_outcomes.shared.vocabulary import COMPETING_ENDS
from iop_outcomes.survival import CumulativeIncidence, SurvivalCurves, cumulative_incidence

NAME, TITLE = "relapse_first", "Relapse and other ends, whichever came first"
NO_REASON, OTHER_REASON = "discharged", "other"
TOO_FEW = "How many relapsed first and how many ended treatment first is not shown: too few people."
NO_RELAPSE = "What came first, a relapse or another end, is not estimated: nobody relapsed."
NO_ENDS = (
    "How many ended treatment before a relapse is not known: the records do not show who left, or "
    "why."
)
BESIDE_EARLIER = (
    "How many relapsed first and how many ended treatment first is not shown beside an earlier "
    "report: both would tell of a few people who count in one of them only."
)
NOTE = (
    "Of all people in the curve: the share who had relapsed by the day, and the share who had left "
    "or died before a relapse was seen. Each person counts once, by what came first; a relapse "
    "after the end of treatment is in the curve and not here. People whose follow-up stopped "
    "before either count up to that day (Aalen-Johansen estimate)."
)
TOGETHER = "Ends of too few people are taken together."


@dataclass(frozen=True, eq=False)
class FirstEnds:
    """What came first, for release, or the sentence that says why it is not shown.

    Attributes
    ----------
    shown : ProtectedCurves or None
        On days of the curve of all.
    open : CumulativeIncidence or None
        On each day, under a policy that hides nothing.
    sentence : str
        Why it is not shown; empty where it is, or where nothing can come before a relapse.
    ends : str
        The sentence that names the ends.
    """

    shown: ProtectedCurves | None = None
    open: CumulativeIncidence | None = None
    sentence: str = ""
    ends: str = ""

    @property
    def told(self) -> bool:
        """Whether the report shows it."""
        return self.shown is not None or self.open is not None


def first_table(ends: FirstEnds) -> Table:
    """Return the shares by what came first, a column a day; if nothing is hidden a row a day."""
    if ends.open is not None:
        return each_day(NAME, TITLE, ends.open, "first", f"{NOTE} {ends.ends}")
    assert ends.shown is not None
    rows = ends.shown.table[ends.shown.table["day"] > 0]
    decimals = survival_decimals(int(ends.shown.sizes["n"].iloc[0])) if len(rows) else WHOLE_PERCENT
    parts: dict[str, list[object]] = {"came_first": []}
    kinds: dict[str, Kind] = {}
    for cause, own in rows.groupby("cause", sort=False, observed=True):
        parts["came_first"].append(
            "relapsed" if cause == "relapse" else str(cause).replace("_", " ")
        )
        for day, share in zip(own["day"], own["incidence"], strict=True):
            parts.setdefault(f"day_{day}", []).append(share)
            kinds[f"day_{day}"] = share_kind(decimals)
    return Table(NAME, TITLE, pd.DataFrame(parts), kinds, f"{NOTE} {ends.ends} {TOGETHER}")


def first_limits(result: CumulativeIncidence) -> Table:
    """Return the shares on the days that readers ask for, with their intervals."""
    return with_limits(f"{NAME}_limits", f"{TITLE}, with intervals", result, "came_first")


def with_ends(rule: RelapseRule) -> RelapseRule:
    """Return the rule, with every end of treatment competing where it names none of its own.

    Days and events of the times are the same under both.
    """
    if rule.competing != COMPETING_ENDS or rule.origin == "discharge":
        return rule
    own = "dropped_out" if rule.of_dropout else ""
    ends = (end for end in (*DISCHARGE_REASONS, NO_REASON) if end != own)
    return replace(rule, competing=tuple(ends))


def first_ends(
    scope: Scope,
    times: pd.DataFrame,
    curve: SurvivalCurves,
    overall: ProtectedCurves,
    elsewhere: EndsElsewhere,
) -> FirstEnds:
    """Return what came first.

    Parameters
    ----------
    scope : Scope
        The people.
    times : pandas.DataFrame
        Their times, of which `with_ends` says what competes.
    curve : SurvivalCurves
        The curve of all of them.
    overall : ProtectedCurves
        The same as it is printed.
    elsewhere : EndsElsewhere
        Their ends in the table of how episodes ended.
    """
    if scope.rule.origin == "discharge" or overall.table.empty:
        return FirstEnds()  # treatment is over on day 0; without a curve there is no day either
    end = _ends(times)
    present = set(end.dropna())
    if not scope.tells("completion_rate") or not present:
        return FirstEnds(sentence=NO_ENDS)
    if not times["event"].any():
        return FirstEnds(sentence=NO_RELAPSE if scope.policy.threshold == 1 else TOO_FEW)
    event = "dropped_out" if scope.rule.of_dropout else "relapse"
    causes = [event, *(reason for reason in DISCHARGE_REASONS if reason in present)]
    found = cumulative_incidence(times.assign(competing_end=end), causes=causes)
    rule = with_ends(scope.rule)
    ends = _named(rule)
    if scope.policy.threshold == 1:
        return FirstEnds(open=found, ends=ends)
    days = [int(day) for day in overall.table["day"] if day > 0]
    plain = replace(found, rule=f"{scope.rule.text} {ends} Aalen-Johansen estimate.")
    shown = protect_first(plain, curve, scope.policy, days=days, elsewhere=elsewhere)
    return FirstEnds(sentence=TOO_FEW) if shown.table.empty else FirstEnds(shown, ends=ends)


def first_times(scope: Scope, times: pd.DataFrame) -> pd.DataFrame:
    """Return which end came first, and when: ``episode_id``, ``day`` and ``cause``.

    The cause is missing where neither came; then the day is the last that is known.
    """
    end, ended_on, days = _ends(times), times["competing_on"], times["days"].astype("float64")
    event = times["event"].to_numpy(dtype=np.bool_)
    leaves = end.notna().to_numpy() & ~(event & ~(ended_on < days).to_numpy())
    relapsed = np.full(len(times), None, dtype=object)
    relapsed[event] = "dropped_out" if scope.rule.of_dropout else "relapse"
    return times[["episode_id"]].assign(
        day=np.where(leaves, ended_on.astype("float64"), days),
        cause=np.where(leaves, end.to_numpy(dtype=object), relapsed),
    )


def _ends(times: pd.DataFrame) -> pd.Series[str]:
    """Return the end of treatment that each row may have before the event; no reason is another."""
    end = times["competing_end"].astype(object)
    return end.mask(end == NO_REASON, OTHER_REASON)


def _named(rule: RelapseRule) -> str:
    """Return the sentence that names the ends."""
    words = [end.replace("_", " ") for end in rule.competing if end != NO_REASON]
    if NO_REASON in rule.competing:
        words.append("no reason recorded")
    return f"Ends of treatment: {', '.join(words)}."
