"""The protected curves of the section on relapse, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import permutations

import pandas as pd

from iop_outcomes.disclosure import ProtectedCurves, protect_curves, protect_family
from iop_outcomes.disclosure.fixed_days import EndsElsewhere, protect_interval
from iop_outcomes.disclosure.policy import HIDDEN, round_share
from iop_outcomes.relapse import RelapseRule
from iop_outcomes.relapse.read_once import EvidenceReader
from iop_outcomes.relapse.rule import ORIGINS
from iop_outcomes.relapse.times import times_under
from iop_outcomes.report.model import WHOLE_PERCENT, share_kind, write_value
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.relapse.first import FirstEnds, first_ends, with_ends
from iop_outcomes.shared.provenance import Provenance, label, relabel
from iop_outcomes.shared.vocabulary import MISSING_RULES
from iop_outcomes.survival import IntervalSurvival
from iop_outcomes.survival.curves.estimate import product_curves
from iop_outcomes.survival.intervals.estimate import interval_survival_beside

MISSING = "a missing check-in"
COMPARED_RULES = ("censor", "use", "no_use", "last_value")  # rules for missing check-ins

NESTED = ("censor", "no_use", "last_value", "use")
"""The rules for missing check-ins, from that with the fewest relapses by any day to the most."""


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
    people : int
        The people in the curves.
    interval : ProtectedCurves, IntervalSurvival or None
        All programs, with each relapse between two check-ins; None if it cannot be shown. Under a
        policy that hides nothing the estimate itself.
    first : FirstEnds
        Who relapsed first and who ended treatment first.
    counted : numpy.ndarray of bool or None
        The episodes in the curves.
    """

    overall: ProtectedCurves
    by_program: ProtectedCurves | None
    by_missing: ProtectedCurves
    missing: str
    resting: dict[str, float | str]
    people: int
    interval: ProtectedCurves | IntervalSurvival | None = None
    first: FirstEnds = field(default_factory=FirstEnds)
    counted: Mask | None = None
    decimals: dict[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int | None:
        """How many episodes the printed curves are of, if a curve or sum of curves discloses it."""
        tables = [self.overall.sizes, self.by_missing.sizes]
        return next((int(sizes["n"].iloc[0]) for sizes in tables if len(sizes)), None)


def relapse_results(scope: Scope, elsewhere: EndsElsewhere | None = None) -> RelapseResults | None:
    """Return the protected curves of two years' admissions; None if too few can be followed.

    Parameters
    ----------
    scope : Scope
        The people.
    elsewhere : EndsElsewhere, optional
        Their ends in the table of how episodes ended.
    """
    reader = EvidenceReader(scope.records)
    times = _times(scope, with_ends(scope.rule), reader)
    if scope.policy.hides([len(times), times["person_id"].nunique()]).any() or times.empty:
        return None
    synthetic = scope.records.synthetic
    curve = product_curves(times)
    by_program = None
    if len(times["program"].unique()) > 1:
        programs = product_curves(times, by="program")
        overall, by_program = protect_family(curve, programs, scope.policy, synthetic=synthetic)
    if by_program is None or len(by_program.sizes) < 2:
        by_program = None
        overall = protect_curves(curve, scope.policy, synthetic=synthetic)
    others = {
        missing: _times(scope, replace(scope.rule, missing=missing), reader)  # type: ignore[arg-type]  # one of the rules
        for missing in COMPARED_RULES
        if missing != scope.rule.missing
    }
    by_missing, resting, decimals = _by_missing_rule(
        scope, overall, {scope.rule.missing: times} | others
    )
    missing = _rests_on_missing(times, scope)
    people = int(times["person_id"].nunique())
    interval = _between_check_ins(scope, overall, times)
    first = first_ends(scope, times, curve, overall, elsewhere or EndsElsewhere())
    counted = scope.has_row_in(times)
    curves = overall, by_program, by_missing
    return RelapseResults(*curves, missing, resting, people, interval, first, counted, decimals)


def _between_check_ins(
    scope: Scope, overall: ProtectedCurves, times: pd.DataFrame
) -> ProtectedCurves | IntervalSurvival | None:
    """Return the interval-censored curve, on days on which that of all is shown, and no others."""
    if overall.table.empty:
        return None
    between = interval_survival_beside(product_curves, times)
    if scope.policy.threshold == 1:
        return between
    days = [int(day) for day in overall.table["day"] if day > 0]
    shown = protect_interval(between, scope.policy, days=days)
    return None if shown.table.empty else shown


def _by_missing_rule(
    scope: Scope, overall: ProtectedCurves, by_rule: dict[str, pd.DataFrame]
) -> tuple[ProtectedCurves, dict[str, float | str], dict[str, int]]:
    """Return the curves under each rule, the share of their events on missing data, its decimals.

    The curve of the rule used here is the one of all programs, with the same days: it was judged
    beside the programs. The others are judged beside it, as they are of the same people.
    """
    tables: dict[str, pd.DataFrame] = {}
    rules: dict[str, list[str]] = {}
    for missing in COMPARED_RULES:
        words, times = MISSING_RULES[missing].short, by_rule[missing]
        name = f"{words} (used here)" if missing == scope.rule.missing else words
        columns = ["person_id", "days", "event", "rests_on_missing"]
        same = [other for other in tables if tables[other].equals(times[columns])]
        if same:
            # One rule that gives what another gives is the same curve: it is drawn once.
            joined = f"{same[0]}, or {name}"
            tables = {joined if key == same[0] else key: tables[key] for key in tables}
            rules[joined] = [*rules.pop(same[0]), missing]
        else:
            tables[name] = times[columns]
            rules[name] = [missing]
    resting: dict[str, float | str] = {}
    decimals: dict[str, int] = {}
    for name, times in tables.items():
        events, on_missing = int(times["event"].sum()), int(times["rests_on_missing"].sum())
        few = bool(scope.policy.hides_fraction(on_missing, events))
        decimals[name] = WHOLE_PERCENT if few else scope.policy.share_decimals(events)
        share = round_share(on_missing, events, decimals[name])
        resting[name] = HIDDEN if few else share
    parts = [times.assign(**{MISSING: name}) for name, times in tables.items()]
    both = pd.concat(parts, ignore_index=True)
    text = f"{scope.rule.definition_text}; missing check-ins as named."
    label(both, Provenance(text, scope.rule.event, ORIGINS[scope.rule.origin]))
    used = next((name for name in tables if scope.rule.missing in rules[name]), "used here")
    rules.setdefault(used, [scope.rule.missing])
    curves = protect_curves(
        product_curves(both, by=MISSING),
        scope.policy,
        alike={used: overall.table["day"].tolist()},
        nested=_nested(rules),
        synthetic=scope.records.synthetic,
    )
    return curves, resting, decimals


def _nested(rules: dict[str, list[str]]) -> list[tuple[str, str, str]]:
    """Return which counts of one curve are among those of another, as `protect_curves` asks.

    Whoever has relapsed by a day under one rule has by then under a rule that sees more use. Of a
    rule that is not in `NESTED` either way is taken to be possible.
    """
    pairs = []
    for (one, inner), (other, outer) in permutations(rules.items(), 2):
        known = {inner[0], outer[0]} <= set(NESTED)
        if not known or NESTED.index(inner[0]) < NESTED.index(outer[0]):
            pairs.append(("events", one, other))
    return pairs


def _times(scope: Scope, rule: RelapseRule, reader: EvidenceReader) -> pd.DataFrame:
    times = times_under(rule, reader)
    kept = scope.records.episodes.loc[scope.two_years, "episode_id"]
    chosen = times[times["episode_id"].isin(kept)].reset_index(drop=True)
    chosen["program"] = chosen["program"].astype(str)
    # The text of the times may count those left out: a small count, and not of these two years.
    # What silence means stands in it, without a number.
    return relabel(chosen, times, rule=rule.text + reader.silence(rule))


def _rests_on_missing(times: pd.DataFrame, scope: Scope) -> str:
    events = int(times["event"].sum())
    missing = int(times["rests_on_missing"].sum())
    if events == 0:
        return "There was no event."
    if missing == 0:
        return "No event was taken from a missed check-in."
    if bool(scope.policy.hides_fraction(missing, events)):
        return "The share of the events that rests on missing data cannot be shown: too few."
    decimals = scope.policy.share_decimals(events)
    share = write_value(round_share(missing, events, decimals), share_kind(decimals))
    return f"{share} of the events rest on missing data."
