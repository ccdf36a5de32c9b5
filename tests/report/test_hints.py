"""What the command says of a report that was written: nothing, or what is not in it and why."""

from __future__ import annotations

from pathlib import Path

import pytest

import iop_outcomes as iop
from iop_outcomes.report.command import write_report
from iop_outcomes.report.settings import ReportSettings
from tests.helpers.of_the_sample import nothing_drawn
from tests.helpers.thirty_a_month import episodes_until


def lines(people: int, cut: str, folder: Path, quarter: str | None = None) -> list[str]:
    episodes = episodes_until(cut).tail(people)
    one = episodes[["episode_id"]].head(1)
    first = one.assign(date=episodes["admit_date"].iloc[0], status="completed")
    records = iop.read_records(episodes=episodes, checkins=first, as_of=cut)
    with nothing_drawn():
        written = write_report(
            records, ReportSettings(), None, [folder / "r.json"], None, quarter=quarter
        )
    return written.splitlines()


@pytest.mark.parametrize(
    ("cut", "newest"),
    [("2026-03-31", "2026Q1"), ("2026-03-30", "2025Q4"), ("2026-04-01", "2026Q1")],
)
def test_of_the_whole_time_the_newest_quarter_that_is_over_is_named(
    cut: str, newest: str, tmp_path: Path
) -> None:
    first, hint = lines(300, cut, tmp_path)
    assert "the whole time" in first
    assert f"--quarter {newest}, the last quarter that is over" in hint


def test_nothing_is_said_of_the_report_of_a_quarter(tmp_path: Path) -> None:
    assert len(lines(300, "2026-03-31", tmp_path, "2026Q1")) == 1


def test_it_is_said_that_there_are_too_few_to_publish(tmp_path: Path) -> None:
    assert lines(8, "2026-03-31", tmp_path)[1:] == [
        "It has no number of people: there are too few to publish."
    ]
