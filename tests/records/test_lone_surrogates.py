"""Half of a letter in a text: pandas takes two such texts for one, so it gets no further."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, OutcomesError, RecordsError, RuleError
from iop_outcomes.shared.letters import has_lone_surrogate, surrogates_written

NAMES = ["A\ud800", "A\ud801", "A\udfff", "A", "B 北京 😀"]
WRITTEN = ["A\\ud800", "A\\ud801", "A\\udfff", "A", "B 北京 😀"]


def episodes(**columns: Any) -> pd.DataFrame:
    size = 15
    ids = [f"E{number}" for number in range(size)]
    return pd.DataFrame({"episode_id": ids, "admit_date": "2026-01-05", **columns})


def read(frame: pd.DataFrame, **more: Any) -> iop.Records:
    sessions = pd.DataFrame({"episode_id": ["E1"], "date": "2026-01-06", "status": "attended"})
    return iop.read_records(episodes=frame, attendance=sessions, as_of="2026-03-01", **more)


def test_what_is_half_of_a_letter() -> None:
    assert has_lone_surrogate([1, None, "a", "\udc00b"])
    assert has_lone_surrogate(["\ud83d", "\ude00"])  # of two texts, no pair
    assert not has_lone_surrogate([1, None, "a", "北京 😀", "\ufffd"])
    assert [surrogates_written(name) for name in NAMES] == WRITTEN


@pytest.mark.parametrize("kind", [object, "string", "category"])
def test_names_stay_apart_in_records_and_are_listed(kind: Any) -> None:
    if kind == "category":  # pandas would make one category of two
        codes = np.arange(15) % 5
        program: Any = pd.Categorical.from_codes(codes, pd.Index(NAMES, dtype=object))
    else:
        program = pd.Series(NAMES * 3, dtype=kind)
    frame = episodes(program=program)
    records = read(frame)
    assert records.episodes["program"].astype(str).value_counts().to_dict() == dict.fromkeys(
        WRITTEN, 3
    )
    listed = records.problems
    assert listed["check"].tolist() == ["lone_surrogate"] * 9
    assert listed["column"].unique().tolist() == ["program"]
    assert listed["line"].tolist() == [1, 2, 3, 6, 7, 8, 11, 12, 13]
    assert listed["value"].tolist() == WRITTEN[:3] * 3
    repr(records).encode("utf-8")
    quality = records.quality().query("check == 'lone_surrogate' and table == 'episodes'")
    assert quality[["rows_looked_at", "rows_failed"]].iloc[0].tolist() == [15, 9]
    assert frame["program"].tolist() == NAMES * 3  # as it was given


def test_identifiers_and_columns_with_half_a_letter_are_read() -> None:
    frame = episodes(**{"own \ud800": 1})
    frame["episode_id"] = [f"E{chr(0xD800 + number)}" for number in range(15)]
    frame.loc[1, "episode_id"] = "E1"
    records = read(frame)
    assert len(records.episodes) == 15
    assert records.episodes["episode_id"].is_unique
    assert "".join(map(str, records.episodes.columns)).isascii()


class Broken:
    def __str__(self) -> str:
        raise LookupError("Ann Smith")


class Named(str):
    def __str__(self) -> str:
        raise LookupError("Ann Smith")


@pytest.mark.parametrize("cell", [Broken(), Named("x"), [Named("x"), Broken()]])
def test_a_cell_that_cannot_be_written_is_missing_and_listed(cell: Any) -> None:
    class Shown(list[Any]):
        __str__ = Broken.__str__

    found = Shown(cell) if isinstance(cell, list) else cell
    program = pd.Series(["North"] * 15, dtype=object)
    program.iloc[4] = found
    records = read(episodes(program=program, own=program))
    listed = records.problems.query("check == 'unreadable_cell'")
    assert listed[["line", "column", "value"]].to_numpy().tolist() == [
        [5, "program", ""],
        [5, "own", ""],
    ]
    assert records.episodes["own"].isna().sum() == 1
    with pytest.raises(RecordsError, match="unreadable_cell") as refused:
        read(episodes(program=program), strict=True)
    assert "Ann" not in str(refused.value)


def times() -> pd.DataFrame:
    draw = np.random.default_rng(3)
    ended = draw.choice(["relapse", "died"], 30)
    return pd.DataFrame(
        {
            "days": draw.integers(1, 60, 30),
            "event": ended == "relapse",
            "ended_by": ended,
            "age": draw.normal(size=30),
            "g": pd.Series(["A", "B", "A\ud800"] * 10, dtype=object),
            "who": pd.Series(["A\ud800", "A\ud801", *map(str, range(28))], dtype=object),
        }
    )


CALLS = {
    "curves": lambda t: iop.survival_curves(t, by="g"),
    "strata": lambda t: iop.compare_survival(t.assign(h=t["age"] > 0), by="h", strata="g"),
    "cluster": lambda t: iop.survival_curves(t, cluster="who"),
    "person": lambda t: iop.survival_curves(t.assign(person_id=t["who"])),
    "incidence": lambda t: iop.cumulative_incidence(t.assign(ended_by=t["g"]), causes=["A"]),
    "causes": lambda t: iop.fine_gray(t.assign(ended_by=t["g"]), "age", cause="A"),
    "terms": lambda t: iop.cox(t, "age + g"),
    "stratified": lambda t: iop.cox(t, "age", strata="g"),
    "mean": lambda t: iop.mean_cumulative_function(t, id="who"),
    "terminal": lambda t: iop.mean_cumulative_function(
        t.assign(id=range(30), ended_by=t["g"]), id="id", terminal=["A"]
    ),
    "states": lambda t: iop.state_occupation(
        t.assign(id=range(30), state=t["g"], next_state=None), id="id"
    ),
    "intervals": lambda t: iop.interval_survival(t.assign(clear_until=0), by="g"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", ["object", "category"])
def test_values_that_cannot_be_told_apart_are_refused(call: str, kind: str) -> None:
    given = times()
    if kind == "category":
        given["g"] = pd.Categorical.from_codes(
            np.arange(30) % 3, pd.Index(["A", "B", "A\ud800"], dtype=object)
        )
    with pytest.raises((EstimateError, RuleError), match="half of a letter") as refused:
        CALLS[call](given)
    str(refused.value).encode("utf-8")
    for written in ("who", "g"):
        given[written] = given[written].astype(object).map(surrogates_written)
    CALLS[call](given)


def test_covariates_of_imputation_are_refused() -> None:
    words = pd.Series(["+-o-", "--o-", "+++o", "-o-+"], index=list("abcd"))
    covariates = pd.DataFrame({"g": ["A", "B", "A\ud800", "B"]}, index=list("abcd"))
    with pytest.raises(OutcomesError, match="half of a letter"):
        iop.impute_weeks(words, covariates=covariates, imputations=2, seed=1)
