"""A report beside an earlier one: rates that are drawn by month stand by the reports' periods."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes import Records
from iop_outcomes.report.earlier.reading import read_earlier
from tests.helpers.thirty_a_month import episodes_until

FIRST, SECOND = "2026Q1", "2026Q2"


def with_check_ins(day: str, late: int = 0) -> Records:
    """Return the records up to a day with a check-in a week; some of one episode came late.

    The late ones are of the first of the two periods.
    """
    episodes = episodes_until(day)
    weeks = pd.DataFrame({"week": range(4)})
    rows = episodes[["episode_id", "admit_date"]].merge(weeks, how="cross")
    date = rows["admit_date"] + pd.to_timedelta(7 * rows["week"] + 3, unit="D")
    status = np.where(np.arange(len(rows)) % 5 == 0, "missed", "completed")
    rows = pd.DataFrame({"episode_id": rows["episode_id"], "date": date, "status": status})
    one = episodes.loc[episodes["admit_date"] < "2026-02-01", "episode_id"].iloc[-1]
    more = pd.date_range("2026-02-10", periods=late, freq="D")
    came_late = pd.DataFrame({"episode_id": one, "date": more, "status": "completed"})
    checkins = pd.concat([rows[rows["date"] <= day], came_late])
    return iop.read_records(episodes=episodes, checkins=checkins, as_of=day)


@pytest.mark.parametrize("late", [0, 15])
def test_rates_that_are_drawn_by_month_stand_by_the_period_of_the_reports(
    late: int, tmp_path: Path
) -> None:
    """The newest month stood beside the newest month, in reports of quarters."""
    first = iop.quarterly_report(with_check_ins("2026-03-31"), FIRST)
    file = first.save(tmp_path / "first.json")
    of_first = read_earlier(file)[0].of_period("check_in_response")
    assert of_first is not None
    top, bottom, value, *_ = of_first
    records = with_check_ins("2026-06-30", late)
    now = iop.quarterly_report(records, SECOND, compare=file)
    row = now.tables["beside_earlier"].set_index("measure").loc["Check-in response"]
    assert (row["earlier period"], row["period"]) == (FIRST, SECOND)
    assert row["earlier"].startswith(f"{value:.1%} ({top:,.0f} of {bottom:,.0f}")
    dates = records.checkins["date"]
    inside = dates.between("2026-04-01", "2026-06-30").to_numpy()
    done = (records.checkins["status"] == "completed").to_numpy()
    assert f"({(inside & done).sum():,} of {inside.sum():,};" in row["now"]
    assert (row["change"] == "not compared") == bool(late)
