"""What a report says of each program's months: the verdicts of charts, without a number."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.signals import NO_SIGNAL, signals_table

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
    found = signals_table(choose_scope(records, quarter, None, None), MEASURES)
    assert found is not None
    return found.frame.set_index("program")


def test_a_planted_fall_is_named_where_it_is(sample: iop.Records) -> None:
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
    end = pd.Timestamp(sample.as_of).to_period("Q") - 1
    scope = choose_scope(sample, str(end), None, iop.SafePolicy(threshold=1))
    found = signals_table(scope, MEASURES)
    assert found is not None
    options = {"every": "month", "by": "program", "baseline": 12}
    trend = iop.trend(sample, "attendance_rate", **options)  # type: ignore[arg-type]
    # The same chart, of the months up to the quarter.
    whole = trend.only(
        np.flatnonzero(
            trend.table["complete"] & (trend.table["start"] <= end.end_time.to_datetime64())
        )
    ).charted_again()
    for row in found.frame.to_dict("records"):
        verdict = whole.verdict[whole.verdict["program"] == row["program"]].iloc[0]
        common = verdict["variation"] == "common cause"
        assert (row["then"] == NO_SIGNAL) == common
        assert row["last_month"] == verdict["period"]


def test_no_number_but_months_is_printed_and_few_people_are_not_charted(
    sample: iop.Records,
) -> None:
    end = str(pd.Timestamp(sample.as_of).to_period("Q") - 1)
    found = table(sample, end)
    words = " ".join(found.astype(str).to_numpy().ravel())
    assert not re.search(r"\d", re.sub(r"\b20\d\d-\d\d\b", "", words.replace("last_12", "")))
    few = signals_table(choose_scope(sample, end, None, iop.SafePolicy(threshold=60)), MEASURES)
    assert few is None or set(few.frame["then"]) == {"too few months"}


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


def test_the_fall_of_the_sample_is_said() -> None:
    """Harbor's attendance falls from 96% to 60%, in the months before the last twelve too."""
    records = iop.read_records("data/samples")
    found = table(records, "2026Q3")
    assert found.loc["Harbor", "then"] == "worse: lower than usual"
    assert found.loc["Lakeside", "then"].startswith("better")
