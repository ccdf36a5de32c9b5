"""Which ends of the times are causes, and which only end what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.relapse.rules import COMPETING_ENDS
from iop_outcomes.survival.checking import CheckedTimes, check_times


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
    given = None
    if causes is None or not isinstance(times, pd.DataFrame) or "event" in times.columns:
        given = check_times(times, by).event
    ends = _ends(times, by, end)
    own = [] if given is None else _own_words(ends, given)
    if causes is not None:
        asked = _asked(causes, ends)
    elif own:
        present = {ends.categories[place] for place in np.unique(ends.codes) if place >= 0}
        competing = times.attrs.get("competing", COMPETING_ENDS)
        also = [word for word in competing if word in present and word not in own]
        asked = [*own, *also]
    else:
        raise EstimateError(
            "No row has the event, so that nothing says which cause is asked for.",
            found=f"0 events among {len(times):,}",
            instead='causes=["relapse", "died"], for example.',
        )
    position = np.append(pd.Index(asked).get_indexer(ends.categories), -1)
    code = position[ends.codes]  # the last, -1, is that of a missing end
    if given is not None:
        bears = np.append(ends.categories.isin(own), False)[ends.codes]
        code = np.where(bears & ~given, -1, code)
    counted = times.assign(event=code >= 0)
    if {"ended_on", "days"} <= set(times.columns):
        others = code >= 0 if given is None else (code >= 0) & ~given
        counted["days"] = _days_of_ends(times, others)
    checked = check_times(counted, by)
    return Causes(checked, tuple(asked), code, ends)


def _days_of_ends(times: pd.DataFrame, competing: NDArray[Any]) -> pd.Series[Any]:
    """Return the days of the rows, those of the competing ends on the day that they happened."""
    column = times["ended_on"]
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    wrong = competing if not numeric else competing & ~(column >= times["days"]).to_numpy()
    if wrong.any():
        raise EstimateError(
            "The day of a competing end is a number, on or after the last day known.",
            found=f"{int(wrong.sum()):,} of {int(competing.sum()):,} with ended_on missing or "
            "before days",
            instead='times.drop(columns="ended_on"), to date these ends at their days.',
        )
    return times["days"].where(~competing, column)


def _ends(times: pd.DataFrame, by: str | Sequence[str] | None, end: str) -> pd.Categorical:
    """Return how each row ended, as words."""
    if end not in times.columns:
        raise RuleError(
            f"There is no column named {end} that says how each time ended.",
            found=f"the columns {', '.join(map(str, times.columns))}",
            instead='end="...", the column with the causes; iop.survival_curves(times) where '
            "every event is of one kind.",
        )
    grouping = [by] if isinstance(by, str) else list(by or [])
    if end in grouping or end in ("days", "event", "entry"):
        raise RuleError(
            f"The column {end} cannot be both how the times ended and something else.",
            found=f'end="{end}"',
            instead='end="ended_by"',
        )
    found = times[end].astype("category").array
    return found.rename_categories(_word)


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _own_words(ends: pd.Categorical, given: NDArray[np.bool_]) -> list[str]:
    """Return the words of the rows with the event, in the order of the categories."""
    places = ends.codes[given]
    missing = int((places < 0).sum())
    if missing:
        raise EstimateError(
            "Every event has a cause.",
            found=f"{missing:,} of {int(given.sum()):,} events without one",
            instead='a cause of their own, such as "not recorded", or event False.',
        )
    return [str(ends.categories[place]) for place in np.unique(places)]


def _asked(causes: Sequence[Any], ends: pd.Categorical) -> list[str]:
    """Return the causes asked for as words; refuse those that the column cannot say."""
    if isinstance(causes, str) or not len(causes):
        raise RuleError(
            "The causes are a list of one or more.",
            found=f"causes={causes!r}",
            instead='causes=["relapse", "died"]',
        )
    asked = [_word(cause) for cause in causes]
    absent = [word for word in asked if word not in ends.categories]
    if absent:
        raise RuleError(
            f"No time can have ended by {', '.join(absent)}: the column has no such word.",
            found=", ".join(ends.categories[:20]) or "no end that is recorded",
            instead="causes that are among these.",
        )
    if len(set(asked)) < len(asked):
        raise RuleError("A cause is listed twice.", found=", ".join(asked))
    return asked
