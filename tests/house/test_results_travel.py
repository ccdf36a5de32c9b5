"""Results that go to another process, or stand in a sentence, whatever their size."""

from __future__ import annotations

import copy
import pickle
import time

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import OutcomesError, ReportError, RuleError
from tests.helpers.pictures import NAMES, PLOTS, result_of, times_of

pytestmark = pytest.mark.usefixtures("slopes_when_used")

RESULTS = [name for name in PLOTS if name != "sensitivity"]


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_pickles_and_says_the_same_afterwards(name: str) -> None:
    result = result_of(name)
    again = pickle.loads(pickle.dumps(result))
    pd.testing.assert_frame_equal(again.table, result.table)
    assert (again.text, repr(again)) == (result.text, repr(result))
    assert copy.deepcopy(result).text == result.text


def test_piecewise_models_pickle_and_read_the_same() -> None:
    models = ["weibull", "log_normal", "log_logistic", "exponential", "piecewise_exponential"]
    times = times_of(NAMES["plain"], 40)
    fits = iop.parametric_survival(times, models=models, breakpoints=[30, 60])
    again = pickle.loads(pickle.dumps(fits))
    days = [0, 10, 30, 45, 90]
    pd.testing.assert_frame_equal(again.at(days), fits.at(days))


@pytest.mark.parametrize("kind", [OutcomesError, RuleError, ReportError])
def test_an_error_pickles_and_its_message_can_be_encoded(kind: type[OutcomesError]) -> None:
    error = kind("What is wrong.", found="a \ud800 and a \0", instead="this")
    str(error).encode("utf-8")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.found, again.instead) == (str(error), error.found, error.instead)


def many(groups: int) -> pd.DataFrame:
    random = np.random.default_rng(2)
    rows = 2 * groups
    event = random.random(rows) < 0.5
    return pd.DataFrame(
        {
            "group": np.repeat(np.arange(groups), 2),
            "days": random.integers(1, 100, rows),
            "event": event,
            "ended_by": np.where(event, "relapse", "end_of_follow_up"),
        }
    )


def spent_on(result: object) -> tuple[str, str, str, float]:
    start = time.process_time()
    text, short = result.text, repr(result)  # type: ignore[attr-defined]
    html = result._repr_html_()  # type: ignore[attr-defined]
    return text, short, html, time.process_time() - start


def test_many_groups_are_counted_and_cost_a_text_next_to_nothing() -> None:
    results = [
        iop.survival_curves(many(3000), by="group"),
        iop.cumulative_incidence(many(600), by="group", causes=["relapse"]),
    ]
    for result, groups in zip(results, (3000, 600), strict=True):
        text, short, html, seconds = spent_on(result)
        assert f"and {groups - 8:,} more groups" in text
        assert f"{groups:,} groups" in short
        assert f"and {groups - 20:,} more rows" in html
        assert seconds < 2.5  # 0.1 in truth; 6 and more when each group was read


def test_a_text_of_few_groups_names_them_all() -> None:
    curves = iop.survival_curves(many(8), by="group")
    assert "more group" not in curves.text
    assert "and 1 more group" in iop.survival_curves(many(9), by="group").text
    first = iop.survival_curves(many(30), by="group", cluster=None).first(20)
    pd.testing.assert_frame_equal(
        first.median(), iop.survival_curves(many(30), by="group", cluster=None).median().head(20)
    )


def test_what_is_read_at_a_day_counts_that_day_and_all_so_far() -> None:
    times = times_of(NAMES["plain"], 60)
    days = [0, 30, 60, 90, 500]
    curves = iop.survival_curves(times, by="program")
    at, risk = curves.at(days), curves.risk_table(days)
    assert list(at.columns) == [*curves.table.columns, "censored_so_far", "events_so_far"]
    for name in ("events", "censored"):
        assert at[f"{name}_so_far"].tolist() == risk[name].tolist()
        assert at[f"{name}_so_far"].dtype == np.int64
    on_day = times[times["days"] == 30].groupby("program")["event"].sum()
    wanted = [on_day.get(name, 0) for name in at["program"].unique()]
    assert at.loc[at["day"] == 30, "events"].tolist() == wanted

    result = result_of("incidence").at(days)
    for (program, cause), rows in result.groupby(["program", "cause"], observed=True):
        own = times[(times["program"] == program) & (times["ended_by"] == cause)]["days"]
        assert rows["events_so_far"].tolist() == [int((own <= day).sum()) for day in days]

    mean = result_of("recurrent")
    table = mean.table
    for program, rows in mean.at(days).groupby("program"):
        own = table[table["program"] == program]
        sums = [int(own.loc[own["day"] <= day, "events"].sum()) for day in days]
        assert rows["events_so_far"].tolist() == sums

    states = result_of("states")
    table = states.table
    for (program, state), rows in states.at(days).groupby(["program", "state"], observed=True):
        own = table[(table["program"] == program) & (table["state"] == state)]
        sums = [int(own.loc[own["day"] <= day, "entered"].sum()) for day in days]
        assert rows["entered_so_far"].tolist() == sums
