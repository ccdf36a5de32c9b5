"""The page of all measures: each with its newest value, target, signal and course."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.report.model import Kind, Table, write_value
from iop_outcomes.report.sections.signals import (
    NUMBERS,
    TOO_FEW,
    TOO_FEW_MONTHS,
    UNCLEAR,
    said,
    usual_rule,
)
from iop_outcomes.report.trends import Trends
from iop_outcomes.shared.text import SHARE_DECIMALS
from iop_outcomes.trends import Trend
from iop_outcomes.trends.charting import COLUMNS
from iop_outcomes.trends.charts import TRIAL_POINTS
from iop_outcomes.trends.quantities import find_quantity
from iop_outcomes.trends.quantities.quantity import FIRST_PERIODS, comparable_from
from iop_outcomes.trends.signals.judging import COMMON, FAILING, HIT_AND_MISS, PASSING
from iop_outcomes.trends.signals.points import LONG
from iop_outcomes.trends.watching.matrix import DRAWN_PERIODS, GAP, matrix_of

NEWEST, NOT_COMPLETE, NOT_KNOWN = "", "not complete", "–"
NOT_SHOWN, NONE_COUNTED = "not shown", "none counted"
NOTE = (
    "Value: the newest period that is known and shown, with its 95% interval from lower to upper. "
    "{month}{newer}Signal: what the control chart says of that period, and which side of the usual "
    "it is on. Higher and lower in the findings compare two times; a signal asks whether the "
    "newest point is outside of what is usual. So the two can differ. {few}How its limits are made "
    "stands in the definitions."
)
NEWER = {
    NOT_COMPLETE: "Not complete: it is not over, or its people are still followed.",
    NOT_SHOWN: "Not shown: it would tell of a few people, or it is not complete either.",
    NONE_COUNTED: "None counted: a newer period has nothing to be counted.",
}
TARGET_NOTE = (
    " Beside target: would always meet it, or always miss it, if both limits of the chart are on "
    "the better or the worse side of the target; else it can go either way: with no change it will "
    "be met at times. The findings say whether the value of their period met it."
)
WITHOUT_LIMITS = "No limits are drawn: {why}."
COURSE = "course"
FEWEST_DRAWN = 6  # values: bars from lowest to highest make any two values look far apart
COURSE_NOTE = (
    " The course has a bar for each of the last 24 periods. The lowest bar is the lowest value, "
    "and not 0; the highest bar is the highest value. A dot is a period without a value. It is not "
    f"drawn of fewer than {FEWEST_DRAWN} values."
)
EARLY = "¦"
EARLY_NOTE = (
    f" What is before the sign {EARLY} is not comparable with what comes later: all people were "
    "newly admitted then."
)
MONTH_NOTE = (
    "Of some measures that is one month, while the findings are of the whole time of the report, "
    "so that the two numbers differ. "
)
ASSURED = {
    PASSING: "would always meet it",
    FAILING: "would always miss it",
    HIT_AND_MISS: "can go either way",
}
"""What the limits of a chart say of a target, in the words of the report."""
FEW = {
    TOO_FEW: "Too few to say: no signal, but the chart has fewer than {long} periods, and of so "
    "few hardly any change can be a signal.",
    TOO_FEW_MONTHS: "Too few months: fewer than {baseline} are on the chart.",
    UNCLEAR: "Not clear: the chart depends on months of few people, see the signals.",
}


def by_month(trend: Trend, own: Mapping[str, Trend]) -> bool:
    """Return whether a row is of the people and months of a chart in `own`."""
    return trend.measure in own and trend.every == "month"


def not_comparable(trend: Trend, begin: pd.Timestamp) -> pd.Series[bool]:
    """Return which times of a trend are in the first half-year, in which all people are new."""
    if not find_quantity(trend.measure).settles:
        return pd.Series(False, trend.table.index)
    every = trend.every if trend.every in FIRST_PERIODS else "month"
    return trend.table["start"] < comparable_from(begin, every)  # type: ignore[arg-type]  # checked


def usual_chart(
    trend: Trend,
    target: float | None,
    begin: pd.Timestamp = pd.Timestamp.min,
    own: Mapping[str, Trend] | None = None,
) -> Trend:
    """Return a protected trend with the limits and verdict of its usual chart.

    They are made from the values that are shown, and disclose no other; or they are those of the
    chart of the same people by month in `own`, whose words depend on no hidden count.

    Parameters
    ----------
    trend : Trend
        Protected.
    target : float or None
        The value to be reached.
    begin : pandas.Timestamp
        The day of the first admission. Where the first half-year is not comparable with later
        times it is left out of the chart, and has no verdict.
    own : mapping of str to Trend, optional
        The charts by month of the same people.
    """
    quantity = find_quantity(trend.measure)
    monthly = trend.every == "month"
    rule = usual_rule(quantity, baseline=TRIAL_POINTS if monthly else None, target=target)
    if own and by_month(trend, own):
        return _charted_as(replace(trend, chart=rule), own[trend.measure], target)
    table = trend.table
    early = not_comparable(trend, begin)
    if early.any():
        table = table.assign(**{name: table[name].mask(early) for name in NUMBERS})
    made = replace(trend, table=table, chart=rule).charted_again()
    number = int(table["value"].notna().sum())
    if monthly and number < TRIAL_POINTS:
        made = replace(made, table=_too_few(made.table))
    elif number < LONG:
        made = replace(made, table=_too_few_for_runs(made.table))
    shown = {name: trend.table[name] for name in NUMBERS}
    return replace(made, table=made.table.assign(**shown))


def drawn_chart(
    trend: Trend,
    target: float | None,
    begin: pd.Timestamp = pd.Timestamp.min,
    own: Mapping[str, Trend] | None = None,
) -> tuple[Trend, str]:
    """Return a protected trend as it is drawn: with the limits of its usual chart, if it has them.

    They are made from the values that are shown. Where the page of all measures says something
    else of a period, since it counts months that are not shown, no limits are drawn.

    Parameters
    ----------
    trend, target, begin, own
        As for `usual_chart`.

    Returns
    -------
    Trend
        Charted, or as it was.
    str
        From which periods the limits are, or why there are none.
    """
    made = usual_chart(trend, target, begin)
    said = made.table["variation"]
    if made.chart is None:
        return trend, ""
    if (said == TOO_FEW_MONTHS).any():
        return trend, WITHOUT_LIMITS.format(why=f"fewer than {TRIAL_POINTS} months are on a chart")
    if made.table["value"].notna().sum() < LONG:
        return trend, WITHOUT_LIMITS.format(why=f"fewer than {LONG} values are shown")
    if own and by_month(trend, own):
        other = usual_chart(trend, target, begin, own).table["variation"]
        if not said.equals(other):
            return trend, WITHOUT_LIMITS.format(why="signals count months that are not shown, too")
    which = f"the first {TRIAL_POINTS} months" if trend.every == "month" else "all values"
    return made, f"Limits: from {which} on the chart."


def _charted_as(trend: Trend, chart: Trend, target: float | None) -> Trend:
    """Return a trend with the limits and verdict that the chart of the same people has."""
    assert chart.chart is not None
    again = replace(chart, chart=replace(chart.chart, target=target)).charted_again().table
    unclear = chart.table["variation"] == UNCLEAR  # not by this chart alone
    again = again.assign(
        variation=again["variation"].mask(unclear, UNCLEAR), rule=again["rule"].mask(unclear, "")
    )
    if again["value"].notna().sum() < TRIAL_POINTS:
        again = _too_few(again)
    columns = again.set_index("period")[list(COLUMNS)].reindex(trend.table["period"])
    words = {name: columns[name].fillna("") for name in ("variation", "assurance", "rule")}
    columns = columns.assign(**words, trial=columns["trial"].eq(True))
    return replace(trend, table=trend.table.assign(**columns.set_axis(trend.table.index)))


def _too_few(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(variation=TOO_FEW_MONTHS, assurance="", rule="")


def _too_few_for_runs(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that says of no period that it has no signal; a signal stays.

    The two rules of seven points in a row can mark none of so few. A period that is not on the
    chart has no verdict, and too few for one. Nor is a target met or missed consistently.
    """
    silent = table["variation"].isin(["", COMMON])
    return table.assign(variation=table["variation"].mask(silent, TOO_FEW), assurance="")


def matrix_table(
    trends: Trends,
    targets: Mapping[str, float],
    own: Mapping[str, Trend] | None = None,
    until: pd.Timestamp | None = None,
) -> Table | None:
    """Return each measure with its newest value, target, signal and course.

    Parameters
    ----------
    trends : Trends
        Protected.
    targets : mapping of str to float
        Measure -> target.
    own : mapping of str to Trend, optional
        The charts by month of the same people: the months of a measure have one chart in a report.
    until : pandas.Timestamp, optional
        The last day of the report. A trend of years ends before it with the last whole year.
    """
    drawn = [
        usual_chart(trend, targets.get(name), trends.begin, own)
        for name, trend in trends.drawn.items()
    ]
    if not any(trend.table["value"].notna().any() for trend in drawn):
        return None
    page = matrix_of(drawn).table
    kinds: tuple[Kind, ...] = tuple(
        "share" if unit == "proportion" else "count" for unit in page["unit"]
    )
    digits = [SHARE_DECIMALS if kind == "share" else 0 for kind in kinds]
    numbers = {
        name: [float(np.round(one, n)) for one, n in zip(page[name], digits, strict=True)]
        for name in ("value", "lower", "upper", "target")
    }
    newer = pd.Series([_newer(trend, until) for trend in drawn], dtype=object)
    none = newer.where(newer == NOT_SHOWN, NOT_KNOWN)  # of a measure without any value
    values = [
        word if np.isnan(one) else one for one, word in zip(numbers["value"], none, strict=True)
    ]
    early = [int(not_comparable(one, trends.begin).iloc[-DRAWN_PERIODS:].sum()) for one in drawn]
    courses = [_drawn(one, number) for one, number in zip(page["sparkline"], early, strict=True)]
    frame = pd.DataFrame(
        {
            "measure": page["title"],
            "period": page["period"].replace("", "–"),
            "newer": newer,
            "value": pd.Series(values, dtype=object),
            "lower": numbers["lower"],
            "upper": numbers["upper"],
            "target": numbers["target"],
            "beside target": page["assurance"].map(lambda one: ASSURED.get(one, "–")),
            "signal": [said(one) if one else "–" for one in page["variation"]],
            COURSE: courses,
        }
    )
    has_target = any(one.chart is not None and one.chart.target is not None for one in drawn)
    if not has_target:
        frame = frame.drop(columns=["target", "beside target"])
    by_row: dict[str, Kind] = dict.fromkeys(("value", "lower", "upper", "target"), "by_row")
    parts = {"newer": _newer_note(newer), "few": _few_note(frame["signal"])}
    parts["month"] = MONTH_NOTE if _any_of_a_month(trends) else ""
    note = NOTE.format(**parts)
    note += f"{TARGET_NOTE if has_target else ''}{COURSE_NOTE}"
    note += EARLY_NOTE if any(EARLY in one for one in courses) else ""
    spoken = {COURSE: tuple(map(_spoken, drawn, courses, kinds, early))}
    page_table = Table("measures", "All measures on one page", frame, by_row, note, row_kinds=kinds)
    return replace(page_table, read=replace(page_table, frame=_read(page_table), spoken=spoken))


def _drawn(course: str, early: int) -> str:
    """Return a course that has enough values to be one, with a sign after its `early` periods."""
    if len(course) - course.count(GAP) < FEWEST_DRAWN:
        return "–"
    return f"{course[:early]}{EARLY}{course[early:]}" if early else course


def _read(page: Table) -> pd.DataFrame:
    """Return the page as it is read: intervals in one column, and no column of empty cells."""
    frame = page.frame
    written = [
        [write_value(one, kind) for one in ends]
        for ends, kind in zip(frame[["lower", "upper"]].to_numpy(), page.row_kinds, strict=True)
    ]
    intervals = [low if low == NOT_KNOWN else f"{low} to {high}" for low, high in written]
    frame = frame.assign(lower=intervals).rename(columns={"lower": "interval"})
    gone = ["upper", *(["newer"] if (frame["newer"] == NEWEST).all() else [])]
    return frame.drop(columns=gone)


def _spoken(trend: Trend, course: str, kind: Kind, early: int) -> str:
    """Return the lowest and the highest value of a course that is drawn, as they are written.

    It is said, too, how many of its first periods are not comparable with later ones.
    """
    known = trend.table["value"].iloc[-DRAWN_PERIODS:].dropna()
    if not course.strip("–"):
        return ""
    digits = SHARE_DECIMALS if kind == "share" else 0
    low, high = (write_value(round(one, digits), kind) for one in (known.min(), known.max()))
    first = f"; the first {early} not comparable with later ones" if early else ""
    return f"lowest {low}, highest {high}{first}"


def _any_of_a_month(trends: Trends) -> bool:
    """Return whether a measure has a month here and another time in the findings."""
    return any(
        one.every == "month" and name in trends.compared and trends.compared[name].every != "month"
        for name, one in trends.drawn.items()
    )


def _few_note(signal: pd.Series) -> str:
    """Return what the words of too few periods say, of those that stand in the table."""
    words = [sentence for word, sentence in FEW.items() if (signal == word).any()]
    return "".join(f"{one.format(long=LONG, baseline=TRIAL_POINTS)} " for one in words)


def _newer_note(newer: pd.Series) -> str:
    """Return what the words of a column say, of those that stand in it."""
    words = [sentence for word, sentence in NEWER.items() if (newer == word).any()]
    return " ".join(["Newer: why no newer one stands there.", *words, ""]) if words else ""


def _newer(trend: Trend, until: pd.Timestamp | None) -> str:
    """Return why no period after the one that is shown stands in the page of all measures."""
    table = trend.table
    shown = np.flatnonzero(table["value"].notna() & table["complete"])
    after = table.iloc[shown[-1] + 1 :] if len(shown) else table
    if after.empty:
        ends_before = until is not None and table["end"].max().normalize() < until.normalize()
        return NOT_COMPLETE if ends_before else NEWEST
    waiting = not after["complete"].all()
    hidden = bool((after["complete"] & after["hidden"]).any())
    if hidden:
        return NOT_SHOWN
    return NOT_COMPLETE if waiting else NONE_COUNTED
