"""The curves of a report: on fixed days, with a table of what is drawn, and linked to the rest."""

from __future__ import annotations

import pytest

import iop_outcomes as iop
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report.sections import assemble


@pytest.fixture(scope="module")
def records() -> iop.Records:
    return iop.read_records("data/samples")


@pytest.fixture(scope="module")
def report(records: iop.Records) -> iop.Report:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assemble, "draw_svg", lambda *_, **__: Picture(b"<svg/>", "A.", 1, 1))
        made = iop.quarterly_report(records, "2026Q3")
        assert made.html
        return made


def test_ends_are_shown_over_time_with_few_ones_taken_together(
    report: iop.Report, records: iop.Records
) -> None:
    table = report.tables["ends_over_time"]
    assert {"completed", "dropped out", "other ends"} <= set(table["end"])
    assert not {"died", "incarcerated"} & set(table["end"])
    assert set(table["day"]) <= {30, 60, 90, 120, 150, 180, 270, 365, 730}
    assert (table.groupby("end")["incidence"].diff().dropna() >= 0).all()
    recent = records.episodes["admit_date"].between("2024-10-01", "2026-09-30")
    kept = recent & (records.episodes["program"] != "Old Mill")
    times = iop.time_in_treatment(records)
    times = times[times["episode_id"].isin(records.episodes.loc[kept, "episode_id"])]
    ends = sorted(set(times.loc[times["event"], "ended_by"].astype(str)))
    at = iop.cumulative_incidence(times, causes=ends).at(90)
    truth = at[at["cause"] == "completed"]["incidence"].item()
    shown = table[(table["end"] == "completed") & (table["day"] == 90)]["incidence"].item()
    assert shown == round(truth, 2)
    assert "15 episodes followed" not in report.html


def test_the_interval_censored_curve_is_on_days_of_the_curve_of_all(report: iop.Report) -> None:
    table = report.tables["relapse_interval"]
    assert set(table["day"]) <= set(report.tables["relapse"]["day"])
    assert (table["lowest"] <= table["survival"]).all()
    assert (table["survival"] <= table["highest"]).all()
    near = table.merge(report.tables["relapse"], on="day")
    assert (near["survival_x"] - near["survival_y"]).abs().max() < 0.05
