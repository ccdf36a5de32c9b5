"""Pictures of groups made comparable: what they show, and that nothing lies on anything."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

import iop_outcomes as iop
from iop_outcomes.errors import RuleError
from tests.helpers.pictures import CENTER, assert_apart, assert_within, words_of


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    random = np.random.default_rng(3)
    track = random.choice(["day", "evening"], 120)
    return pd.DataFrame(
        {
            "track": track,
            "age": random.normal(40, 10, 120) + 6 * (track == "day"),
            CENTER: random.random(120) < 0.4,
            "program": random.choice(["North", "Harbor", "Lakeside"], 120),
            "score": np.where(random.random(120) < 0.2, np.nan, random.normal(0, 1, 120)),
            "w": random.uniform(0.5, 2, 120),
            "apart": np.where(track == "day", 1.5, 2.5),
        }
    )


NAMES = ["age", CENTER, "program", "score"]


def test_differences_are_points_before_and_after(people: pd.DataFrame) -> None:
    balanced = iop.balance(people, "track", NAMES, weights="w")
    ax = balanced.plot()
    drawn = {line.get_gid(): line for line in ax.lines if line.get_gid()}
    before = balanced.differences["difference"].abs().tolist()
    before.append(abs(balanced.differences["difference_missing"].iloc[-1]))
    np.testing.assert_allclose(drawn["before"].get_xdata(), before)
    after = balanced.differences["weighted_difference"].abs().tolist()
    assert drawn["after"].get_xdata()[:4].tolist() == pytest.approx(after)
    assert [label.get_text() for label in ax.get_yticklabels()][-1] == "score, missing"
    words = words_of(ax)
    assert_within(ax, words=words)
    assert_apart(ax, words)
    assert "Largest standardised difference" in iop.alternative_text(ax)


def test_an_endless_difference_is_an_arrow_at_the_edge(people: pd.DataFrame) -> None:
    ax = iop.plot_balance(iop.balance(people, "track", ["age", "apart"]))
    arrows = [line for line in ax.lines if line.get_marker() == ">"]
    assert [float(line.get_xdata()[0]) for line in arrows] == [ax.get_xlim()[1]]
    assert_apart(ax)


def test_too_many_rows_are_refused(people: pd.DataFrame) -> None:
    many = people.assign(**{f"score {place}": people["age"] for place in range(61)})
    balanced = iop.balance(many, "track", [f"score {place}" for place in range(61)])
    with pytest.raises(RuleError, match="at most 60 covariates"):
        balanced.plot()


def test_overlap_draws_the_shares_of_the_table(people: pd.DataFrame) -> None:
    weighted = iop.propensity_weights(people, "track", "age + program")
    ax = weighted.plot()
    drawn = {patch.get_gid(): patch for patch in ax.patches if patch.get_gid()}
    for place, group in enumerate(("day", "evening")):
        own = weighted.overlap[weighted.overlap["group"] == group]
        np.testing.assert_allclose(drawn[f"group_{place}"].get_data().values, own["share"])
    assert ax.get_xlabel() == "probability of evening"
    words = words_of(ax)
    assert_within(ax, words=words)
    assert_apart(ax, words)


def test_overlap_of_several_groups_has_a_panel_each(people: pd.DataFrame) -> None:
    named = people.assign(program=people["program"].replace({"North": CENTER}))
    ax = iop.plot_overlap(iop.propensity_weights(named, "program", "age"))
    assert len(ax.child_axes) == 3
    assert_within(ax)


def test_adjusted_curves_are_drawn_with_their_limits(people: pd.DataFrame) -> None:
    random = np.random.default_rng(1)
    times = people.assign(days=random.integers(1, 90, 120), event=random.random(120) < 0.7)
    for limits in ("closed_form", "bootstrap"):
        adjusted = iop.adjusted_curves(
            *(times, "track", "age"),
            day=60,
            limits=limits,  # type: ignore[arg-type]
            resamples=100,
        )
        ax = adjusted.plot()
        own = adjusted.curves[adjusted.curves["group"] == "day"]
        np.testing.assert_allclose(ax.lines[0].get_ydata(), own["survival"])
        words = words_of(ax)
        assert_within(ax, words=words)
        assert_apart(ax, words)
    assert "100 bootstrap samples" in iop.alternative_text(ax)
