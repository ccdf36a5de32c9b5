"""Frames of nullable and Arrow types give what plain frames give, in every estimate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError


def times() -> pd.DataFrame:
    generator = np.random.default_rng(1)
    size = 60
    event = generator.random(size) < 0.6
    other = np.where(generator.random(size) < 0.5, "died", "end_of_follow_up")
    frame = pd.DataFrame({"days": generator.integers(1, 100, size), "event": event})
    frame["clear_until"] = np.maximum(frame["days"] - 7, 0)
    frame["entry"] = 0
    frame["ended_by"] = np.where(event, "relapse", other)
    frame["track"] = generator.choice(["day", "evening"], size)
    frame["site"] = generator.choice(["x", "y"], size)
    frame["person_id"] = [f"p{number}" for number in range(size)]
    frame["episode_id"] = frame["person_id"]
    frame["age"] = generator.integers(20, 60, size)
    frame["veteran"] = generator.random(size) < 0.5
    frame["weight"] = 1 + generator.random(size)
    frame["k"] = generator.integers(0, 40, size)
    frame["last"] = other == "died"
    return frame


ESTIMATES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "curves": lambda frame: iop.survival_curves(frame, by="track").table,
    "weighted": lambda frame: iop.survival_curves(frame, weights="weight", cluster="k").table,
    "hazard": lambda frame: iop.hazard(frame, by="track", fewest=3).table,
    "interval": lambda frame: iop.interval_survival(frame, by="track").table,
    "parametric": lambda frame: iop.parametric_survival(frame, models="exponential").table,
    "incidence": lambda frame: iop.cumulative_incidence(frame, by="track").table,
    "log-rank": lambda frame: iop.compare_survival(frame, by="track", strata="site").table,
    "intervals": lambda frame: iop.compare_interval_survival(frame, by="track").table,
    "Gray": lambda frame: iop.compare_incidence(frame, by="track", strata="site").table,
    "recurrence": lambda frame: iop.compare_recurrence(frame, by="track", terminal="last").table,
    "mean": lambda frame: iop.mean_cumulative_function(frame, terminal="last").table,
    "cox": lambda frame: (
        iop.cox(frame, "age + track + veteran", strata="site", cluster="k", weights="weight").table
    ),
    "cause-specific": lambda frame: iop.cause_specific_cox(frame, "age + track").table,
    "Fine-Gray": lambda frame: iop.fine_gray(frame, "age + track").table,
    "recurrent": lambda frame: iop.recurrent_cox(frame, "age + track").table,
}
ARROW_WORDS = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
TYPES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "nullable": lambda frame: frame.convert_dtypes(),
    "arrow": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "small": lambda frame: frame.astype({"event": "uint8", "days": "UInt16", "last": "int8"}),
    "words": lambda frame: frame.astype(
        {name: pd.ArrowDtype(pa.string()) for name in ("track", "site", "ended_by")}
    ).astype({"track": ARROW_WORDS, "ended_by": ARROW_WORDS}),
    "numbers": lambda frame: frame.astype(
        {"event": "Int64", "last": "int64[pyarrow]", "days": pd.ArrowDtype(pa.decimal128(30, 2))}
    ),
}


@pytest.fixture(scope="module")
def of_plain_ones() -> dict[str, pd.DataFrame]:
    return {name: as_plain(estimate(times())) for name, estimate in ESTIMATES.items()}


@pytest.mark.parametrize("types", TYPES)
def test_nullable_and_arrow_types_give_what_plain_ones_give(
    types: str, of_plain_ones: dict[str, pd.DataFrame]
) -> None:
    typed = TYPES[types](times())
    for name, estimate in ESTIMATES.items():
        found = as_plain(estimate(typed))
        pd.testing.assert_frame_equal(found, of_plain_ones[name], obj=name, check_dtype=False)


def as_plain(table: pd.DataFrame) -> pd.DataFrame:
    """Labels as text, so that their type does not distinguish tables."""
    labels = [name for name in table if table[name].dtype.kind not in "fiub"]
    return table.astype(dict.fromkeys(labels, str)).astype(dict.fromkeys(labels, object))


@pytest.mark.parametrize("dtype", ["boolean", "bool[pyarrow]", "Int8", "int8[pyarrow]", object])
def test_a_missing_event_is_counted_whatever_its_type(dtype: Any) -> None:
    frame = times()
    frame["event"] = frame["event"].astype(dtype).where(frame.index > 1)
    with pytest.raises(EstimateError, match="2 of 60 values are neither, 2 of them missing"):
        iop.survival_curves(frame)


@pytest.mark.parametrize("dtype", ["string", "string[pyarrow]", "category", "str"])
def test_an_event_column_of_words_is_refused(dtype: str) -> None:
    frame = times()
    frame["event"] = frame["event"].map({True: "yes", False: "no"}).astype(dtype)
    with pytest.raises(EstimateError, match="60 of 60 values are neither"):
        iop.survival_curves(frame)
