"""Two groups that differ in who they are, with a known effect: programs drawn, and the truth.

The event has the hazard 0.006 exp(0.6 severity + 1.0 opioids - 0.4 evening) a day, severity being
standard normal. Who is worse is more often in the evening track, which in truth helps: compared as
they are, the groups seem alike or the track harmful.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DAY = 90
RATE, SEVERITY, OPIOIDS, EFFECT = 0.006, 0.6, 1.0, -0.4
BOTH = "severity + opioids"


@dataclass(frozen=True)
class Setting:
    """What is drawn, and what the models are told.

    Attributes
    ----------
    name, title : str
    people : int
    informative : bool
        Whether follow-up ends sooner in the evening track for those with more severe use.
    covariates, outcome : str
        The terms of the models of the group, and of the event and censoring.
    right : tuple of str
        The methods whose assumptions hold.
    """

    name: str
    title: str
    people: int
    informative: bool
    covariates: str
    outcome: str
    right: tuple[str, ...]


ALL = ("weighting", "augmented", "standardisation")
SETTINGS = (
    Setting("right", "All models are right", 300, False, BOTH, BOTH, ALL),
    Setting(
        *("group", "The model of the group lacks a covariate", 300, False),
        covariates="severity",
        outcome=BOTH,
        right=("augmented", "standardisation"),
    ),
    Setting(
        *("event", "The model of the event lacks a covariate", 300, False),
        covariates=BOTH,
        outcome="severity",
        right=("weighting", "augmented"),
    ),
    Setting(
        *("censoring", "Follow-up depends on the covariates", 300, True),
        covariates=BOTH,
        outcome=BOTH,
        right=("augmented", "standardisation"),
    ),
)


def draw(setting: Setting, random: np.random.Generator) -> pd.DataFrame:
    """Return the times of one program."""
    people = setting.people
    severity, opioids = random.normal(size=people), random.random(people) < 0.4
    log_odds = -0.7 + 0.8 * severity + 1.3 * opioids
    evening = random.random(people) < 1 / (1 + np.exp(-log_odds))
    time = np.ceil(random.exponential(1 / _rate(severity, opioids, evening)))
    end = random.integers(60, 240, people).astype(float)
    if setting.informative:
        leaving = 0.006 * np.exp(1.0 * severity + 1.3 * opioids)
        gone = np.ceil(random.exponential(1 / leaving))
        end = np.where(evening, np.minimum(end, gone), end)
    return pd.DataFrame(
        {
            "track": np.where(evening, "evening", "day"),
            "severity": severity,
            "opioids": opioids.astype(float),
            "days": np.minimum(time, end),
            "event": time <= end,
        }
    )


def truth(people: int = 400_000, seed: int = 1) -> dict[str, float]:
    """Return the differences, evening less day, in a large population of such people.

    The curve of each person is exact; people are drawn, and the same in both groups.
    """
    random = np.random.default_rng(seed)
    severity, opioids = random.normal(size=people), random.random(people) < 0.4
    curves = []
    for evening in (0.0, 1.0):
        rate = _rate(severity, opioids, np.full(people, evening))
        curves.append(np.array([np.exp(-rate * day).mean() for day in range(DAY + 1)]))
    day, evening_curve = curves
    return {
        "survival": float(evening_curve[-1] - day[-1]),
        "restricted_mean": float((evening_curve[:-1] - day[:-1]).sum()),
    }


def _rate(severity: Floats, opioids: NDArray[np.bool_], evening: NDArray[np.generic]) -> Floats:
    return np.asarray(RATE * np.exp(SEVERITY * severity + OPIOIDS * opioids + EFFECT * evening))
