"""Published definitions of reduction of use that are no shares: limits, counts, scores, as data.

`weeks` is the length of the protocol: a definition whose paper looks at a later week ends there.
"""

from __future__ import annotations

import math

from iop_outcomes.relapse.definitions.conditions import AtLeast, Every, From, When
from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.measures import (
    Contains,
    Count,
    Measure,
    Retained,
    Score,
    Share,
)
from iop_outcomes.relapse.definitions.published.papers import (
    AS_NOT_CLEAR,
    LEFT_OUT,
    WEEKS,
    YES_OR_NO,
    define,
    ends,
    tested,
)
from iop_outcomes.relapse.definitions.steps import SEEN_ONLY, FillFromNeighbours, Through
from iop_outcomes.use.pattern_scores import WEIGHTS, rising


def reduction_definitions(weeks: int) -> list[Definition]:
    """Return the definitions that are limits, counts or scores."""
    return [*_limits(weeks), *_counts(weeks), *_scores(weeks)]


def _limits(weeks: int) -> list[Definition]:
    end = min(weeks, 24)
    stay = min(weeks, 17)
    four_clear = Contains("----", 1, stay, (FillFromNeighbours(),))
    responder = AtLeast(Share("-", 1, end, left_out="o"), 0.7)
    return [
        define(
            "eissenberg_1997",
            "eissenberg_1997",
            "reduction",
            "Retained and 4 weeks clear (Eissenberg 1997)",
            Every((Retained(stay), four_clear)),
            "Rd_eissenberg_1997",
            rule=f"Seen in week {stay} or later, and 4 weeks without use in a row before its end.",
            missing="A missed week is the mean of the weeks on both sides, if both were seen; "
            "otherwise it interrupts the run.",
            unit=YES_OR_NO,
            adaptation=ends(weeks, 17),
        ),
        define(
            "kosten_1993_responder",
            "kosten_1993",
            "reduction",
            "70 percent of weeks clear (Kosten 1993)",
            responder,
            (("Rd_kostenB_1993", AtLeast(Share("-", 1, end, SEEN_ONLY), 0.7)),),
            rule=f"At least 70 percent of the weeks seen up to week {end} without use.",
            missing=LEFT_OUT,
            unit=YES_OR_NO,
            adaptation=ends(weeks, 24),
        ),
        define(
            "schwartz_2006",
            "schwartz_2006",
            "reduction",
            "Clear at follow-up (Schwartz 2006)",
            AtLeast(Count("-", min(weeks, 18), min(weeks, 18)), 1),
            "Ab_schwartz_2006",
            rule=f"Week {min(weeks, 18)} without use.",
            missing="A missed or mixed week counts as not clear.",
            unit=YES_OR_NO,
            adaptation="The paper looks at day 120, which lies in week 18.",
        ),
        define(
            "strang_2010",
            "strang_2010",
            "reduction",
            "Half of the last weeks clear (Strang 2010)",
            AtLeast(Share("-", -12), 0.5),
            "Rd_strang_2010",
            rule="At least half of the last 12 weeks due without use.",
            missing=AS_NOT_CLEAR,
            unit=YES_OR_NO,
            adaptation="The paper looks at weeks 14 to 26.",
        ),
    ]


def _counts(weeks: int) -> list[Definition]:
    def count(name: str, paper: str, measure: Measure, column: str, *adaptation: str) -> Definition:
        upto = "" if name == "zaks_1972" else f" up to week {weeks}"
        return define(
            name,
            paper,
            "reduction",
            f"Weeks clear ({paper.replace('_', ' ').title()})",
            measure,
            column,
            rule=f"The number of weeks without use{upto}.",
            missing="A missed week does not count; a mixed one counts half.",
            unit=WEEKS,
            adaptation=adaptation,
        )

    thrice, twice = tested("3 times a week"), tested("twice a week")
    up_to = Count("-", 1, weeks, half="*")
    positives = "The paper counts positive tests."
    return [
        count("ling_1998_weeks_clear", "ling_1998", up_to, "Rd_lingC_1998", thrice),
        count("zaks_1972", "zaks_1972", Count("-", half="*"), "Rd_zaks_1972", twice, positives),
    ]


def _scores(weeks: int) -> list[Definition]:
    heavier = (("+", 0.8), ("*", 0.4), ("o", 1.0), ("-", 0.0))
    fifths = tuple(float(math.ceil(week * 5 / weeks)) for week in range(1, weeks + 1))

    def score(name: str, column: str, measure: Score, variant: str, missing: str) -> Definition:
        return define(
            name,
            "ling_1976",
            "reduction",
            f"Index of clear weeks (Ling 1976{variant})",
            When(Retained(4), From(120, measure), 0.0),
            column,
            rule=f"120 less the weighted score of use in weeks 1 to {weeks}, later weeks weighing "
            "up to 5 times as much; 0 for those last seen in week 3 or before.",
            missing=missing,
            unit="0 to 120; higher is better",
            adaptation="" if not variant else "A variant of CTNote, not of the paper.",
        )

    plain = Score(tuple(WEIGHTS.items()), fifths, (Through(weeks),))
    smooth = Score(heavier, rising, (Through(weeks),))
    as_use = "A missed week weighs 0.22 of one with use, a mixed one half."
    as_more = "A missed week weighs 1, one with use 0.8, a mixed one 0.4."
    return [
        score("ling_1976", "Rd_lingA_1976", plain, "", as_use),
        score("ling_1976_smooth", "Rd_lingB_1976", smooth, ", smooth", as_more),
    ]
