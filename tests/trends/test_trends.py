from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from io import StringIO
from math import log
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.attendance import engagement
from iop_outcomes.errors import EstimateError, MissingTableError, RuleError
from iop_outcomes.records import Records, read_records
from iop_outcomes.statistics import clustered_interval, proportion_interval
from iop_outcomes.trends import (
    Quantity,
    Tally,
    Trend,
    describe_quantities,
    parse_period,
    trend,
)
from iop_outcomes.trends.periods import first_day, last_day, periods_between


def table(text: str) -> pd.DataFrame:
    """Read a small text table; a dash is an empty cell."""
    return pd.read_csv(StringIO(text), sep=r"\s+", dtype=str).replace("-", "")


EPISODES = """
episode_id person_id program   admit_date discharge_date discharge_reason
A1         A         North     2026-01-05 2026-04-20     completed
A2         A         North     2026-06-02 -              -
B1         B         North     2026-01-20 2026-02-10     dropped_out
C1         C         Riverside 2026-03-15 2026-04-01     transferred
D1         D         Riverside 2026-03-31 2026-06-29     completed
E1         E         North     2026-04-01 2026-05-10     -
"""
ATTENDANCE = """
episode_id date       status
A1         2026-01-06 attended
A1         2026-01-07 attended
A1         2026-01-08 no_show
A1         2026-04-10 attended
A2         2026-06-03 attended
B1         2026-01-21 late
B1         2026-01-22 no_show
B1         2026-01-23 client_cancel
B1         2026-01-24 program_cancel
B1         2026-01-26 unrecorded
C1         2026-03-16 no_show
C1         2026-03-20 attended_partial
D1         2026-04-02 excused
D1         2026-06-29 attended
E1         2026-04-03 attended
"""
CHECKINS = """
episode_id date       status
A1         2026-01-01 completed
A1         2026-01-12 completed
A1         2026-01-19 missed
B1         2026-01-26 completed
B1         2026-01-30 not_due
D1         2026-06-30 missed
"""


@pytest.fixture
def records() -> Records:
    return read_tables()


def read_tables(as_of: str = "2026-07-15") -> Records:
    return read_records(
        episodes=table(EPISODES),
        attendance=table(ATTENDANCE),
        checkins=table(CHECKINS),
        as_of=as_of,
    )


def counts(result: Trend, **only: str) -> list[list[Any]]:
    """Return period, numerator and denominator of the rows in which anything was counted."""
    rows = result.table
    for name, value in only.items():
        rows = rows[rows[name] == value]
    rows = rows[rows["denominator"] > 0]
    return rows[["period", "numerator", "denominator"]].to_numpy().tolist()


# --- periods ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "label", "start", "end", "previous", "following", "year_before"),
    [
        ("2026Q3", "2026Q3", "2026-07-01", "2026-09-30", "2026Q2", "2026Q4", "2025Q3"),
        ("2026-Q1", "2026Q1", "2026-01-01", "2026-03-31", "2025Q4", "2026Q2", "2025Q1"),
        ("2025q4", "2025Q4", "2025-10-01", "2025-12-31", "2025Q3", "2026Q1", "2024Q4"),
        ("2024-02", "2024-02", "2024-02-01", "2024-02-29", "2024-01", "2024-03", "2023-02"),
        ("2025-12", "2025-12", "2025-12-01", "2025-12-31", "2025-11", "2026-01", "2024-12"),
        ("1969-12", "1969-12", "1969-12-01", "1969-12-31", "1969-11", "1970-01", "1968-12"),
    ],
)
def test_a_period_knows_its_days_and_its_neighbours(
    text: str,
    label: str,
    start: str,
    end: str,
    previous: str,
    following: str,
    year_before: str,
) -> None:
    period = parse_period(text)
    assert isinstance(period, pd.Period)
    assert str(period) == label
    assert (first_day(period), last_day(period)) == (pd.Timestamp(start), pd.Timestamp(end))
    a_year = 4 if "Q" in label else 12
    neighbours = (period - 1, period + 1, period - a_year)
    assert tuple(map(str, neighbours)) == (previous, following, year_before)
    assert parse_period(str(period)) == period


@pytest.mark.parametrize(
    "text",
    ["2026", "2026Q5", "2026-13", "2026-00", "Q3 2026", "July", "", "0000Q1", "1500Q2", "9999-12"],
)
def test_other_names_of_periods_are_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(RuleError, match="2026Q3 or a month as 2026-07"):
        parse_period(text)


@given(st.dates(pd.Timestamp("1950-01-01").date(), pd.Timestamp("2100-12-31").date()))
def test_every_day_lies_in_one_month_and_one_quarter(day: Any) -> None:
    for every in ("month", "quarter"):
        (period,) = periods_between(day, day, every)  # type: ignore[arg-type]
        assert first_day(period) <= pd.Timestamp(day) <= last_day(period)
        assert last_day(period - 1) + pd.Timedelta(days=1) == first_day(period)
        assert first_day(period + 1) - pd.Timedelta(days=1) == last_day(period)


def test_periods_between_names_both_ends() -> None:
    between = periods_between("2025-11-30", "2026-02-01", "month")
    assert between.astype(str).tolist() == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert periods_between("2025-11-30", "2026-02-01", "quarter")[-1] == parse_period("2026Q1")


# --- what is counted --------------------------------------------------------------------------


def test_attendance_by_month_of_service(records: Records) -> None:
    result = trend(records, "attendance_rate")
    # January: A 2 of 3, B 1 of 3 (program_cancel and unrecorded left out)
    assert counts(result) == [
        ["2026-01", 3, 6],
        ["2026-03", 1, 2],
        ["2026-04", 2, 3],
        ["2026-06", 2, 2],
    ]
    assert counts(trend(records, "no_show_rate"))[:2] == [["2026-01", 2, 6], ["2026-03", 1, 2]]


def test_the_sessions_of_one_person_are_taken_together(records: Records) -> None:
    rows = trend(records, "attendance_rate").table.set_index("period")
    lower, upper = clustered_interval([2, 1], [3, 3], [0, 1])
    assert rows.loc["2026-01", ["lower", "upper"]].tolist() == [lower[0], upper[0]]
    # in March one person only was expected: a rate, but no interval
    assert rows.loc["2026-03", "value"] == 1 / 2
    assert np.isnan(rows.loc["2026-03", "lower"])


def test_every_month_is_there_and_an_empty_one_has_no_rate(records: Records) -> None:
    table_ = trend(records, "attendance_rate").table
    assert table_["period"].tolist() == [f"2026-0{month}" for month in range(1, 8)]
    february = table_[table_["period"] == "2026-02"].iloc[0]
    assert (february["numerator"], february["denominator"]) == (0, 0)
    assert february[["value", "lower", "upper"]].isna().all()
    assert (february["start"], february["end"]) == (
        pd.Timestamp("2026-02-01"),
        pd.Timestamp("2026-02-28"),
    )


def test_a_rate_is_the_sum_over_the_sum_never_a_mean_of_rates(records: Records) -> None:
    quarter = trend(records, "attendance_rate", every="quarter").table.iloc[0]
    assert quarter["period"] == "2026Q1"
    assert quarter["value"] == float(Fraction(3 + 1, 6 + 2))
    # by person: 2/3, 1/3 and 1/2, whose mean happens to be 1/2 too; by month likewise; so
    # April to June, where it is not: 2 of 3 and 2 of 2
    second = trend(records, "attendance_rate", every="quarter").table.iloc[1]
    assert second["value"] == float(Fraction(2 + 2, 3 + 2))


def test_admissions_are_counted_with_what_chance_could_have_brought(records: Records) -> None:
    result = trend(records, "admissions")
    rows = result.table.set_index("period")
    assert rows["numerator"].tolist() == [2, 0, 2, 1, 0, 1, 0]
    assert rows["denominator"].isna().all()
    assert result.unit == "episodes"
    # of nothing: 0 to -log(0.025); Garwood's limits of 2 from R: poisson.test(2)$conf.int
    assert rows.loc["2026-02", ["lower", "upper"]].tolist() == [0, pytest.approx(-log(0.025))]
    assert rows.loc["2026-01", "lower"] == pytest.approx(0.2422092785, rel=1e-9)
    assert rows.loc["2026-01", "upper"] == pytest.approx(7.224687667, rel=1e-9)


def test_a_program_has_no_zeros_from_before_it_admitted_anybody(records: Records) -> None:
    rows = trend(records, "admissions", by="program").table
    riverside = rows.loc[rows["program"] == "Riverside", "value"]
    assert riverside.isna().tolist() == [True, True, False, False, False, False, True]
    assert riverside.dropna().tolist() == [2, 0, 0, 0]


def test_completion_by_month_of_discharge_leaves_out_unknown_reasons(records: Records) -> None:
    result = trend(records, "completion_rate")
    assert counts(result) == [["2026-02", 0, 1], ["2026-04", 1, 2], ["2026-06", 1, 1]]
    april = result.table[result.table["period"] == "2026-04"].iloc[0]
    lower, upper = proportion_interval(1, 2)
    assert (april["lower"], april["upper"]) == (lower, upper)


def test_check_in_response_leaves_out_what_was_not_due_and_what_came_before(
    records: Records,
) -> None:
    assert counts(trend(records, "check_in_response")) == [["2026-01", 2, 3], ["2026-06", 0, 1]]


def test_retention_goes_by_month_of_admission(records: Records) -> None:
    # A1 stayed 95 days to the last contact, B1 1, C1 5, D1 90 and E1 2
    assert counts(trend(records, "retained_60")) == [
        ["2026-01", 1, 2],
        ["2026-03", 1, 2],
        ["2026-04", 0, 1],
    ]


# --- complete periods -------------------------------------------------------------------------


@pytest.mark.parametrize(("as_of", "complete"), [("2026-07-28", False), ("2026-07-29", True)])
def test_a_90_day_figure_is_complete_120_days_after_its_period(as_of: str, complete: bool) -> None:
    # 31 March and 120 days is 29 July: only then is it known who did not come again
    rows = trend(read_tables(as_of), "retained_90").table.set_index("period")
    march = rows.loc["2026-03"]
    assert march["complete"] == complete
    assert pd.isna(march["value"]) != complete
    assert pd.isna(march["lower"]) != complete
    assert not rows.loc["2026-04":, "complete"].any()
    assert rows.loc["2026-04":, ["value", "lower", "upper"]].isna().all(axis=None)


def test_an_incomplete_period_counts_those_who_could_be_known_not_those_who_failed_early() -> None:
    # at the cut C1 (admitted 15 March) is 91 days in and D1 (31 March) is not, though E1, of
    # April, has long left: counting whoever is known to have left would make the month look bad
    rows = trend(read_tables("2026-06-14"), "retained_90").table.set_index("period")
    assert rows.loc["2026-03", ["numerator", "denominator"]].tolist() == [0, 1]
    assert rows.loc["2026-04", ["numerator", "denominator"]].tolist() == [0, 0]


def test_a_month_that_is_not_over_has_no_value_yet() -> None:
    for measure in ("attendance_rate", "admissions", "completion_rate"):
        for as_of, complete in (("2026-06-29", False), ("2026-06-30", True)):
            last = trend(read_tables(as_of), measure).table.iloc[-1]
            assert last["period"] == "2026-06"
            assert last["complete"] == complete
            assert pd.isna(last["value"]) != complete


# --- groups, results, errors ------------------------------------------------------------------


def test_groups_add_up_and_keep_all_periods(records: Records) -> None:
    whole = trend(records, "attendance_rate").table
    parts = trend(records, "attendance_rate", by="program").table
    assert parts["program"].tolist() == ["North"] * 7 + ["Riverside"] * 7
    sums = parts.groupby("period")[["numerator", "denominator"]].sum()
    np.testing.assert_array_equal(sums, whole[["numerator", "denominator"]])
    one = trend(records.where(program="North"), "attendance_rate").table
    pd.testing.assert_frame_equal(
        parts[parts["program"] == "North"].drop(columns="program").reset_index(drop=True), one
    )


def test_the_sentence_holds_the_counts_and_the_range_and_no_news(records: Records) -> None:
    result = trend(records, "completion_rate", chart="none")
    sentence = (
        "Completion rate in 2026-06: 100.0% (1 of 1; 95% interval 20.7% to 100.0%); between "
        "0.0% and 100.0% over 3 months from 2026-02 to 2026-06, between which others "
        "have no value. Not complete yet: 2026-07."
    )
    assert result.text == sentence
    assert trend(records, "completion_rate").text == (
        f"{sentence} The last point: no signal. Centre 50.0%, limits 0.0% to 100.0%. The "
        "limits rest on fewer than 12 points and may still change. No signal in 3 months. With "
        "fewer than 30 in a typical "
        "period, limits are rough; longer periods have more."
    )
    admissions = trend(records, "admissions", by="program")
    assert "Riverside: Admissions in 2026-06: 0 (95% interval 0 to 3.7)" in admissions.text
    incomplete = trend(read_tables("2026-02-20"), "retained_90")
    assert (
        incomplete.text == "Retained at 90 days: no month has a value that is known and shown yet."
    )


def test_a_protected_table_makes_a_protected_sentence(records: Records) -> None:
    result = trend(records, "completion_rate")
    hidden = result.table.assign(numerator=np.nan, denominator=np.nan, lower=np.nan, upper=np.nan)
    assert "of 1" not in replace(result, table=hidden).text
    assert "interval" not in replace(result, table=hidden).text


def test_people_behind_each_count_are_known_for_the_disclosure_rule(records: Records) -> None:
    result = trend(records, "attendance_rate", every="quarter")
    assert result.table["denominator"].tolist() == [8, 5, 0]
    assert result.people is not None
    # Due: A, B, C; then A (two episodes), D, E. Attended: the same; absent: A, B, C; then D.
    assert result.people.tolist() == [[3, 3, 3], [3, 3, 1], [0, 0, 0]]


def test_a_result_shows_itself(records: Records) -> None:
    result = trend(records, "attendance_rate", by="program")
    assert repr(result) == "<Trend: attendance_rate, 2026-01 to 2026-07, by=program>"
    assert "<caption>Attendance rate by month." in result._repr_html_()
    assert (result.title, result.unit, result.every) == ("Attendance rate", "proportion", "month")
    assert "sessions attended / sessions due, by date of service" in result.rule
    assert "data cut 2026-07-15" in result.rule
    assert "120 days after the period's end" in trend(records, "retained_90").rule
    assert list(result.table.columns) == [
        "program",
        "period",
        "start",
        "end",
        "numerator",
        "denominator",
        "value",
        "lower",
        "upper",
        "complete",
        "not_known",
        "value_so_far",
        "lower_so_far",
        "upper_so_far",
        "centre",
        "lower_limit",
        "upper_limit",
        "variation",
        "assurance",
        "rule",
        "segment",
        "trial",
    ]
    plain = trend(records, "attendance_rate", by="program", chart="none").table
    pd.testing.assert_frame_equal(plain, result.table[list(plain)])
    assert list(plain)[-1] == "upper_so_far"


def test_what_cannot_be_asked_is_refused(records: Records) -> None:
    for arguments in (
        {"measure": "happiness"},
        {"measure": "admissions", "every": "day"},
        {"measure": "admissions", "by": "colour"},
        {"measure": "admissions", "by": "episode_id"},
        {"measure": "admissions", "confidence": 95},
    ):
        with pytest.raises(RuleError):
            trend(records, **arguments)  # type: ignore[arg-type]
    with pytest.raises(RuleError, match="attendance_rate, no_show_rate, admissions"):
        trend(records, "happiness")
    without = read_records(episodes=table(EPISODES), checkins=table(CHECKINS), as_of="2026-07-15")
    assert trend(without, "admissions").table["numerator"].sum() == 6
    with pytest.raises(MissingTableError):
        trend(without, "retained_30")
    study = read_records(
        episodes=pd.DataFrame({"episode_id": ["A"], "admit_day": ["0"]}),
        attendance=pd.DataFrame({"episode_id": ["A"], "day": ["1"], "status": ["attended"]}),
        as_of=100,
    )
    with pytest.raises(RuleError, match="calendar"):
        trend(study, "attendance_rate")
    with pytest.raises(EstimateError, match="no episodes"):
        trend(replace(records, episodes=records.episodes.iloc[:0]), "admissions")


def test_a_measure_of_ones_own_can_be_drawn(records: Records) -> None:
    def in_north(records: Records) -> Tally:
        episodes = records.episodes
        return Tally(
            np.arange(len(episodes)),
            episodes["admit_date"].to_numpy(),
            (episodes["program"] == "North").to_numpy(),
        )

    own = replace(describe_own(), tally=in_north)
    assert trend(records, own, every="quarter").table["value"].tolist()[:2] == [2 / 4, 2 / 2]


def test_what_lies_before_the_first_admission_is_left_out(records: Records) -> None:
    def calls(records: Records) -> Tally:
        dates = np.array(["2025-12-31", "2026-01-01", "2026-07-31", "2026-08-01"])
        return Tally(np.arange(4), dates.astype("datetime64[s]"), np.ones(4, dtype=bool))

    own = replace(describe_own(), kind="count", unit="episodes", denominator="", tally=calls)
    result = trend(records, own)
    assert result.table["numerator"].tolist() == [1, 0, 0, 0, 0, 0, 1]


def describe_own() -> Quantity:
    """Return a measure to be changed by `replace`."""
    return Quantity(
        name="calls",
        title="Calls",
        numerator="calls",
        denominator="all calls",
        date="date of call",
        unit="proportion",
        kind="people",
        tables=(),
        tally=lambda records: Tally(np.arange(0), np.array([]), np.array([], dtype=bool)),
    )


def test_every_measure_is_described_and_can_be_drawn(records: Records) -> None:
    described = describe_quantities()
    assert described["name"].is_unique
    for name in described["name"]:
        result = trend(records, name, by="program", every="quarter")
        values = result.table[["lower", "value", "upper"]].dropna().to_numpy()
        assert (np.diff(values, axis=1) >= -1e-12).all()
        assert len(result.table) == 2 * 3


def test_the_records_are_left_as_they_were(records: Records) -> None:
    before = [frame.copy(deep=True) for frame in (records.episodes, records.attendance)]
    trend(records, "attendance_rate", by="program").table["value"] = 0
    pd.testing.assert_frame_equal(records.episodes, before[0])
    pd.testing.assert_frame_equal(records.attendance, before[1])


# --- against a plain version ------------------------------------------------------------------

STATUSES = ["attended", "late", "no_show", "excused", "program_cancel", "unrecorded"]
STAYS = st.tuples(
    st.sampled_from("PQR"),
    st.sampled_from(["North", "Riverside"]),
    st.integers(0, 200),
    st.one_of(st.none(), st.integers(0, 150)),
    st.lists(st.tuples(st.integers(0, 150), st.sampled_from(STATUSES)), max_size=8),
)


def generated(stays: list[tuple[Any, ...]]) -> Records:
    """Read records of generated stays: person, program, admission, discharge, sessions."""
    first = pd.Timestamp("2025-11-15")
    episodes, sessions = [], []
    for number, (person, program, admit, length, visits) in enumerate(stays):
        admitted = first + pd.Timedelta(days=admit)
        discharged = "" if length is None else admitted + pd.Timedelta(days=length)
        episodes.append((f"E{number}", person, program, str(admitted)[:10], str(discharged)[:10]))
        sessions += [
            (f"E{number}", str(admitted + pd.Timedelta(days=day))[:10], status, f"g{visit}")
            for visit, (day, status) in enumerate(visits)
        ]
    names = ["episode_id", "person_id", "program", "admit_date", "discharge_date"]
    return read_records(
        episodes=pd.DataFrame(episodes, columns=names),
        attendance=pd.DataFrame(sessions, columns=["episode_id", "date", "status", "group_id"]),
        as_of="2026-09-10",
    )


@settings(max_examples=10, deadline=None)
@given(st.lists(STAYS, min_size=1, max_size=8))
def test_counts_equal_those_of_a_plain_loop(stays: list[tuple[Any, ...]]) -> None:
    records = generated(stays)
    rows = records.attendance.merge(
        records.episodes[["episode_id", "program"]].assign(
            episode_id=lambda frame: frame["episode_id"].astype(
                pd.CategoricalDtype(records.attendance["episode_id"].cat.categories)
            )
        ),
        on="episode_id",
    )
    rows = list(rows.itertuples())
    retained = list(
        zip(records.episodes.itertuples(), engagement(records)["retained_60"], strict=True)
    )
    asked = {"by": "program", "every": "quarter", "chart": "none"}
    sessions = trend(records, "attendance_rate", **asked).table  # type: ignore[arg-type]
    stayed = trend(records, "retained_60", **asked).table  # type: ignore[arg-type]
    for program in records.episodes["program"].unique():
        for label in sessions["period"].unique():
            period = parse_period(label)
            attended = due = 0
            for row in rows:
                if row.program == program and first_day(period) <= row.date <= last_day(period):
                    due += row.status in ("attended", "late", "no_show", "excused")
                    attended += row.status in ("attended", "late")
            assert _pair(sessions, program, label) in ([attended, due], None)
            yes = known = 0
            for row, answer in retained:
                inside = first_day(period) <= row.admit_date <= last_day(period)
                if row.program == program and inside and answer is not pd.NA:
                    known += 1
                    yes += bool(answer)
            assert _pair(stayed, program, label) in ([yes, known], None)


def _pair(rows: pd.DataFrame, program: str, period: str) -> list[float] | None:
    """Return numerator and denominator; None where they are not known from the records."""
    row = rows[(rows["program"] == program) & (rows["period"] == period)].iloc[0]
    if row["not_known"]:
        assert row[["numerator", "denominator", "value"]].isna().all()
        return None
    return [row["numerator"], row["denominator"]]


@settings(max_examples=10, deadline=None)
@given(st.lists(STAYS, min_size=1, max_size=8), st.randoms())
def test_the_order_of_episodes_does_not_matter(stays: list[tuple[Any, ...]], random: Any) -> None:
    mixed = list(stays)
    random.shuffle(mixed)
    records, others = generated(stays), generated(mixed)
    for measure in ("attendance_rate", "admissions", "retained_30"):
        first = trend(records, measure, chart="none")
        second = trend(others, measure, chart="none")
        pd.testing.assert_frame_equal(first.table, second.table)
        assert first.text == second.text
