"""Whose answer is not known follows from the time of a rule; who had no session does, too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.report.counting import Counted, count_all
from iop_outcomes.report.linking import sessions, tables
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.attendance import rules
from iop_outcomes.report.sections.cohort import PRESENT

LEFT = ("continuity", "Left: 30 days without contact")
VA = ("continuity", "Continuity of care (VA)")
FEW = 5
CUT = "2026-09-30"
ALL_BEFORE = [("2026-01-10", 44), ("2026-04-10", 44)]
"""All were admitted more than 119 days before the data cut, in two quarters."""


def records_of(
    admitted: Sequence[tuple[str, int]], *, without: int = 0, twice: int = 0, long: int = 0
) -> iop.Records:
    """Return records of people who come once a week until day 50, half until day 14 only.

    The first five come once, and some after them for 100 days. Of the newest ones some have no
    session, and some were there in the time before.
    """
    days = [day for day, people in admitted for _ in range(people)]
    frame = pd.DataFrame({"admit_date": pd.to_datetime(days)})
    number = frame.index.to_numpy()
    frame["person_id"] = [f"p{one}" for one in number]
    if twice:
        frame.loc[frame.index[-twice:], "person_id"] = [f"p{one}" for one in range(twice)]
    frame["episode_id"], frame["program"] = [f"e{one}" for one in number], "Harbor"
    until = np.select([number < FEW, number < FEW + long, number % 2 == 0], [0, 100, 49], 13)
    frame["discharge_date"] = frame["admit_date"] + pd.to_timedelta(np.maximum(until, 49) + 1, "D")
    frame["discharge_reason"] = np.where(until < 49, "dropped_out", "completed")
    late = frame["discharge_date"] > CUT
    frame.loc[late, ["discharge_date", "discharge_reason"]] = None
    visits = pd.concat(
        frame.loc[(number < len(frame) - without) & (until >= day), ["episode_id"]].assign(
            date=frame["admit_date"] + pd.Timedelta(days=day),
            status="no_show" if day == 7 else "attended",
        )
        for day in range(0, 100, 7)
    )
    return iop.read_records(episodes=frame, attendance=visits[visits["date"] <= CUT], as_of=CUT)


def counted(records: iop.Records) -> Counted:
    scope = choose_scope(records, "2026Q3", None, None)
    return count_all(scope, scope)


def shown(made: Counted, *items: Key) -> bool:
    """Say whether all of some items are printed."""
    return made.hidden.isdisjoint(items) and all(one in made.linked._items for one in items)


def admissions(*quarters: str) -> list[Key]:
    return [("trend", "admissions", "quarter", one) for one in quarters]


def test_the_times_of_rules_are_as_short_as_their_answers_can_be_known() -> None:
    """One person a day: the newest with an answer was admitted so many days before the cut."""
    days = pd.date_range("2026-03-01", CUT).astype(str)
    scope = choose_scope(records_of([(day, 2) for day in days]), "2026Q3", None, None)
    assert scope.attendance is not None
    cut = pd.Timestamp(CUT)
    for title, apply, least, _ in rules.RULES:
        table = apply(scope.attendance).table
        known = (table["over"] & table["met"].notna()).to_numpy(dtype=bool)
        newest = scope.records.episodes["admit_date"][known].max()
        assert not known.any() or (cut - newest).days == least, title


@pytest.mark.parametrize("late", [9, 14])
def test_a_quarter_in_which_some_came_too_late_for_a_rule_is_not_counted(late: int) -> None:
    """88 and 9 were admitted before the newest quarter: were 88 counted, 9 would have come late."""
    records = records_of([*ALL_BEFORE, ("2026-06-20", late), ("2026-07-20", 40)], long=FEW)
    made = counted(records)
    assert made.linked.value((*LEFT, "n")) == 44
    assert shown(made, LEFT, *admissions("2026Q1"))


@pytest.mark.parametrize("early", [3, 14])
def test_those_admitted_on_the_first_days_of_a_quarter_are_not_counted(early: int) -> None:
    """Were 91 counted, of whom 88 were admitted before the quarter, 3 would be of 2 July."""
    made = counted(records_of([*ALL_BEFORE, ("2026-07-02", early), ("2026-07-20", 40)]))
    assert made.linked.value((*VA, "n")) == 88
    assert shown(made, VA, *admissions("2026Q1", "2026Q2"))


CENSUS = [("census", "2026-06-30"), ("census", "admitted")]


@pytest.mark.parametrize(
    ("without", "twice", "hides"), [(3, 0, True), (2, 4, True), (0, 0, False), (14, 0, False)]
)
def test_those_without_a_session_do_not_follow_from_who_was_there(
    without: int, twice: int, hides: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """30 there before and 40 admitted: 70, less the people with a session, are those without."""
    admitted = [("2026-01-10", 44), ("2026-04-10", 44), ("2026-06-25", 30), ("2026-07-20", 40)]
    records = records_of(admitted, without=without, twice=twice)
    items = [*CENSUS, sessions.SEEN]
    made = counted(records)
    assert [made.linked.value(one) for one in (PRESENT, sessions.SEEN)] == [70, 70 - without]
    assert shown(made, *items) is not hides
    monkeypatch.setattr(tables, "link_seen", lambda *_: None)
    assert shown(counted(records), *items)
