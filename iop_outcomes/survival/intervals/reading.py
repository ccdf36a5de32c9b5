"""What an estimate from intervals leaves open, and of how many people what is known by a day."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def risk_counts(intervals: pd.DataFrame, days: NDArray[Any]) -> pd.DataFrame:
    """Return, for each day, how many are known clear, in between, out of sight, with the event.

    Parameters
    ----------
    intervals : pandas.DataFrame
        ``entry, left, right, people``.
    days : numpy.ndarray
        The days.
    """
    people = intervals["people"].to_numpy()
    happened = np.isfinite(intervals["right"].to_numpy())

    def counted(name: str, rows: NDArray[np.bool_], side: Any) -> NDArray[np.int64]:
        """Count the people of some rows whose day of that name is before, or not after, each."""
        day = intervals[name].to_numpy()[rows]
        order = np.argsort(day, kind="stable")
        through = np.append(0, np.cumsum(people[rows][order]))
        counts: NDArray[np.int64] = through[np.searchsorted(day[order], days, side=side)]
        return counts

    everyone = np.ones(len(people), dtype=bool)
    exact = intervals["left"].to_numpy() == intervals["right"].to_numpy()
    events = counted("right", happened, "right")
    over = counted("left", ~happened, "left")
    # Past the last day known clear, and not yet at the check-in that showed the event.
    wide = happened & ~exact
    between = counted("left", wide, "left") - counted("right", wide, "right")
    passed = np.maximum(between, 0)
    clear = counted("entry", everyone, "right") - events - over - passed
    return pd.DataFrame(
        {"day": days, "clear": clear, "between": passed, "over": over, "events": events}
    )


def unsettled_words(table: pd.DataFrame, fit: pd.Series[Any]) -> str:
    """Return what the data do not settle about a group, as the end of a sentence."""
    text = ""
    if not fit["unique"]:
        differ = (table["after_highest"] - table["after_lowest"]).to_numpy()
        apart = np.flatnonzero(differ > 0)
        begin = table["left"].iloc[apart[0]]
        end = table["right"].iloc[min(apart[-1] + 1, len(table) - 1)]
        text = (
            f", the estimate is not unique: estimates differ by up to "
            f"{100 * differ.max():.1f} percentage points between day {begin:g} and day {end:g}"
        )
    if fit["beyond"]:
        last = table["right"].iloc[-1]
        text += (
            f", 0 from day {last:g} on since all who were known to be at risk had the event by "
            f"then: of the {fit['beyond']:,.0f} known to be without it later it says nothing"
        )
    return text


def points_words(least: float, most: float) -> str:
    """Return one or two differences of shares in percentage points."""
    written = [f"{100 * value + 0.0:+.1f}".replace("-0.0", "+0.0") for value in (least, most)]
    return written[0] if written[0] == written[1] else f"{written[0]} to {written[1]}"
