"""Which ends of the times are causes, and which only end what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.group_codes import refuse_confusing_characters, refuse_repeated_names
from iop_outcomes.shared.messages import as_written, columns_found
from iop_outcomes.shared.vocabulary import COMPETING_ENDS
from iop_outcomes.survival.competing.end_words import refuse_misspelt
from iop_outcomes.survival.times import CheckedTimes, check_times


@dataclass(frozen=True, eq=False)
class Causes:
    """The times with the cause of each row's end.

    Attributes
    ----------
    times : CheckedTimes
        Whose event is an end by any of the causes.
    names : tuple of str
        The causes, in the order asked for.
    code : numpy.ndarray of int
        The position in `names` of the cause that ended each row; -1 if it is censored.
    ends : pandas.Categorical
        How each row ended, in the words of the frame; missing where it does not say.
    """

    times: CheckedTimes
    names: tuple[str, ...]
    code: NDArray[np.intp]
    ends: pd.Categorical


def read_causes(
    times: pd.DataFrame,
    by: str | Sequence[str] | None,
    end: str,
    causes: Sequence[Any] | None,
) -> Causes:
    """Say which rows of the times end by which cause; see `cumulative_incidence` for the rule."""
    has_event = not isinstance(times, pd.DataFrame) or "event" in times.columns
    if causes is None and not has_event:
        raise EstimateError(
            "There is neither a column named event nor a list of causes, so the competing ends "
            "are not known.",
            found=columns_found(times.columns, "event"),
            instead='causes=["relapse", "died"], the ends that compete; or a column event, 1 for '
            "the end of interest.",
        )
    checked = check_times(times if has_event else times.assign(event=False), by, ["competing_on"])
    event = checked.event if has_event else None
    ends = _ends(times, by, end)
    leaving = _leaving(times, end, ends)
    own = [] if event is None else _own_words(ends, event)
    if causes is not None:
        asked = _asked(causes, ends)
    elif own:
        present = {
            words.categories[place]
            for words in (ends, leaving)
            for place in np.unique(words.codes)
            if place >= 0
        }
        also = [word for word in _competing(times) if word in present and word not in own]
        asked = [*own, *also]
    else:
        raise EstimateError(
            "No row has the event, so the cause of interest is not known.",
            found=f"0 events among {len(times):,}",
            instead='causes=["relapse", "died"], for example.',
        )
    position = np.append(pd.Index(asked).get_indexer(ends.categories), -1)
    code = position[ends.codes]  # the last, -1, is that of a missing end
    if event is not None:
        has_cause = np.append(ends.categories.isin(own), False)[ends.codes]
        code = np.where(has_cause & ~event, -1, code)
    leaves = np.append(pd.Index(asked).get_indexer(leaving.categories), -1)[leaving.codes]
    if (leaves >= 0).any():
        day = checked.others["competing_on"]
        if event is not None:
            leaves = np.where(event & ~(day < checked.days), -1, leaves)
        days = np.where(leaves < 0, checked.days, day)
        if (days == np.floor(days)).all():
            days = days.astype(checked.days.dtype)  # whole days stay whole days
        late = {} if checked.entry is None else {"entry": checked.entry}
        checked = check_times(times.assign(days=days, event=False, **late), by)
        code = np.where(leaves >= 0, leaves, code)
        ends = _replaced(ends, leaves, asked)
    return Causes(replace(checked, event=code >= 0), tuple(asked), code, ends)


def _competing(times: pd.DataFrame) -> list[str]:
    """Return the words of the ends that compete by what the frame says, those usual first.

    A frame without the column competing_end says nothing: then those compete that usually do.
    """
    if "competing_end" not in times.columns:
        return list(COMPETING_ENDS)
    words = {_word(value) for value in times["competing_end"].dropna().unique()}
    return [
        *(word for word in COMPETING_ENDS if word in words),
        *sorted(words - set(COMPETING_ENDS)),
    ]


def _leaving(times: pd.DataFrame, end: str, ends: pd.Categorical) -> pd.Categorical:
    """Return the competing end that came first of each row, as words; missing where none did."""
    if end != "ended_by" or not {"competing_end", "competing_on"} <= set(times.columns):
        none = np.full(len(ends), -1)
        return pd.Categorical.from_codes(none, [])  # type: ignore[arg-type]  # it takes arrays
    day = times["competing_on"]
    refuse_confusing_characters(times["competing_end"], "competing_end")
    competing = times["competing_end"].astype("category").array
    numeric = pd.api.types.is_numeric_dtype(day) and not pd.api.types.is_bool_dtype(day)
    undated = (competing.codes >= 0) & (day.isna().to_numpy() | (not numeric))
    if undated.any():
        raise EstimateError(
            "Every competing end needs its day, a number, in competing_on.",
            found=f"{int(undated.sum()):,} of {int((competing.codes >= 0).sum()):,} without one",
            instead='times.drop(columns=["competing_end", "competing_on"]), to take ended_by.',
        )
    return competing.rename_categories(_word)


def _replaced(ends: pd.Categorical, first: NDArray[np.intp], asked: list[str]) -> pd.Categorical:
    """Return how each row ended, the competing ends that came first in place of the others."""
    dtype = pd.CategoricalDtype([*ends.categories, *(w for w in asked if w not in ends.categories)])
    place = np.append(pd.Index(dtype.categories).get_indexer(asked), -1)
    codes = np.where(first >= 0, place[first], ends.codes)
    return pd.Categorical.from_codes(codes, dtype=dtype)  # type: ignore[arg-type]  # takes arrays


def _ends(times: pd.DataFrame, by: str | Sequence[str] | None, end: str) -> pd.Categorical:
    """Return how each row ended, as words."""
    if end not in times.columns:
        raise RuleError(
            f"There is no column named {end} that says how each time ended.",
            found=columns_found(times.columns, end),
            instead='end="...", the column with the causes; iop.survival_curves(times) where '
            "every event is of one kind.",
        )
    grouping = [by] if isinstance(by, str) else list(by or [])
    if end in grouping or end in ("days", "event", "entry"):
        raise RuleError(
            f"The column {end} cannot hold both how the times ended and something else.",
            found=f'end="{end}"',
            instead='end="ended_by"',
        )
    refuse_repeated_names(times, [end])
    refuse_confusing_characters(times[end], end)
    try:
        column = times[end].astype("category").array
        return column.rename_categories(_word)
    except (TypeError, ValueError):
        raise EstimateError(
            f"The column {end} does not say how the times ended.",
            found="lists, or different values that read the same",
            instead=f'times.assign({end}=times["{end}"].astype(str))',
        ) from None


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _own_words(ends: pd.Categorical, event: NDArray[np.bool_]) -> list[str]:
    """Return the words of the rows with the event, in the order of the categories."""
    places = ends.codes[event]
    missing = int((places < 0).sum())
    if missing:
        raise EstimateError(
            "Every event has a cause.",
            found=f"{missing:,} of {int(event.sum()):,} events without one",
            instead='a cause of their own, such as "not recorded", or event False.',
        )
    return [str(ends.categories[place]) for place in np.unique(places)]


def _asked(causes: Sequence[Any], ends: pd.Categorical) -> list[str]:
    """Return the causes asked for as words; refuse those that are misspelt."""
    if isinstance(causes, str) or not len(causes):
        raise RuleError(
            "The causes are a list of one or more.",
            found=f"causes={as_written(causes)}",
            instead='causes=["relapse", "died"]',
        )
    asked = [_word(cause) for cause in causes]
    refuse_misspelt(asked, list(ends.categories), len(ends))
    if len(set(asked)) < len(asked):
        raise RuleError("A cause is listed twice.", found=as_written(causes))
    return asked
