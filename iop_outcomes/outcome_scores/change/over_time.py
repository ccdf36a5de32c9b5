"""Scores over time: means by month with the same people at intake, and slopes within episodes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.compare.regression.leverage import leverage_covariance
from iop_outcomes.outcome_scores.change.paired import telling
from iop_outcomes.outcome_scores.estimates import clustered_means, counted
from iop_outcomes.outcome_scores.instruments import Scale
from iop_outcomes.outcome_scores.moments import Answers, Moment, at_intake, nearest
from iop_outcomes.records import Records
from iop_outcomes.shared.arrays import Floats, Integers, ratio, sums
from iop_outcomes.shared.groups import Groups

PER_DAYS = 30  # a slope is the change in this many days


def trajectory_rows(
    answers: Answers,
    records: Records,
    scale: Scale,
    groups: Groups,
    every: int,
    through: int,
    confidence: float,
) -> pd.DataFrame:
    """Return the rows of `SymptomChange.trajectory` of one scale."""
    size, codes = len(records.episodes), groups.codes
    person = records.episodes["person_id"].cat.codes.to_numpy().astype(np.int64)
    value = np.append(answers.value, np.nan)
    start = value[at_intake(answers, size)]
    parts = []
    for day in range(0, through + 1, every):
        window = (every - 1) // 2
        moment = Moment(day, window)
        before = np.full(size, -np.inf)
        score = start if day == 0 else value[nearest(answers, size, day, window, before)]
        due = np.ones(size, dtype=np.bool_) if day == 0 else moment.due(records)
        known = due & np.isfinite(score)
        both = known & np.isfinite(start)
        now = clustered_means(score[known], person[known], codes[known], len(groups), confidence)
        then = clustered_means(start[both], person[both], codes[both], len(groups), confidence)
        moved = clustered_means(
            (score - start)[both], person[both], codes[both], len(groups), confidence
        )
        columns = {
            "scale": [scale.name] * len(groups),
            "day": np.full(len(groups), day, dtype=np.int64),
            **counted({"followed": due, "answered": known}, person, codes, len(groups)),
            "mean": now.mean,
            "lower": now.lower,
            "upper": now.upper,
            **counted({"paired": both}, person, codes, len(groups)),
            **telling(
                np.where(both, start, np.nan),
                np.where(known, score, np.nan),
                *(scale, person, codes, len(groups)),
            ),
            "intake_mean": then.mean,
            "change": moved.mean,
            "change_lower": moved.lower,
            "change_upper": moved.upper,
        }
        parts.append(groups.beside(columns).assign(_group=np.arange(len(groups))))
    rows = pd.concat(parts, ignore_index=True)
    return rows.sort_values(["_group", "day"], kind="stable").drop(columns="_group")


def slope_rows(
    answers: Answers,
    records: Records,
    scale: Scale,
    groups: Groups,
    through: int,
    confidence: float,
) -> pd.DataFrame:
    r"""Return the rows of `SymptomChange.slopes` of one scale.

    The slope is that of least squares with an intercept for each episode,
    :math:`b = \sum_i \sum_j \tilde t_{ij} y_{ij} / \sum_i \sum_j \tilde t_{ij}^2` with days centred
    within episodes. Its variance is the sum over persons of the squares of its change when the
    person is left out, :math:`U_p / (I - I_p)`, with :math:`U_p` the person's sum of
    :math:`\tilde t e` and :math:`I_p` of :math:`\tilde t^2`.
    """
    size, count = len(records.episodes), len(groups)
    inside = (answers.day >= -14) & (answers.day <= through)
    episode, day, score = (part[inside] for part in (answers.episode, answers.day, answers.value))
    number = np.bincount(episode, minlength=size)
    several = number[episode] >= 2
    episode, score = episode[several], score[several]
    time = day[several].astype(np.float64) / PER_DAYS
    time = time - ratio(sums(episode, time, size), number)[episode]
    gap = score - ratio(sums(episode, score, size), number)[episode]
    person = records.episodes["person_id"].cat.codes.to_numpy().astype(np.int64)
    group = groups.codes[episode]
    slope, se, lower, upper = (np.full(count, np.nan) for _ in range(4))
    for place in range(count):
        of = group == place
        fit = _slope(time[of], gap[of], person[episode[of]], confidence)
        slope[place], se[place], lower[place], upper[place] = fit
    return groups.beside(
        {
            "scale": [scale.name] * count,
            "through": np.full(count, through, dtype=np.int64),
            **counted({"episodes": number >= 2}, person, groups.codes, count),
            "scores": np.bincount(group, minlength=count).astype(np.int64),
            "slope": slope,
            "se": se,
            "lower": lower,
            "upper": upper,
        }
    )


def _slope(
    time: Floats, gap: Floats, person: Integers, confidence: float
) -> tuple[float, float, float, float]:
    """Return the slope with standard error and limits, missing with fewer than two persons."""
    from scipy.special import stdtrit

    nothing = float("nan")
    information = float(time @ time)
    if information <= 0:
        return (nothing,) * 4
    slope = float(time @ gap) / information
    _, place = np.unique(person, return_inverse=True)
    persons = int(place.max()) + 1
    parts = sums(place, time**2, persons)
    scores = sums(place, time * (gap - slope * time), persons)
    used = parts > 0
    if used.sum() < 2:
        return (slope, nothing, nothing, nothing)
    covariance = leverage_covariance(scores[used, None], parts[used, None, None])
    se = float(np.sqrt(covariance[0, 0]))
    half = float(stdtrit(used.sum() - 1, 0.5 + confidence / 2)) * se
    return slope, se, slope - half, slope + half
