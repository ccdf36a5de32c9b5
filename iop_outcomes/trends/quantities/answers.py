"""Measures of check-ins: their response, and scores and functioning at discharge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from iop_outcomes.attendance.sessions import positions
from iop_outcomes.outcome_scores.at_discharge import (
    AT_DISCHARGE,
    Counted,
    better,
    changed,
    having,
    measured,
)
from iop_outcomes.outcome_scores.moments import GRACE_DAYS
from iop_outcomes.records import Records
from iop_outcomes.records.schema import CHECKIN_STATUSES
from iop_outcomes.shared.arrays import Floats, Integers
from iop_outcomes.trends.quantities.quantity import Quantity, Tally
from iop_outcomes.trends.quantities.sessions import FIRST_MONTHS


def _check_ins(records: Records) -> Tally:
    checkins = records.checkins
    status = positions(checkins["status"], CHECKIN_STATUSES)
    due = status != CHECKIN_STATUSES.index("not_due")
    if "due_row" in checkins:  # where none was due, only those who answered have a row
        due &= (checkins["due_row"] != "outside").to_numpy()
    rows = np.flatnonzero(due & (checkins["day"].to_numpy() >= 0))
    return Tally(
        checkins["episode_id"].cat.codes.to_numpy()[rows].astype(np.intp),
        checkins["date"].to_numpy()[rows],
        status[rows] == CHECKIN_STATUSES.index("completed"),
    )


RESPONSE = Quantity(
    name="check_in_response",
    title="Check-in response",
    numerator="check-ins completed",
    denominator="check-ins completed or missed",
    date="date of check-in",
    unit="proportion",
    kind="sessions",
    tables=("checkins",),
    tally=_check_ins,
    note=f"Check-ins before admission and those that were not due are left out. {FIRST_MONTHS}",
    settles=True,
)


def _discharged(
    name: str,
    title: str,
    count: Callable[[Records], Counted],
    numerator: str,
    denominator: str,
    note: str = "",
) -> Quantity:
    """Return a measure of what episodes have at discharge."""

    def tally(records: Records) -> Tally:
        episode, counts = count(records)
        return Tally(episode, records.episodes["discharge_date"].to_numpy()[episode], counts)

    return _at_discharge(name, title, tally, numerator, denominator, note)


def _mean_change(
    name: str, title: str, count: Callable[[Records], tuple[Integers, Floats]], points: str
) -> Quantity:
    """Return the mean change of a score from intake to discharge; lower is better."""

    def tally(records: Records) -> Tally:
        episode, change = count(records)
        dates = records.episodes["discharge_date"].to_numpy()[episode]
        return Tally(episode, dates, change < 0, amount=change)

    numerator = f"points of {points} at discharge, less those at intake"
    return _at_discharge(
        name, title, tally, numerator, _BOTH, _REGRESSION, improves="down", mean=True
    )


def _at_discharge(
    name: str,
    title: str,
    tally: Callable[[Records], Tally],
    numerator: str,
    denominator: str,
    note: str,
    *,
    improves: Literal["up", "down"] = "up",
    mean: bool = False,
) -> Quantity:
    return Quantity(
        name=name,
        title=title,
        numerator=numerator,
        denominator=denominator,
        date="date of discharge",
        unit="points" if mean else "proportion",
        kind="mean" if mean else "people",
        tables=("checkins",),
        tally=tally,
        days_to_mature=GRACE_DAYS,
        improves=improves,
        note=f"{AT_DISCHARGE.text} {note}".strip(),
    )


_BOTH = "discharged episodes with a score at intake and at discharge"
_BOTH_ANSWERS = "discharged episodes with an answer at admission and at discharge"
_REGRESSION = "A part of every fall is regression to the mean."
_LOWER = "those whose score is {} points lower or more"


def _having(domain: str, title: str, words: str) -> Quantity:
    return _discharged(
        domain, f"{title} at discharge", having(domain), f"those {words}", _BOTH_ANSWERS
    )


SYMPTOMS = (
    _discharged(
        *("phq9_completed", "PHQ-9 at intake and discharge", measured("phq9")),
        "those with a PHQ-9 score at intake and at discharge",
        "discharged episodes, without those that ended in death",
    ),
    _discharged(
        *("phq9_better", "PHQ-9 better by 5 points", better("phq9", "5_points")),
        *(_LOWER.format(5), _BOTH, _REGRESSION),
    ),
    _mean_change("phq9_change", "Change of PHQ-9", changed("phq9"), "PHQ-9"),
    _discharged(
        *("gad7_better", "GAD-7 better by 4 points", better("gad7", "4_points")),
        *(_LOWER.format(4), _BOTH, _REGRESSION),
    ),
    _mean_change("gad7_change", "Change of GAD-7", changed("gad7"), "GAD-7"),
)
FUNCTIONING = (
    _having("work_or_school", "In work or school", "in work or school at discharge"),
    _having("stable_housing", "In stable housing", "in stable housing at discharge"),
    _having("no_arrests", "No arrests", "without an arrest since the check-in before"),
    _having(
        "social_connection",
        "Social connection",
        "in contact with family or friends who support recovery",
    ),
    _having("mutual_help", "Mutual-help meetings", "with a meeting since the check-in before"),
    _having("recovery_capital", "Recovery capital", "with a BARC-10 of 47 or more"),
)
