"""Reports and records that tests share: made once in a process, or without what takes long."""

from __future__ import annotations

from functools import cache

import pytest

import iop_outcomes as iop
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model

QUARTER = "2026Q3"


@cache
def report_of_the_sample() -> iop.Report:
    """Return the report of the last quarter of data/samples; its pictures are empty."""
    empty = Picture(b"<svg/>", "A picture.", 1, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "draw_svg", lambda *_, **__: empty)
        made = iop.quarterly_report(iop.read_records("data/samples"), QUARTER)
        assert made.html  # drawn now
    return made


def without_check_ins(records: iop.Records) -> iop.Records:
    """Return the same episodes and sessions: a report counts and searches through half as much."""
    return iop.read_records(
        episodes=records.episodes, attendance=records.attendance, as_of=records.as_of
    )
