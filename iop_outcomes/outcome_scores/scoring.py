"""The scores of an instrument: as recorded, as worked out from items, and how they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.outcome_scores.answers import answer_numbers, item_columns
from iop_outcomes.outcome_scores.instruments import Instrument, Scale, find_instrument
from iop_outcomes.outcome_scores.instruments.instrument import CLOSE
from iop_outcomes.records import Records, require_records
from iop_outcomes.shared.arrays import Booleans, Floats
from iop_outcomes.shared.checks import check_choice
from iop_outcomes.shared.text import format_count

MISSING_ITEMS = ("complete", "prorate")
SCORE_COLUMNS = (
    *("episode_id", "person_id", "day", "scale", "score", "recorded", "calculated"),
    *("difference", "items_answered", "items", "prorated"),
)


@dataclass(frozen=True, eq=False)
class ReadItems:
    """The answers of the completed check-ins to the items of an instrument.

    Attributes
    ----------
    rows : pandas.DataFrame
        The completed check-ins.
    episode : numpy.ndarray of int64
        The place of the episode of each row.
    answers : dict of str to numpy.ndarray of float64
        The answers to each item that has a column, before reversing.
    wrong : int
        How many answers are none of the instrument's.
    """

    rows: pd.DataFrame
    episode: np.ndarray[tuple[int], np.dtype[np.int64]]
    answers: dict[str, Floats]
    wrong: int


def instrument_scores(
    records: Records,
    instrument: str | Instrument,
    *,
    missing: str = "complete",
    items: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return the scores of an instrument, one row a completed check-in and scale.

    Parameters
    ----------
    records : Records
        With the check-ins.
    instrument : str or Instrument
        Its name (`instruments` lists them), or one that `read_instrument` has read.
    missing : {"complete", "prorate"}
        Whether a score needs all its items, or is prorated (the mean of the items answered times
        their number) if at least ``instrument.prorate_from`` of them were.
    items : mapping of str to str, optional
        The columns of the items by number, where they are not called as the instrument is.

    Returns
    -------
    pandas.DataFrame
        Of each completed check-in with any answer of the scale:

        - ``episode_id``, ``person_id``, ``day`` (int32, days from admission), ``scale``;
        - ``score`` (float64): the calculated score where there is one, else the recorded one;
          missing if there is neither;
        - ``recorded``: the total as recorded; ``calculated``: from the items;
        - ``difference``: recorded minus calculated, missing unless both are there;
        - ``items_answered``, ``items`` (int64): how many items were answered, of how many;
        - ``prorated`` (bool).

        Rows that disagree: ``scores[scores["difference"].fillna(0) != 0]``.

    Raises
    ------
    EstimateError
        If the check-ins hold neither items nor totals of the instrument.
    MissingTableError
        If the check-ins were not read.
    RuleError
        If the instrument is not known, the check-ins hold another version of it, or a recorded
        total is outside its limits.

    Notes
    -----
    A recorded total cannot be checked, items can; so the calculated score is preferred, and a
    difference is listed. Reversed items are turned round before they are added. An answer that is
    none of the instrument's is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["a"], "admit_date": ["2026-01-05"]})
    >>> answers = {f"gad7_{n}": ["Several days", "Not at all"] for n in range(1, 8)}
    >>> checkins = pd.DataFrame(
    ...     {"episode_id": "a", "date": ["2026-01-05", "2026-02-02"], "status": "completed"}
    ... ).assign(**answers, gad7=[7, 2])
    >>> records = iop.read_records(episodes=episodes, checkins=checkins)
    >>> iop.instrument_scores(records, "gad7")[["day", "score", "recorded", "difference"]]
       day  score  recorded  difference
    0    0    7.0       7.0         0.0
    1   28    0.0       2.0         2.0
    """
    asked = find_instrument(instrument)
    read = read_items(records, asked, items)
    return scores_of(records, asked, read, missing)


def read_items(
    records: Records, instrument: Instrument, items: Mapping[str, str] | None
) -> ReadItems:
    """Return the answers of completed check-ins; refuse another version, or nothing at all."""
    require_records(records, f"The score of {instrument.title}")
    records.require("checkins", f"the score of {instrument.title}")
    rows = records.checkins[(records.checkins["status"] == "completed").to_numpy(dtype=bool)]
    column_of_item = item_columns(rows, instrument, items)
    recorded = [scale.column for scale in instrument.scales if _is_there(rows, scale.column)]
    if not recorded and not any(rows[name].notna().any() for name in column_of_item.values()):
        raise EstimateError(
            f"The check-ins hold nothing of {instrument.title}: its scores are not known.",
            found="no column of its items or totals with a value in a completed check-in",
            instead="columns such as "
            + ", ".join([scale.column for scale in instrument.scales if scale.column][:3])
            + ', or items={"1": "your column"}',
        )
    _refuse_other_version(rows, instrument, [*recorded, *column_of_item.values()])
    answers, wrong = {}, 0
    for number, name in column_of_item.items():
        answers[number], bad = answer_numbers(rows[name], instrument.item(number))
        wrong += int(bad.sum())
    codes = rows["episode_id"].cat.codes.to_numpy().astype(np.int64)
    return ReadItems(rows, codes, answers, wrong)


def _is_there(rows: pd.DataFrame, column: str) -> bool:
    return bool(column) and column in rows.columns and bool(rows[column].notna().any())


def _refuse_other_version(rows: pd.DataFrame, instrument: Instrument, columns: list[str]) -> None:
    name = instrument.version_column
    if not _is_there(rows, name):
        return
    filled = rows[columns].notna().any(axis=1).to_numpy()
    words = rows[name].astype(object)[filled & rows[name].notna().to_numpy()]
    plain = words.map(lambda word: " ".join(str(word).replace("_", " ").lower().split()))
    another_version = ~plain.isin(instrument.version_words).to_numpy(dtype=bool)
    if another_version.any():
        raise RuleError(
            f"Scores of two versions of {instrument.title} are never put together.",
            found=f"{another_version.sum():,} of {format_count(len(plain), 'check-in')} with "
            f"another version in {name}",
            instead=f"read each version by itself; {instrument.name} is "
            + " or ".join(instrument.version_words[:3]),
        )


def scores_of(
    records: Records, instrument: Instrument, read: ReadItems, missing: str
) -> pd.DataFrame:
    """Return the table of `instrument_scores`."""
    check_choice("missing", missing, MISSING_ITEMS, " items rule")
    parts = [_scale_rows(records, instrument, scale, read, missing) for scale in instrument.scales]
    return pd.concat(parts, ignore_index=True)


def _scale_rows(
    records: Records, instrument: Instrument, scale: Scale, read: ReadItems, missing: str
) -> pd.DataFrame:
    recorded = _recorded(instrument, scale, read.rows)
    calculated, answered = _calculated(instrument, scale, read, missing)
    complete = answered == len(scale.items)
    prorated = np.isfinite(calculated) & ~complete
    any_part = np.isfinite(recorded) | (answered > 0)
    frame = pd.DataFrame(
        {
            "episode_id": read.rows["episode_id"].array,
            "person_id": records.episodes["person_id"].take(read.episode).array,
            "day": read.rows["day"].to_numpy(),
            "scale": scale.name,
            "score": np.where(np.isfinite(calculated), calculated, recorded),
            "recorded": recorded,
            "calculated": calculated,
            "difference": recorded - calculated,
            "items_answered": answered,
            "items": len(scale.items),
            "prorated": prorated,
        }
    )
    return frame[any_part].reset_index(drop=True)


def _recorded(instrument: Instrument, scale: Scale, rows: pd.DataFrame) -> Floats:
    if not _is_there(rows, scale.column):
        return np.full(len(rows), np.nan)
    values = pd.to_numeric(rows[scale.column], errors="coerce").to_numpy(
        dtype=np.float64, na_value=np.nan
    )
    outside = np.zeros(len(values), dtype=np.bool_)
    for limit, sign in ((scale.low, 1), (scale.high, -1)):
        if limit is not None:
            outside |= sign * values < sign * limit
    if outside.any():
        limits = f"{scale.low:g} to {scale.high:g}" if scale.high is not None else "0 or more"
        raise RuleError(
            f"A recorded score of {scale.title} is outside the limits of {instrument.name}, "
            f"{limits}: it is of another version or another instrument.",
            found=f"{outside.sum():,} of {format_count(int(np.isfinite(values).sum()), 'score')} "
            "outside",
            instead="the instrument, or version, that was filled in; instruments() lists them",
        )
    return values


def _calculated(
    instrument: Instrument, scale: Scale, read: ReadItems, missing: str
) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Return the scores that follow from the items, and how many of these were answered."""
    size = len(read.rows)
    total, answered = np.zeros(size), np.zeros(size, dtype=np.int64)
    for number in scale.items:
        if number not in read.answers:
            continue
        values, item = read.answers[number], instrument.item(number)
        if number in instrument.reversed and item.low is not None and item.high is not None:
            values = item.low + item.high - values
        known = np.isfinite(values)
        total[known] += values[known]
        answered += known
    enough = _enough(answered, len(scale.items), instrument.prorate_from, missing)
    mean = np.divide(total, answered, out=np.full(size, np.nan), where=enough)
    exact = np.where(answered == len(scale.items), total, mean * len(scale.items))
    return (mean if scale.combine == "mean" else np.where(enough, exact, np.nan)), answered


def _enough(
    answered: np.ndarray[tuple[int], np.dtype[np.int64]], items: int, least: float, missing: str
) -> Booleans:
    needed = items if missing == "complete" else max(int(np.ceil(least * items - CLOSE)), 1)
    enough: Booleans = (answered >= needed) & (items > 0)
    return enough


def flagged_answers(
    records: Records,
    instrument: str | Instrument = "phq9",
    *,
    items: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return each answer above the lowest to an item that is to be seen by itself.

    Of the PHQ-9 it is item 9, thoughts of death or self-harm: a low total does not make it go away.

    Parameters
    ----------
    records : Records
        With the check-ins.
    instrument : str or Instrument
        With flagged items.
    items : mapping of str to str, optional
        As for `instrument_scores`.

    Returns
    -------
    pandas.DataFrame
        One row an answer, by episode and day: ``episode_id``, ``person_id``, ``program``, ``day``
        (int32), ``date`` where the records have dates, ``item``, ``label``, ``answer`` (float64).
        It names people: it is for those who treat them, and for no report.

    Raises
    ------
    EstimateError
        If the check-ins hold no answer to such an item: it does not follow from a total.
    RuleError
        If the instrument has no such item.
    """
    asked = find_instrument(instrument)
    if not asked.flagged:
        raise RuleError(
            f"{asked.title} has no item that is to be seen by itself.",
            instead='flagged_answers(records, "phq9")',
        )
    read = read_items(records, asked, items)
    there = [number for number in asked.flagged if number in read.answers]
    if not there:
        raise EstimateError(
            f"The check-ins hold no answers to item {', '.join(asked.flagged)} of "
            f"{asked.title}: whether there were thoughts of self-harm is not known from a "
            "total.",
            instead="the column of the item, "
            f"{(asked.stems or (asked.name,))[0]}_{asked.flagged[0]}",
        )
    parts = []
    for number in there:
        above = np.flatnonzero(read.answers[number] > (asked.item(number).low or 0))
        at = read.episode[above]
        part = pd.DataFrame(
            {
                "episode_id": read.rows["episode_id"].array[above],
                "person_id": records.episodes["person_id"].take(at).array,
                "program": records.episodes["program"].take(at).array,
                "day": read.rows["day"].to_numpy()[above],
                "item": number,
                "label": asked.item(number).label,
                "answer": read.answers[number][above],
            }
        )
        if "date" in read.rows:
            part.insert(4, "date", read.rows["date"].to_numpy()[above])
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
