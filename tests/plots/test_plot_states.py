from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

import iop_outcomes as iop
from iop_outcomes import state_occupation
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout.style import alternative_text
from iop_outcomes.plots.states import FACES, plot_states
from iop_outcomes.survival.states.result import StateOccupation

mpl.use("Agg")
SAMPLES = Path(__file__).parents[2] / "data" / "samples"


@pytest.fixture(autouse=True)
def _close() -> Any:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def result() -> StateOccupation:
    return state_occupation(iop.read_records(SAMPLES), by="track")


def panels_of(ax: Any) -> list[Any]:
    return ax.child_axes or [ax]


def artists(ax: Any, prefix: str) -> dict[str, Any]:
    """Return the artists of a panel whose id begins so, by the rest of it."""
    results = {}
    for artist in ax.findobj():
        gid = artist.get_gid() or ""
        if gid.startswith(prefix):
            results[gid.removeprefix(prefix)] = artist
    return results


def edge(area: Any, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper edge of an area between the days, from its corners.

    The corners go from left to right along one edge and back along the other.
    """
    corners = area.get_paths()[0].vertices
    turn = int(np.argmax(corners[:, 0]))
    edges = []
    for part in (corners[: turn + 1], corners[turn:][::-1]):
        inner = part[(part[:, 0] >= 0)]
        place = np.searchsorted(inner[:, 0], days, side="left") - 1
        edges.append(inner[place, 1])
    low, high = np.sort(np.stack(edges), axis=0)
    return low, high


def test_the_areas_are_the_shares(result: StateOccupation) -> None:
    panels = panels_of(plot_states(result))
    assert [panel.get_title(loc="left") for panel in panels] == ["day", "evening"]
    between = np.arange(int(result.last_day)) + 0.5
    for panel, track in zip(panels, ("day", "evening"), strict=True):
        areas = artists(panel, "state_")
        assert list(areas) == [name for name in FACES if name in result.states]
        table = result.at(between)
        floor = np.zeros(len(between))
        for state, area in areas.items():
            own = table[(table["track"] == track) & (table["state"] == state)]["share"].to_numpy()
            low, high = edge(area, between)
            np.testing.assert_allclose(low, floor, atol=1e-9)
            np.testing.assert_allclose(high - low, own, atol=1e-9)
            floor = high


def test_the_areas_fill_the_panel(result: StateOccupation) -> None:
    for panel in panels_of(plot_states(result)):
        corners = np.concatenate(
            [area.get_paths()[0].vertices for area in artists(panel, "state_").values()]
        )
        assert corners[:, 1].min() == 0
        assert corners[:, 1].max() == pytest.approx(1)
        assert corners[:, 0].min() == 0
        assert corners[:, 0].max() == result.last_day


def test_states_are_told_apart_without_colour(result: StateOccupation) -> None:
    panel = panels_of(plot_states(result))[0]
    areas, labels = artists(panel, "state_"), artists(panel, "label_")
    assert list(areas) == list(labels)
    last = result.at(result.last_day)
    for state, label in labels.items():
        share = last[(last["track"] == "day") & (last["state"] == state)]["share"].item()
        told = "under 1%" if 0 < share < 0.005 else f"{share:.0%}"
        assert label.get_text() == f"{state} {told}"
    heights = [label.get_position()[1] + label.xy[1] * 210 for label in labels.values()]
    assert (np.diff(heights) >= 14).all()
    hatches = [area.get_hatch() for area in areas.values() if area.get_hatch()]
    assert len(set(hatches)) == len(hatches) >= len(areas) - 2


def test_the_table_below_is_who_is_under_observation(result: StateOccupation) -> None:
    panel = panels_of(plot_states(result))[-1]
    cells = artists(panel, "risk_")
    for position, track in enumerate(("day", "evening")):
        days = [float(name.split("_")[1]) for name in cells if name.startswith(f"{position}_")]
        assert 90 in days
        table = result.risk_table(days)
        counts = table.loc[table["track"] == track, "at_risk"]
        drawn = [cells[f"{position}_{day:g}"].get_text() for day in days]
        assert drawn == [f"{count:,}" for count in counts]


def test_what_it_says_in_words(result: StateOccupation) -> None:
    ax = result.plot()
    text = alternative_text(ax)
    assert result.text in text
    assert text.startswith("Stacked areas.")
    assert artists(ax, "synthetic")
    assert panels_of(ax)[-1].get_xlabel() == "days since admission"


def test_other_states_on_given_axes() -> None:
    histories = pd.DataFrame(
        {"state": ["well", "well", "ill"], "days": [10, 20, 30], "next_state": ["ill", "gone", ""]}
    ).replace("", None)
    histories["state"] = pd.Categorical(histories["state"], ["well", "ill"])
    _, ax = plt.subplots()
    occupation = state_occupation(histories, id=None)
    assert plot_states(occupation, ax) is ax
    assert list(artists(ax, "state_")) == ["well", "ill", "gone"]
    assert not artists(ax, "synthetic")
    assert ax.get_xlabel() == "days since the start"


def test_long_names_stand_on_lines_of_their_own(result: StateOccupation) -> None:
    names = {"day": "a day programme with a long name", "evening": "evening"}
    table = result.table.assign(track=result.table["track"].astype(str).map(names))
    ax = plot_states(replace(result, table=table, sizes=result.sizes.assign(track=[*names])))
    panel = panels_of(ax)[-1]
    heights = {text.get_text(): text.xyann[1] for text in panel.texts if text.get_text() in names}
    counts = {cell.xyann[1] for cell in artists(panel, "risk_").values()}
    assert len(counts) == 2
    assert not counts & set(heights.values())


def test_too_many_states_are_refused() -> None:
    names = list("abcdefghi")
    histories = pd.DataFrame({"state": names, "days": range(10, 19), "next_state": "a"})
    with pytest.raises(RuleError, match="at most 8"):
        plot_states(state_occupation(histories, id=None))
