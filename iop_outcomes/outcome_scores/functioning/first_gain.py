"""The time from admission to the first gain of work, housing and the rest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.outcome_scores.functioning.domains import Domain, choose
from iop_outcomes.outcome_scores.moments import at_intake
from iop_outcomes.records import Records, require_records
from iop_outcomes.records.covariates import covariates
from iop_outcomes.shared.arrays import Floats
from iop_outcomes.shared.groups import Groups
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.provenance import Provenance, label
from iop_outcomes.shared.vocabulary import COMPETING_ENDS
from iop_outcomes.survival import cumulative_incidence

GAIN_DAYS = (28, 56, 84, 112, 140, 168)
CLOSE_DAYS = 30  # an end later than this after the last answer leaves open what came between
GAINED, LAST_ANSWER = "gained", "last_answer"
MADE = ("clear_until", "days", "event", "ended_by", "competing_end", "competing_on")
GAIN_COLUMNS = ("cause", "day", "at_risk", "events_so_far", "incidence", "lower", "upper")


def time_to_gain(
    records: Records, domain: str, *, cuts: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return the time to the first gain of a domain, of episodes that had it not at admission.

    Parameters
    ----------
    records : Records
        With the check-ins.
    domain : str
        A domain of `functioning`.
    cuts : mapping of str to float, optional
        As for `functioning`.

    Returns
    -------
    pandas.DataFrame
        One row an episode without it at admission, for `cumulative_incidence` and other estimates:
        ``episode_id``, ``person_id``, ``program`` and the covariates of the episode; ``days``
        (float64): days from the answer at admission to the first answer that has it, else to the
        last one; ``clear_until`` (float64): to the last answer before that; ``event`` (bool);
        ``ended_by``: ``gained``, a competing end, or ``last_answer``; ``competing_end``: died,
        incarcerated or transferred, before a gain, and at most 30 days after the last answer where
        there is none; ``competing_on`` (float64): its day.

    Raises
    ------
    EstimateError
        If nobody is known to have been without it at admission.
    MissingTableError
        If the check-ins were not read.
    RuleError
        If the domain is not known.

    Notes
    -----
    A gain is known to lie between two answers, ``clear_until`` and ``days``; it is dated at the
    second. Leaving the program is no end, since check-ins continue after it.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> times = iop.time_to_gain(iop.read_records("data/samples"), "work_or_school")
    >>> curve = iop.cumulative_incidence(times)
    >>> curve.causes
    ('gained', 'died', 'incarcerated', 'transferred')
    """
    require_records(records, "The time to a gain")
    records.require("checkins", "the time to a gain")
    if not isinstance(domain, str):
        raise RuleError(
            "The time to a gain is of one domain.",
            found=f"domain={as_written(domain)}",
            instead='time_to_gain(records, "work_or_school")',
        )
    (asked_domain,) = choose([domain], cuts)
    times = gain_times(records, asked_domain)
    if times.empty:
        raise EstimateError(
            f"Nobody is known to have been without it at admission: {asked_domain.title}.",
            found=f"0 of {len(records.episodes):,} episodes",
            instead="a domain that functioning(records).table has counts of",
        )
    return times


def gain_times(records: Records, domain: Domain) -> pd.DataFrame:
    """Return the table of `time_to_gain`, which may be empty."""
    answers, size = domain.answers(records), len(records.episodes)
    start = at_intake(answers, size)
    without = (start >= 0) & (np.append(answers.value, np.nan)[start] == 0)
    origin = np.append(answers.day, 0)[start].astype(np.float64)
    after = without[answers.episode] & (answers.day > origin[answers.episode])
    episode, value = answers.episode[after], answers.value[after]
    day = answers.day[after] - origin[episode]
    first = np.full(size, np.inf)
    np.minimum.at(first, episode[value == 1], day[value == 1])
    last = np.zeros(size)
    before = day < first[episode]
    np.maximum.at(last, episode[before], day[before])
    end, on = _competing(records, origin, first, last)
    event = np.isfinite(first)
    reason = pd.Series(end, dtype=object)
    ended = np.where(event, GAINED, np.where(reason.notna(), reason, LAST_ANSWER))
    frame = covariates(records.episodes, without=["discharge_reason", *MADE])
    frame["clear_until"] = last
    frame["days"] = np.where(event, first, last)
    frame["event"] = event
    frame["ended_by"] = pd.Categorical(ended, categories=[GAINED, *COMPETING_ENDS, LAST_ANSWER])
    frame["competing_end"] = pd.Categorical(end, categories=list(COMPETING_ENDS))
    frame["competing_on"] = on
    provenance = Provenance(
        rule=f"First gain: {domain.having}, of episodes without it at admission.",
        event="first gain",
        origin="the answer at admission",
        synthetic=records.synthetic,
    )
    chosen: pd.DataFrame = frame[without].reset_index(drop=True)
    return label(chosen, provenance)


def _competing(
    records: Records, origin: Floats, first: Floats, last: Floats
) -> tuple[list[str | None], Floats]:
    """Return the end that came before a gain, and its day."""
    episodes = records.episodes
    left = episodes["days_to_discharge"].to_numpy(dtype=np.float64, na_value=np.nan) - origin
    reason = episodes["discharge_reason"].astype(object).to_numpy()
    competes = np.isin(reason.astype(str), COMPETING_ENDS) & (left >= 0)
    near = np.isfinite(first) | (left <= last + CLOSE_DAYS)
    chosen = competes & near & (left < first)
    end = [str(word) if yes else None for word, yes in zip(reason, chosen, strict=True)]
    return end, np.where(chosen, left, np.nan)


def no_gains(groups: Groups) -> pd.DataFrame:
    """Return `Functioning.first_gain` without a row."""
    return pd.DataFrame(columns=[*groups.names, "domain", *GAIN_COLUMNS])


def gain_rows(records: Records, domain: Domain, groups: Groups, confidence: float) -> pd.DataFrame:
    """Return the rows of `Functioning.first_gain`; none where there is no gain to estimate."""
    times = gain_times(records, domain)
    empty = no_gains(groups)
    if times.empty or not times["event"].any():
        return empty
    place = times["episode_id"].map(
        pd.Series(groups.codes, index=records.episodes["episode_id"].astype(object))
    )
    parts = []
    for number in range(len(groups)):
        own = times[(place == number).to_numpy(dtype=bool)]
        if not own["event"].any():
            continue
        incidence = cumulative_incidence(own, confidence=confidence).at(list(GAIN_DAYS))
        labels = {name: groups.labels[name].iloc[number] for name in groups.names}
        parts.append(incidence[list(GAIN_COLUMNS)].assign(domain=domain.name, **labels))
    if not parts:
        return empty
    rows: pd.DataFrame = pd.concat(parts, ignore_index=True)[list(empty.columns)]
    return rows
