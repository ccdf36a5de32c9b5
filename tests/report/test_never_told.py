"""What records of a program never tell: a sentence each, and only what is true of these records."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from iop_outcomes.report.sections.definitions import never_told as never
from tests.helpers.of_the_sample import report_of_the_sample

ALWAYS = (never.WHY, never.NO_COMPARISON, never.AFTERWARDS)


@pytest.mark.parametrize(
    ("columns", "also"),
    [
        (None, ()),
        (["used"], (never.NO_ANSWER,)),
        (["used", "phq9"], (never.NO_ANSWER, never.ONCE)),
        (["gad7_3"], (never.NO_ANSWER, never.ONCE)),
        (["bam_1"], (never.NO_ANSWER, never.ONCE)),
    ],
)
def test_only_what_is_true_of_these_records_is_said(columns: Any, also: tuple[str, ...]) -> None:
    tables = {} if columns is None else {"checkins": None}
    checkins = None if columns is None else pd.DataFrame(columns=columns)
    scope: Any = SimpleNamespace(records=SimpleNamespace(tables=tables, checkins=checkins))
    assert never.never_told(scope) == (*ALWAYS, *also)


def test_the_report_says_it() -> None:
    document = report_of_the_sample()._document
    assert document is not None
    held = next(one for one in document["sections"] if one["name"] == "cannot-tell")
    assert {*ALWAYS, never.NO_ANSWER, never.ONCE} <= {*held["sentences"]}
    assert "how long people waited" in " ".join(held["sentences"])
