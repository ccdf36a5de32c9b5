"""Words of columns that both wings use."""

from __future__ import annotations

from dataclasses import dataclass

# The states, in the order of tables and pictures.
STATES = ("engaged", "discharged", "recovered", "lapsed", "relapsed", "lost", "dead")

# Reasons of discharge after which a relapse can no longer be observed, or occur.
COMPETING_ENDS = ("died", "incarcerated", "transferred")


# Columns that are known only at the end of a stay: those of `iop_outcomes.engagement`, and how and
# when a stay ended.
OF_THE_WHOLE_STAY = frozenset(
    (
        *("sessions_due", "sessions_attended", "attendance_rate", "sessions_unrecorded"),
        *("attendance_rate_lowest", "attendance_rate_highest"),
        *("no_shows", "late_cancellations", "client_cancellations", "excused"),
        *("program_cancellations", "not_scheduled", "hours_attended", "sessions_without_minutes"),
        *("hours_per_week", "weeks_in_program", "weeks_at_dose", "weeks_unknown"),
        *("share_of_weeks_at_dose", "longest_gap_days", "first_session_day", "fourth_session_day"),
        *("days_first_to_fourth", "last_contact_day", "unrecorded_after_last_contact"),
        *("stay_to_last_contact", "stay_to_discharge", "retained_30", "retained_60"),
        *("retained_90", "days_to_discharge", "discharge_reason"),
    )
)


@dataclass(frozen=True)
class MissingRuleWords:
    """A rule for missing check-ins, in words.

    Attributes
    ----------
    check_in : str
        The effect of a missing check-in; continues "a missing check-in".
    week : str
        The same for a missed week of a use pattern, as a sentence.
    short : str
        `check_in` where there is little space.
    in_picture : str
        The same in a picture of many rules, after the heading "A missed week or check-in".
    """

    check_in: str
    week: str
    short: str
    in_picture: str


# By the name of the rule, in the order of tables and pictures.
MISSING_RULES = {
    "censor": MissingRuleWords(
        check_in="censors the episode at the last day known before it",
        week="The first missed week ends follow-up.",
        short="ends follow-up",
        in_picture="ends follow-up",
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
