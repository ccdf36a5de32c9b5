"""Pairs of scores, and what follows from them: change, shares, regression to the mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.outcome_scores.estimates import (
    clustered_means,
    counted,
    counts_of,
    people_only,
    share_limits,
)
from iop_outcomes.outcome_scores.instruments import Change, Scale
from iop_outcomes.outcome_scores.moments import Answers, Moment, at_intake
from iop_outcomes.records import Records
from iop_outcomes.shared.arrays import Booleans, Floats, Integers, ratio
from iop_outcomes.shared.groups import Groups
from iop_outcomes.statistics.proportions import proportion_interval

FEWEST_PAIRS = 10  # for a correlation in the records
ANY_CHANGE = Change("any_change", "points", 1e-6, "Any difference of the two scores")


@dataclass(frozen=True, eq=False)
class Pairs:
    """The two scores of each episode on one scale, missing where there is none.

    Attributes
    ----------
    due : numpy.ndarray of bool
        The episodes of which the later score is due.
    first, last : numpy.ndarray of float64
        The scores at intake and at the later moment.
    days : numpy.ndarray of float64
        Days between the two.
    person : numpy.ndarray of int64
        Codes of the persons.
    groups : Groups
        The group of each episode.
    """

    due: Booleans
    first: Floats
    last: Floats
    days: Floats
    person: Integers
    groups: Groups

    @classmethod
    def of(cls, answers: Answers, records: Records, moment: Moment, groups: Groups) -> Pairs:
        """Return the pairs of one question."""
        size = len(records.episodes)
        start = at_intake(answers, size)
        end = moment.rows(answers, records, start)
        padded = np.append(answers.value, np.nan)
        day = np.append(answers.day.astype(np.float64), np.nan)
        person = records.episodes["person_id"].cat.codes.to_numpy().astype(np.int64)
        first, last = padded[start], padded[end]
        days = np.where(np.isfinite(first) & np.isfinite(last), day[end] - day[start], np.nan)
        return cls(moment.due(records), first, last, days, person, groups)

    @property
    def with_first(self) -> Booleans:
        """The due episodes with a score at intake."""
        known: Booleans = self.due & np.isfinite(self.first)
        return known

    @property
    def paired(self) -> Booleans:
        """The due episodes with both scores."""
        both: Booleans = self.with_first & np.isfinite(self.last)
        return both


TELLING = ("above_lowest", "below_highest", "last_above_lowest", "last_below_highest", "changed")
"""Of whom a mean, or its interval, tells how few they are: n means are the sum of their points."""


def telling(
    first: Floats, last: Floats, scale: Scale, person: Integers, group: Integers, groups: int
) -> dict[str, Integers]:
    """Return by group the people whose scores are not the lowest, or highest, or have changed.

    `first` and `last` are the scores of episodes; nobody is counted by a score that is missing.
    """
    low, high = (np.nan if one is None else one for one in (scale.low, scale.high))
    masks = (first > low, first < high, last > low, last < high, np.abs(last - first) > 0)
    counts = counted(dict(zip(TELLING, masks, strict=True)), person, group, groups)
    return people_only(counts, TELLING)


def change_rows(pairs: Pairs, scale: Scale, confidence: float) -> pd.DataFrame:
    """Return the rows of `SymptomChange.table` of one scale."""
    groups, codes, size = pairs.groups, pairs.groups.codes, len(pairs.groups)
    both, unpaired = pairs.paired, pairs.with_first & ~pairs.paired
    counts = counted(
        {"episodes": pairs.due, "with_intake": pairs.with_first, "paired": both},
        pairs.person,
        codes,
        size,
    )
    episodes, with_first, paired = (counts[name] for name in ("episodes", "with_intake", "paired"))
    where, who = codes[both], pairs.person[both]
    first = clustered_means(pairs.first[both], who, where, size, confidence)
    last = clustered_means(pairs.last[both], who, where, size, confidence)
    change = clustered_means((pairs.last - pairs.first)[both], who, where, size, confidence)
    days = clustered_means(pairs.days[both], who, where, size, confidence)
    left = clustered_means(
        pairs.first[unpaired], pairs.person[unpaired], codes[unpaired], size, confidence
    )
    lower, upper = proportion_interval(paired, episodes, confidence)
    return groups.beside(
        {
            "scale": [scale.name] * size,
            **counts,
            **telling(pairs.first[both], pairs.last[both], scale, who, where, size),
            "intake_rate": ratio(with_first, episodes),
            "paired_rate": ratio(paired, episodes),
            "paired_lower": lower,
            "paired_upper": upper,
            "intake_mean": first.mean,
            "intake_sd": first.sd,
            "last_mean": last.mean,
            "change": change.mean,
            "lower": change.lower,
            "upper": change.upper,
            "days_between": days.mean,
            "intake_mean_unpaired": left.mean,
            "not_known": _reasons(episodes, with_first, paired, change.lower),
        }
    )


def _reasons(
    episodes: Integers, with_first: Integers, paired: Integers, lower: Floats
) -> list[str]:
    reasons = []
    for due, first, both, low in zip(episodes, with_first, paired, lower, strict=True):
        if not due:
            reasons.append("no episode has come so far")
        elif not first:
            reasons.append("nobody has a score at intake")
        elif not both:
            reasons.append("nobody has both scores")
        else:
            reasons.append("" if np.isfinite(low) else "limits: fewer than two persons")
    return reasons


def share_rows(
    pairs: Pairs, scale: Scale, rules: Sequence[Change], confidence: float
) -> pd.DataFrame:
    """Return the rows of `SymptomChange.shares` of one scale."""
    parts = [_rule_rows(pairs, scale, rule, confidence) for rule in rules]
    return pd.concat(parts, ignore_index=True)


def _rule_rows(pairs: Pairs, scale: Scale, rule: Change, confidence: float) -> pd.DataFrame:
    groups, codes, size = pairs.groups, pairs.groups.codes, len(pairs.groups)
    both = pairs.paired
    better, worse, asked = rule.judge(pairs.first[both], pairs.last[both], scale.better)
    where, who = codes[both][asked], pairs.person[both][asked]
    better, worse = better[asked], worse[asked]
    masks = {
        "paired": np.ones(len(better), dtype=np.bool_),
        "better": better,
        "same": ~better & ~worse,
        "worse": worse,
    }
    counts = counted(masks, who, where, size)
    asked_of, better_count = counts["paired"], counts["better"]
    better_limits = share_limits(better, who, where, size, confidence)
    worse_limits = share_limits(worse, who, where, size, confidence)
    askable = rule.judge(pairs.first, pairs.first, scale.better)[2]
    unknown = counts_of(pairs.with_first & ~both & askable, codes, size)
    all_told = asked_of + unknown
    return groups.beside(
        {
            "scale": [scale.name] * size,
            "rule": [rule.name] * size,
            "kind": [rule.kind] * size,
            "meaning": ["any change" if rule is ANY_CHANGE else rule.text] * size,
            "source": [rule.source] * size,
            **counts,
            "better_share": ratio(better_count, asked_of),
            "better_lower": better_limits[0],
            "better_upper": better_limits[1],
            "worse_share": ratio(counts["worse"], asked_of),
            "worse_lower": worse_limits[0],
            "worse_upper": worse_limits[1],
            "better_if_none": ratio(better_count, all_told),
            "better_if_all": ratio(better_count + unknown, all_told),
        }
    )


@dataclass(frozen=True)
class Regressing:
    """What regression to the mean is worked out from.

    Attributes
    ----------
    reliability : float
        The correlation of two scores without a true change; missing if not known.
    source : str
        Where it comes from.
    centre : float
        The mean that scores regress to.
    centre_source : str
        Where that comes from.
    """

    reliability: float
    source: str
    centre: float
    centre_source: str

    @classmethod
    def of(
        cls, pairs: Pairs, scale: Scale, reliability: float | None, population_mean: float | None
    ) -> Regressing:
        """Return it as asked for, else as published, else as these records have it."""
        known = pairs.first[pairs.with_first]
        mean = float(known.mean()) if len(known) else float("nan")
        centre, centre_source = (
            (mean, "mean at intake in these records")
            if population_mean is None
            else (float(population_mean), "population mean as given")
        )
        if reliability is not None:
            return cls(float(reliability), "as given", centre, centre_source)
        if scale.reliability is not None:
            return cls(scale.reliability, scale.reliability_source, centre, centre_source)
        first, last = pairs.first[pairs.paired], pairs.last[pairs.paired]
        if len(first) < FEWEST_PAIRS or first.std() == 0 or last.std() == 0:
            return cls(float("nan"), "not known", centre, centre_source)
        correlation = float(np.corrcoef(first, last)[0, 1])
        return cls(
            correlation, "correlation of the two scores in these records", centre, centre_source
        )


def intake_rows(
    pairs: Pairs, scale: Scale, regressing: Regressing, confidence: float
) -> pd.DataFrame:
    """Return the rows of `SymptomChange.by_intake` of one scale: by band at intake."""
    starts, labels = _bands(scale, regressing.centre)
    both = pairs.paired
    groups, size, width = pairs.groups, len(pairs.groups), len(labels)
    band = np.clip(np.searchsorted(starts, pairs.first[both], side="right") - 1, 0, None)
    cell = pairs.groups.codes[both] * width + band
    who = pairs.person[both]
    first = clustered_means(pairs.first[both], who, cell, size * width, confidence)
    change = clustered_means((pairs.last - pairs.first)[both], who, cell, size * width, confidence)
    expected = -(1 - regressing.reliability) * (first.mean - regressing.centre)
    rows = size * width
    return groups.beside(
        {
            "scale": [scale.name] * rows,
            "band": list(labels) * size,
            **counted({"paired": np.ones(len(who), dtype=np.bool_)}, who, cell, rows),
            **telling(pairs.first[both], pairs.last[both], scale, who, cell, rows),
            "intake_mean": first.mean,
            "change": change.mean,
            "lower": change.lower,
            "upper": change.upper,
            "by_regression_alone": expected,
            "reliability": [regressing.reliability] * rows,
            "reliability_source": [regressing.source] * rows,
            "centre": [regressing.centre] * rows,
            "centre_source": [regressing.centre_source] * rows,
        }
    )


def _bands(scale: Scale, centre: float) -> tuple[Floats, list[str]]:
    if scale.bands:
        starts = np.array([band.start for band in scale.bands], dtype=np.float64)
        return starts, [band.label for band in scale.bands]
    return np.array([-np.inf, centre]), ["below the mean", "the mean or above"]
