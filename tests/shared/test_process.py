"""Python looks for garbage seldom in the command, and as before in any other program."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from iop_outcomes.shared import process


@pytest.fixture
def as_before() -> Iterator[tuple[int, int, int]]:
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)
    gc.enable()


def test_another_program_keeps_its_own_ways(as_before: tuple[int, int, int]) -> None:
    frozen = gc.get_freeze_count()
    process.look_seldom()
    process.look_no_more()
    assert gc.isenabled()
    assert gc.get_threshold() == as_before
    assert gc.get_freeze_count() <= frozen


@pytest.mark.usefixtures("as_before")
def test_the_command_looks_seldom_and_still_finds_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "is_command", lambda: True)
    gc.set_threshold(700, 10, 10)
    gc.disable()  # as while the package is imported
    process.look_seldom()
    assert gc.isenabled()
    assert gc.get_threshold()[0] > 700
    assert gc.get_freeze_count() > 1_000
    ring: list[object] = []
    ring.append(ring)
    del ring
    assert gc.collect() > 0
    process.look_no_more()
    assert not gc.isenabled()
