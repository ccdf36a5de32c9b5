from __future__ import annotations

import pandas as pd
import pytest

import iop_outcomes as iop
from docs import measures
from iop_outcomes.errors import EstimateError, RuleError
from tests.attendance.specification import Case, cases
from tests.helpers.of_the_sample import records_of_the_sample


def number(text: str) -> float:
    return float(text) if text else float("nan")


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.rule}: {case.given['reason']}")
def test_rules_answer_as_specified(case: Case) -> None:
    result = getattr(iop, case.rule)(case.records(), *case.supplies(), **case.options())
    row = result.table.iloc[0]
    outcome = "?" if pd.isna(row["met"]) else "yes" if row["met"] else "no"
    assert outcome == case.given["met"]
    names = {"day": "day", "first_count": "first", "second_count": "second"}
    for column, name in names.items():
        expected = number(case.given[name])
        assert row[column] == expected or (pd.isna(row[column]) and expected != expected), column
    assert (row["not_known"] == "") == (outcome != "?")


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
    records = records_of_the_sample()
    result = iop.continuity(records)
    table = result.table.set_index("measure")
    parts = table["not_over"] + table["not_known"] + table["denominator"]
    assert (parts == table["episodes"]).all()
    everybody = table.drop(index=["first_to_fourth_session", "followed_up_7", "followed_up_30"])
    assert (everybody["episodes"] == len(records.episodes)).all()
    usual = iop.engagement(records)
    assert result.episodes["retention_90"].equals(usual["retained_90"])
    pairs = result.disagreement
    assert ((pairs["differ"] <= pairs["known"]) & (pairs["known"] <= len(records.episodes))).all()
    assert "disagree most" in result.text


def supplied(*rows: tuple[str, str, object]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["episode_id", "date", "days_supplied"])


def on_medication() -> iop.Records:
    episodes = pd.DataFrame({"episode_id": list("ABCD"), "admit_date": "2026-01-05"})
    visits = pd.DataFrame(
        {"episode_id": list("ABCD"), "date": "2026-01-06", "service": "group", "status": "attended"}
    )
    return iop.read_records(episodes=episodes, attendance=visits, as_of="2026-12-31")


def test_who_is_still_on_medication_is_in_the_share_like_who_stopped() -> None:
    """A goes on to the data cut, B stopped after 28 days, C began too late to tell, D never."""
    supplies = supplied(
        ("A", "2026-01-05", 400), ("B", "2026-01-05T09:30:00+02:00", 28), ("C", "2026-12-01", 60)
    )
    result = iop.medication_continuity(on_medication(), supplies, longest_gap=7)
    row = result.summary().iloc[0]
    assert (row["numerator"], row["denominator"]) == (1, 2)
    assert (row["episodes"], row["not_over"], row["not_known"]) == (3, 1, 0)
    again = supplied(("A", "2026-01-05", 28), ("A", "2026-10-01", 120))
    one_day = iop.medication_continuity(on_medication(), supplies, longest_gap=0, days=1).table
    assert one_day["met"].tolist()[:3] == [True, True, True]
    with pytest.raises(RuleError, match="days"):
        iop.medication_continuity(on_medication(), supplies, longest_gap=0, days=0)
    late = iop.medication_continuity(on_medication(), again, longest_gap=7).table.iloc[0]
    assert pd.isna(late["met"])
    assert late["not_known"] == "a stretch that is not long enough goes on at the data cut"


def test_supplies_that_cannot_be_read_are_refused() -> None:
    records = on_medication()
    for rows in (
        [],
        [("Z", "2026-01-05", 28)],
        [("A", "soon", 28)],
        [("A", "today", 28)],
        [("A", "2026-01-05", 0.5)],
    ):
        with pytest.raises(EstimateError, match="Each supply belongs to an episode"):
            iop.medication_continuity(records, supplied(*rows), longest_gap=7)
    short = supplied(("A", "2026-01-05", 28)).drop(columns="days_supplied")
    with pytest.raises(RuleError, match="no column named days_supplied"):
        iop.medication_continuity(records, short, longest_gap=7)
    with pytest.raises(RuleError, match="longest_gap"):
        iop.medication_continuity(records, supplied(("A", "2026-01-05", 28)))
    with pytest.raises(RuleError, match="DataFrame"):
        iop.medication_continuity(records, [28], longest_gap=7)  # type: ignore[arg-type]
    with pytest.raises(EstimateError, match="hold no medication"):
        iop.medication_continuity(records)


def test_the_page_of_cases_is_what_the_specifications_give() -> None:
    assert measures.main(["--check"]) == 0


@pytest.mark.parametrize(("last", "known"), [(26, False), (27, True)])
def test_four_weeks_that_begin_with_the_first_end_on_day_27(last: int, known: bool) -> None:
    """Nobody is known to have missed the fourth week before it is over, and then it is known."""
    episodes = pd.DataFrame({"episode_id": ["A"], "admit_day": 0, "followed_until_day": last})
    rows = pd.DataFrame({"episode_id": ["A"], "day": 3, "service": "group", "status": "no_show"})
    records = iop.read_records(episodes=episodes, attendance=rows, as_of=400)
    row = iop.dropout_by_missing_weeks(records, weeks=4, within_weeks=1).table.iloc[0]
    assert pd.isna(row["met"]) != known
    assert (row["day"] == 27) == known
    assert row["over"] == known
