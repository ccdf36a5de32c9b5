"""Every result that can be drawn, of made-up people in programs of given names; where words are."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox

import iop_outcomes as iop
from iop_outcomes.attendance import AttendanceByWeek
from iop_outcomes.shared.provenance import Provenance, label
from iop_outcomes.statistics.proportions import proportion_interval
from iop_outcomes.trends import Trend

RULE = "Relapse is the first use after admission; a missing check-in ends follow-up."
CENTER = "The Reverend Dr. Martin Luther King Memorial Outpatient Center for Recovery"
NAMES = {
    "plain": ("North", "Riverside", "Harbor"),
    "long": (f"{CENTER}, East Campus", f"{CENTER}, West Campus", "Harbor"),
    "Chinese": ("北京市海淀区药物依赖康复中心", "上海门诊", "Harbor"),
    # Without a lone surrogate: pandas 2.3 takes two names that hold one for the same group.
    "hostile": ("A\x01b", "\ufffeC", "D\x9b", "$x^2$ _a \u202eabc", "_hid\nden"),
}
PLOTS: dict[str, Callable[..., Axes]] = {
    "curves": iop.plot_survival,
    "protected": iop.plot_survival,
    "incidence": iop.plot_incidence,
    "hazard": iop.plot_hazard,
    "interval": iop.plot_interval,
    "parametric": iop.plot_parametric,
    "cox": iop.plot_regression,
    "causes": iop.plot_regression,
    "states": iop.plot_states,
    "recurrent": iop.plot_mean_cumulative,
    "trend": iop.plot_trend,
    "chart": iop.plot_trend,
    "weeks": iop.plot_attendance,
    "sensitivity": iop.plot_sensitivity,
}


def times_of(names: tuple[str, ...], people: int) -> pd.DataFrame:
    random = np.random.default_rng(6)
    parts = []
    for number, name in enumerate(names):
        event = np.ceil(random.weibull(0.8, people) * (80 + 10 * number)).astype(int)
        end = random.integers(30, 300, people)
        left = random.choice(["died", "transferred", "end_of_follow_up"], people, p=[0.1, 0.1, 0.8])
        frame = {
            "program": name,
            "days": np.minimum(event, end),
            "event": event <= end,
            "ended_by": np.where(event <= end, "relapse", left),
            "age": random.integers(18, 70, people),
            "person_id": [f"{number}-{person}" for person in range(people)],
        }
        parts.append(pd.DataFrame(frame))
    times = pd.concat(parts, ignore_index=True)
    times["clear_until"] = np.maximum(times["days"] - 7, 0)
    return label(times, Provenance(RULE, "relapse", "admission"))


def stays_of(times: pd.DataFrame) -> pd.DataFrame:
    first = times.assign(
        state="engaged", entry=0, next_state=np.where(times["event"], "relapsed", None)
    )
    second = first[first["event"]].assign(
        state="relapsed", entry=lambda rows: rows["days"], days=lambda rows: rows["days"] + 40
    )
    second["next_state"] = np.where(second["age"] > 30, "a rather long name of a state", None)
    columns = ["person_id", "program", "state", "entry", "days", "next_state"]
    return pd.concat([first, second], ignore_index=True)[columns]


def trend_of(names: tuple[str, ...]) -> Trend:
    random = np.random.default_rng(5)
    months = pd.period_range("2024-10", periods=24, freq="M").astype(str)
    tables = []
    for name in names:
        n = random.integers(30, 900, 24).astype(float)
        k = random.binomial(n.astype(int), 0.6).astype(float)
        lower, upper = proportion_interval(k, n)
        table = pd.DataFrame({"program": name, "period": months, "numerator": k, "denominator": n})
        table = table.assign(value=k / n, lower=lower, upper=upper, complete=np.arange(24) < 21)
        table.loc[~table["complete"], ["value", "lower", "upper"]] = np.nan
        table = table.assign(value_so_far=np.nan, lower_so_far=np.nan, upper_so_far=np.nan)
        tables.append(table)
    frame = pd.concat(tables, ignore_index=True)
    rule = "Retained: a / b."
    return Trend(frame, "m", "Retained", "proportion", "month", ("program",), 0.95, rule)


def chart_of(names: tuple[str, ...]) -> Trend:
    """A trend of proportions with its chart, a new limit, an event and a month not complete."""
    frame = trend_of(names).table
    frame = frame[["program", "period", "numerator", "denominator", "complete"]]
    return iop.trend(
        *(frame, "Retained"),
        by="program",
        target=0.7,
        rebase=[("2025-06-01", names[0])],
        events=[("2026-01-15", names[-1])],
    )


def weeks_of(names: tuple[str, ...]) -> AttendanceByWeek:
    weeks = np.arange(1, 13)
    one = pd.DataFrame({"week": weeks, "episodes_followed": 400, "episodes": 400 - 15 * weeks})
    one["episodes_attending"] = (one["episodes"] * 0.8).astype(int)
    one["due"], one["attended"] = one["episodes"] * 3, one["episodes"] * 2
    one["rate"] = 0.7
    one["lower"], one["upper"] = one["rate"] - 0.03, one["rate"] + 0.03
    table = pd.concat([one.assign(program=name) for name in names], ignore_index=True)
    return AttendanceByWeek(table, ("program",), 0.95, "Sessions are group services.")


def sensitivity_of(names: tuple[str, ...]) -> iop.Sensitivity:
    sample = iop.synthetic_records(11, people=300)
    old = {name: number for number, name in enumerate(sample.episodes["program"].unique())}
    number = sample.episodes["program"].astype(str).map(old)
    program = [names[place % len(names)] for place in number]
    records = iop.read_records(
        episodes=sample.episodes.assign(program=program),
        checkins=sample.checkins,
        as_of="2026-09-30",
    )
    return iop.sensitivity(records, by="program")


CAUSES = ["relapse", "died", "transferred"]


@cache
def result_of(name: str, kind: str = "plain", people: int = 60) -> Any:
    """Return a result of made-up people in the programs of that kind, made once."""
    names = NAMES[kind]
    if name == "trend":
        return trend_of(names)
    if name == "chart":
        return chart_of(names)
    if name == "weeks":
        return weeks_of(names)
    if name == "protected":
        return iop.protect(result_of("curves", kind, people))
    times = times_of(names, people)
    if name in ("states", "recurrent"):
        return _of_stays(name, stays_of(times))
    return _of_times(name, times)


def _of_times(name: str, times: pd.DataFrame) -> Any:
    if name == "curves":
        return iop.survival_curves(times, by="program")
    if name == "incidence":
        return iop.cumulative_incidence(times, by="program", causes=CAUSES)
    if name == "hazard":
        return iop.hazard(times, by="program")
    if name == "interval":
        return iop.interval_survival(times, by="program")
    if name == "parametric":
        return iop.parametric_survival(times, by="program", models=["weibull"])
    if name == "cox":
        return iop.cox(times, "age + program")
    return iop.cause_specific_cox(times, "age + program", causes=CAUSES[:2])


def _of_stays(name: str, stays: pd.DataFrame) -> Any:
    if name == "states":
        return iop.state_occupation(stays, by="program", id="person_id")
    spells = stays[stays["state"] == "engaged"]
    spells = spells.assign(event=spells["next_state"].notna()).drop(columns="next_state")
    return iop.mean_cumulative_function(spells, by="program", id="person_id")


def words_of(ax: Axes) -> list[tuple[str, Bbox]]:
    """Return every written text of a picture with the room that it takes, in pixels."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()  # places everything, which takes a third of drawing it
    hidden = {
        id(text)
        for panel in figure.axes
        if not panel.axison
        for axis in (panel.xaxis, panel.yaxis)
        for text in axis.findobj(Text)
    }
    texts = [text for text in ax.findobj(Text) if isinstance(text, Text) and id(text) not in hidden]
    shown = [text for text in texts if text.get_visible() and text.get_text().strip()]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in shown]
    # Tick labels of views that were never shown stay behind at odd places; they are not drawn.
    return [(words, box) for words, box in boxes if box.x1 > 0 and box.x0 < figure.bbox.x1]


Words = list[tuple[str, Bbox]]


def assert_within(ax: Axes, room: Bbox | None = None, words: Words | None = None) -> None:
    """Check that every word lies within the figure, or within a part of it (in pixels)."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    edge = figure.bbox if room is None else room
    for word, box in words_of(ax) if words is None else words:
        assert box.x0 >= edge.x0 - 0.5, word
        assert box.x1 <= edge.x1 + 0.5, word
        assert box.y0 >= edge.y0 - 0.5, word
        assert box.y1 <= edge.y1 + 0.5, word


def assert_apart(ax: Axes, words: Words | None = None) -> None:
    """Check that no word lies on another."""
    boxes = words_of(ax) if words is None else words
    edges = [(word, box.x0, box.x1, box.y0, box.y1) for word, box in boxes]
    for place, (word, x0, x1, y0, y1) in enumerate(edges):
        for other, left, right, low, high in edges[place + 1 :]:
            apart = min(x1, right) - max(x0, left) <= 0.5 or min(y1, high) - max(y0, low) <= 0.5
            assert apart, (word, other)
