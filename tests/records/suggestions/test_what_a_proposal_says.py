"""What a proposed mapping and its summary say of the rows that would be read by it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import iop_outcomes as iop
from tests.records.suggestions.test_suggest_mapping import EPISODES, written


def test_a_list_of_sessions_that_took_place_gets_a_line_to_uncomment(tmp_path: Path) -> None:
    rows = "".join(f"K-{n:03d},01/{13 + n}/2026,Group,60\n" for n in range(8))
    files = {
        "Client roster.csv": EPISODES,
        "Services.csv": f"Client ID,Service Date,Service,Minutes\n{rows}",
    }
    made = iop.suggest_mapping(written(tmp_path, files))
    assert made.problem
    text = made.text.replace("# [attendance.constants]", "[attendance.constants]")
    text = text.replace('# status = "attended"', 'status = "attended"')
    records = iop.read_records(tmp_path, mapping=tomllib.loads(text))
    assert len(records.attendance) == 8


def test_a_proposal_by_which_most_rows_are_lost_says_so(tmp_path: Path) -> None:
    rows = "".join(f"Z-{n:03d},01/{13 + n}/2026,Group,Attended\n" for n in range(8))
    files = {
        "roster.csv": EPISODES,
        "Services.csv": f"Client ID,Service Date,Service,Status\n{rows}",
    }
    made = iop.suggest_mapping(written(tmp_path, files))
    assert made.problem == ""
    assert "can the records be read by it: not as it should be: nearly all" in made.summary()
    assert "nearly all rows of attendance were set aside" in " ".join(made.text.split())
