"""Settings in which the day of relapse is known."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

import iop_outcomes as iop
from iop_outcomes.compare import compare_incidence
from iop_outcomes.samples.model.design import DIED, INCARCERATED, TRANSFERRED, Array
from iop_outcomes.survival import hazard
from validation import coverage_estimators as by
from validation.coverage_count import NAN, TEST, Found, Truth, rejected
from validation.coverage_population import Population, data_cuts
from validation.coverage_setting import (
    DAYS,
    Setting,
    followed,
    median_day,
    shares,
    shares_compared,
)

RATE_DAYS = (7, 30, 90)
WIDTH = 14.0  # days, of the fixed window
SIZES = (200, 500)
TREATED = np.array([0.5, 0.2, 0.8])  # the probability of the treatment by entry path


def day_settings(population: Population) -> list[Setting]:
    return [
        *(_exact(population, people) for people in SIZES),
        _late(population),
        *(_competing(population, people) for people in SIZES),
        _rates(population),
        _weighted(population),
    ]


def _exact(population: Population, people: int) -> Setting:
    truth = population.free(np.arange(by.HORIZON + 1))
    mean = float(truth[:-1].sum())
    return Setting(
        name=f"exact{people}",
        title=f"Days of relapse known, followed to the data cut, {people} people",
        text="The day of relapse is known; the data cut comes 28 to 364 days after admission "
        "(half of that for the second of two groups drawn at random) and has nothing to do with "
        "it. 'Test at 5 percent' compares the two groups, which do not differ.",
        people=people,
        truth={
            **shares(population, DAYS),
            **median_day(population),
            by.MEAN: Truth(mean, "days"),
            by.LOST: Truth(by.HORIZON - mean, "days"),
            by.BAND: Truth(0.0, "whole"),
            **TEST,
        },
        once=partial(_exact_once, population.relapse, truth, people),
    )


def _exact_once(relapse: Array, truth: Array, people: int, rng: np.random.Generator) -> list[Found]:
    times = followed(relapse, people, rng)
    curves = iop.survival_curves(times)
    estimates = [
        row for scale in by.SCALES for row in by.curve(f"Kaplan-Meier, {scale}", times, DAYS, scale)
    ]
    estimates += [*by.crude(times, DAYS), by.median("Kaplan-Meier, log-log", curves)]
    estimates += [*by.days_read(curves), *by.crude_days(times), *by.bands(curves, truth)]
    test = iop.compare_survival(times, by="group")
    return [
        *estimates,
        rejected("Log-rank", test.p_value),
        shares_compared(times, "Naive: shares with a relapse compared"),
    ]


def _late(population: Population) -> Setting:
    return Setting(
        name="late",
        title="Records that begin after admission",
        text="500 people are admitted. For half of them the records begin 1 to 60 days later, and "
        "who had relapsed or passed the data cut by then is in no record. Days of relapse are "
        "known.",
        people=500,
        truth={**shares(population, DAYS), **median_day(population)},
        once=partial(_late_once, population.relapse, 500),
    )


def _late_once(relapse: Array, people: int, rng: np.random.Generator) -> list[Found]:
    day = relapse[rng.integers(0, len(relapse), people)]
    cut = data_cuts(people, rng)
    entry = np.where(rng.random(people) < 0.5, 0, rng.integers(1, 61, people))
    times = pd.DataFrame({"entry": entry, "days": np.minimum(day, cut), "event": day <= cut})
    times = times[times["entry"] < times["days"]].reset_index(drop=True)
    ignoring, name = times.drop(columns="entry"), "Naive: entry ignored"
    return [
        *by.curve("Kaplan-Meier with entry", times, DAYS),
        by.median("Kaplan-Meier with entry", iop.survival_curves(times)),
        *by.curve(name, ignoring, DAYS),
        by.median(name, iop.survival_curves(ignoring)),
    ]


CAUSES = ("relapse", "transferred", "incarcerated", "died")
_ENDS = {"transferred": TRANSFERRED, "incarcerated": INCARCERATED, "died": DIED}


def first_end(population: Population) -> tuple[Array, Array]:
    """Return the day of the first of relapse and the ends that compete, and its code."""
    other = np.isin(population.reason, list(_ENDS.values()))
    end = np.where(other, population.discharge, population.relapse.max() + 1)
    code = np.zeros(len(end), dtype=np.int64)
    for place, name in enumerate(CAUSES[1:], start=1):
        code[(population.reason == _ENDS[name]) & (end < population.relapse)] = place
    return np.minimum(end, population.relapse), code


def _competing(population: Population, people: int) -> Setting:
    day, code = first_end(population)
    shown = CAUSES[:-1]  # in many programs nobody dies
    truth = {
        by.ended(name, d): Truth(float(((code == place) & (day <= d)).mean()), "share")
        for place, name in enumerate(shown)
        for d in DAYS
    }
    return Setting(
        name=f"competing{people}",
        title=f"Relapse beside transfer, jail and death, {people} people",
        text="The sample's own ends; days are known, and the data cut censors as in the first "
        "setting. What is asked is the share ended by each cause. Gray's test compares relapse in "
        "two groups drawn at random, the second followed half as long.",
        people=people,
        truth={**truth, **TEST},
        once=partial(_competing_once, day, code, people),
    )


def _competing_once(day: Array, code: Array, people: int, rng: np.random.Generator) -> list[Found]:
    times = followed(day, people, rng)
    own = np.where(times["event"], code[times["person"]], len(CAUSES))
    ends = [*CAUSES, "end_of_follow_up"]
    times["ended_by"] = pd.Categorical.from_codes(own, pd.Index(ends))
    estimates = by.incidence(times, CAUSES, DAYS, shown=CAUSES[:-1])
    times["ended_by"] = np.select(
        [own == 0, own < len(CAUSES)], ["relapse", "other"], "end_of_follow_up"
    )
    test = compare_incidence(times, by="group", causes=["relapse", "other"]).table
    relapsed = times.assign(event=own == 0)
    return [
        *estimates,
        rejected("Gray's test", float(test["p_value"].iloc[0])),
        shares_compared(relapsed, "Naive: shares with a relapse compared"),
    ]


def _rates(population: Population) -> Setting:
    true = {by.rate(day): Truth(float(population.rate[day]), "rate") for day in RATE_DAYS}
    everybody = pd.DataFrame(
        {
            "days": np.minimum(population.relapse, len(population.rate) - 1),
            "event": population.relapse < len(population.rate),
        }
    )
    smooth = hazard(everybody, bandwidth=WIDTH, days=RATE_DAYS).table["hazard"]
    smoothed = {
        _smoothed(day): Truth(float(value), "rate")
        for day, value in zip(RATE_DAYS, smooth, strict=True)
    }
    why = "smoothing bias: the rate changes within the window"
    return Setting(
        name="rates",
        title="The rate of relapse by day",
        text="Days of relapse known, as in the first setting. The true rate is that of the design "
        "on the day; 'smoothed' is the same rate seen through the window of 14 days, which is "
        "what the limits of `hazard` are for.",
        people=500,
        truth={**true, **smoothed},
        once=partial(_rates_once, population.relapse, 500),
        broken={"Smoothed rate, window by default": why, "Smoothed rate, window 14 days": why},
    )


def _smoothed(day: float) -> str:
    return f"smoothed rate on day {day:g}"


def _rates_once(relapse: Array, people: int, rng: np.random.Generator) -> list[Found]:
    times = followed(relapse, people, rng)
    fixed = by.rates("Smoothed rate, window 14 days", times, RATE_DAYS, WIDTH)
    itself = [
        row._replace(estimator="Smoothed rate, 14 days, for itself", quantity=_smoothed(day))
        for row, day in zip(fixed, RATE_DAYS, strict=True)
    ]
    return [
        *by.rates("Smoothed rate, window by default", times, RATE_DAYS, None),
        *fixed,
        *itself,
        *by.one_rate(times, RATE_DAYS),
    ]


def _weighted(population: Population) -> Setting:
    mean = float(population.free(np.arange(by.HORIZON)).sum())
    return Setting(
        name="weighted",
        title="A treatment given more often to those more prone to relapse, weighted",
        text="500 people are admitted. The treatment does nothing, and is given with probability "
        "0.5, 0.2 or 0.8 by entry path (direct, step down, after relapse). The curve of the "
        "treated is weighted by the inverse of that known probability, to stand for all.",
        people=500,
        truth={**shares(population, DAYS), **median_day(population), by.MEAN: Truth(mean, "days")},
        once=partial(_weighted_once, population.relapse, population.entry_path, 500),
    )


def _weighted_once(
    relapse: Array, entry_path: Array, people: int, rng: np.random.Generator
) -> list[Found]:
    person = rng.integers(0, len(relapse), people)
    chance = TREATED[entry_path[person]]
    day, cut = relapse[person], data_cuts(people, rng)
    times = pd.DataFrame({"days": np.minimum(day, cut), "event": day <= cut, "weight": 1 / chance})
    times = times[rng.random(people) < chance].reset_index(drop=True)
    estimates = []
    for name, weights in (("Weighted Kaplan-Meier", "weight"), ("Naive: not weighted", None)):
        curves = iop.survival_curves(times, weights=weights)
        for row in curves.at(DAYS).to_dict("records"):
            value = (row["survival"], NAN, row["lower"], row["upper"])
            estimates.append(Found(name, by.clear(row["day"]), *value))
        mean = curves.restricted_mean(by.HORIZON)[["mean", "se", "lower", "upper"]].iloc[0]
        estimates += [by.median(name, curves), Found(name, by.MEAN, *mean)]
    return estimates
