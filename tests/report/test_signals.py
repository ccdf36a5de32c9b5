"""What a report says of each program's months: the verdicts of charts, without a number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.report import trend_pictures
from iop_outcomes.report.model import Table
from iop_outcomes.report.scope import BY_MONTH, Scope, choose_scope
from iop_outcomes.report.sections.signals import (
    NO_SIGNAL,
    NUMBERS,
    TOO_FEW,
    TOO_FEW_MONTHS,
    UNCLEAR,
    _agreed,
    _judged_beside,
    _stretches,
    by_chance_alone,
    month_charts,
    said,
    signals_table,
    usual_rule,
)
from iop_outcomes.trends import Trend
from iop_outcomes.trends.charts import p_prime_chart
from iop_outcomes.trends.quantities import QUANTITIES
from iop_outcomes.trends.quantities.sessions import FIRST_MONTHS
from iop_outcomes.trends.signals import judge
from tests.helpers.of_the_sample import records_of_the_sample

MEASURES = ("attendance_rate",)


@pytest.fixture(scope="module")
def sample() -> iop.Records:
    made = iop.synthetic_records(seed=3, people=400)
    return iop.read_records(
        episodes=made.episodes, attendance=made.attendance, checkins=made.checkins
    )


def with_fall(records: iop.Records, program: str, since: str) -> iop.Records:
    """Return the records with every second attended session of a program missed since a day."""
    attendance = records.attendance
    assert attendance is not None
    own = records.episodes.loc[records.episodes["program"] == program, "episode_id"]
    late = (attendance["date"] >= since) & attendance["episode_id"].isin(own)
    late &= attendance["status"] == "attended"
    missed = late & (np.arange(len(attendance)) % 2 == 0)
    status = attendance["status"].astype(object).mask(missed, "no_show")
    return iop.read_records(
        episodes=records.episodes,
        attendance=attendance.assign(status=status),
        checkins=records.checkins,
    )


def table(records: iop.Records, quarter: str) -> pd.DataFrame:
    found = signals(choose_scope(records, quarter, None, None))
    assert found is not None
    return found.frame.set_index("program")


def signals(scope: Scope) -> Table | None:
    return signals_table(scope, month_charts(scope, MEASURES))


def test_a_planted_fall_is_named_where_it_is() -> None:
    """Of a program in which mostly more than ten people miss a session of a month."""
    made = iop.synthetic_records(seed=3, people=1200)
    tables = {"attendance": made.attendance, "checkins": made.checkins}
    sample = iop.read_records(episodes=made.episodes, **tables)
    largest = str(sample.episodes["program"].value_counts().index[0])
    end = pd.Timestamp(sample.as_of).to_period("Q") - 1
    since = (end.end_time - pd.Timedelta(days=150)).strftime("%Y-%m-01")
    before = table(sample, str(end))
    after = table(with_fall(sample, largest, since), str(end))
    assert after.loc[largest, "then"].startswith("worse: lower than usual")
    assert "worse" not in before.loc[largest, "then"]
    others = [name for name in after.index if name != largest]
    pd.testing.assert_frame_equal(after.loc[others], before.loc[others])


def test_words_are_the_verdict_of_the_chart(sample: iop.Records) -> None:
    """Of months with 11 people, after half a year, with limits from twelve, as wide as chance."""
    end = pd.Timestamp(sample.as_of).to_period("Q") - 1
    found = signals(choose_scope(sample, str(end), None, iop.SafePolicy(threshold=1)))
    assert found is not None
    trend = iop.trend(sample, "attendance_rate", every="month", by="program", chart="none")
    assert trend.people is not None
    used = trend.table["complete"] & (trend.table["start"] <= end.end_time.to_datetime64())
    used &= trend.people[:, 0] >= 11
    for row in found.frame.to_dict("records"):
        own = trend.table[used & (trend.table["program"] == row["program"])]
        begun = pd.PeriodIndex(own["period"], freq="M")
        own = own[begun >= begun[0] + 6] if len(own) else own
        if len(own) < 12:
            assert row["then"] == "too few months"
            continue
        counts = own[["period", "numerator", "denominator"]]
        judged = judge(p_prime_chart(counts, baseline=12, at_least_chance=True)).iloc[-1]
        assert (row["then"] == NO_SIGNAL) == (judged["variation"] == "common cause")
        assert row["last_month"] == trend.table.loc[used, "period"].max()


def test_an_internal_report_charts_the_same_months_as_a_public_one(sample: iop.Records) -> None:
    """Which months are too few to be charted is statistics; what is hidden is another question."""
    end = str(pd.Timestamp(sample.as_of).to_period("Q") - 1)
    charts = [
        month_charts(choose_scope(sample, end, None, policy), MEASURES)["attendance_rate"]
        for policy in (iop.SafePolicy.cms(), iop.SafePolicy.internal())
    ]
    public, internal = (
        one.table[one.table["value"].notna()].groupby("program")["period"].agg(list)
        for one in charts
    )
    assert set(public.index) <= set(internal.index)
    for program, months in public.items():  # a month in which both counts are small is hidden
        assert set(months) <= set(internal[program])
    people = iop.trend(sample, "attendance_rate", every="month", by="program", chart="none")
    assert people.people is not None
    few = people.table[people.people[:, 0] < 11]
    assert len(few)
    for row in few.itertuples():
        assert row.period not in internal.get(row.program, [])


def test_the_first_half_year_is_no_baseline(sample: iop.Records) -> None:
    end = str(pd.Timestamp(sample.as_of).to_period("Q") - 1)
    scope = choose_scope(sample, end, None, iop.SafePolicy.internal())
    chart = month_charts(scope, ("check_in_response",))["check_in_response"]
    trend = iop.trend(sample, "check_in_response", every="month", by="program", chart="none")
    assert trend.people is not None
    for program, rows in chart.table.groupby("program"):
        enough = trend.table[(trend.table["program"] == program) & (trend.people[:, 0] >= 11)]
        known = rows.loc[rows["value"].notna(), "period"]
        if len(known):
            assert known.iloc[0] >= str(pd.Period(enough["period"].iloc[0], "M") + 6)
    note = signals_table(scope, {"check_in_response": chart})
    assert note is not None
    assert "begins half a year after its first month with 11 people" in note.note


def test_the_measures_that_settle_are_those_whose_note_says_so() -> None:
    for quantity in QUANTITIES.values():
        assert quantity.settles == (FIRST_MONTHS in quantity.note)
    assert {name for name, one in QUANTITIES.items() if one.settles} == {*BY_MONTH}


@pytest.mark.parametrize("quarter", ["2025Q4", "2026Q1", "2026Q2", "2026Q3"])
def test_no_signal_is_named_that_the_exact_counts_do_not_have(quarter: str) -> None:
    """Of 48 words 4 were signals that were none: small counts were charted as half the threshold.

    A low month with 10 people who missed a session was charted as a high one, and ended no run.
    """
    records = records_of_the_sample()
    tables = []
    for policy in (iop.SafePolicy.cms(), iop.SafePolicy.internal()):
        scope = choose_scope(records, quarter, None, policy)
        found = signals_table(scope, month_charts(scope, BY_MONTH))
        assert found is not None
        tables.append(found.frame.set_index(["measure", "program"])["then"])
    public, exact = tables
    loud = public[public.str.contains(": ")]
    assert loud.equals(exact[loud.index])
    assert 0 < (public == UNCLEAR).sum() < len(public) / 2
    assert UNCLEAR not in exact.tolist()


def test_what_charts_do_not_say_alike_is_not_clear() -> None:
    rule = usual_rule(QUANTITIES["attendance_rate"], baseline=12)
    months = pd.DataFrame({"period": [f"2024-{n:02d}" for n in range(1, 13)] * 2})
    months["program"] = ["A"] * 12 + ["B"] * 12
    counts = months.assign(numerator=[50, 54] * 12, denominator=100)
    chart = iop.trend(counts, "Attended", by="program", chart="none").with_chart(rule)
    assert set(chart.table["variation"]) == {"common cause"}
    loud = chart.table["variation"].mask(chart.table.index == 11, "concern (low)")
    other = replace(chart, table=chart.table.assign(variation=loud))
    agreed = _agreed(chart, chart, other).table["variation"]
    assert agreed[agreed != "common cause"].to_dict() == {11: UNCLEAR}
    # What the other chart has of too few months, or does not have, it does not decide.
    for gone in ([0], [11]):
        value = chart.table["value"].mask(chart.table.index.isin(gone))
        few = replace(other, table=other.table.assign(value=value))
        assert UNCLEAR not in _agreed(chart, few).table["variation"].tolist()


def test_only_programs_of_other_numbers_are_charted_again() -> None:
    rule = usual_rule(QUANTITIES["attendance_rate"], baseline=12)
    months = pd.DataFrame({"period": [f"2024-{n:02d}" for n in range(1, 13)] * 3})
    months["program"] = ["A"] * 12 + ["B"] * 12 + ["C"] * 12
    counts = months.assign(numerator=[50, 54] * 18, denominator=100)
    usual = iop.trend(counts, "Attended", by="program", chart="none")
    fallen = usual.table.assign(
        numerator=usual.table["numerator"].where(usual.table.index != 17, 9)
    )
    fallen = fallen.assign(value=fallen["numerator"] / 100)
    gone = {name: usual.table[name].mask(usual.table.index == 30) for name in NUMBERS}
    chart = usual.with_chart(rule)
    without = usual.table.assign(**dict.fromkeys(NUMBERS, np.nan))
    for table in (usual.table, fallen, fallen.assign(**gone), without):
        other = replace(usual, table=table)
        beside, anew = _judged_beside(chart, other).table, other.with_chart(rule).table
        assert beside["variation"].tolist() == anew["variation"].tolist()
        assert beside["value"].equals(anew["value"])


def test_of_earlier_months_it_is_not_told_which_are_not_clear() -> None:
    months = [f"2026-{number:02d}" for number in range(1, 7)]
    loud, quiet = "worse: lower than usual", NO_SIGNAL
    assert _stretches(months, [quiet] * 6) == []
    assert _stretches(months, [quiet, UNCLEAR, quiet, quiet, loud, loud]) == [
        f"{loud}, 2026-05 to 2026-06",
        "some months not clear",
    ]
    same = {
        tuple(_stretches(months, [quiet] * one + [UNCLEAR] + [quiet] * (5 - one)))
        for one in range(6)
    }
    assert same == {("some months not clear",)}


def test_the_note_says_what_is_not_clear(sample: iop.Records) -> None:
    end = str(pd.Timestamp(sample.as_of).to_period("Q") - 1)
    found, exact = (
        signals(choose_scope(sample, end, None, policy))
        for policy in (iop.SafePolicy.cms(), iop.SafePolicy.internal())
    )
    assert found is not None
    assert exact is not None
    assert "Not clear: the chart says one thing if they were few and another if" in found.note
    assert "Not clear" not in exact.note
    assert "fewer than 1 people" not in exact.note
    assert "fewer than 11 people are too few" in exact.note


def test_no_number_but_months_is_printed_and_few_people_are_not_charted(
    sample: iop.Records,
) -> None:
    end = str(pd.Timestamp(sample.as_of).to_period("Q") - 1)
    found = table(sample, end)
    words = " ".join(found.astype(str).to_numpy().ravel())
    assert not re.search(r"\d", re.sub(r"\b20\d\d-\d\d\b", "", words.replace("last_12", "")))
    few = signals(choose_scope(sample, end, None, iop.SafePolicy(threshold=60)))
    assert few is None or set(few.frame["then"]) == {"too few months"}


def test_the_first_page_says_how_many_charts_chance_alone_would_mark(sample: iop.Records) -> None:
    found = signals(choose_scope(sample, "2025Q4", None, None))
    assert found is not None
    number = re.search(r"up to ([\d.]+) of (\d+) charts", found.note)
    assert number
    then = found.frame["then"]
    loud = found.frame.assign(then=then.where(then == TOO_FEW_MONTHS, "better: higher than usual"))
    told = by_chance_alone(replace(found, frame=loud), ["Attendance rate"])
    assert told == (
        f"Signals of charts by month: of {number[2]} such charts chance alone may give up to "
        f"{number[1]} a signal in a quarter."
    )
    quiet = replace(found, frame=found.frame.assign(then=NO_SIGNAL))
    assert by_chance_alone(quiet, ["Attendance rate"]) == ""
    assert by_chance_alone(replace(found, frame=loud), ["Admissions"]) == ""
    assert by_chance_alone(None, ["Attendance rate"]) == ""


def test_the_report_shows_it(sample: iop.Records) -> None:
    end = str(pd.Timestamp(sample.as_of).to_period("Q") - 1)
    free = iop.SafePolicy.unprotected()  # quick: nothing is searched for
    largest = sample.where(program=str(sample.episodes["program"].value_counts().index[0]))
    assert "signals" in iop.quarterly_report(largest, end, policy=free).tables
    assert "signals" not in iop.quarterly_report(largest, policy=free).tables


def test_no_word_depends_on_how_many_of_a_few_people_there_were(sample: iop.Records) -> None:
    """In each month in which few people were absent one more was: every word stays."""
    end = str(pd.Timestamp(sample.as_of).to_period("Q") - 1)
    trend = iop.trend(sample, "attendance_rate", every="month", by="program", chart="none")
    assert trend.people is not None
    small = (trend.people[:, 2] > 0) & (trend.people[:, 2] < 10) & (trend.people[:, 0] > 10)
    changed = with_one_more_absent(sample, trend.table.loc[small, ["program", "period"]])
    after = iop.trend(changed, "attendance_rate", every="month", by="program", chart="none")
    assert after.people is not None
    assert (after.people[small, 2] == trend.people[small, 2] + 1).sum() >= 10
    pd.testing.assert_frame_equal(table(changed, end), table(sample, end))


def with_one_more_absent(records: iop.Records, months: pd.DataFrame) -> iop.Records:
    """Return the records with one person's session missed who came to all in such a month."""
    attendance = records.attendance
    assert attendance is not None
    linked = attendance.merge(
        records.episodes[["episode_id", "person_id", "program"]], on="episode_id", how="left"
    )
    linked["period"] = linked["date"].dt.to_period("M").astype(str)
    linked["row"] = np.arange(len(linked))
    linked = linked.merge(months, on=["program", "period"])
    due = linked[linked["status"].isin(["attended", "late", "partial", "no_show", "cancelled"])]
    people = due.assign(came=due["status"] == "attended").groupby(
        ["program", "period", "person_id"], observed=True
    )
    full = people.agg(all_came=("came", "all"), row=("row", "first")).reset_index()
    rows = full[full["all_came"]].groupby(["program", "period"])["row"].first()
    status = attendance["status"].astype(object).to_numpy().copy()
    status[rows.to_numpy()] = "no_show"
    return iop.read_records(
        episodes=records.episodes,
        attendance=attendance.assign(status=status),
        checkins=records.checkins,
    )


def test_the_fall_of_the_sample_is_not_clear_where_few_people_decide_it() -> None:
    """Harbor's attendance falls slowly; in most of its months 1 to 10 people missed no session."""
    records = records_of_the_sample()
    found = table(records, "2026Q3")
    assert found.loc["Harbor", "last_12_months"] == "some months not clear"
    assert "better" not in found.loc["Harbor", "last_12_months"]
    exact = signals(choose_scope(records, "2026Q3", None, iop.SafePolicy.internal()))
    assert exact is not None
    words = exact.frame.set_index("program")["last_12_months"]
    assert "worse: lower than usual" in words["Harbor"]
    assert found.loc["Lakeside", "then"] in (UNCLEAR, "better: higher than usual")


def with_months_left_out(chart: Trend, program: str, months: Sequence[str]) -> Trend:
    """Return a chart in which some months of a program are too few to be judged."""
    own = chart.table["program"] == program
    gone = own & chart.table["period"].isin(months)
    table = chart.table.assign(variation=chart.table["variation"].mask(gone, ""))
    return replace(chart, table=table.assign(value=table["value"].mask(gone)))


def test_no_word_tells_which_month_is_left_out(sample: iop.Records) -> None:
    """The newest months, or those within a run, are of too few people: the row is the same."""
    program = str(sample.episodes["program"].value_counts().index[0])
    end = pd.Timestamp(sample.as_of).to_period("Q") - 1
    scope = choose_scope(sample, str(end), None, None)
    chart = month_charts(scope, MEASURES)["attendance_rate"]
    months = chart.table.loc[chart.table["program"] == program, "period"].tolist()
    fall = (chart.table["program"] == program) & chart.table["period"].isin(months[-6:])
    words = chart.table["variation"].mask(fall, "concern (low)")
    chart = replace(chart, table=chart.table.assign(variation=words))
    whole = signals_table(scope, {"attendance_rate": chart})
    assert whole is not None
    row = whole.frame.set_index("program").loc[program]
    word = "worse: lower than usual"
    assert (row["last_month"], row["then"]) == (months[-1], word)
    assert f"{word}, {months[-6]} to {months[-1]}" in row["last_12_months"]
    for gone in ([months[-1]], [months[-2]], [months[-5], months[-1]]):
        fewer = with_months_left_out(chart, program, gone)
        found = signals_table(scope, {"attendance_rate": fewer})
        assert found is not None
        pd.testing.assert_frame_equal(found.frame, whole.frame)


def test_words_stand_for_three_months_that_are_left_out_and_no_longer(sample: iop.Records) -> None:
    program = str(sample.episodes["program"].value_counts().index[0])
    end = pd.Timestamp(sample.as_of).to_period("Q") - 1
    scope = choose_scope(sample, str(end), None, None)
    chart = month_charts(scope, MEASURES)["attendance_rate"]
    loud = chart.table["variation"].mask(chart.table["value"].notna(), "neutral (low)")
    chart = replace(chart, table=chart.table.assign(variation=loud))
    months = chart.table.loc[chart.table["program"] == program, "period"].tolist()
    found = signals_table(
        scope, {"attendance_rate": with_months_left_out(chart, program, months[-5:])}
    )
    assert found is not None
    row = found.frame.set_index("program").loc[program]
    assert row["last_month"] == months[-1]
    assert row["then"] == NO_SIGNAL
    word = "changed: lower than usual"
    assert row["last_12_months"] == f"{word}, {months[-12]} to {months[-3]}"


def test_the_newest_month_is_the_same_for_each_program(sample: iop.Records) -> None:
    """Those with too few months have it, too."""
    end = pd.Timestamp(sample.as_of).to_period("Q") - 1
    few = signals(choose_scope(sample, str(end), None, iop.SafePolicy(threshold=60)))
    for found in (few, signals(choose_scope(sample, str(end), None, None))):
        assert found is not None
        assert set(found.frame["last_month"]) == {str(end.asfreq("M"))}


def test_the_note_says_which_months_are_not_on_a_chart(sample: iop.Records) -> None:
    end = str(pd.Timestamp(sample.as_of).to_period("Q") - 1)
    public, internal = (
        signals(choose_scope(sample, end, None, policy))
        for policy in (iop.SafePolicy.cms(), iop.SafePolicy.internal())
    )
    assert public is not None
    assert internal is not None
    both = "nor are months in which 1 to 10 people were among those counted and 1 to 10 among"
    assert both in public.note
    assert "among those counted and" not in internal.note
    for found in (public, internal):
        assert "for up to 3 of them in a row the words of the last month on the chart" in found.note


def test_what_is_no_verdict_has_no_words() -> None:
    with pytest.raises((KeyError, ValueError)):
        said("something else (high)")


def test_a_trend_of_few_longer_times_does_not_say_that_it_changed() -> None:
    # Seven values within the limits, of which the chart is drawn.
    frame = pd.DataFrame({"value": [0.16, 0.17, 0.17], "hidden": False, "complete": True})
    table = frame.assign(variation=TOO_FEW, lower_limit=0.07, upper_limit=0.27, centre=0.17)
    shown = trend_pictures._with_status(table.assign(numerator=16.0, denominator=100.0))
    assert shown["signal"].tolist() == [TOO_FEW] * 3
