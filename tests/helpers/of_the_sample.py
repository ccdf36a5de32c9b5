"""Reports and records that tests share: made once in a process, or without what takes long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache

import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.records import read_records
from iop_outcomes.report import counting, model

QUARTER = "2026Q3"
SHOWN = ["Harbor", "Lakeside", "North", "Riverside"]
"""The programs of the sample that the public report shows; the fifth is in no total of it."""


@cache
def _read() -> iop.Records:
    return read_records("data/samples")


def records_of_the_sample() -> iop.Records:
    """Return the records of data/samples, read once: a copy, which a test may change."""
    return deepcopy(_read())


@cache
def report_of_the_sample() -> iop.Report:
    """Return the report of the last quarter of data/samples; its pictures are empty."""
    with nothing_drawn():
        made = iop.quarterly_report(records_of_the_sample(), QUARTER)
        assert made.html  # drawn now
    return made


@cache
def internal_report_of_the_sample() -> iop.Report:
    """Return the same report of the programs that it shows, with nothing hidden."""
    with nothing_drawn():
        records = records_of_the_sample().where(program=SHOWN)
        made = iop.quarterly_report(records, QUARTER, policy=iop.SafePolicy.internal())
        assert made.html  # drawn now
    return made


@contextmanager
def nothing_drawn() -> Iterator[None]:
    """Leave the pictures of reports out: they show what the tables do."""
    empty = Picture(b"<svg/>", "A picture.", 1, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "draw_svg", lambda *_, **__: empty)
        yield


@contextmanager
def nothing_hidden() -> Iterator[None]:
    """Hide nothing, for what does not depend on it: to search for it takes most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LinkedCounts, "hidden", lambda _: frozenset())
        patch.setattr(counting, "not_drawn", lambda *_: frozenset())
        yield


def without_check_ins(records: iop.Records) -> iop.Records:
    """Return the same episodes and sessions: a report counts and searches through half as much."""
    return iop.read_records(
        episodes=records.episodes, attendance=records.attendance, as_of=records.as_of
    )
