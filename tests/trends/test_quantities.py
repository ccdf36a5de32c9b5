"""The registry of measures: tiny tables with known answers, and complete and open cohorts."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.records.fitness import MEASURES
from iop_outcomes.statistics.differences import clustered_difference, difference_interval
from iop_outcomes.trends.charting import OF_COUNTS, OF_RATES
from iop_outcomes.trends.quantities import QUANTITIES
from iop_outcomes.trends.trend import trend_of
from tests.helpers.of_the_sample import records_of_the_sample

PEOPLE = 160


def table(text: str) -> pd.DataFrame:
    """Read a small text table; a dash is an empty cell."""
    return pd.read_csv(StringIO(text), sep=r"\s+", dtype=str).replace("-", "")


EPISODES = table(
    """
    episode_id person_id admit_date discharge_date discharge_reason prior_discharge_date
    A1         A         2026-01-05 2026-02-10     completed        2026-01-02
    A2         A         2026-03-02 -              -                -
    B1         B         2026-01-20 2026-01-31     transferred      -
    C1         C         2026-01-31 2026-03-15     dropped_out      2026-01-30
    D1         D         2026-02-02 2026-03-31     completed        -
    """
)
ATTENDANCE = table(
    """
    episode_id date       status           minutes_attended
    A1         2026-01-05 attended         180
    A1         2026-01-07 attended         180
    A1         2026-01-09 attended         180
    A1         2026-01-12 attended         60
    A1         2026-01-19 late             -
    A1         2026-01-20 attended         60
    A1         2026-01-27 unrecorded       -
    B1         2026-01-23 attended         120
    C1         2026-02-05 attended         60
    C1         2026-02-06 no_show          -
    D1         2026-03-30 attended         60
    A2         2026-03-02 attended         180
    """
)


@pytest.fixture(scope="module")
def records() -> iop.Records:
    return iop.read_records(episodes=EPISODES, attendance=ATTENDANCE, as_of="2026-04-30")


@pytest.fixture(scope="module")
def many() -> iop.Records:
    sample = iop.synthetic_records(people=PEOPLE, seed=11)
    return iop.read_records(
        episodes=sample.episodes, attendance=sample.attendance, checkins=sample.checkins
    )


def counts(records: iop.Records, measure: str) -> dict[str, tuple[float, ...]]:
    """Return numerator and denominator by month, of the months in which anything was counted.

    The records are too few to tell the measures, so that the judgement is left aside.
    """
    quantity = QUANTITIES[measure]
    tally = quantity.tally(records)
    result = trend_of(tally, records, replace(quantity, name="own")).table
    result = result[(result["numerator"] > 0) | (result["denominator"] > 0)]
    pairs = zip(result["numerator"], result["denominator"].fillna(-1), strict=True)
    return dict(zip(result["period"], pairs, strict=True))


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        # on 31 January A1 and C1 are there: B1 was discharged on that day
        (
            "census",
            {"2026-01": (2, -1), "2026-02": (2, -1), "2026-03": (1, -1), "2026-04": (1, -1)},
        ),
        # A1 day 0, B1 day 3, C1 day 5; D1 was first seen after 56 days; A2 day 0
        ("waiting_days", {"2026-01": (8, 3), "2026-03": (0, 1)}),
        # A1 on the day of admission, 3 days after prior care; C1 6 days after it
        ("days_from_prior_care", {"2026-01": (9, 2)}),
        # A1's weeks end on 11, 18, 25 January, 1, 8 February; the third has a session of unknown
        # length, the fourth one of unknown outcome. B1's ends on 26 January. C1 has six, from 6
        # February; D1 eight, from 8 February, its session of 30 March after the last of them.
        # A2 is open: weeks to 26 April.
        (
            "hours_per_week",
            {"2026-01": (12, 3), "2026-02": (1, 8), "2026-03": (3, 11), "2026-04": (0, 4)},
        ),
        (
            "weeks_at_dose",
            {"2026-01": (1, 3), "2026-02": (0, 8), "2026-03": (0, 11), "2026-04": (0, 4)},
        ),
        ("unrecorded_share", {"2026-01": (1, 8), "2026-02": (0, 2), "2026-03": (0, 2)}),
        ("transfer_rate", {"2026-01": (1, 1), "2026-02": (0, 1), "2026-03": (0, 2)}),
        # A1 seen 3 days after the stay, C1 6 days after it
        ("followed_up_7", {"2026-01": (2, 2)}),
        # over for all of January and of February, not of March (30 April is day 59)
        ("va_continuity", {"2026-01": (0, 3)}),
    ],
)
def test_a_measure_counts_what_it_says(
    records: iop.Records, measure: str, expected: dict[str, tuple[float, ...]]
) -> None:
    assert counts(records, measure) == expected


def test_a_relapse_free_share_is_that_of_the_curve_of_the_cohort(many: iop.Records) -> None:
    times = iop.time_to_relapse(many)
    admitted = many.episodes.set_index("episode_id")["admit_date"]
    quarter = pd.PeriodIndex(times["episode_id"].astype(str).map(admitted), freq="Q").astype(str)
    free = iop.trend(many, "relapse_free_60", every="quarter").table.set_index("period")
    gone = iop.trend(many, "relapsed_60", every="quarter").table.set_index("period")
    for name in free.index[free["value"].notna()][:4]:
        cohort = times[quarter == name]
        curve = iop.survival_curves(cohort).at([60]).iloc[0]
        assert free.loc[name, "value"] == pytest.approx(curve["survival"])
        ends = ["relapse", *iop.RelapseRule().competing]
        at = iop.cumulative_incidence(cohort, causes=ends).at([60])
        at = at[at["cause"] == "relapse"].iloc[0]
        assert gone.loc[name, "value"] == pytest.approx(at["incidence"])
        assert gone.loc[name, "events"] == at["events_so_far"] == gone.loc[name, "numerator"]
        followed = (cohort["days"] >= 60) & ~(cohort["event"] & (cohort["days"] == 60))
        assert free.loc[name, "numerator"] == free.loc[name, "followed"] == followed.sum()
        row = free.loc[name, ["followed", "events", "competing", "censored"]]
        assert row.sum() == free.loc[name, "denominator"] == len(cohort)
        assert 0 <= free.loc[name, "lower"] <= free.loc[name, "value"] <= free.loc[name, "upper"]
    assert "followed so long" in iop.trend(many, "relapse_free_60", every="quarter").text


@pytest.mark.parametrize("measure", ["iet_style", "dropout_by_gap_30", "va_continuity"])
def test_a_rule_of_continuity_over_time_is_that_of_its_function(
    many: iop.Records, measure: str
) -> None:
    result = iop.continuity(many).table.set_index("measure").loc[measure]
    series = iop.trend(many, measure, every="year").table
    assert series["numerator"].sum() == result["numerator"]
    assert series["denominator"].sum() == result["denominator"]


def test_the_newest_cohort_is_open_and_no_fall(many: iop.Records) -> None:
    whole = iop.trend(many, "retained_60")
    rows = whole.table
    open_ones = rows[~rows["complete"]]
    assert len(open_ones) >= 2
    assert open_ones[["value", "lower", "upper", "centre"]].isna().any(axis=None)
    assert (open_ones["variation"] == "").all()
    assert (open_ones["rule"] == "").all()
    closed = iop.trend(many, "retained_60", incomplete="leave_out")
    assert closed.table["complete"].all()
    names = ["period", "value", "centre", "lower_limit", "upper_limit", "variation", "rule"]
    kept = rows.loc[rows["complete"], names].reset_index(drop=True)
    pd.testing.assert_frame_equal(closed.table[names], kept)
    assert "Periods that are not complete are left out." in closed.rule
    frame = pd.DataFrame({"period": ["2026-01", "2026-02"], "value": [1.0, 2.0]})
    with pytest.raises(EstimateError, match="No period is complete"):
        iop.trend(frame.assign(complete=False), incomplete="leave_out")


def test_a_signal_of_open_cohorts_alone_is_none() -> None:
    """Eight open cohorts far below the others: no rule marks a point, no limit moves."""
    shown = pd.DataFrame({"period": pd.period_range("2024-01", periods=22, freq="M").astype(str)})
    shown["numerator"] = [70, 72, 69, 71, 70, 73, 68, 70, 71, 69, 70, 72, 70, 71] + [20] * 8
    shown = shown.assign(denominator=100, complete=np.arange(22) < 14)
    whole = iop.trend(shown, chart="p").table
    alone = iop.trend(shown[:14], chart="p").table
    assert (whole["rule"] == "").all()
    assert whole.loc[14:, "value_so_far"].tolist() == [0.2] * 8
    assert whole.loc[:13, "upper_limit"].tolist() == alone["upper_limit"].tolist()


def test_means_and_estimates_have_no_chart_of_counts(many: iop.Records) -> None:
    for measure in ("hours_per_week", "relapse_free_30", "phq9_change"):
        for chart in (*OF_RATES, *OF_COUNTS):
            with pytest.raises(RuleError, match="chart is for counts"):
                iop.trend(many, measure, chart=chart)
    change = iop.trend(many, "phq9_change", every="quarter")
    values = change.table["value"].dropna()
    assert (values < 0).any()
    assert change.table["centre"].dropna().iloc[0] == pytest.approx(values.mean())
    assert "points" in change.text


def test_the_table_of_measures_says_all_of_each() -> None:
    measures = iop.describe_quantities()
    assert measures["name"].tolist() == list(QUANTITIES)
    for column in ("title", "numerator", "date", "unit", "rule", "chart", "improves"):
        assert (measures[column] != "").all()
    assert (measures["denominator"] == "").sum() == 2  # admissions and census are counts
    assert measures["title"].is_unique
    for name, title in zip(measures["name"], measures["title"], strict=True):
        assert MEASURES[name].title == title
    tables = {row for names in measures["tables"] for row in names.split(", ") if row}
    assert tables == {"attendance", "checkins"}


def test_records_that_cannot_bear_a_measure_do_not_give_it() -> None:
    rng = np.random.default_rng(3)
    episodes = pd.DataFrame(
        {
            "episode_id": [f"E{number}" for number in range(40)],
            "admit_date": pd.Timestamp("2025-01-06") + pd.to_timedelta(np.arange(40) * 7, "D"),
        }
    )
    sessions = episodes.loc[episodes.index.repeat(12)].reset_index(drop=True)
    sessions["date"] = sessions["admit_date"] + pd.to_timedelta(np.tile(np.arange(12) * 3, 40), "D")
    sessions["status"] = rng.choice(["attended", "no_show"], len(sessions))
    attendance = sessions[["episode_id", "date", "status"]].astype(str)
    records = iop.read_records(episodes=episodes.astype(str), attendance=attendance)
    known = records.fitness().set_index("measure")["known"]
    unknown = ("hours_per_week", "minimum_dose_9", "census", "followed_up_7", "transfer_rate")
    assert (known[list(unknown)] == "no").all()
    assert known["iet_style"] == known["unrecorded_share"] == known["waiting_days"] == "yes"
    for name in unknown:
        charted = iop.trend(records, name)
        assert "not known from these records: " in charted.text
        assert charted.table[["numerator", "denominator", "value"]].isna().all(axis=None)


def test_each_quarter_stands_beside_that_of_the_year_before(many: iop.Records) -> None:
    whole = iop.trend(many, "retained_30", every="quarter", by="program")
    beside = whole.beside_last_year()
    assert beside["period"].tolist() == whole.table["period"].tolist()
    values = whole.table.set_index(["program", "period"])["value"]
    for row in beside.itertuples():
        year, quarter = str(row.period).split("Q")
        key = (row.program, f"{int(year) - 1}Q{quarter}")
        assert row.period_last_year == (key[1] if key in values.index else "")
        expected = values.get(key, np.nan)
        assert row.value_last_year == pytest.approx(expected, nan_ok=True)
        assert row.difference == pytest.approx(row.value - expected, nan_ok=True)
        if not np.isnan(row.difference):
            expected = difference_interval(
                (row.numerator, row.denominator),
                (row.numerator_last_year, row.denominator_last_year),
            )
            assert (row.difference_lower, row.difference_upper) == pytest.approx(expected)
    assert beside["difference"].notna().any()
    assert beside["difference_lower"].notna().equals(beside["difference"].notna())
    frame = pd.DataFrame({"period": ["a", "b"], "value": [1.0, 2.0]})
    with pytest.raises(RuleError, match="known of weeks, months"):
        iop.trend(frame).beside_last_year()


def test_the_difference_of_a_year_is_clustered_by_person(many: iop.Records) -> None:
    """Beside the influence of each person on both periods, which needs the sessions themselves."""
    beside = iop.trend(many, "attendance_rate", every="quarter").beside_last_year()
    row = beside[beside["difference"].notna()].iloc[-1]
    tally = QUANTITIES["attendance_rate"].tally(many)
    persons = many.episodes["person_id"].cat.codes.to_numpy()[tally.episode]
    quarter = pd.PeriodIndex(tally.date, freq="Q").astype(str)
    sums = {}
    for name, period in (("now", row["period"]), ("then", row["period_last_year"])):
        inside = quarter == period
        sums[name] = tuple(
            np.bincount(persons[inside], weights=one[inside], minlength=persons.max() + 1)
            for one in (tally.counts.astype(float), np.ones(len(persons)))
        )
    lower, upper = clustered_difference(sums["now"], sums["then"])
    width = row["difference_upper"] - row["difference_lower"]
    assert width == pytest.approx(upper - lower, rel=0.08)
    alone = difference_interval(
        (row["numerator"], row["denominator"]),
        (row["numerator_last_year"], row["denominator_last_year"]),
    )
    assert width > 1.5 * (alone[1] - alone[0])  # sessions of one person are alike


@pytest.mark.parametrize("measure", ["relapse_free_30", "va_continuity", "census"])
def test_a_cohort_is_divided_by_any_column(many: iop.Records, measure: str) -> None:
    whole = iop.trend(many, measure, every="year").table.set_index("period")["numerator"]
    parts = iop.trend(many, measure, every="year", by=["track", "primary_substance"]).table
    summed = parts.groupby("period")["numerator"].sum()
    pd.testing.assert_series_equal(summed, whole)


def test_a_rule_of_attendance_changes_what_is_counted_and_is_said() -> None:
    records = records_of_the_sample().where(program="Harbor")
    rule = iop.AttendanceRule(services=("group",), excused="not_due", late="missed")
    charted = iop.trend(records, "attendance_rate", attendance=rule)
    rows = records.attendance[records.attendance["service"] == "group"]
    due = rows["status"].isin(
        ["attended", "attended_partial", "late", "no_show", "late_cancel", "client_cancel"]
    )
    came = rows["status"].isin(["attended", "attended_partial"])
    assert charted.table["denominator"].sum() == due.sum()
    assert charted.table["numerator"].sum() == came.sum()
    assert rule.text in charted.rule
    assert iop.AttendanceRule().text not in charted.rule
    usual = iop.trend(records, "attendance_rate")
    same = iop.trend(records, "attendance_rate", attendance=iop.AttendanceRule())
    pd.testing.assert_frame_equal(usual.table, same.table)
    hours = iop.trend(records, "hours_per_week", attendance=rule)
    assert (
        hours.table["numerator"].sum()
        < iop.trend(records, "hours_per_week").table["numerator"].sum()
    )
    assert rule.text in hours.rule


def test_a_rule_of_attendance_where_there_is_none_to_apply_is_refused() -> None:
    records = records_of_the_sample().where(program="Harbor")
    with pytest.raises(RuleError, match="does not depend on a rule of attendance"):
        iop.trend(records, "retained_90", attendance=iop.AttendanceRule())
    with pytest.raises(RuleError, match="must be an AttendanceRule"):
        iop.trend(records, "attendance_rate", attendance="excused")  # type: ignore[arg-type]
    counts = pd.DataFrame({"period": ["2026-01", "2026-02"], "numerator": [40, 45]})
    with pytest.raises(RuleError, match="applies to records"):
        iop.trend(counts, attendance=iop.AttendanceRule())
