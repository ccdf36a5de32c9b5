"""Settings of regression: each model under itself, with independent and with clustered people."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from iop_outcomes.compare import Regression, cause_specific_cox, cox, fine_gray
from iop_outcomes.errors import EstimateError
from iop_outcomes.samples.model.design import Array
from validation import coverage_estimators as by
from validation.coverage_count import NAN, Found, Truth
from validation.coverage_population import data_cuts
from validation.coverage_setting import Once, Setting

PEOPLE = 100
EPISODES = 3  # of each person where they are clustered
EFFECTS = {"group": 0.5, "score": 0.3}  # log ratios of a coin and of a standard normal
SHAPE, SCALE = 0.65, 80.0  # of the days to relapse, as in the population
ALIKE = 0.5  # correlation of the normal scores behind the days of one person's episodes
LARGEST = 0.6  # the share of the group 0 that relapses in the end, in Fine and Gray's model
OTHER = 120.0  # mean days to the other cause


def regression_settings() -> list[Setting]:
    return [
        _setting("cox", "Proportional hazards", ALONE, _cox_once),
        _setting(
            "cox_clustered",
            "Proportional hazards, several episodes a person",
            SHARED,
            partial(_cox_once, clustered=True),
        ),
        _setting("fine_gray", "Fine and Gray's model", f"{ALONE} {ENDS}", _fine_gray_once),
        _setting(
            "fine_gray_clustered",
            "Fine and Gray's model, several episodes a person",
            f"{SHARED} {ENDS}",
            partial(_fine_gray_once, clustered=True),
        ),
        _setting("cause_specific", "Two causes with rates of their own", RATES, _rates_once),
    ]


ALONE = (
    "The days follow the model that is fitted, with log ratios 0.5 (a group of about half) and 0.3 "
    "(a standard normal score); all are independent."
)
SHARED = (
    f"The same, but {PEOPLE} people with {EPISODES} episodes each, which share group and score and "
    "whose days are correlated (0.5 on the scale of normal scores)."
)
ENDS = (
    "Who does not relapse in the end comes to the other cause, after 120 days on average. What is "
    "asked is how the terms move the share that relapses."
)
RATES = (
    "Relapse has a rate with log ratios 0.5 and 0.3, the other cause one with the opposite ratios; "
    "whichever comes first ends the time. What is asked is how the terms move the rate of relapse."
)


def few_settings() -> list[Setting]:
    return [_few_setting(15), _few_setting(30)]


def _few_setting(people: int) -> Setting:
    few = "too few clusters for errors that are right with many"
    return Setting(
        f"cox_clusters_{people}",
        f"Proportional hazards, {people} people with several episodes",
        f"{people} people with {EPISODES} episodes each, which share group and score and whose "
        "days are correlated (0.5 on the scale of normal scores). Limits with "
        "`small_sample=True` and without. A program without an estimate has all relapses of a "
        "group before the others, or the like.",
        people * EPISODES,
        {_ratio(term): Truth(effect, "log") for term, effect in EFFECTS.items()},
        partial(_few_once, people=people),
        {LARGE: few},
    )


def _ratio(name: str) -> str:
    return f"log ratio of the {name}"


def _setting(name: str, title: str, text: str, once: Once) -> Setting:
    truth = {_ratio(term): Truth(effect, "log") for term, effect in EFFECTS.items()}
    return Setting(name, title, text, PEOPLE * EPISODES, truth, once)


def _people(
    rng: np.random.Generator, *, clustered: bool, people: int = PEOPLE
) -> tuple[pd.DataFrame, Array, Array]:
    """Draw terms and persons, the relative rate of each row, and a uniform number behind its day.

    Within a person the numbers are correlated; each is uniform.
    """
    from scipy.special import ndtr

    each = EPISODES if clustered else 1
    persons = people * EPISODES // each
    frame = pd.DataFrame(
        {
            "person_id": np.arange(persons),
            "group": (rng.random(persons) < 0.5).astype(float),
            "score": rng.standard_normal(persons),
        }
    )
    frame = frame.loc[np.repeat(np.arange(persons), each)].reset_index(drop=True)
    shared = rng.standard_normal(persons)[frame["person_id"]]
    normal = np.sqrt(ALIKE) * shared + np.sqrt(1 - ALIKE) * rng.standard_normal(len(frame))
    relative = np.exp(sum(effect * frame[name] for name, effect in EFFECTS.items()))
    return frame, relative.to_numpy(), ndtr(normal)


def _followed(frame: pd.DataFrame, days: Array, cause: Array, rng: np.random.Generator) -> None:
    """Write into the frame what is seen up to the data cut."""
    cut = data_cuts(len(frame), rng).astype(float)
    seen = days <= cut
    frame["days"] = np.minimum(days, cut)
    frame["ended_by"] = np.where(seen, cause, "end_of_follow_up")
    frame["event"] = frame["ended_by"] == "relapse"


def _read(name: str, fit: Regression, error: str = "se") -> list[Found]:
    rows = []
    for row in fit.table.to_dict("records"):
        value, se = row["coefficient"], row[error]
        limits = (value - by.REACH * se, value + by.REACH * se)
        if error == "se":
            limits = (float(np.log(row["lower"])), float(np.log(row["upper"])))
        rows.append(Found(name, _ratio(row["term"]), value, se, *limits))
    return rows


LARGE = "Cox, robust by person"
TERMS = list(EFFECTS)
CAUSES = ["relapse", "other"]


def _cox_once(rng: np.random.Generator, *, clustered: bool = False) -> list[Found]:
    frame, relative, uniform = _people(rng, clustered=clustered)
    days = SCALE * (-np.log(uniform) / relative) ** (1 / SHAPE)
    _followed(frame, days, np.full(len(frame), "relapse"), rng)
    if not clustered:
        return [*_read("Cox", cox(frame, TERMS)), _rate_ratio(frame)]
    fit = cox(frame, TERMS, cluster="person_id")
    return [
        *_read(LARGE, fit),
        *_read("Naive: Cox, episodes taken as people", fit, "se_model"),
    ]


def _few_once(rng: np.random.Generator, *, people: int) -> list[Found]:
    frame, relative, uniform = _people(rng, clustered=True, people=people)
    days = SCALE * (-np.log(uniform) / relative) ** (1 / SHAPE)
    _followed(frame, days, np.full(len(frame), "relapse"), rng)
    names = ("Cox, by leverage and t", LARGE, "Naive: Cox, episodes taken as people")
    try:
        few, fit = cox(frame, TERMS, small_sample=True), cox(frame, TERMS)
    except EstimateError:  # so few people that all of a group can relapse before the others
        return [Found(name, _ratio(term), NAN) for name in names for term in TERMS]
    fits = [(few, "se"), (fit, "se"), (fit, "se_model")]
    return [row for name, of in zip(names, fits, strict=True) for row in _read(name, *of)]


def _rate_ratio(frame: pd.DataFrame) -> Found:
    """Relapses per day followed of the two groups, as if the rate never changed."""
    sums = frame.groupby("group")[["event", "days"]].sum()
    value = float(np.log(sums["event"] / sums["days"]).diff().iloc[1])
    error = float(np.sqrt((1 / sums["event"]).sum()))
    limits = (value - by.REACH * error, value + by.REACH * error)
    return Found("Naive: relapses per day followed", _ratio("group"), value, error, *limits)


def _fine_gray_once(rng: np.random.Generator, *, clustered: bool = False) -> list[Found]:
    frame, relative, uniform = _people(rng, clustered=clustered)
    base = 1 - (1 - uniform) ** (1 / relative)
    relapses = base < LARGEST
    inner = 1 - np.where(relapses, base, 0.0) / LARGEST
    days = np.where(relapses, -SCALE * np.log(inner), rng.exponential(OTHER, len(frame)))
    _followed(frame, days, np.where(relapses, "relapse", "other"), rng)
    cluster = "person_id" if clustered else None
    fit = fine_gray(frame, TERMS, causes=CAUSES, cluster=cluster)
    name = "Fine-Gray, robust by person" if clustered else "Fine-Gray, robust"
    other = cause_specific_cox(frame, TERMS, causes=CAUSES, cluster=None)
    estimates = [*_read(name, fit), *_read("Naive: Cox with the other cause censored", other)]
    if clustered:
        alone = fine_gray(frame, TERMS, causes=CAUSES, cluster=None)
        estimates += _read("Naive: Fine-Gray, episodes taken as people", alone)
    return estimates


def _rates_once(rng: np.random.Generator) -> list[Found]:
    frame, relative, uniform = _people(rng, clustered=False)
    relapse = -SCALE * np.log(uniform) / relative
    other = rng.exponential(OTHER, len(frame)) * relative
    cause = np.where(relapse <= other, "relapse", "other")
    _followed(frame, np.minimum(relapse, other), cause, rng)
    return [
        *_read("Cause-specific Cox", cause_specific_cox(frame, TERMS, causes=CAUSES)),
        *_read("Naive: Fine-Gray read as a rate ratio", fine_gray(frame, TERMS, causes=CAUSES)),
    ]
