"""The weekly check-ins of each admission: use, tests, symptoms and life circumstances.

Self-reports are true, and a test is never positive without use. The difficulty in these records is
missing data, which are more frequent after a first use.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.samples.model.design import (
    FIRST_DAY,
    SUBSTANCES,
    Array,
    Design,
    closed_days,
    day_number,
)
from iop_outcomes.samples.model.state import Course

WEEKS = 26
LAST_DAY = 7 * WEEKS
STATUSES = ("completed", "missed", "not_due")
BAM_VERSION = "likert"
COMPLETED, MISSED, NOT_DUE = range(3)
DRUG_TESTS = ("negative", "positive", "mixed", "refused", "invalid", "not_collected")

FIRST_RESPONSE, RESPONSE_SLOPE = 3.1, 0.07  # log odds in week 1, and their decrease a week
RESPONSE_AFTER_RELAPSE = -1.1  # log odds
RESPONSE_SPREAD = 2.2  # log odds: some people always answer, others seldom
KEEPS_USING, USES_AGAIN = 0.62, 0.2  # weekly probabilities after the first use


def check_in(
    who: pd.DataFrame, course: Course, design: Design, followed: Array, rng: np.random.Generator
) -> pd.DataFrame:
    """Draw the check-ins of all admissions.

    Parameters
    ----------
    followed : numpy.ndarray of int64
        For each admission the last day of follow-up, counted from admission.

    Returns
    -------
    pandas.DataFrame
        One row a check-in, sorted: ``episode`` (row of `who`), ``day``, ``status`` (code), then the
        answers; float32, missing where not asked or not answered.
    """
    due = 7 * np.arange(WEEKS + 1)
    closure = closed_days(design)[0]
    calendar = who["admit"].to_numpy()[:, None] + due - day_number(FIRST_DAY)
    shut = closure[who["program"].to_numpy()[:, None], calendar]
    use_days = _seen_use(_use_by_week(course.relapse, rng), shut)
    answered = _answers(who, course, rng)
    status = np.where(shut, NOT_DUE, np.where(answered, COMPLETED, MISSED))
    asked = _questions(who, course, use_days, rng)
    tests = _drug_tests(course, use_days, rng)
    episode, week = np.nonzero(due <= followed[:, None])
    seen = status[episode, week] == COMPLETED
    columns = {"episode": episode, "day": due[week], "status": status[episode, week]}
    for name, values in {**tests, **asked}.items():
        columns[name] = np.where(seen, values[episode, week], np.nan).astype(np.float32)
    return pd.DataFrame(columns)


def _use_by_week(relapse: Array, rng: np.random.Generator) -> Array:
    """Return the days of use in each week, the first of which contains the day of first use."""
    size = len(relapse)
    days = np.zeros((size, WEEKS + 1), dtype=np.int64)
    began = -(-relapse // 7)
    using = np.zeros(size, dtype=bool)
    for week in range(1, WEEKS + 1):
        goes_on = rng.random(size) < np.where(using, KEEPS_USING, USES_AGAIN)
        using = (began == week) | ((began < week) & goes_on)
        room = np.where(began == week, 7 * week - relapse, 6)
        more = rng.binomial(np.clip(room, 0, 6), 0.3)
        days[:, week] = np.where(using, 1 + more, 0)
    return days


def _seen_use(use_days: Array, shut: Array) -> Array:
    """Return the days of use since the last check-in that was due."""
    result = use_days.copy()
    for week in range(1, WEEKS):  # use during a closure is reported at the next check-in
        result[:, week + 1] += np.where(shut[:, week], result[:, week], 0)
    return result


def _answers(who: pd.DataFrame, course: Course, rng: np.random.Generator) -> Array:
    """Draw who answers in which week: fewer over time, and fewer after a first use."""
    size, weeks = len(who), np.arange(WEEKS + 1)
    own = 0.3 * who["propensity"].to_numpy() + 0.95 * rng.standard_normal(size)
    own *= RESPONSE_SPREAD
    relapsed = course.relapse[:, None] <= 7 * weeks
    log_odds = FIRST_RESPONSE - RESPONSE_SLOPE * (weeks - 1) + RESPONSE_AFTER_RELAPSE * relapsed
    chance = 1 / (1 + np.exp(-(log_odds + own[:, None])))
    chance[:, 0] = 0.97
    result: Array = rng.random(chance.shape) < chance
    return result


def _drug_tests(course: Course, use_days: Array, rng: np.random.Generator) -> dict[str, Array]:
    """Draw the tests: about a third of check-ins in treatment, few after it."""
    shape = use_days.shape
    day = 7 * np.arange(WEEKS + 1)
    treated = day <= course.discharge[:, None]
    wanted = rng.random(shape) < np.where(treated, 0.38, 0.1)
    draw = rng.random(shape)
    detected = rng.random(shape) < np.minimum(0.45 + 0.12 * use_days, 0.95)
    used = use_days > 0
    result = np.where(used & detected, np.where(draw > 0.97, 2.0, 1.0), 0.0)
    result[(draw < 0.03) | (used & (draw < 0.08))] = DRUG_TESTS.index("refused")
    result[(draw > 0.10) & (draw < 0.11)] = DRUG_TESTS.index("invalid")
    result[(draw > 0.15) & (draw < 0.20)] = DRUG_TESTS.index("not_collected")
    result[~wanted] = np.nan
    result[:, 0] = np.nan
    return {"drug_test": result}


def _questions(
    who: pd.DataFrame, course: Course, use_days: Array, rng: np.random.Generator
) -> dict[str, Array]:
    """Draw the answers to all questions of all people in every week."""
    shape = use_days.shape
    weeks = np.arange(WEEKS + 1.0)
    used = use_days > 0
    better = 1 - np.exp(-weeks / 6)
    person = rng.standard_normal((4, shape[0], 1))
    treated = 7 * weeks <= course.leave[:, None]
    near = (course.relapse[:, None] - 7 * weeks > 0) & (course.relapse[:, None] - 7 * weeks <= 14)

    def score(mean: Array, spread: float, high: int) -> Array:
        drawn = mean + spread * rng.standard_normal(shape)
        return np.clip(np.round(drawn), 0, high) + 0.0  # no negative zeros

    mood = person[0] + 0.5 * person[1]
    substance = np.where(
        rng.random(shape) < 0.88,
        who["substance"].to_numpy()[:, None],
        rng.integers(0, len(SUBSTANCES), shape),
    )
    answers = {
        "used": used.astype(float),
        "use_days": use_days.astype(float),
        "substance": np.where(used, substance, np.nan),
        "craving": score(5.6 - 2.6 * better + 1.6 * used + 1.0 * near + 1.2 * person[1], 1.3, 10),
        "mutual_help_meetings": rng.poisson(
            np.exp(0.2 + 0.3 * treated - 0.6 * used + 0.6 * person[2])
        ).clip(0, 14),
    }
    answers["used"][:, 0] = answers["use_days"][:, 0] = np.nan  # asked since the admission
    monthly = {
        "phq9": score(12 - 5 * better + 3 * used + 4 * mood, 2.0, 27),
        "gad7": score(10 - 4 * better + 2 * used + 3.5 * mood, 2.0, 21),
        "bam_use": _bam_use(use_days, rng),
        "bam_risk": score(12 - 4.5 * better + 3.5 * used + 2.5 * person[1], 1.8, 24),
        "bam_protective": score(12 + 3 * better + treated - 2 * used + 2.5 * person[2], 1.8, 24),
        "employed": _state(who, 0.4, 0.06, 0.03 + 0.05 * used, rng),
        "stable_housing": _state(who, 0.78, 0.08, 0.015 + 0.04 * used, rng),
    }
    for values in monthly.values():
        values[:, weeks % 4 != 0] = np.nan
    return {**answers, **monthly}


def _bam_use(use_days: Array, rng: np.random.Generator) -> Array:
    """Draw the BAM use score (0 to 12) of the last four weeks; at intake, of those before it."""
    recent = np.cumsum(use_days, axis=1)
    recent[:, 4:] -= recent[:, :-4].copy()
    drawn = rng.binomial(11, np.minimum(0.12 + 0.03 * recent, 0.8)) + 1
    result = np.where(recent > 0, drawn, 0).astype(float)
    result[:, 0] = rng.binomial(12, 0.45, len(result))
    return result


def _state(
    who: pd.DataFrame, at_first: float, gains: float, loses: Array, rng: np.random.Generator
) -> Array:
    """Draw a persistent yes or no that can change from month to month."""
    evening = 0.15 * who["track"].to_numpy()  # people in work choose the evening track
    state = rng.random(len(who)) < at_first + evening
    result = np.empty(loses.shape)
    for week in range(loses.shape[1]):
        if week % 4 == 0 and week:
            draw = rng.random(len(who))
            state = np.where(state, draw >= loses[:, week], draw < gains)
        result[:, week] = state
    return result
