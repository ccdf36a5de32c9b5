"""Published figures beside those of a report: with their source, and only beside what is shown."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.report.model import Table, write_value
from iop_outcomes.report.sections.benchmarks import BENCHMARKS, NONE, benchmarks_section


def counted(share: object) -> Any:
    frame = pd.DataFrame({"reason": ["completed", "all"], "share": [share, 1.0]})
    return SimpleNamespace(
        drafts={"discharges": None},
        table=lambda name: Table(name, "Discharges in 2025, by reason", frame),
    )


def test_each_stands_beside_the_figure_of_the_report() -> None:
    (table,) = benchmarks_section(counted(0.4)).tables
    frame = table.frame
    assert frame["measure"].tolist() == ["Completed"]
    assert frame["here"].tolist() == [0.4]
    assert write_value(0.4, table.kind_at(0, list(frame).index("here"))) == "40.0%"
    assert frame["of"].tolist() == ["Discharges in 2025"]
    assert (frame[["year", "population", "source"]] != "").all(axis=None)


@pytest.mark.parametrize("share", [HIDDEN, np.nan])
def test_nothing_stands_beside_what_is_hidden(share: object) -> None:
    section = benchmarks_section(counted(share))
    assert section.tables == ()
    assert section.sentences == (NONE,)


def test_each_has_a_year_a_population_and_a_source() -> None:
    for one in BENCHMARKS:
        assert re.search(r"\b20\d\d\b", one.year)
        assert len(one.population) > 10
        assert len(one.source) > 8
        assert one.value[0].isdigit()
