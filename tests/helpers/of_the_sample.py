"""The report of the sample, made once in a process for all tests that only look at it."""

from __future__ import annotations

from functools import cache

import pytest

import iop_outcomes as iop
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report.sections import assemble

QUARTER = "2026Q3"


@cache
def report_of_the_sample() -> iop.Report:
    """Return the report of the last quarter of data/samples; its pictures are empty."""
    empty = Picture(b"<svg/>", "A picture.", 1, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assemble, "draw_svg", lambda *_, **__: empty)
        made = iop.quarterly_report(iop.read_records("data/samples"), QUARTER)
        assert made.html  # drawn now
    return made
