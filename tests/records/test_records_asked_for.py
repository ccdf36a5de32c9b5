"""What is no records, where records are asked for."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RuleError

CALLS = {
    "engagement": iop.engagement,
    "attendance_by_week": iop.attendance_by_week,
    "use_patterns": iop.use_patterns,
    "quarterly_report": iop.quarterly_report,
    "sensitivity": iop.sensitivity,
    "trend": lambda given: iop.trend(given, "attendance_rate"),
    "time_to_relapse": iop.time_to_relapse,
    "state_histories": iop.state_histories,
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("given", [pd.DataFrame({"Ann Smith": [1]}), "data/samples", None])
def test_what_is_no_records_is_refused_in_a_sentence(name: str, given: Any) -> None:
    message = f"{type(given).__name__} in place of Records"
    if name == "trend" and isinstance(given, pd.DataFrame):
        message = "A frame needs the columns period"  # it takes frames of its own too
    with pytest.raises(RuleError, match=message) as refused:
        CALLS[name](given)
    assert "Ann" not in str(refused.value)
