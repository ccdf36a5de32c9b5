"""Answers to items that are seen by themselves, counted at intake, later and at any time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.outcome_scores.estimates import PEOPLE, counted
from iop_outcomes.outcome_scores.instruments import Instrument
from iop_outcomes.outcome_scores.moments import Answers, Moment, at_intake
from iop_outcomes.outcome_scores.scoring import ReadItems
from iop_outcomes.records import Records
from iop_outcomes.shared.arrays import ratio
from iop_outcomes.shared.groups import Groups
from iop_outcomes.statistics.proportions import proportion_interval

FLAG_COLUMNS = ("item", "label", "moment", "answered", "above", "share", "lower", "upper")


def flag_rows(
    records: Records,
    instrument: Instrument,
    read: ReadItems,
    moment: Moment,
    groups: Groups,
    confidence: float,
) -> pd.DataFrame:
    """Return the rows of `SymptomChange.flags`: episodes, not check-ins; with persons beside."""
    size, codes, count = len(records.episodes), groups.codes, len(groups)
    day = read.rows["day"].to_numpy().astype(np.int64)
    person = records.episodes["person_id"].cat.codes.to_numpy().astype(np.int64)
    parts = []
    for number in instrument.flagged:
        if number not in read.answers:
            continue
        item = instrument.item(number)
        answers = Answers.of(read.episode, day, read.answers[number])
        value = np.append(answers.value, np.nan)
        start = at_intake(answers, size)
        highest = np.full(size, -np.inf)
        np.maximum.at(highest, answers.episode, answers.value)
        seen = np.where(np.isfinite(highest), highest, np.nan)
        at = {
            "intake": value[start],
            moment.name: value[moment.rows(answers, records, start)],
            "at any time": seen,
        }
        for name, values in at.items():
            masks = {"answered": np.isfinite(values), "above": values > (item.low or 0)}
            counts = counted(masks, person, codes, count)
            answered, above = counts["answered"], counts["above"]
            lower, upper = proportion_interval(above, answered, confidence)
            columns = {
                "item": [number] * count,
                "label": [item.label] * count,
                "moment": [name] * count,
                **counts,
                "share": ratio(above, answered),
                "lower": lower,
                "upper": upper,
            }
            parts.append(groups.beside(columns))
    if not parts:
        people = [f"{PEOPLE}{name}" for name in ("answered", "above")]
        return pd.DataFrame(columns=[*groups.names, *FLAG_COLUMNS, *people])
    return pd.concat(parts, ignore_index=True)
