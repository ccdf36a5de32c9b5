"""Programs as a funnel: counts of people, declared with those of the program table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.declared import DETAIL
from iop_outcomes.disclosure.policy import round_share
from iop_outcomes.disclosure.sites import side_of_those_shown
from iop_outcomes.report.model import (
    WHOLE_PERCENT,
    Hidden,
    Kind,
    Table,
    share_kind,
    write_value,
)
from iop_outcomes.report.programs import FAMILY, fractions_of_people
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.cohort import ALL
from iop_outcomes.report.sections.points import ALIKE, DIFFER, SAME, Point
from iop_outcomes.shared.text import SHARE_DECIMALS, format_share, list_names
from iop_outcomes.trends import Funnel, funnel
from iop_outcomes.trends.sites import partly_pooled
from iop_outcomes.trends.sites.words import FunnelWords

NAME, TITLE = "sites", "Programs side by side"
MEASURES = {
    "retained_30": "Retained at 30 days",
    "retained_90": "Retained at 90 days",
    "completed": "Completed, of those discharged",
}
COUNTED = {"retained_30": "admissions", "retained_90": "admissions", "completed": "discharges"}
WITHIN = "within limits"
WORDS = FunnelWords("program", plain=True)
LIMITS = (
    "Limits: if programs varied {by}, 95% of them would lie within the inner limits, and 99.8% "
    "within the outer ones."
)
OF_FEW = (
    "A program of few people may stand outside the limits and count as within them: chance alone "
    "gives so much, or so little, more often than 1 time in 40."
)
BY_CHANCE, AND_AS_THESE = "by chance alone", "by chance, and as widely as these do"
INNER = {"lower_95": "inner_lower_limit", "upper_95": "inner_upper_limit"}
"""The limits of a funnel as the report names them."""
POOLED = (
    "Partly pooled: each share drawn towards the line in the middle, the more the fewer people it "
    "is of. Programs are in the order of their names."
)
TOGETHER = "all programs together"
WITH_OTHERS = "all programs, also those not shown"
SHOWN_TOGETHER = "the programs shown together"
SMALL = "small or none, or protect others"
NOBODY = "nobody of theirs is counted"
BY_RESULT = (
    "Some of those not shown may have had few people who were retained or completed, or few others"
)
NO_FUNNEL = (
    "no funnel is drawn. It would show the counts behind the shares, and at most one program has "
    "counts that may be printed. Those of the others are small, or would give a small number away."
)
NOT_KNOWN = "None of these shares is known from the records of every program."
ALONE = "One program cannot be set beside others."
NONE_ALONE = "No program is large enough to stand alone."
HOW = (
    "A small program swings more by chance than a large one. A funnel shows how far: a program "
    "within the limits differs from the line in the middle by no more than chance may explain. One "
    "beyond them may differ for many reasons."
)


@dataclass(frozen=True, eq=False)
class SiteCounts:
    """The counts of one measure by program, with the key of each in `LinkedCounts`.

    `programs` are all of the report: one to which nobody was admitted is named as not shown, too,
    since it may be hidden that nobody was. `of_all` is the share of all programs as
    the table of programs prints it, rounded to `decimals`. `all_shown` says that nothing is hidden.
    """

    measure: str
    frame: pd.DataFrame
    programs: tuple[str, ...] = ()
    of_all: float = np.nan
    decimals: int = WHOLE_PERCENT
    all_shown: bool = False

    def shown(self, hidden: Hidden) -> Funnel | None:
        """Return the funnel of the programs that may be shown; None of fewer than two.

        Its line in the middle, and so its limits, are those of a share that is printed: of the
        programs shown, if these are all; else of all programs, as rounded in the table of programs.
        With the exact share of all, hidden counts would follow. Where that of all is hidden, the
        line is that of the programs shown, and it is said that their results decide who is shown.
        """
        names = self.frame["program"]
        kept = np.array([("sites", self.measure, name) not in hidden for name in names])
        kept &= self.frame["denominator"].to_numpy() > 0
        frame = self.frame[kept].reset_index(drop=True)
        if len(frame) < 2:
            return None
        left = sorted({*self.programs, *names} - set(frame["program"]))
        whole = not left or self.all_shown
        printed = not whole and (FAMILY, self.measure, ALL) not in hidden and 0 < self.of_all < 1
        target = self.of_all if printed else None
        made = funnel(frame, MEASURES[self.measure], by="program", target=target)
        together = TOGETHER if whole else WITH_OTHERS if printed else SHOWN_TOGETHER
        made = replace(
            made,
            given=False,
            counted=COUNTED[self.measure],
            together=together,
            not_shown=self._not_shown(left),
            written=write_value(self.of_all, share_kind(self.decimals)) if printed else "",
            words=WORDS,
        )
        if printed:
            made = replace(made, table=_pooled_towards(made, self.of_all))
        varied = AND_AS_THESE if made.table["adjusted"].any() else BY_CHANCE
        few = OF_FEW if _are_outside(made.table).any() else ""
        said = (LIMITS.format(by=varied), few, POOLED, _line_text(made, left), made.not_shown)
        return replace(made, rule=" ".join(filter(None, said)))

    def _not_shown(self, left: Sequence[str]) -> str:
        """Return the sentence that names the programs left out."""
        if not left:
            return ""
        whose = "its numbers are" if len(left) == 1 else "their numbers are"
        why = NOBODY if self.all_shown else f"{whose} {SMALL}"
        return f"Not shown, as {why}: {list_names(left)}."


def _are_outside(table: pd.DataFrame) -> pd.Series[bool]:
    """Return which programs stand outside the limits that are drawn and are not beyond them."""
    outside = (table["value"] < table["lower_95"]) | (table["value"] > table["upper_95"])
    return outside & (table["position"] == WITHIN)


def _pooled_towards(made: Funnel, middle: float) -> pd.DataFrame:
    """Return the table of a funnel with the values drawn towards a line that is given."""
    table = made.table
    pooled, weight = partly_pooled(table["value"], table["size"], proportion=True, mean=middle)
    return table.assign(partly_pooled=pooled, own_weight=weight)


def _line_text(made: Funnel, left: Sequence[str]) -> str:
    """Return what the line in the middle of a funnel is."""
    text = f"The line in the middle is {made.together}: {made.middle}"
    if made.together == WITH_OTHERS:
        return f"{text}, a rounded share. {BY_RESULT}, and may lie beyond the limits."
    met, of = made.table[["numerator", "denominator"]].sum()
    text += f" ({met:,.0f} of {of:,.0f})."
    if not left or made.together == TOGETHER:
        return text
    return f"{text} {BY_RESULT}: this line is {side_of_those_shown(made.target)}."


def declare_sites(scope: Scope, linked: LinkedCounts) -> list[SiteCounts]:
    """Declare the counts of each measure by program, as items that can be hidden.

    They are those behind the shares of the table of programs, which are declared before.
    """
    program = scope.records.episodes["program"].astype(str).to_numpy()
    names = sorted(set(program[scope.year]))
    counts_of_sites = []
    for measure, (top, bottom) in fractions_of_people(scope).items():
        rows = []
        for name in names:
            mask = scope.year & (program == name)
            key = ("sites", measure, name)
            counted = {"x": mask & (top > 0), "n": mask & (bottom > 0)}
            for count, people in counted.items():
                own, same = (*key, count), (FAMILY, measure, name, count)
                linked.count(
                    own, linked.value(same), people=scope.people(people), item=key, rank=DETAIL
                )
                linked.total(own, [same])
            rows.append((name, *(float(linked.value((*key, count))) for count in "xn")))
        frame = pd.DataFrame(rows, columns=["program", "numerator", "denominator"])
        x, n = (linked.value((FAMILY, measure, ALL, count)) for count in "xn")
        decimals = scope.policy.share_decimals(n)
        line = round_share(x, n, decimals), decimals
        all_shown = scope.policy.threshold == 1
        counts_of_sites.append(
            SiteCounts(measure, frame, tuple(scope.programs), *line, all_shown=all_shown)
        )
    return counts_of_sites


def funnels(counts: list[SiteCounts], hidden: Hidden) -> dict[str, Funnel]:
    """Return the funnels that may be shown, by measure."""
    funnel_of = {counts_of_site.measure: counts_of_site.shown(hidden) for counts_of_site in counts}
    return {name: site_funnel for name, site_funnel in funnel_of.items() if site_funnel is not None}


def not_drawn(linked: LinkedCounts, counts: Sequence[SiteCounts], hidden: Hidden) -> Hidden:
    """Return the items of the measures that have no funnel: no other table has their counts.

    They are withheld: that they are not there does not say that they are above 0.
    """
    items = frozenset(
        ("sites", one.measure, str(name))
        for one in counts
        if one.shown(hidden) is None
        for name in one.frame["program"]
    )
    for item in items:
        linked.withhold(item)
    return items


def measures_known(scope: Scope) -> list[str]:
    """Return the measures that could have a funnel."""
    return [] if scope.engagement is None else list(fractions_of_people(scope))


def without_funnel(
    shown: Mapping[str, Funnel],
    measures: Sequence[str],
    programs: int,
    too_few: Sequence[str] = (),
    *,
    taken_together: bool = False,
) -> tuple[str, ...]:
    """Return what is said of the measures that have no funnel.

    Parameters
    ----------
    shown : mapping of str to Funnel
        The funnels that there are, by measure.
    measures : sequence of str
        The measures that could have one.
    programs : int
        How many programs the report is about.
    too_few : sequence of str
        The programs too few to publish, which are in no number.
    taken_together : bool
        Whether small programs are counted as one.
    """
    if programs < 2:
        return (NONE_ALONE if taken_together else ALONE,)
    if not measures:
        return (NOT_KNOWN,)
    said = [f"{MEASURES[one]}: {NO_FUNNEL}" for one in measures if one not in shown]
    if shown and too_few:
        said.append(f"In none of these numbers, as too few to publish: {list_names(too_few)}.")
    return tuple(said)


def funnel_table_of(measure: str, title: str, one: Funnel) -> Table:
    """Return the counts, limits, partly pooled value and position of each program."""
    columns = ["program", "numerator", "denominator", "value", *INNER]
    frame = one.table[[*columns, "partly_pooled", "position"]].rename(columns=INNER)
    shares = ["value", *INNER.values(), "partly_pooled"]
    frame[shares] = frame[shares].round(SHARE_DECIMALS)
    if one.is_rounded:
        frame["partly_pooled"] = frame["partly_pooled"].round(SHARE_DECIMALS - 1)
    kinds: dict[str, Kind] = {"numerator": "count", "denominator": "count"}
    kinds |= dict.fromkeys(shares, "share")
    kinds["partly_pooled"] = "whole_share" if one.is_rounded else "share"
    return Table(f"sites_{measure}", title, frame, kinds, one.rule)


def site_points(funnels_shown: dict[str, Funnel], whom: str) -> list[Point]:
    """Return a finding for each measure in which a program lies beyond its limits.

    Where none does, one finding says so, of the measure with the most people. `whom` is whose
    shares these are, with their time.
    """
    points = []
    for measure, site_funnel in funnels_shown.items():
        beyond = site_funnel.table[site_funnel.table["position"] != WITHIN]
        named = [
            f"{row.program} {format_share(row.value)} ({row.numerator:,.0f} of "
            f"{row.denominator:,.0f}; "
            f"chance alone gives {format_share(row.lower_95)} to {format_share(row.upper_95)})"
            for row in beyond.itertuples(index=False)
        ]
        if named:
            line = _line_of(site_funnel)
            text = f" ({whom}): {'; '.join(named)} is beyond the 95% limits about {line}."
            points.append(Point(DIFFER, "programs differ", MEASURES[measure], text))
    if funnels_shown and not points:
        measure, site_funnel = max(
            funnels_shown.items(), key=lambda item: item[1].table["denominator"].sum()
        )
        line = _line_of(site_funnel)
        text = f" ({whom}): no program shown is beyond the 95% limits about {line}."
        points.append(Point(SAME, ALIKE, MEASURES[measure], text))
    return points


def _line_of(made: Funnel) -> str:
    """Return whose the line in the middle is, and its share, with its counts if they are shown."""
    if made.together == WITH_OTHERS:
        return f"{made.together}, {made.middle}"
    met, of = made.table[["numerator", "denominator"]].sum()
    return f"{made.together}, {made.middle} ({met:,.0f} of {of:,.0f})"
