"""Words that columns hold and that both wings read."""

from __future__ import annotations

from dataclasses import dataclass

# The states of a course, in the order in which tables and pictures have them.
STATES = ("engaged", "discharged", "recovered", "lapsed", "relapsed", "lost", "dead")

# Reasons of discharge after which a relapse can no longer be seen, or happen.
COMPETING_ENDS = ("died", "incarcerated", "transferred")


@dataclass(frozen=True)
class MissingRuleWords:
    """What a rule for missing check-ins does, in words.

    Attributes
    ----------
    check_in : str
        What a missing check-in does or is taken as: goes on from "a missing check-in".
    week : str
        The same of a missed week of a use pattern, as a sentence.
    short : str
        `check_in` where there is little space.
    in_picture : str
        The same in a picture of many rules.
    """

    check_in: str
    week: str
    short: str
    in_picture: str


# By the name of the rule, in the order in which tables and pictures have them.
MISSING_RULES = {
    "censor": MissingRuleWords(
        check_in="censors the episode at the last day known before it",
        week="Nothing counts from the first missed week on.",
        short="ends what is known",
        in_picture="ends what is known",
    ),
    "use": MissingRuleWords(
        check_in="counts as use",
        week="A missed week counts as use.",
        short="counts as use",
        in_picture="is use",
    ),
    "no_use": MissingRuleWords(
        check_in="counts as no use",
        week="A missed week counts as no use.",
        short="counts as no use",
        in_picture="is no use",
    ),
    "last_value": MissingRuleWords(
        check_in="takes the last known value",
        week="A missed week takes the last value before it.",
        short="takes the last value",
        in_picture="is as the last known",
    ),
    "last_value_to_last_contact": MissingRuleWords(
        check_in="takes the last known value, up to the last known check-in",
        week="A missed week takes the last value, up to the last week seen.",
        short="takes the last value, up to the last contact",
        in_picture="the same, to the last contact",
    ),
    "drop": MissingRuleWords(
        check_in="is left out, so that those around it follow each other",
        week="Missed weeks are left out: the weeks seen follow each other.",
        short="is left out",
        in_picture="is left out",
    ),
}
