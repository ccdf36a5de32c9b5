"""Assignment of headings to columns of a table by name and values, one heading to one column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from iop_outcomes.records.suggestions.recognition.fits import IDS, alone, fit
from iop_outcomes.records.suggestions.recognition.language import heading_columns, heading_score
from iop_outcomes.records.suggestions.recognition.profiles import Profile

ENOUGH = 0.4  # the least score with which a heading is proposed for a column
_BY_VALUES = 0.9  # factor for the score of values alone

_WEIGHTS = {  # how strongly a column indicates its table
    "episodes": {
        "admit_date": 2.0,
        "discharge_date": 1.5,
        "discharge_reason": 1.5,
        "level": 0.5,
        "program": 0.3,
    },
    "attendance": {
        "date": 1.0,
        "status": 1.2,
        "start_time": 0.8,
        "end_time": 0.5,
        "service": 1.0,
        "minutes_scheduled": 1.0,
        "minutes_attended": 1.0,
        "modality": 0.4,
        "group_id": 0.4,
        "approach": 0.3,
        "facilitator": 0.5,
    },
    "checkins": {
        "date": 1.0,
        "status": 0.9,
        "used": 2.0,
        "use_days": 1.2,
        "drug_test": 1.8,
        "craving": 1.5,
        "phq9": 1.5,
        "gad7": 1.5,
    },
}
_OTHER_WEIGHT = 0.7


@dataclass(frozen=True)
class Match:
    """A heading proposed for a column.

    Attributes
    ----------
    heading, column : str
        The heading in the export, and the column.
    score : float
        The confidence, from 0 to 1.
    why : str
        The reason in a few words, without values.
    """

    heading: str
    column: str
    score: float
    why: str


def match(
    table: str, profiles: Mapping[str, Profile], without: Iterable[str] = ()
) -> dict[str, Match]:
    """Return the match of each heading that is proposed for a column of the table.

    Identifiers are not included; they are found by comparing tables. Headings are assigned to
    columns so that the sum of scores is largest.
    """
    from scipy.optimize import linear_sum_assignment

    left = [name for name in profiles if name not in set(without)]
    columns = [column for column in heading_columns(table) if column not in IDS]
    if not left:
        return {}
    scores = np.zeros((len(left), len(columns)))
    for row, heading in enumerate(left):
        for place, column in enumerate(columns):
            scores[row, place] = score(table, column, heading, profiles[heading])
    scores[scores < ENOUGH] = 0.0
    rows, places = linear_sum_assignment(scores, maximize=True)
    matches = {}
    for row, place in zip(rows.tolist(), places.tolist(), strict=True):
        if scores[row, place] > 0:
            heading, column = left[row], columns[place]
            why = reason(table, column, heading, profiles[heading])
            matches[heading] = Match(heading, column, round(float(scores[row, place]), 2), why)
    return matches


def score(table: str, column: str, heading: str, held: Profile) -> float:
    """Return the confidence, from 0 to 1, that a heading is a column."""
    fits = fit(table, column, held)
    if fits <= 0:
        return 0.0
    named = heading_score(table, column, heading) * (0.45 + 0.55 * fits)
    return max(named, _BY_VALUES * alone(table, column, held))


def reason(table: str, column: str, heading: str, held: Profile) -> str:
    """Return in a few words why a heading is proposed for a column."""
    named = heading_score(table, column, heading)
    fits = fit(table, column, held)
    by_name = "its name" if named >= 0.95 else "part of its name" if named >= ENOUGH else ""
    by_values = (
        "no value in it"
        if not held.filled
        else "its values fit"
        if fits >= 0.8
        else "its values fit in part"
        if fits >= 0.5
        else "its values are not understood"
    )
    if not by_name:
        return "its values alone"
    return f"{by_name}; {by_values}"


def table_score(table: str, matches: Mapping[str, Match]) -> float:
    """Return how strongly the matched columns indicate that a file is the table."""
    weights = _WEIGHTS[table]
    return sum(
        weights.get(matched.column, _OTHER_WEIGHT) * matched.score for matched in matches.values()
    )
