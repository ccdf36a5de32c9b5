"""Results of one kind: what they share is written once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import describe_groups, join_described


def kinds(base: type = Result) -> Iterator[type]:
    for kind in base.__subclasses__():
        yield from kinds(kind)
        if dataclasses.is_dataclass(kind):
            yield kind


@pytest.mark.parametrize("kind", [*kinds()], ids=lambda kind: kind.__name__)
def test_no_result_shows_itself_in_its_own_way(kind: type) -> None:
    assert kind.__repr__ is Result.__repr__
    assert kind._repr_html_ is Result._repr_html_  # type: ignore[attr-defined]


def test_every_result_with_a_table_and_a_text_is_of_one_kind() -> None:
    public = [getattr(iop, name) for name in iop.__all__]
    results = [one for one in public if isinstance(one, type) and hasattr(one, "_repr_html_")]
    others = {one.__name__ for one in results if not issubclass(one, Result)}
    # Neither is one table under one text: records are three tables, a report is a whole page.
    assert others == {"Records", "Report"}


def test_a_result_shows_its_kind_and_its_table_under_its_text() -> None:
    times = pd.DataFrame({"days": np.arange(1, 61), "event": True, "ward": "<a>"})
    rates = iop.hazard(times, by="ward")
    assert repr(rates) == "<Hazard: 1 group, n 60, events 60>"
    page = rates._repr_html_()
    assert page.startswith("<table><caption>Events per 100 at risk and day by ward: &lt;a&gt;: n")


def test_those_not_named_are_counted() -> None:
    assert join_described(["a", "b"], 2) == "a; b"
    assert join_described(["a", "b"], 1002, "term") == "a; b; and 1,000 more terms"
    table = pd.DataFrame({"ward": np.arange(30), "n": np.arange(30)})
    text = describe_groups(table, ["ward"], lambda rows, name: f"{name}{rows['n'].sum()}.")
    assert text.startswith("0: 0. 1: 1. ")
    assert text.endswith("19: 19. And 10 more groups.")
    assert describe_groups(table, [], lambda rows, name: f"{name}{rows['n'].sum()}.") == "435."
