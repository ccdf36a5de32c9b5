"""A table that was read from many files is one row of the report, the sum of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.report.sections.quality import MOST_FILES, SUMMED


@pytest.mark.parametrize("files", [3, 60])
def test_what_was_read_is_summed_where_files_are_many(tmp_path: Path, files: int) -> None:
    made = iop.synthetic_records(seed=2, people=60)
    attendance = made.attendance.reset_index(drop=True)
    made.episodes.to_csv(tmp_path / "episodes.csv", index=False)
    for part, rows in attendance.groupby(attendance.index % files):
        rows.to_csv(tmp_path / f"attendance_{part:03d}.csv", index=False)
    records = iop.read_records(tmp_path, mapping={"files": {"attendance": "attendance_*.csv"}})
    assert len(records.sources) == files + 1
    free = iop.SafePolicy.unprotected()  # quick: nothing is searched for
    table = iop.quarterly_report(records, policy=free).tables["files"]
    own = table[table["table"] == "attendance"]
    expected = records.sources.loc[records.sources["table"] == "attendance"]
    if files <= MOST_FILES:
        assert len(own) == files
        assert SUMMED not in own["sha256"].tolist()
        return
    assert len(own) == 1
    row = own.iloc[0]
    assert row["file"] == files
    assert row["sha256"] == SUMMED
    assert row["rows_read"] == expected["rows_read"].sum() == len(attendance)
    pd.testing.assert_index_equal(table.columns, pd.Index(list(own.columns)))
