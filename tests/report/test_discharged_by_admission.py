"""Who completed of those admitted in a year, after the last day on which it is shown who had."""

from __future__ import annotations

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.system import join, told
from iop_outcomes.report import counting
from iop_outcomes.report.counting import Counted, count_all
from iop_outcomes.report.linking import leaving_by_time
from iop_outcomes.report.programs import FAMILY as PROGRAMS
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.ends.discharged import ANY, OF_ADMITTED
from iop_outcomes.report.sections.ends.of_year import COMPLETED, EVERYBODY
from iop_outcomes.report.sections.quarters import ENDED
from validation import attack_ends
from validation.attack_reading import Read

CUT, LATE = pd.Timestamp("2025-12-31"), 5
EARLY = [(20, COMPLETED)] * 5 + [(20, "dropped_out")] * 8 + [(50, COMPLETED)] * 11
REST = [(85, "dropped_out")] * 12 + [(200, "dropped_out")] * 3
ADMITTED, ENDED_BY_90 = 4 * (len(EARLY) + len(REST)) + LATE, 4 * 16


def records(program: str) -> iop.Records:
    """Return 39 admissions a quarter from 2024 on; five more of 2024 complete after 190 days."""
    rows = []
    for quarter in pd.period_range("2024Q1", "2025Q4", freq="Q"):
        begin = quarter.start_time
        late = [(190, COMPLETED)] * LATE if str(quarter) == "2024Q4" else []
        for number, (days, reason) in enumerate([*EARLY, *REST, *late]):
            rows.append((begin + pd.Timedelta(days=number % 40), days, reason))
    frame = pd.DataFrame(rows, columns=["admit_date", "stay", "discharge_reason"])
    frame["discharge_date"] = frame["admit_date"] + pd.to_timedelta(frame["stay"], "D")
    frame["episode_id"] = frame["person_id"] = [f"e{one}" for one in range(len(frame))]
    stays = frame.pop("stay")
    days = range(0, 201, 5)
    dates = [frame.loc[stays >= day, ["episode_id", "admit_date"]].assign(day=day) for day in days]
    came = pd.concat(dates, ignore_index=True)
    came["date"] = came.pop("admit_date") + pd.to_timedelta(came.pop("day"), "D")
    frame.loc[frame["discharge_date"] > CUT, ["discharge_date", "discharge_reason"]] = None
    came = came[came["date"] <= CUT].assign(status="attended", service="group", hours=3.0)
    return iop.read_records(
        episodes=frame.assign(program=program), attendance=came, as_of=str(CUT.date())
    )


def counted() -> Counted:
    scope = choose_scope(records("Harbor"), "2025Q4", None, None)
    return count_all(scope, scope)


def last_of(made: Counted) -> tuple[int, int | None]:
    """Return the last day of which it is known who had completed, and how many had, if printed."""
    ended = (ENDED, "2024-12-31", COMPLETED)
    days = {
        int(str(key[3])): value
        for key, value in made.cells.counts.items()
        if isinstance(key, tuple) and key[:3] == ended and value is not None
    }
    return max(days), days[max(days)]


def test_those_who_completed_after_the_last_day_do_not_follow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """69 of 2024 completed by the end of 2025, 64 of them within 90 days."""
    made = counted()
    assert made.linked.value((OF_ADMITTED, COMPLETED, "2024")) == ENDED_BY_90 + LATE
    assert made.linked.value((OF_ADMITTED, ANY, "2024")) == ADMITTED
    assert not list(told(join([made.cells])))
    assert made.cells.counts[ENDED, "2024-12-31", EVERYBODY] == ADMITTED
    share = (PROGRAMS, "completed", "all")
    assert last_of(made)[1] != ENDED_BY_90 or share in made.hidden
    monkeypatch.setattr(counting, "link_discharged", lambda *_: None)
    monkeypatch.setattr(leaving_by_time, "link_completed", lambda *_: None)
    without = counted()  # then both are printed, and five are the rest
    assert last_of(without)[1] == ENDED_BY_90
    assert share not in without.hidden


def read_of(completed_by: int, quarters: list[str]) -> Read:
    """Return a report that prints who completed, of whom 40 of those admitted in 2025."""
    came = pd.DataFrame({"period": quarters, "numerator": 30})
    of_years = pd.DataFrame({"period": ["2024", "2025"], "numerator": [50, completed_by - 10]})
    sites = pd.DataFrame({"program": ["A", "B"], "numerator": [25, 15]})
    ends = [(kind, day, share) for kind in (COMPLETED, "other ends") for day, share in ((90, 0.4),)]
    tables = {
        "trend_admissions": came,
        "trend_completion_rate": of_years,
        "sites_completed": sites,
        "programs": pd.DataFrame({"program": ["A", "B", "all"]}),
        attack_ends.NAME: pd.DataFrame(ends, columns=["end", "day", "incidence"]),
    }
    title = "How episodes ended, and after how long: 100 admissions, admitted in 2024"
    return Read(tables, {}, "", (title,))


def test_a_second_attacker_tells_who_completed_later() -> None:
    """Of 100 about 40 had completed by day 90; of all 85 or 95 who did 40 were admitted since."""
    quarters = [f"{year}Q{number}" for year in (2024, 2025) for number in (1, 2, 3, 4)]
    few = attack_ends.told([read_of(45, quarters)])  # 50 + 35 - 40 = 45, so that five came later
    assert few.small
    assert not attack_ends.told([read_of(65, quarters)]).small
    assert not attack_ends.told([read_of(45, quarters[1:])]).small
