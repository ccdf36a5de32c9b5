"""The trial of two rules for the days of a curve: what each may show, and which is nearer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from validation.curve_rules import WORTH, chosen_days, draw, read_off, trial


def test_chosen_days_have_enough_events_between_them_and_people_after() -> None:
    for seed in range(8):
        times = draw(80, np.random.default_rng(seed))
        days = chosen_days(times)
        events = times.loc[times["event"], "days"]
        for start, end in zip((0, *days), days, strict=False):
            assert events.between(start + 1, end).sum() >= 11
            assert (times["days"] > end).sum() >= 11
        assert set(days) <= set(WORTH)


def test_the_set_that_is_worth_most_is_chosen() -> None:
    days = np.repeat([20, 50, 80, 200], [11, 11, 11, 40])
    times = pd.DataFrame({"days": days, "event": days < 200})
    assert chosen_days(times) == (30, 60, 180)  # 180 is worth more than 90, with the same events
    assert chosen_days(times.iloc[:10]) == ()


def test_a_curve_is_read_along_lines_and_level_after_the_last_day() -> None:
    assert read_off([60.0], [0.8]).round(2).tolist() == [0.9, 0.8, 0.8, 0.8]
    assert read_off([], []).tolist() == [1.0] * 4


def test_chosen_days_are_nearer_at_the_end_in_a_small_program() -> None:
    trials = [trial(80, seed) for seed in range(6)]
    errors = {rule: np.mean([one[rule][3] for one in trials]) for rule in ("today", "chosen")}
    assert errors["chosen"] < 1 < errors["today"]
