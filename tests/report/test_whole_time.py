"""A report without a period: what its tables count of the same people is one number."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.report import counting
from iop_outcomes.report.counting import Counted, count_all
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.cohort import ALL
from tests.helpers.of_the_sample import nothing_drawn
from validation.attack_reading import read_report
from validation.attack_relations import build
from validation.attack_solving import solve

CUT = "2026-09-30"
STAYS = {10: 20, 40: 36, 70: 8, 100: 14}
"""Days -> how many stayed so long: 58, 22 and 14 after 30, 60 and 90 days."""


@cache
def records() -> iop.Records:
    """Return 78 admissions of one program, of whom all came once a week until they left."""
    days = np.repeat([*STAYS], [*STAYS.values()])
    episodes = pd.DataFrame({"stay": days})
    episodes["episode_id"] = [f"e{number}" for number in range(len(days))]
    episodes["person_id"] = episodes["episode_id"]
    admitted = pd.Timestamp("2026-01-05") + pd.to_timedelta(np.arange(len(days)), unit="D")
    episodes["admit_date"], episodes["program"] = admitted, "Center"
    episodes["discharge_date"] = admitted + pd.to_timedelta(days, unit="D")
    episodes["discharge_reason"] = np.where(
        np.arange(len(days)) % 3 == 0, "completed", "dropped_out"
    )
    visits = episodes.merge(pd.DataFrame({"day": range(0, 101, 5)}), how="cross")
    visits = visits[visits["day"] <= visits["stay"]]
    visits["date"] = visits["admit_date"] + pd.to_timedelta(visits["day"], unit="D")
    visits["status"] = np.where(visits["day"] % 10 == 5, "no_show", "attended")
    attendance = visits[["episode_id", "date", "status"]].reset_index(drop=True)
    frame = episodes.drop(columns="stay")
    return iop.read_records(episodes=frame, attendance=attendance, as_of=CUT)


@cache
def counted() -> Counted:
    scope = choose_scope(records(), None, None, None)
    return count_all(scope, scope)


def test_who_left_between_two_days_does_not_follow_from_two_tables() -> None:
    """22 after 60 days stood in the flow, and 18% of 78 after 90 days in the table of programs."""
    tables = iop.quarterly_report(records()).tables
    flow = tables["cohort_flow"].set_index("stage")["reached"]
    programs = tables["programs"].set_index("program")
    assert flow["admitted"] == sum(STAYS.values())
    after_60 = [flow["still in the program after 60 days"], programs.loc[ALL, "retained_60"]]
    after_90 = [flow["still in the program after 90 days"], programs.loc[ALL, "retained_90"]]
    shown = [any(one != "hidden" for one in both) for both in (after_60, after_90)]
    assert sum(shown) == 1, (after_60, after_90)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("admissions", ALL), ("programs", "admitted", ALL)),
        (("admissions", "program", "Center"), ("programs", "admitted", "Center")),
        (("flow", "admitted"), ("programs", "retained_90", ALL, "n")),
        *(
            (("flow", f"still in the program after {day} days"), ("programs", name, ALL, "x"))
            for day, name in ((30, "retained_30"), (60, "retained_60"), (90, "retained_90"))
        ),
        (("discharges", ALL), ("programs", "completed", ALL, "n")),
        (("discharges", "completed"), ("programs", "completed", ALL, "x")),
    ],
)
def test_two_counts_of_the_same_people_are_one_number(one: object, other: object) -> None:
    linked = counted().linked
    assert linked.value(one) == linked.value(other)
    places = [{linked.names.index(key) for key in (one, other)}]
    assert places[0] in [set(row) for row in linked.facts.rows]


def test_sessions_due_and_attended_are_those_of_the_programs() -> None:
    linked = counted().linked
    for count in "nx":
        key = ("programs", "sessions_attended", ALL, count)
        place = linked.names.index(key)
        sums = [linked.names.index(one) for one in linked.names if one[:1] == ("sum",)]
        assert any({place, other} == set(row) for other in sums for row in linked.facts.rows)


@pytest.mark.parametrize("is_linked", [True, False])
def test_the_second_attacker_is_told_only_where_they_are_not(
    is_linked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_linked:
        monkeypatch.setattr(counting, "link_whole_time", lambda *_: None)
    with nothing_drawn():
        report = iop.quarterly_report(records())
        page, book = (report.save(tmp_path / f"report.{form}") for form in ("html", "xlsx"))
    told = solve(build(read_report(page, book))).small
    assert (("rest", ("flow", "retained 60"), ("flow", "retained 90")) in told) is not is_linked
    assert bool(told) is not is_linked
