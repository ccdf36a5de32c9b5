"""How the episodes of a year's admissions ended, in a series of reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.system import attack, join, read_cells
from iop_outcomes.outreach.known import known_on
from iop_outcomes.report.sections.ends import stays
from tests.helpers.of_the_sample import nothing_drawn, records_of_the_sample
from validation import attack_ends
from validation.attack_reading import Read
from validation.disclosure_attack import as_read

TABLE = "ends_over_time"
TITLE_OF_YEAR = "How episodes ended, and after how long: 100 admissions, admitted in 2025"


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[iop.Report, Path]]:
    """Return reports of the sample as they would have been made, each beside the earlier.

    They are the last before a year is known, and three with it.
    """
    records, reports = records_of_the_sample(), []
    with nothing_drawn():
        for quarter in pd.period_range("2025Q2", "2026Q1", freq="Q"):
            day = min(quarter.end_time.normalize(), records.as_of)
            before = [path for _, path in reports]
            report = iop.quarterly_report(
                known_on(records, day), str(quarter), compare=before or None
            )
            path = tmp_path_factory.mktemp("series") / f"{quarter}.json"
            report.save(path)
            reports.append((report, path))
    return reports


def test_each_report_of_a_series_has_it_once_a_year_is_known(
    series: list[tuple[iop.Report, Path]],
) -> None:
    assert [TABLE in report.tables for report, _ in series] == [False] + [True] * 3
    first, *others = [report.tables[TABLE] for report, _ in series[1:]]
    for one in others:
        pd.testing.assert_frame_equal(one, first)
    assert "admitted in 2024" in series[3][0].html
    cells = [cells for _, path in series for cells in read_cells(path.read_text("utf-8"))]
    found = attack(join([replace(one, document=None) for one in cells]))
    assert not found["cell"].str.contains("ended of the admissions").any()


def test_a_late_entry_keeps_it_out_of_later_reports(
    series: list[tuple[iop.Report, Path]],
) -> None:
    records = known_on(records_of_the_sample(), pd.Timestamp("2025-12-31"))
    episodes = records.episodes.copy()
    here = (episodes["admit_date"].dt.year == 2024) & (episodes["discharge_reason"] == "completed")
    episodes.loc[here.to_numpy().nonzero()[0][:2], "discharge_reason"] = "dropped_out"
    changed = replace(records, episodes=episodes)
    with nothing_drawn():
        report = iop.quarterly_report(changed, "2025Q4", compare=series[1][1])
    assert TABLE not in report.tables
    assert stays.CHANGED in report.html


def read_of(kinds: dict[str, dict[int, float]], words: str = TITLE_OF_YEAR) -> Read:
    """Return a report with ends of 100 people, and those there after 30 days of each quarter."""
    rows = [(kind, day, share) for kind, own in kinds.items() for day, share in own.items()]
    quarters = [f"2025Q{number}" for number in (1, 2, 3, 4)]
    retained = pd.DataFrame({"period": quarters, "numerator": 15, "denominator": 25})
    tables = {TABLE: pd.DataFrame(rows, columns=["end", "day", "incidence"])}
    return Read({**tables, "trend_retained_30": retained}, {}, "", (words,))


def test_a_second_attacker_reads_the_ends_beside_the_flow() -> None:
    """60 of 100 are there after 30 days, so that 40 ended: of one kind 35, and of no other 5."""
    together = {"completed": {30: 0.2, 90: 0.5}, "other ends": {30: 0.2, 90: 0.35}}
    assert not attack_ends.told([read_of(together)]).small
    apart = {"completed": {30: 0.35, 90: 0.5}, "other ends": {90: 0.35}}
    assert attack_ends.told([read_of(apart)]).small
    assert not attack_ends.contradict([read_of(together), read_of(together)])
    assert attack_ends.contradict([read_of(together), read_of(apart)])
    other = TITLE_OF_YEAR.replace("100", "103")
    assert attack_ends.contradict([read_of(together), read_of(together, other)])


def test_a_second_attacker_is_told_nothing_by_a_series(
    series: list[tuple[iop.Report, Path]],
) -> None:
    reads = [as_read(report) for report, _ in series]
    assert sum(attack_ends.title_of(read) is not None for read in reads) == 3
    assert not attack_ends.contradict(reads)
    solved = attack_ends.told(reads)
    assert not solved.small
    assert not solved.pinned
