"""Ten exports, each by a mapping written by hand, against the truth that they were made from.

The exports are made up, lie beside the project and are no part of it. Each gives what its shape can
bear: where a shape has one word for three statuses, the truth is compared under that word.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop

EXPORTS = Path(__file__).resolve().parents[4] / "shared" / "exports"
MAPPINGS = sorted(Path(__file__).with_name("mappings").glob("*.toml"))
pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason="the exports are not beside it")

CAME = ("attended", "late", "attended_partial")
NOT_TOLD = {"late_cancel": "client_cancel"}  # one word for both
ALL_CAME = dict.fromkeys(CAME, "attended")


@pytest.fixture(scope="module")
def read() -> dict[str, iop.Records]:
    """Each export by the number that its name begins with."""
    return {path.stem[:2]: iop.read_records(EXPORTS / path.stem, mapping=path) for path in MAPPINGS}


@pytest.fixture(scope="module")
def truth() -> dict[str, pd.DataFrame]:
    tables = ("episodes", "attendance", "checkins")
    return {name: pd.read_csv(EXPORTS / "truth" / f"{name}.csv", dtype=str) for name in tables}


def stays(table: pd.DataFrame, *columns: str) -> Counter[tuple[Any, ...]]:
    """Count the rows that are equal in these columns, as texts; missing is empty."""
    texts = {}
    for name in columns:
        column = table[name]
        dates = pd.api.types.is_datetime64_any_dtype(column)
        text = column.dt.strftime("%Y-%m-%d") if dates else column.astype(object)
        if name == "start_time" and pd.api.types.is_numeric_dtype(column):  # minutes of the day
            text = pd.Series(
                [f"{m // 60:02.0f}:{m % 60:02.0f}" for m in column], index=column.index
            )
        texts[name] = text.where(column.notna(), "").astype(str)
    return Counter(zip(*texts.values(), strict=True))


def blurred(attendance: pd.DataFrame, *words: dict[str, str]) -> pd.DataFrame:
    """Return the truth with the statuses that a shape does not distinguish under one word."""
    word_of = {theirs: ours for each in words for theirs, ours in each.items()}
    return attendance.assign(status=attendance["status"].replace(word_of))


def minutes(table: pd.DataFrame, name: str) -> float:
    return float(pd.to_numeric(table[name]).sum())


EPISODE = ("admit_date", "discharge_date", "discharge_reason")


@pytest.mark.parametrize("number", ["01", "03", "05", "06", "07", "08", "09"])
def test_admissions_and_discharges_are_those_of_the_truth(
    number: str, read: dict[str, iop.Records], truth: dict[str, pd.DataFrame]
) -> None:
    named = () if number in ("01", "08") else ("episode_id",)  # these have other identifiers
    assert stays(read[number].episodes, *EPISODE, *named) == stays(
        truth["episodes"], *EPISODE, *named
    )


def test_a_group_report_gives_each_service_to_its_stay(
    read: dict[str, iop.Records], truth: dict[str, pd.DataFrame]
) -> None:
    episodes = truth["episodes"]
    own = dict(
        zip(
            episodes["episode_id"],
            episodes["person_id"] + " " + episodes["admit_date"],
            strict=True,
        )
    )
    right = blurred(truth["attendance"], NOT_TOLD)
    right["episode_id"] = right["episode_id"].map(own)
    columns = ("episode_id", "date", "start_time", "service", "status")
    result = read["01"].attendance
    assert stays(result, *columns) == stays(right, *columns)
    assert minutes(result, "minutes_scheduled") == minutes(right, "minutes_scheduled")
    assert not len(read["01"].problems)


def test_appointments_by_name_give_the_stay_that_they_know(
    read: dict[str, iop.Records], truth: dict[str, pd.DataFrame]
) -> None:
    last = truth["episodes"].sort_values("admit_date").drop_duplicates("person_id", keep="last")
    known = truth["attendance"]
    word_of = {
        "unrecorded": "attended",  # Show, whatever was signed
        "excused": "client_cancel",
        "not_scheduled": "client_cancel",
    }
    right = blurred(known[known["episode_id"].isin(last["episode_id"])], ALL_CAME, word_of)
    result = read["02"]
    columns = ("date", "start_time", "service", "status")
    assert stays(result.attendance, *columns) == stays(right, *columns)
    assert stays(result.episodes, "admit_date") == stays(last, "admit_date")
    assert result.episodes["discharge_date"].notna().sum() == 0
    rows = result.sources.set_index("table").loc["attendance"]
    assert rows["rows_read"] == len(known)
    assert rows["rows_set_aside"] == len(known) - len(right)
    names = result.episodes.astype(str).to_string() + result.attendance.astype(str).to_string()
    assert "Testperson" not in names


def test_a_workbook_with_titles_and_totals_gives_every_row(
    read: dict[str, iop.Records], truth: dict[str, pd.DataFrame]
) -> None:
    word_of = {"excused": "client_cancel", "not_scheduled": "client_cancel"}
    right = blurred(truth["attendance"], ALL_CAME, word_of)
    columns = ("episode_id", "date", "start_time", "service", "status", "minutes_scheduled")
    result = read["03"]
    whole = result.attendance.assign(
        minutes_scheduled=result.attendance["minutes_scheduled"].astype(int)
    )
    assert stays(whole, *columns) == stays(right, *columns)
    assert result.sources.set_index("table")["rows_left_out"].to_dict() == {
        "episodes": 1,
        "attendance": 2,
    }


def groups_told(truth: dict[str, pd.DataFrame], *words: dict[str, str]) -> pd.DataFrame:
    """The groups as a mark or a list tells them: cancelled late is absent, else excused."""
    services = truth["attendance"]
    word_of = {"late_cancel": "no_show", "client_cancel": "excused"}
    return blurred(services[services["service"] == "group"], word_of, *words)


def test_a_grid_of_months_gives_every_mark(
    read: dict[str, iop.Records], truth: dict[str, pd.DataFrame]
) -> None:
    right = groups_told(truth, {"attended_partial": "attended"})
    right = right[~right["status"].isin(["not_scheduled", "unrecorded"])]  # blank cells
    columns = ("episode_id", "date", "status")
    result = read["04"]
    assert stays(result.attendance, *columns) == stays(right, *columns)
    assert stays(result.episodes, "episode_id", "admit_date") == stays(
        truth["episodes"], "episode_id", "admit_date"
    )


def test_a_row_a_group_gives_everyone_in_its_lists(
    read: dict[str, iop.Records], truth: dict[str, pd.DataFrame]
) -> None:
    right = groups_told(truth, ALL_CAME)
    kept = right["status"].isin(["attended", "no_show", "excused"])  # a cancelled group has no row
    columns = ("episode_id", "date", "start_time", "status")
    result = read["05"].attendance
    assert stays(result, *columns) == stays(right[kept], *columns)
    assert set(result["minutes_scheduled"]) == {180}


def test_one_longitudinal_file_gives_both_tables(
    read: dict[str, iop.Records], truth: dict[str, pd.DataFrame]
) -> None:
    right, checkins = truth["checkins"], read["06"].checkins
    assert stays(checkins, "episode_id", "date", "status") == stays(
        right, "episode_id", "date", "status"
    )
    for name in ("used", "employed", "stable_housing"):
        answer = checkins[name].map({True: "yes", False: "no"})
        assert answer.value_counts().to_dict() == right[name].value_counts().to_dict()
    for name in ("craving", "use_days", "phq9", "gad7"):
        assert minutes(checkins, name) == minutes(right, name)
    tests = checkins["drug_test"].value_counts()
    assert tests[tests > 0].to_dict() == {
        word: count
        for word, count in right["drug_test"].value_counts().items()
        if word in ("negative", "positive")
    }


def test_a_form_gives_those_who_answered_and_those_who_were_due(
    read: dict[str, iop.Records], truth: dict[str, pd.DataFrame]
) -> None:
    checkins, right = read["07"].checkins, truth["checkins"]
    answered = right[right["status"] == "completed"]
    given = checkins[checkins["due_row"] != "made"]
    assert stays(given, "episode_id", "date", "status") == stays(
        answered, "episode_id", "date", "status"
    )
    right = right.merge(truth["episodes"], on="episode_id")
    columns = ("episode_id", "date")
    result = stays(checkins[checkins["due_row"] == "made"], *columns)
    missed = right[right["status"] == "missed"]
    # Not made: those of the day of admission, and those whose days are not over at the data cut.
    edge = missed[(missed["date"] == missed["admit_date"]) | (missed["date"] > "2026-09-26")]
    assert stays(missed, *columns) - result == stays(edge, *columns)
    # Made beyond: those that the program did not ask for, and those of people admitted again, whom
    # a form without the person does not show.
    again = truth["episodes"].groupby("person_id")["admit_date"].transform("max")
    again = dict(zip(truth["episodes"]["episode_id"], again, strict=True))
    not_due = stays(right[right["status"] == "not_due"], *columns)
    beyond = result - stays(missed, *columns) - not_due
    assert all(date >= again[episode] for episode, date in beyond)
    assert result.total() == len(missed) - len(edge) + len(not_due) + beyond.total() == 416


def test_encounters_give_what_took_place_and_no_absence(
    read: dict[str, iop.Records], truth: dict[str, pd.DataFrame]
) -> None:
    right = blurred(truth["attendance"], ALL_CAME)
    right = right[right["status"] == "attended"]
    result = read["08"].attendance
    assert stays(result, "date", "service", "status") == stays(right, "date", "service", "status")
    per_stay = result.groupby("episode_id", observed=True).size()
    assert sorted(per_stay) == sorted(right.groupby("episode_id").size())


def test_semicolons_and_decimal_commas_give_every_row(
    read: dict[str, iop.Records], truth: dict[str, pd.DataFrame]
) -> None:
    result = read["09"]
    right = blurred(truth["attendance"], NOT_TOLD)
    columns = ("episode_id", "date", "start_time", "status")
    assert stays(result.attendance, *columns) == stays(right, *columns)
    assert minutes(result.attendance, "minutes_scheduled") == minutes(right, "minutes_scheduled")
    due = truth["checkins"][truth["checkins"]["status"] != "not_due"]
    columns = ("episode_id", "date", "status")
    assert stays(result.checkins, *columns) == stays(due, *columns)


def test_title_rows_of_one_file_do_not_touch_the_other(read: dict[str, iop.Records]) -> None:
    result = read["10"]
    assert (len(result.episodes), len(result.attendance)) == (2, 2)
    assert result.attendance["status"].tolist() == ["attended", "no_show"]
