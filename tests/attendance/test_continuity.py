from __future__ import annotations

import pandas as pd
import pytest

import iop_outcomes as iop
from docs import measures
from tests.attendance.specification import Case, cases


def number(text: str) -> float:
    return float(text) if text else float("nan")


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.rule}: {case.given['reason']}")
def test_rules_answer_as_specified(case: Case) -> None:
    result = getattr(iop, case.rule)(case.records(), *case.supplies(), **case.options())
    row = result.table.iloc[0]
    found = "?" if pd.isna(row["met"]) else "yes" if row["met"] else "no"
    assert found == case.given["met"]
    names = {"day": "day", "first_count": "first", "second_count": "second"}
    for column, name in names.items():
        expected = number(case.given[name])
        assert row[column] == expected or (pd.isna(row[column]) and expected != expected), column
    assert (row["not_known"] == "") == (found != "?")


def test_the_share_counts_those_for_whom_the_time_is_over() -> None:
    """Of three admitted late two have already met the rule; only the first three are counted."""
    admitted = [0, 0, 0, 60, 60, 60]
    episodes = pd.DataFrame({"episode_id": list("ABCDEF"), "admit_day": admitted})
    visits = [
        (who, start + day)
        for who, start in zip("ADE", (0, 60, 60), strict=True)
        for day in (1, 2, 3)
    ]
    visits += [("B", 1), ("C", 1), ("F", 61)]
    rows = pd.DataFrame(visits, columns=["episode_id", "day"])
    records = iop.read_records(
        episodes=episodes, attendance=rows.assign(service="group", status="attended"), as_of=70
    )
    result = iop.iet_style(records)
    assert result.table["met"].sum() == 3
    row = result.summary().iloc[0]
    assert (row["episodes"], row["not_over"], row["numerator"], row["denominator"]) == (6, 3, 1, 3)
    assert "1 of 3 (33.3%, 95% interval 6.1% to 79.2%)" in result.text  # Wilson by hand
    by_day = result.summary(by="admission_number")
    assert by_day["numerator"].sum() == 1


def test_a_minimum_dose_fails_only_where_the_unknown_weeks_are_too_few_to_reach_it() -> None:
    """A stay of two weeks: 9 hours in the first, and in the second a session of unknown length."""
    rows = pd.DataFrame(
        {
            "episode_id": "A",
            "day": [0, 2, 4, 8],
            "service": "group",
            "status": "attended",
            "minutes_attended": [180, 180, 180, None],
        }
    )
    episodes = pd.DataFrame({"episode_id": ["A"], "admit_day": [0], "discharge_day": [13]})
    records = iop.read_records(episodes=episodes, attendance=rows, as_of=100)
    met = [iop.minimum_dose(records, weeks=weeks).table.iloc[0] for weeks in (1, 2, 3)]
    assert [row["met"] for row in met[::2]] == [True, False]
    assert met[1]["met"] is pd.NA
    assert (met[1]["first_count"], met[1]["second_count"]) == (1, 1)


def test_all_rules_of_the_sample_account_for_every_episode() -> None:
    records = iop.read_records("data/samples")
    found = iop.continuity(records)
    table = found.table.set_index("measure")
    parts = table["not_over"] + table["not_known"] + table["denominator"]
    assert (parts == table["episodes"]).all()
    everybody = table.drop(index=["first_to_fourth_session", "followed_up_7", "followed_up_30"])
    assert (everybody["episodes"] == len(records.episodes)).all()
    usual = iop.engagement(records)
    assert found.episodes["retention_90"].equals(usual["retained_90"])
    pairs = found.disagreement
    assert ((pairs["differ"] <= pairs["known"]) & (pairs["known"] <= len(records.episodes))).all()
    assert "disagree most" in found.text


def test_the_page_of_cases_is_what_the_specifications_give() -> None:
    assert measures.main(["--check"]) == 0
