"""Reports of hardly any records: each is made, without what cannot be told."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model
from iop_outcomes.trends.charting import COLUMNS


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the pictures out."""
    empty = Picture(b"<svg/>", "A picture.", 1, 1)
    monkeypatch.setattr(model, "draw_svg", lambda *_, **__: empty)


def records(people: int, cut: str, **tables: bool) -> iop.Records:
    """Return records of so many people, admitted in the first days of July 2026."""
    names = [f"A-{number}" for number in range(people)]
    days = [f"2026-07-{1 + number:02d}" for number in range(people)]
    frame = pd.DataFrame({"episode_id": names, "person_id": names, "admit_date": days})
    frame["program"] = ["North", "South"][:people] * (people // 2) if people > 1 else "North"
    rows = frame[["episode_id"]].assign(date="2026-07-03")
    made = {}
    if tables.get("attendance"):
        made["attendance"] = rows.assign(status=["attended", "no_show", *["attended"] * 8][:people])
    if tables.get("checkins"):
        made["checkins"] = rows.assign(status="completed", used="no")
    return iop.read_records(episodes=frame, as_of=cut, **made)


@pytest.mark.parametrize("cut", ["2026-07-03", "2026-07-31", "2026-09-30"])
@pytest.mark.parametrize("people", [1, 2])
@pytest.mark.parametrize("names", [("attendance",), ("checkins",), ("attendance", "checkins")])
def test_an_internal_report_of_hardly_any_records_is_made(
    names: tuple[str, ...], people: int, cut: str
) -> None:
    held = records(people, cut, **dict.fromkeys(names, True))
    report = iop.quarterly_report(held, "2026Q3", policy=iop.SafePolicy.internal())
    if cut == "2026-07-03":  # no month is over, so that none is on a chart by month
        assert "signals" not in report.tables
    assert report.html


@pytest.mark.parametrize("measure", ["attendance_rate", "admissions"])
def test_a_trend_by_program_without_a_period_has_the_columns_of_a_chart(measure: str) -> None:
    trend = iop.trend(records(2, "2026-07-31", attendance=True), measure, by="program")
    none = trend.only(np.arange(0)).charted_again().table
    assert none.empty
    assert {*COLUMNS} <= {*none.columns}


def months_of(people: int) -> iop.Records:
    """Return records of so many people with two sessions a week from February, some not kept."""
    names = [f"A-{number}" for number in range(people)]
    frame = pd.DataFrame({"episode_id": names, "person_id": names, "program": "North"})
    frame["admit_date"] = "2026-02-02"
    days = pd.date_range("2026-02-03", "2026-09-30", freq="84h").strftime("%Y-%m-%d")
    rows = pd.DataFrame([(name, day) for name in names for day in days])
    rows = rows.set_axis(["episode_id", "date"], axis=1)
    rows["status"] = np.resize(["attended", "attended", "no_show"], len(rows))
    checkins = rows[["episode_id", "date"]].iloc[::4].assign(status="completed", used="no")
    return iop.read_records(episodes=frame, attendance=rows, checkins=checkins, as_of="2026-09-30")


@pytest.mark.parametrize("people", [1, 2])
def test_what_has_no_interval_says_so(people: int) -> None:
    """The sessions of one person had a 95% interval from nan% to nan%."""
    held = months_of(people)
    report = iop.quarterly_report(held, "2026Q3", policy=iop.SafePolicy.internal())
    said = f"{report._document}"
    assert re.findall(r"(?i).{0,60}\bnan\b.{0,60}", said) == []
    assert ("no interval: one person" in said) == (people == 1)
