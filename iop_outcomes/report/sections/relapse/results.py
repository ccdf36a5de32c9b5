"""The protected curves of the section on relapse, and what they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations

import pandas as pd

from iop_outcomes.disclosure import ProtectedCurves, protect_curves, protect_family
from iop_outcomes.disclosure.fixed_days import EndsElsewhere, protect_interval
from iop_outcomes.disclosure.fixed_days.fewer import on_fewer_days
from iop_outcomes.disclosure.fixed_days.protected import by_group
from iop_outcomes.disclosure.policy import HIDDEN, round_share
from iop_outcomes.disclosure.system import PrintedCells
from iop_outcomes.relapse import RelapseRule
from iop_outcomes.relapse.read_once import EvidenceReader
from iop_outcomes.relapse.rule import ORIGINS
from iop_outcomes.relapse.times import times_under
from iop_outcomes.report.model import WHOLE_PERCENT, share_kind, write_value
from iop_outcomes.report.scope import Mask, Scope
from iop_outcomes.report.sections.relapse.beside import Beside
from iop_outcomes.report.sections.relapse.declared_curves import PrintedCurve, cells_of_curve
from iop_outcomes.report.sections.relapse.first import (
    BESIDE_EARLIER,
    FirstEnds,
    first_ends,
    first_times,
    with_ends,
)
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
    decimals : dict
        The name of each rule for missing check-ins -> the decimals of the share in `resting`.
    cells : tuple of PrintedCells
        What the curves tell by quarter of admission, for the reports that come after.
    less : bool
        Whether something is left out that would tell of a few beside an earlier report.
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
    cells: tuple[PrintedCells, ...] = ()
    less: bool = False

    @property
    def size(self) -> int | None:
        """How many episodes the printed curves are of, if a curve or sum of curves discloses it."""
        tables = [self.overall.sizes, self.by_missing.sizes]
        return next((int(sizes["n"].iloc[0]) for sizes in tables if len(sizes)), None)


def relapse_results(
    scope: Scope,
    elsewhere: EndsElsewhere | None = None,
    before: Sequence[PrintedCells] = (),
) -> RelapseResults | None:
    """Return the protected curves of two years' admissions; None if too few can be followed.

    Parameters
    ----------
    scope : Scope
        The people.
    elsewhere : EndsElsewhere, optional
        Their ends in the table of how episodes ended.
    before : sequence of PrintedCells
        The reports that were issued before.
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
    found = RelapseResults(
        overall,
        by_program,
        by_missing,
        missing,
        resting,
        people,
        interval,
        first,
        counted,
        decimals,
    )
    if scope.policy.threshold == 1 or scope.period is None:
        return found
    return _beside(scope, found, others | {scope.rule.missing: times}, before)


def _beside(
    scope: Scope,
    found: RelapseResults,
    by_rule: dict[str, pd.DataFrame],
    before: Sequence[PrintedCells],
) -> RelapseResults:
    """Return the curves with what may be printed of them beside those of earlier reports.

    The interval-censored curve, and what came first, are of the people of the curve of all: where
    that has less, they are left out.
    """
    judge, used = Beside(scope, before), scope.rule.missing
    printed: list[PrintedCurve] = []
    less = False

    def safe(curves: ProtectedCurves, given: Iterator[list[PrintedCurve]]) -> ProtectedCurves:
        nonlocal less
        kept = []
        for some in given:
            one = some[0]
            for named in some:  # one curve can be of two rules
                same = next((other for other in printed if other.name == named.name), None)
                one = same or judge.safe(replace(one, name=named.name))
            printed.extend(replace(one, name=named.name) for named in some)
            less |= (one.falls, one.base) != (some[0].falls, some[0].base)
            kept.append(one.kept)
        return on_fewer_days(curves, kept) if less else curves

    def curves_of(
        curves: ProtectedCurves, tables: dict[str, tuple[list[tuple[str, str]], pd.DataFrame]]
    ) -> Iterator[list[PrintedCurve]]:
        for place, (key, rows) in enumerate(by_group(curves.table, curves.by)):
            names, times = tables[str(key) if curves.by else ""]
            falls = _falls(rows, curves.measure)
            own = PrintedCurve(names[0], falls, int(curves.sizes["base"].iloc[place]), times)
            if curves.measure == "incidence":
                own = replace(own, others=_others(curves.table, falls), kinds=len(curves.sizes))
            yield [replace(own, name=name) for name in names]

    of_all = {rule: _ends_of(times) for rule, times in by_rule.items()}
    overall = found.overall
    if not overall.table.empty:
        overall = safe(overall, curves_of(overall, {"": ([("rule", used)], of_all[used])}))
    changed = len(overall.table) < len(found.overall.table)
    by_missing = found.by_missing
    if not by_missing.table.empty:
        labels = {}
        for label in by_missing.sizes[MISSING].astype(str):
            rules = _rules_in(label)
            labels[label] = [("rule", rule) for rule in rules], of_all[rules[0]]
        by_missing = safe(by_missing, curves_of(by_missing, labels))
    by_program, times = found.by_program, by_rule[used]
    if by_program is not None and judge.sizes_tell(times):
        by_program, less = None, less or len(before) > 0
    if by_program is not None:
        each = {
            str(name): ([("program", str(name))], of_all[used][times["program"] == name])
            for name in times["program"].unique()
        }
        by_program = safe(by_program, curves_of(by_program, each))
        by_program = by_program if len(by_program.sizes) > 1 else None
    first = found.first
    if first.shown is not None:
        ends = first_times(scope, by_rule[used])
        shown = safe(first.shown, curves_of(first.shown, _causes(first.shown, ends)))
        if changed or (shown is not first.shown and len(shown.table) < len(first.shown.table)):
            first, less = FirstEnds(sentence=BESIDE_EARLIER), True
            printed = [one for one in printed if one.name[0] != "first"]
    return replace(
        found,
        overall=overall,
        by_program=by_program,
        by_missing=by_missing,
        interval=None if changed else found.interval,
        first=first,
        cells=tuple(cells_of_curve(scope, one) for one in _once(printed) if one.falls),
        less=less,
    )


def with_curves(cells: PrintedCells, results: RelapseResults | None) -> PrintedCells:
    """Return the cells of a report with those of its curves."""
    for one in () if results is None else results.cells:
        cells = replace(
            cells,
            counts=cells.counts | one.counts,
            least=cells.least | one.least,
            settled=cells.settled | one.settled,
            sums=[*cells.sums, *one.sums],
            shares=[*cells.shares, *one.shares],
        )
    return cells


def _once(printed: Sequence[PrintedCurve]) -> list[PrintedCurve]:
    return [*{one.name: one for one in printed}.values()]


def _falls(rows: pd.DataFrame, measure: str) -> dict[int, float]:
    """Return the printed days after day 0, with the share that had ended so."""
    later = rows[rows["day"] > 0]
    shares = later[measure] if measure == "incidence" else 1 - later[measure]
    return {int(day): float(share) for day, share in zip(later["day"], shares, strict=True)}


def _others(table: pd.DataFrame, falls: Mapping[int, float]) -> dict[int, float]:
    """Return the share that had ended otherwise by each day on which one kind of end is printed."""
    ended = table.groupby("day")["incidence"].sum()
    return {day: float(ended[day]) - fall for day, fall in falls.items()}


def _ends_of(times: pd.DataFrame) -> pd.DataFrame:
    """Return the days of the events, and of the last that is known of the others."""
    days, event = times["days"].astype("float64"), times["event"].astype(bool)
    return times[["episode_id"]].assign(day=days, ended=event)


def _rules_in(label: str) -> list[str]:
    """Return the rules for missing check-ins that a curve is of, by its name."""
    words = [one.removesuffix(" (used here)") for one in label.split(", or ")]
    return [rule for rule in COMPARED_RULES if MISSING_RULES[rule].short in words]


def _causes(
    shown: ProtectedCurves, ends: pd.DataFrame
) -> dict[str, tuple[list[tuple[str, str]], pd.DataFrame]]:
    """Return the times of each printed kind of end; those taken together are named by all kinds."""
    present = set(ends["cause"].dropna())
    named = {str(cause) for cause in shown.sizes["cause"]}
    found = {}
    for cause in named:
        kinds = {cause} if cause in present else present - named
        times = ends[["episode_id", "day"]].assign(ended=ends["cause"].isin(kinds))
        found[cause] = [("first", ", ".join(sorted(kinds)))], times
    return found


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
