"""Published definitions of relapse, and of dropout, as data."""

from __future__ import annotations

from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.measures import Contains
from iop_outcomes.relapse.definitions.published.papers import AS_USE, EVENT, define, pair, tested
from iop_outcomes.relapse.definitions.steps import MISSED_IS_USE
from iop_outcomes.relapse.definitions.windows import Window


def relapse_definitions() -> list[Definition]:
    """Return the definitions of relapse and dropout, in the order of the reference."""
    four, three, two_of_four = Window(4, 4), Window(3, 3), Window(4, 2)
    dropout = Window(4, 4, "o", missing="missed")
    from_third = Window(4, 4, from_week=3)
    return [
        define(
            "ctn_0094_relapse",
            "ctn_0094",
            "relapse",
            "Relapse (CTN-0094)",
            four,
            pair("ctnNinetyFour_2023", four),
            rule="4 weeks with use in a row.",
            missing=AS_USE,
            unit=EVENT,
        ),
        define(
            "ctn_0094_dropout",
            "ctn_0094",
            "relapse",
            "Dropout (CTN-0094)",
            dropout,
            pair("ctnNinetyFour_2023", dropout, "Dr"),
            rule="4 missed weeks in a row: dropout, not relapse.",
            missing="Missed weeks are what is counted.",
            unit=EVENT,
        ),
        define(
            "johnson_1992",
            "johnson_1992",
            "relapse",
            "Treatment failure (Johnson 1992)",
            Window(2, 2, from_week=4),
            (("Rs_johnson_1992", Contains("++", 4, steps=MISSED_IS_USE)),),
            rule="2 weeks with use in a row, from week 4 on.",
            missing=AS_USE,
            unit=EVENT,
            adaptation="The paper counts Monday samples, after 4 weeks.",
        ),
        define(
            "krupitsky_2004",
            "krupitsky_2004",
            "relapse",
            "Relapse (Krupitsky 2004, 2006)",
            three,
            (("Rs_krupitsky_2004", Contains("+++", steps=MISSED_IS_USE)),),
            rule="3 weeks with use in a row.",
            missing=AS_USE,
            unit=EVENT,
            adaptation="The paper counts tests, biweekly.",
        ),
        define(
            "lee_2016",
            "lee_2016",
            "relapse",
            "Relapse (Lee 2016)",
            two_of_four,
            pair("lee_2016", two_of_four),
            rule="2 weeks with use within 4 in a row.",
            missing=AS_USE,
            unit=EVENT,
            adaptation="The paper asks for 10 days of use in 28, a positive urine being 5 of them, "
            "and tests biweekly.",
        ),
        define(
            "ctn_0051_relapse",
            "ctn_0051",
            "relapse",
            "Relapse (CTN-0051, X:BOT)",
            from_third,
            pair("ctnFiftyOne_2018", from_third),
            rule="4 weeks with use in a row, from week 3 on.",
            missing=AS_USE,
            unit=EVENT,
            adaptation="The paper counts from day 21, the last day of week 3.",
        ),
        define(
            "schottenfeld_2008",
            "schottenfeld_2008",
            "relapse",
            "Relapse (Schottenfeld 2008)",
            three,
            pair("schottenfeld_2008", three),
            rule="3 weeks with use in a row.",
            missing=AS_USE,
            unit=EVENT,
            adaptation=("The paper counts tests.", tested("3 times a week")),
        ),
    ]
