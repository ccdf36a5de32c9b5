"""Who is still there, or did not answer, follows by subtraction from other tables: it is hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.system import attack
from iop_outcomes.report import counting
from iop_outcomes.report.counting import Counted, count_all
from iop_outcomes.report.linking.leaving import DISCHARGED, GONE, NOW
from iop_outcomes.report.scope import Scope, choose_scope
from tests.helpers.of_the_sample import records_of_the_sample

ADMITTED = ("admissions", "all")
CENSUS = ("census", "2026-09-30")


@pytest.fixture(scope="module")
def sample() -> iop.Records:
    return records_of_the_sample()


def lakeside(sample: iop.Records) -> iop.Records:
    """Return the records of a program that opened a year ago."""
    some = (sample.episodes["program"].astype(str) == "Lakeside").to_numpy()
    some &= (sample.episodes["admit_date"] >= pd.Timestamp("2025-10-01")).to_numpy()
    return sample.subset(some)


def records_of(there: int) -> iop.Records:
    """Return a program of 50 people, of whom `there` are still there."""
    size = 50
    frame = pd.DataFrame({"person_id": [f"p{number}" for number in range(size)]})
    frame["episode_id"] = frame["person_id"].str.replace("p", "e")
    frame["program"] = "Harbor"
    frame["admit_date"] = pd.Timestamp("2026-07-01")
    frame["discharge_date"] = frame["admit_date"] + pd.Timedelta(days=60)
    frame.loc[size - there :, "discharge_date"] = pd.NaT
    reason = np.where(np.arange(size) % 2, "dropped_out", "completed")
    frame["discharge_reason"] = np.where(frame["discharge_date"].isna(), None, reason)
    sessions = frame[["episode_id"]].assign(date=frame["admit_date"], status="attended")
    last = sessions.iloc[size - there :].assign(date=pd.Timestamp("2026-09-28"))
    return iop.read_records(
        episodes=frame, attendance=pd.concat([sessions, last]), as_of="2026-09-30"
    )


def counted(records: iop.Records, period: str | None = "2026Q3") -> tuple[Scope, Counted]:
    scope = choose_scope(records, period, None, None)
    return scope, count_all(scope, scope)


@pytest.fixture(scope="module")
def of_lakeside(sample: iop.Records) -> Counted:
    _, made = counted(lakeside(sample))
    return made


def printed(made: Counted, *keys: Key) -> list[int | None]:
    """Return printed counts, each of an item of its name; None where it is hidden."""
    return [None if key in made.hidden else made.linked.value(key) for key in keys]


def test_those_still_there_are_not_told_by_admissions_and_discharges(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 50 people 42 were discharged: 8 are there, which no table says."""
    _, made = counted(records_of(there=8), None)
    assert (made.linked.value(NOW), made.linked.value(GONE)) == (8, 42)
    assert None in printed(made, ADMITTED, DISCHARGED)
    assert attack(made.cells).empty
    for step in ("link_leaving", "link_whole_time"):
        monkeypatch.setattr(counting, step, lambda *_: None)
    _, without = counted(records_of(there=8), None)
    assert printed(without, ADMITTED, DISCHARGED) == [50, 42]


def test_those_still_there_are_not_told_where_the_records_begin_in_the_time_of_the_discharges(
    sample: iop.Records, of_lakeside: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the 57 people of four quarters 48 were discharged: 9 are there, which is hidden."""
    quarters = ["2025Q4", *(f"2026Q{quarter}" for quarter in (1, 2, 3))]
    trend = [("trend", "admissions", "quarter", quarter) for quarter in quarters]
    for name in ("link_leaving", "link_leaving_by_time"):
        monkeypatch.setattr(counting, name, lambda *_: None)
    _, without = counted(lakeside(sample))
    assert without.hidden.isdisjoint(trend)
    assert sum(without.linked.value((*row, "numerator")) for row in trend) == 57
    assert printed(without, DISCHARGED, CENSUS) == [48, None]
    assert {*trend, DISCHARGED} & of_lakeside.hidden
    assert attack(of_lakeside.cells).empty


def test_where_many_are_there_nothing_more_is_hidden() -> None:
    _, made = counted(records_of(there=20))
    assert printed(made, ADMITTED, DISCHARGED, CENSUS) == [50, 30, 20]


@pytest.mark.parametrize("first", ["2025-10-01", "2024-01-01"])
def test_those_asked_for_scores_are_all_who_were_discharged(
    sample: iop.Records, first: str
) -> None:
    """Two of them died, which the others alone would tell beside the admissions and those there."""
    chosen = (sample.episodes["admit_date"] >= pd.Timestamp(first)).to_numpy()
    scope, made = counted(sample.subset(chosen))
    episodes = scope.records.episodes
    left = scope.two_years & episodes["days_to_discharge"].notna().to_numpy()
    died = left & (episodes["discharge_reason"] == "died").to_numpy(dtype=bool, na_value=False)
    assert died.sum() == 2
    table = made.table("symptoms").frame
    assert table["discharged"].tolist() == [left.sum()] * 5
    assert table["share"].iloc[0] == round(table["answered_twice"].iloc[0] / left.sum(), 3)
    assert attack(made.cells).empty


def test_those_who_did_not_answer_twice_are_not_told_by_the_discharges(
    of_lakeside: Counted,
) -> None:
    """The number of those who did can then not be printed beside that of the discharges."""
    made = of_lakeside
    answered = ("symptoms", "phq9", "paired")
    assert made.linked.value(DISCHARGED) - made.linked.value(answered) == 7
    assert None in printed(made, DISCHARGED, answered)
    assert attack(made.cells).empty
