"""Published definitions of abstinence, as data.

`weeks` is the length of the protocol: a definition whose paper looks at a later week ends there.
"""

from __future__ import annotations

from iop_outcomes.relapse.definitions.conditions import AtLeast, Every, From
from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.measures import Contains, Count, LongestRun, Share, Steps
from iop_outcomes.relapse.definitions.published.papers import (
    AS_USE,
    EVENT,
    WEEKS,
    YES_OR_NO,
    define,
    ends,
    pair,
    tested,
)
from iop_outcomes.relapse.definitions.steps import (
    MISSED_IS_USE,
    MIXED_IS_USE,
    SEEN_ONLY,
    CarryForward,
    SeenBy,
)
from iop_outcomes.relapse.definitions.windows import Window
from iop_outcomes.use.visit_schedules import collapse_lattice

INTERRUPTS = "A missed week interrupts the run, and so does a mixed one."
PASSED_OVER = "Missed weeks are passed over, as weeks without use; a mixed one counts as use."


def abstinence_definitions(weeks: int) -> list[Definition]:
    """Return the definitions of abstinence, in the order of the reference."""
    return [
        *_weeks_and_runs(weeks),
        _lofwall(weeks),
        *_first_use_and_longest_run(),
        _last_weeks(),
    ]


def _weeks_and_runs(weeks: int) -> list[Definition]:
    last_four = (weeks - 3, weeks, MIXED_IS_USE)
    one_missed = (AtLeast(Count("-", *last_four), 3), AtLeast(Count("-o", *last_four), 4))
    end = min(weeks, 24)
    return [
        define(
            "ctn_0094_abstinence",
            "ctn_0094",
            "abstinence",
            "Abstinent at the end (CTN-0094)",
            Every(one_missed),
            "Ab_ctnNinetyFour_2023",
            rule=f"No week with use and at most one missed in weeks {weeks - 3} to {weeks}.",
            missing="One missed week is allowed; a mixed one counts as use.",
            unit=YES_OR_NO,
            adaptation="The paper looks at the last 4 weeks of treatment.",
        ),
        define(
            "fiellin_2006",
            "fiellin_2006",
            "abstinence",
            "Weeks of abstinence (Fiellin 2006)",
            Count("-", steps=MISSED_IS_USE),
            "Ab_fiellin_2006",
            rule="The number of weeks without use, however long the person was followed.",
            missing=AS_USE,
            unit=WEEKS,
        ),
        define(
            "kosten_1993",
            "kosten_1993",
            "abstinence",
            "3 weeks of abstinence (Kosten 1993)",
            Contains("---"),
            "Ab_kosten_1993",
            rule="3 weeks without use in a row.",
            missing=INTERRUPTS,
            unit=YES_OR_NO,
        ),
        define(
            "krupitsky_2011",
            "krupitsky_2011",
            "abstinence",
            "Complete abstinence (Krupitsky 2011)",
            AtLeast(Share("-", 5, end, MISSED_IS_USE, half=""), 1),
            (("Ab_krupitskyA_2011", From(1, Contains("+", 5, end, MISSED_IS_USE))),),
            rule=f"Every week from 5 to {end} without use.",
            missing=AS_USE,
            unit=YES_OR_NO,
            adaptation=ends(weeks, 24),
        ),
        define(
            "krupitsky_2011_weeks_abstinent",
            "krupitsky_2011",
            "abstinence",
            "Weeks of abstinence (Krupitsky 2011)",
            Count("-", 5, end, MISSED_IS_USE),
            "Ab_krupitskyB_2011",
            rule=f"The number of weeks without use from week 5 to {end}.",
            missing=AS_USE,
            unit=WEEKS,
            adaptation=ends(weeks, 24),
        ),
        define(
            "ling_1998",
            "ling_1998",
            "abstinence",
            "4 weeks of abstinence (Ling 1998)",
            Contains("----"),
            "Ab_ling_1998",
            rule="4 weeks without use in a row.",
            missing=INTERRUPTS,
            unit=YES_OR_NO,
            adaptation="The paper asks for 13 negative tests in a row, 3 a week.",
        ),
    ]


def thinned(weeks: int) -> Steps:
    """Return the steps to the visits of Lofwall 2018: weekly, then every other week."""
    end = min(weeks, 24)
    lattice = collapse_lattice(["o", "_o"], [end // 2, end])[:end]
    return SeenBy(lattice), CarryForward("_")


def _lofwall(weeks: int) -> Definition:
    steps = MISSED_IS_USE + thinned(weeks)
    if weeks >= 24:
        early, middle, late, adaptation = (9, 11), 12, (13, 24), ""
    else:  # the parts that the reference gives to a shorter protocol
        half = weeks // 2
        early, middle, late = (half - 2, half), half + 1, (half + 2, weeks)
        adaptation = "In the paper weeks 9 to 11, week 12, and 6 visits in weeks 13 to 24."
    parts = (
        AtLeast(Share("-", *early, steps), 2 / 3),
        AtLeast(Share("-", middle, middle, steps), 1),
        AtLeast(Share("-", *late, steps), 5 / 6),
    )
    return define(
        "lofwall_2018",
        "lofwall_2018",
        "abstinence",
        "Responder (Lofwall 2018)",
        Every(parts),
        "Ab_lofwall_2018",
        rule=f"Without use in two thirds of weeks {early[0]} to {early[1]}, in week {middle}, and "
        f"in five sixths of weeks {late[0]} to {late[1]}; in the second half every other week is "
        "looked at, and its value carried to the next.",
        missing=AS_USE,
        unit=YES_OR_NO,
        adaptation=adaptation,
    )


def _first_use_and_longest_run() -> list[Definition]:
    first, first_seen = Window(1, 1), Window(1, 1, missing="no_use")
    return [
        define(
            "mokri_2016",
            "mokri_2016",
            "abstinence",
            "First use (Mokri 2016)",
            first,
            pair("mokri_2016", first, "Ab"),
            rule="The first week with use.",
            missing=AS_USE,
            unit=EVENT,
            adaptation=("The paper counts days.", tested("twice a week")),
        ),
        define(
            "schottenfeld_2005",
            "schottenfeld_2005",
            "abstinence",
            "Longest abstinence (Schottenfeld 2005)",
            LongestRun(SEEN_ONLY + MIXED_IS_USE),
            "Ab_schottenfeld_2005",
            rule="The longest run of weeks without use, going on across missed weeks.",
            missing="Missed weeks are left out; a mixed one counts as use.",
            unit=WEEKS,
            adaptation=tested("3 times a week"),
        ),
        define(
            "schottenfeld_2008_first_use",
            "schottenfeld_2008",
            "abstinence",
            "First use (Schottenfeld 2008)",
            first,
            pair("schottenfeldA_2008", first, "Ab"),
            rule="The first week with use.",
            missing=AS_USE,
            unit=EVENT,
            adaptation=("The paper counts days.", tested("3 times a week")),
        ),
        define(
            "schottenfeld_2008_longest",
            "schottenfeld_2008",
            "abstinence",
            "Longest abstinence (Schottenfeld 2008)",
            LongestRun(MISSED_IS_USE),
            "Ab_schottenfeldB_2008",
            rule="The longest run of weeks without use.",
            missing=AS_USE,
            unit=WEEKS,
            adaptation=tested("3 times a week"),
        ),
        define(
            "shufman_1994",
            "shufman_1994",
            "abstinence",
            "First use seen (Shufman 1994)",
            first_seen,
            pair("shufman_1994", first_seen, "Ab"),
            rule="The first week in which use was seen.",
            missing=PASSED_OVER,
            unit=EVENT,
            adaptation="The paper counts from the first dose of naltrexone.",
        ),
    ]


def _last_weeks() -> Definition:
    at_most_one = AtLeast(From(1, Count("+", -4, -2, MISSED_IS_USE)), 0)
    return define(
        "ctn_0030_abstinence",
        "ctn_0030",
        "abstinence",
        "Abstinent at the end (CTN-0030)",
        Every((AtLeast(Count("-", -1, -1, MISSED_IS_USE), 1), at_most_one)),
        "Ab_ctnThirty_2011",
        rule="The last week due without use, and at least 2 of the 3 before it.",
        missing=AS_USE,
        unit=YES_OR_NO,
        adaptation="The paper looks at month 3, here at the last 4 weeks due, whichever they are.",
    )
