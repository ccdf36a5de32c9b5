"""Half of a letter or NUL in a text: pandas takes two such texts for one, so it is written out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, OutcomesError, RecordsError, RuleError
from iop_outcomes.shared.characters import confusing_characters_written, has_confusing_character

NAMES = ["A\ud800", "A\ud801", "A\udfff", "A", "B 北京 😀"]
WRITTEN = ["A\\ud800", "A\\ud801", "A\\udfff", "A", "B 北京 😀"]


def episodes(**columns: Any) -> pd.DataFrame:
    size = 15
    ids = [f"E{number}" for number in range(size)]
    return pd.DataFrame({"episode_id": ids, "admit_date": "2026-01-05", **columns})


def read(frame: pd.DataFrame, **more: Any) -> iop.Records:
    sessions = pd.DataFrame({"episode_id": ["E1"], "date": "2026-01-06", "status": "attended"})
    return iop.read_records(episodes=frame, attendance=sessions, as_of="2026-03-01", **more)


def test_lone_surrogates_and_nul_are_recognised_and_written_as_code_points() -> None:
    assert has_confusing_character(["A", "A\0"])
    assert confusing_characters_written("A\0B\0") == "A\\x00B\\x00"
    assert has_confusing_character([1, None, "a", "\udc00b"])
    assert has_confusing_character(["\ud83d", "\ude00"])  # of two texts, no pair
    assert not has_confusing_character([1, None, "a", "北京 😀", "\ufffd"])
    assert [confusing_characters_written(name) for name in NAMES] == WRITTEN


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


NUL_ENDS = ["N", "N\0", "N\0B"]


@pytest.mark.parametrize("source", ["frame", "csv", "quoted csv", "utf-16"])
def test_names_with_nul_stay_apart_and_are_listed(source: str, tmp_path: Path) -> None:
    episodes = pd.DataFrame(
        {"episode_id": ["E1", "E1\0", "E2"], "program": NUL_ENDS, "admit_date": "2026-01-05"}
    )
    sessions = pd.DataFrame(
        {"episode_id": ["E1", "E1\0"], "date": "2026-01-06", "status": ["attended", "no_show"]}
    )
    if source == "frame":
        records = iop.read_records(episodes=episodes, attendance=sessions, as_of="2026-03-01")
    else:
        for name, frame in (("episodes", episodes), ("attendance", sessions)):
            rows = [list(frame.columns), *frame.to_numpy().tolist()]
            mark = '"' if source == "quoted csv" else ""
            text = "".join(",".join(mark + cell + mark for cell in row) + "\n" for row in rows)
            encoding = "utf-16" if source == "utf-16" else "utf-8"
            (tmp_path / f"{name}.csv").write_bytes(text.encode(encoding))
        records = iop.read_records(tmp_path, as_of="2026-03-01")
    assert records.episodes["episode_id"].tolist() == ["E1", "E1\\x00", "E2"]
    assert sorted(records.episodes["program"]) == ["N", "N\\x00", "N\\x00B"]
    assert records.attendance["episode_id"].tolist() == ["E1", "E1\\x00"]
    listed = records.problems.query("check == 'nul_character'")
    first = 1 if source == "frame" else 2
    assert listed[["table", "line", "column"]].to_numpy().tolist() == [
        ["episodes", first + 1, "episode_id"],
        ["episodes", first + 1, "program"],
        ["episodes", first + 2, "program"],
        ["attendance", first + 1, "episode_id"],
    ]


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

    result = Shown(cell) if isinstance(cell, list) else cell
    program = pd.Series(["North"] * 15, dtype=object)
    program.iloc[4] = result
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
@pytest.mark.parametrize("letter", ["\ud800", "\0"])
def test_values_that_cannot_be_told_apart_are_refused(call: str, kind: str, letter: str) -> None:
    given = times()
    for name in ("g", "who"):
        given[name] = given[name].str.replace("\ud800", letter)
    if kind == "category":
        given["g"] = pd.Categorical.from_codes(
            np.arange(30) % 3, pd.Index(["A", "B", f"A{letter}"], dtype=object)
        )
    with pytest.raises((EstimateError, RuleError), match="half of a character") as refused:
        CALLS[call](given)
    str(refused.value).encode("utf-8")
    for written in ("who", "g"):
        given[written] = given[written].astype(object).map(confusing_characters_written)
    CALLS[call](given)


def test_covariates_of_imputation_are_refused() -> None:
    words = pd.Series(["+-o-", "--o-", "+++o", "-o-+"], index=list("abcd"))
    covariates = pd.DataFrame({"g": ["A", "B", "A\ud800", "B"]}, index=list("abcd"))
    with pytest.raises(OutcomesError, match="half of a character"):
        iop.impute_weeks(words, covariates=covariates, imputations=2, seed=1)
