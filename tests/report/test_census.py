"""Who was in the program before the period and at its end: by hand, and what follows from it."""

from __future__ import annotations

import numpy as np
import pandas as pd

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.report.counting import count_all
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.sections.cohort import CENSUS, NO_CENSUS, census_keys, census_table

OPEN = iop.SafePolicy.unprotected()
STAYS = [  # admitted, discharged, in before, admitted, left, in at the end
    ("2026-05-01", "2026-06-30", 0, 0, 0, 0),  # discharged on the day before the period
    ("2026-05-01", "2026-07-01", 1, 0, 1, 0),
    ("2026-06-30", "2026-09-30", 1, 0, 1, 0),  # not there any more on its last day
    ("2026-06-30", "2026-10-01", 1, 0, 0, 1),
    ("2026-05-02", "", 1, 0, 0, 1),
    ("2026-07-01", "2026-07-01", 0, 1, 1, 0),  # for less than a day
    ("2026-07-01", "", 0, 1, 0, 1),
    ("2026-09-30", "", 0, 1, 0, 1),
    ("2026-10-01", "", 0, 0, 0, 0),
]


def scope_of(
    stays: list[tuple[str, str]],
    cut: str = "2026-10-15",
    policy: iop.SafePolicy = OPEN,
    **columns: object,
) -> Scope:
    names = [f"p{number}" for number in range(len(stays))]
    frame = pd.DataFrame({"episode_id": names, "person_id": names, "program": "Harbor"})
    frame["admit_date"], frame["discharge_date"] = zip(*stays, strict=True)
    frame["discharge_reason"] = np.where(frame["discharge_date"] == "", "", "completed")
    rows = frame[["episode_id"]].assign(date=frame["admit_date"], status="attended")
    rows = rows.assign(service="group")[rows["date"] <= cut]
    records = iop.read_records(episodes=frame.assign(**columns), attendance=rows, as_of=cut)
    return choose_scope(records, "2026Q3", None, policy)


def counts(scope: Scope) -> list[int]:
    table = census_table(scope, LinkedCounts(scope.policy))
    assert table is not None
    return table.table.frame["episodes"].tolist()


def test_stays_on_either_side_of_the_first_and_the_last_day() -> None:
    for admitted, discharged, *expected in STAYS:
        other = ("2026-04-01", "2026-10-10")  # somebody who is there all the time
        assert counts(scope_of([(admitted, discharged), other])) == [
            one + more for one, more in zip(expected, (1, 0, 0, 1), strict=True)
        ]
    scope = scope_of([stay[:2] for stay in STAYS])
    whole = [sum(stay[place] for stay in STAYS) for place in range(2, 6)]  # type: ignore[misc]
    assert counts(scope) == whole == [4, 3, 3, 4]
    draft = census_table(scope, LinkedCounts(OPEN))
    assert draft is not None
    assert draft.table.frame["who"].tolist() == [
        "in the program on 2026-06-30",
        "admitted after that day",
        "left, or their follow-up ended",
        "in the program on 2026-09-30",
    ]


def test_who_is_not_discharged_is_there_up_to_the_end_of_the_follow_up() -> None:
    stays = [("2026-05-01", "")] * 3 + [("2026-05-01", "2026-05-09")] * 20
    until = ["2026-06-29", "2026-06-30", "2026-09-30", *["2026-05-09"] * 20]
    assert counts(scope_of(stays, followed_until=until)) == [2, 0, 1, 1]


def test_of_a_period_that_is_not_over_the_last_day_is_that_of_the_data() -> None:
    scope = scope_of(
        [("2026-05-01", ""), ("2026-08-01", ""), ("2026-05-01", "2026-08-15")], "2026-08-20"
    )
    assert counts(scope) == [2, 1, 1, 2]
    assert census_keys(scope)[3] == (CENSUS, "2026-08-20")


def test_there_is_none_without_a_period_or_where_the_records_do_not_show_who_left() -> None:
    never = scope_of([("2024-05-01", "")] * 60 + [("2026-08-01", "")] * 20)
    assert census_table(never, LinkedCounts(OPEN)) is None
    partly = scope_of(  # of four whose follow-up is over one has a discharge
        [("2026-05-01", "")] * 3 + [("2026-05-01", "2026-05-09")],
        followed_until=["2026-06-29", "2026-06-30", "2026-09-30", "2026-05-09"],
    )
    assert census_table(partly, LinkedCounts(OPEN)) is None
    report = iop.quarterly_report(never.records, "2026Q3", policy=OPEN)
    assert CENSUS not in report.tables
    assert "admissions" in report.tables
    assert NO_CENSUS in report.html
    whole = choose_scope(scope_of([stay[:2] for stay in STAYS]).records, None, None, OPEN)
    assert census_table(whole, LinkedCounts(OPEN)) is None


def test_a_plain_count_day_by_day_gives_the_same() -> None:
    records = iop.read_records("data/samples", as_of="2026-09-30")
    scope = choose_scope(records, "2026Q2", None, OPEN)
    episodes = scope.records.episodes
    there = {"2026-03-31": 0, "2026-06-30": 0}
    for row in episodes.itertuples():
        for day in there:
            inside = row.admit_date <= pd.Timestamp(day)
            there[day] += inside and not row.discharge_date <= pd.Timestamp(day)
    before, admitted, left, now = counts(scope)
    assert (before, now) == tuple(there.values())
    assert before + admitted == left + now


def test_two_quarters_count_the_same_people_on_the_day_between_them() -> None:
    stays = [("2026-03-01", "2026-10-05")] * 40 + [("2026-05-01", "2026-08-05")] * 30
    records = scope_of(stays).records
    first, second = (choose_scope(records, one, None, None) for one in ("2026Q2", "2026Q3"))
    assert census_keys(first)[3] == census_keys(second)[0]
    for scope in (first, second):
        keys = census_keys(scope)
        settled = count_all(scope, scope).cells.settled
        assert settled >= {keys[0], keys[3]}


def test_a_few_who_left_are_not_found_by_what_stands_around_them() -> None:
    # 40 were there, 30 came, 4 left: their number follows from the other three.
    stays = [("2026-03-01", "2026-10-05")] * 40 + [("2026-08-01", "2026-10-05")] * 30
    stays += [("2025-01-01", "2025-03-01")] * 30 + [("2026-03-01", "2026-08-01")] * 4
    scope = scope_of(stays, policy=iop.SafePolicy.cms())
    counted = count_all(scope, scope)
    shown = counted.table(CENSUS).frame["episodes"].tolist()
    assert shown[2] == HIDDEN
    assert shown.count(HIDDEN) >= 2
