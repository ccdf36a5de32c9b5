"""Results for release, their tables and words, beside what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import OutcomesError
from tests.helpers.of_the_sample import records_of_the_sample
from tests.helpers.recorded import compare_recorded, parts_text

HERE = Path(__file__).parent / "recorded"


@pytest.fixture(scope="module")
def records() -> iop.Records:
    """Return a large program and a small one of the sample."""
    return records_of_the_sample().where(program=["Harbor", "Old Mill"])


@pytest.fixture(scope="module")
def times(records: iop.Records) -> pd.DataFrame:
    return iop.time_to_relapse(records, iop.RelapseRule(missing="no_use"))


Made = Callable[[iop.Records, pd.DataFrame], Any]
RESULTS: dict[str, Made] = {
    "curves": lambda _, t: iop.survival_curves(t),
    "curves by program": lambda _, t: iop.survival_curves(t, by="program"),
    "curves by track": lambda _, t: iop.survival_curves(t, by="track"),
    "incidence": lambda _, t: iop.cumulative_incidence(t),
    "interval": lambda _, t: iop.interval_survival(t),
    "difference": lambda _, t: iop.survival_difference(t, "track", 90),
    "difference of means": lambda _, t: iop.restricted_mean_difference(t, "track", 90),
    "attendance by quarter": lambda r, _: iop.trend(r, "attendance_rate", every="quarter"),
    "completion by program": lambda r, _: iop.trend(r, "completion_rate", by="program"),
    "retention by year": lambda r, _: iop.trend(r, "retained_90", every="year", by="program"),
    "weeks": lambda r, _: iop.attendance_by_week(r, weeks=4, by="program"),
    "flow": lambda r, _: iop.cohort_flow(r, by="program"),
    "calendar": lambda r, _: iop.attendance_by_weekday(r, weeks=3, by="program"),
    "funnel": lambda r, _: iop.funnel(r, "completion_rate", by="track"),
    "matrix": lambda r, _: iop.summary_matrix(r),
    "symptoms": lambda r, _: iop.symptom_change(r, "phq9", by="program"),
    "functioning": lambda r, _: iop.functioning(r, by="program"),
    "dose": lambda r, _: iop.dose_and_outcome(r),
    "transitions": lambda r, _: iop.transitions(r),
    "continuity": lambda r, _: iop.va_continuity(r),
}


def frames_of(result: Any) -> list[tuple[str, pd.DataFrame]]:
    """Return the frames that a result holds, by their names."""
    if isinstance(result, pd.DataFrame):
        return [("", result)]
    held = getattr(result, "__dataclass_fields__", {})
    return [
        (name, value)
        for name in held
        if isinstance(value := getattr(result, name), pd.DataFrame) and len(value) <= 120
    ]


@pytest.mark.parametrize("name", RESULTS)
def test_a_protected_result_is_the_recorded_one(
    name: str, records: iop.Records, times: pd.DataFrame
) -> None:
    parts: list[tuple[str, str | pd.DataFrame]] = []
    for policy in (iop.SafePolicy.cms(), iop.SafePolicy.rounded(base=10)):
        try:
            safe = iop.protect(RESULTS[name](records, times), policy)
        except OutcomesError as error:
            parts.append((f"base {policy.base}", f"{type(error).__name__}: {error}"))
            continue
        said = [str(getattr(safe, one)) for one in ("text", "rule") if hasattr(safe, one)]
        parts.append((f"base {policy.base}", "\n".join(said)))
        parts += [(f"base {policy.base}: {part}", frame) for part, frame in frames_of(safe)]
    compare_recorded(HERE / f"{name.replace(' ', '_')}.txt", parts_text(parts))
