"""The true values of a synthetic sample, for tests of estimators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.samples.model.course import follow
from iop_outcomes.samples.model.design import (
    DATA_CUT,
    ENTRY_PATHS,
    REASONS,
    SUBSTANCES,
    TRACKS,
    Array,
    Design,
    day_number,
)
from iop_outcomes.samples.model.frames import dates, identifiers, word
from iop_outcomes.samples.model.population import admit_and_follow
from iop_outcomes.samples.model.state import ABSENT, ATTENDED, NEVER, Course

GROUPS = ("program", "track", "medication", "entry_path", "primary_substance")
_TRUTH_SEED = 41_507  # of the population used for relapse_free, whatever the seed of the sample
# The population of the design that was asked for last: it is the same for samples of any seed.
_POPULATIONS: dict[str, tuple[pd.DataFrame, Array]] = {}


@dataclass(frozen=True, eq=False)
class Truth:
    """The true values of a sample.

    Attributes
    ----------
    episodes : pandas.DataFrame
        One row an episode, in the order of the sample's: ``episode_id``, ``program``, ``track``,
        ``medication`` (yes, no), ``entry_path``, ``primary_substance``, ``admit_date``,
        ``relapse_day`` (float64, days from admission to the first use, recorded or not; missing if
        there was none within `horizon`), ``days_to_discharge`` (int64), ``discharge_reason`` (both
        also if after the data cut), ``days_to_leaving`` (the last day on which the person
        attended), ``propensity`` (standard normal: the tendency to attend) and ``planned_weeks``.
    attendance : pandas.DataFrame
        One row a program and month of the sample: ``program``, ``month`` (``YYYY-MM``),
        ``sessions`` (recorded as attended or absent), ``attended``, ``expected`` (the sum of the
        probabilities of attending these sessions), ``variance`` (of the number attended, given
        those probabilities) and ``rate`` (expected / sessions).
    changes : pandas.DataFrame
        The simulated changes: ``program``, ``kind`` (shift, trend, policy), ``start``, ``log_odds``
        (for a trend, a month of 30.44 days) and ``reason``.
    design : Design
        Every parameter, including the Weibull baseline and the effects on relapse.
    horizon : int
        Days from admission up to which the true values are known.
    """

    episodes: pd.DataFrame
    attendance: pd.DataFrame
    changes: pd.DataFrame
    design: Design
    horizon: int

    @property
    def hazard(self) -> dict[str, float]:
        """The parameters of the first use: shape, scale (days) and log hazard ratios by name."""
        design = self.design
        result = {
            "shape": design.shape,
            "scale": design.scale,
            "attendance": design.attendance_effect,
            "completed": design.completed_effect,
            "medication": design.medication_effect,
            "track=evening": design.evening_effect,
            "age": design.age_effect,
        }
        for name, effect in design.entry_effects.items():
            result[f"entry_path={name}"] = effect
        for name, effect in design.substance_effects.items():
            result[f"primary_substance={name}"] = effect
        return result

    def relapse_free(
        self, days: Iterable[int], *, by: str | Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return the true probability of no use up to and including each day.

        It is the marginal survival of the first use from admission in the population that the
        design describes, from a separate simulation: the mean over admissions of ``exp(-cumulative
        hazard)``, each simulated without a first use. Leaving and death do not prevent the event:
        use after them counts, although it is not recorded.

        Parameters
        ----------
        days : iterable of int
            Days from admission, 0 to `horizon`.
        by : str or sequence of str, optional
            Groups: ``program``, ``track``, ``medication``, ``entry_path`` or
            ``primary_substance``.

        Returns
        -------
        pandas.DataFrame
            ``[by ...], day, relapse_free`` (proportion, 0 to 1), ``se`` (its Monte Carlo error) and
            ``simulated`` (number of simulated admissions).

        Raises
        ------
        RuleError
            If a day is outside 0 to `horizon` or a group is not known.
        """
        wanted = np.asarray(list(days), dtype=np.int64)
        if len(wanted) and (wanted.min() < 0 or wanted.max() > self.horizon):
            raise RuleError(
                "The true value is not known for a requested day.",
                found=f"days {wanted.min()} to {wanted.max()}",
                instead=f"Ask for days 0 to {self.horizon}.",
            )
        groups = [] if by is None else [by] if isinstance(by, str) else list(by)
        unknown = sorted(set(groups) - set(GROUPS))
        if unknown:
            raise RuleError(
                f"There are no true values by {unknown[0]!r}.", instead=f"Use {', '.join(GROUPS)}."
            )
        who, free = self._population
        keys = who[groups] if groups else pd.DataFrame({"all": np.zeros(len(who), dtype=int)})
        group = keys.groupby(list(keys), observed=True).ngroup().to_numpy()
        order = np.argsort(group, kind="stable")
        starts = np.unique(group[order], return_index=True)[1]
        size = np.diff(np.append(starts, len(order)))[:, None]
        values = free[order][:, wanted].astype(np.float64)
        mean = np.add.reduceat(values, starts) / size
        variance = np.clip(np.add.reduceat(values**2, starts) / size - mean**2, 0, None)
        result = keys.iloc[np.repeat(order[starts], len(wanted))].reset_index(drop=True)
        return result[groups].assign(
            day=np.tile(wanted, len(starts)),
            relapse_free=mean.ravel(),
            se=np.sqrt(variance / size).ravel(),
            simulated=np.repeat(size.ravel(), len(wanted)),
        )

    @cached_property
    def _population(self) -> tuple[pd.DataFrame, Array]:
        """Return a large population of the design, and each person's probability of no use."""
        design = replace(self.design, people=self.design.truth_people)
        key = repr(design)  # a design holds dictionaries, which have no hash
        if key not in _POPULATIONS:
            rng = np.random.default_rng(_TRUTH_SEED)
            who, _ = admit_and_follow(design, rng)
            free = follow(who, design, rng, relapse_acts=False).relapse_free
            _POPULATIONS.clear()
            _POPULATIONS[key] = group_columns(who, design), free
        return _POPULATIONS[key]


def group_columns(who: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Return the columns of admissions by which true values can be requested."""
    programs = tuple(program.name for program in design.programs)
    return pd.DataFrame(
        {
            "program": word(who["program"].to_numpy(), programs),
            "track": word(who["track"].to_numpy(), TRACKS),
            "medication": np.where(who["medication"], "yes", "no"),
            "entry_path": word(who["entry"].to_numpy(), ENTRY_PATHS),
            "primary_substance": word(who["substance"].to_numpy(), SUBSTANCES),
        }
    )


def make_truth(who: pd.DataFrame, course: Course, design: Design) -> Truth:
    """Return the true values of admissions and their courses."""
    relapse = np.where(course.relapse < NEVER, course.relapse.astype(float), np.nan)
    columns = group_columns(who, design)
    episodes = columns.assign(
        episode_id=identifiers(who)[1],
        admit_date=dates(who["admit"].to_numpy()),
        relapse_day=relapse,
        days_to_discharge=course.discharge,
        discharge_reason=word(course.reason, REASONS),
        days_to_leaving=course.leave,
        propensity=who["propensity"],
        planned_weeks=who["planned_weeks"],
    )
    changes = pd.DataFrame(
        [
            {
                "program": program.name,
                "kind": change.kind,
                "start": pd.Timestamp(change.start),
                "log_odds": change.log_odds,
                "reason": change.reason,
            }
            for program in design.programs
            for change in program.changes
        ],
        columns=["program", "kind", "start", "log_odds", "reason"],
    )
    attendance = _true_attendance(who, course, columns["program"])
    return Truth(episodes, attendance, changes, design, design.horizon)


def _true_attendance(who: pd.DataFrame, course: Course, program: pd.Series[Any]) -> pd.DataFrame:
    """Return the true attendance of each program and month, over the sessions that count."""
    sessions = course.sessions
    episode = sessions["episode"].to_numpy()
    date = who["admit"].to_numpy()[episode] + sessions["day"].to_numpy()
    counts = (sessions["outcome"] <= ABSENT).to_numpy() & (date <= day_number(DATA_CUT))
    chance = sessions["chance"].to_numpy(np.float64)[counts]
    frame = pd.DataFrame(
        {
            "program": program.to_numpy()[episode[counts]],
            "month": date[counts].astype("datetime64[D]").astype("datetime64[M]").astype(str),
            "sessions": 1,
            "attended": (sessions["outcome"].to_numpy()[counts] == ATTENDED).astype(int),
            "expected": chance,
            "variance": chance * (1 - chance),
        }
    )
    result = frame.groupby(["program", "month"], as_index=False).sum()
    return result.assign(rate=result["expected"] / result["sessions"])
