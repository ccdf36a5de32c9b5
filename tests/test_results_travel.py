"""Results that go to another process, or stand in a sentence, whatever their size."""

from __future__ import annotations

import copy
import pickle

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import OutcomesError, ReportError, RuleError
from tests.pictures import NAMES, PLOTS, result_of, times_of

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
