from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.compare.group_tests.intervals import compare_interval_survival, person_scores
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.plots.layout.style import alternative_text
from iop_outcomes.shared.text import format_more
from iop_outcomes.survival import survival_curves
from iop_outcomes.survival.intervals.estimate import interval_survival
from iop_outcomes.survival.intervals.turnbull import Intervals, estimate_masses
from tests.helpers.engines import by_our_product

HERE = Path(__file__).parents[1] / "reference"
DATA = pd.read_csv(HERE / "interval_data.csv")
REFERENCE = pd.read_csv(HERE / "interval.csv")
NAMES = list(DATA["data"].unique())


def times_of(part: pd.DataFrame) -> pd.DataFrame:
    event = np.isfinite(part["right"])
    return pd.DataFrame(
        {
            "clear_until": part["left"],
            "days": part["right"].where(event, part["left"]),
            "event": event,
            "group": part["group"],
            "stratum": part["stratum"],
        }
    ).reset_index(drop=True)


def made(name: str) -> pd.DataFrame:
    return times_of(DATA[DATA["data"] == name])


def weekly() -> pd.DataFrame:
    return made("weekly")


def reference(name: str, quantity: str) -> pd.DataFrame:
    rows = REFERENCE[(REFERENCE["data"] == name) & (REFERENCE["quantity"] == quantity)]
    assert len(rows)
    return rows


def likelihood(left: np.ndarray, right: np.ndarray) -> float:
    fit = estimate_masses(Intervals.of(left, right))
    covered = (left[:, None] <= fit.left) & (fit.right <= right[:, None])
    # A day known exactly is no part of an interval that begins on it.
    covered &= ~((fit.left == fit.right) & (left[:, None] == fit.left) & (right > left)[:, None])
    return float(np.log(covered @ fit.mass).sum())


def test_the_weekly_example_by_hand():
    curves = interval_survival(weekly())
    assert curves.at([7, 14, 21])["survival"].to_numpy() == pytest.approx(
        [0.8, 0.5, 0.4], rel=1e-12
    )
    assert curves.median()[["median", "earliest", "latest"]].iloc[0].tolist() == [14, 10.5, 17.5]
    inside = curves.at(10).iloc[0]
    assert np.isnan(inside["survival"])
    assert [inside["lowest"], inside["highest"]] == pytest.approx([0.5, 0.8])
    assert curves.at(22).drop(columns="day").isna().all(axis=None)
    assert curves.table["right"].tolist() == [7, 14, 21, np.inf]


def test_turnbull_1974():
    times = made("turnbull1974")
    at = interval_survival(times).at([1, 2, 3, 4]).set_index("day")["survival"]
    assert at.to_numpy() == pytest.approx([0.53757, 0.29459, 0.20976, 0.09485], abs=5e-6)


@pytest.mark.parametrize("name", NAMES)
def test_as_self_consistency_carried_on_in_r(name):
    """The steps in R stop at a change of 1e-15, up to 1e-9 from the maximum where they are slow."""
    part = DATA[DATA["data"] == name]
    theirs = reference(name, "survival")
    curves = interval_survival(made(name))
    assert curves.gap < 1e-11
    at = curves.at(theirs["day"].to_numpy())
    assert at["survival"].notna().all()
    assert at["survival"].to_numpy() == pytest.approx(theirs["value"].to_numpy(), abs=1e-8)
    mine = likelihood(part["left"].to_numpy(), part["right"].to_numpy())
    assert mine == pytest.approx(reference(name, "likelihood")["value"].item(), abs=1e-9)


@pytest.mark.parametrize("name", ["weekly", "turnbull1974", "weeks", "mixed"])
def test_as_survfit(name):
    """It stops once a step moves the curve by less than 5e-5: where steps are slow, too early.

    So the two data sets that need thousands of steps are held against the steps carried on.
    """
    assert reference(name, "steps")["value"].item() < 100
    theirs = reference(name, "r survival")
    at = interval_survival(made(name)).at(theirs["day"].to_numpy())
    lowest = at["lowest"].to_numpy()  # R's days are the middles of the stretches
    assert lowest == pytest.approx(theirs["value"].to_numpy(), abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_medians_are_those_of_r(name):
    median = interval_survival(made(name)).median()["median"].item()
    assert median == pytest.approx(reference(name, "r median")["value"].item())


@pytest.mark.parametrize("name", ["weeks", "days", "few", "mixed"])
@pytest.mark.parametrize("strata", [None, "stratum"])
def test_scores_as_in_r(name, strata):
    result = compare_interval_survival(made(name), "group", strata=strata)
    quantity = "chi-squared" if strata is None else "chi-squared within stratum"
    theirs = reference(name, quantity)["value"].item()
    assert result.statistic == pytest.approx(theirs, rel=1e-7)
    assert result.degrees_of_freedom == 1
    if strata is None:
        scores = reference(name, "score")["value"].to_numpy()
        assert result.table["score"].to_numpy() == pytest.approx(scores, abs=1e-7)
    assert result.text.startswith("Score test for intervals")
    assert "Score test" in result._repr_html_()


def test_scores_are_the_slope_of_the_likelihood():
    part = DATA[DATA["data"] == "mixed"]
    left, right = part["left"].to_numpy(), part["right"].to_numpy()
    fit = estimate_masses(Intervals.of(left, right))
    covered = (left[:, None] <= fit.left) & (fit.right <= right[:, None])
    covered &= ~((fit.left == fit.right) & (left[:, None] == fit.left) & (right > left)[:, None])
    begin = np.array([fit.before[row.argmax()] for row in covered])
    end = np.array([fit.after[len(row) - 1 - row[::-1].argmax()] for row in covered])

    def contribution(effect: float) -> np.ndarray:
        return np.log(begin ** np.exp(effect) - end ** np.exp(effect))

    slope = (contribution(1e-5) - contribution(-1e-5)) / 2e-5
    assert person_scores(left, right) == pytest.approx(slope, abs=1e-8)


def test_the_variance_is_that_over_all_permutations():
    times = made("few").head(7)
    group = np.array([1, 1, 1, 2, 2, 2, 2])
    left = times["clear_until"].to_numpy(float)
    right = np.where(times["event"], times["days"], np.inf)
    score = person_scores(left, right)
    sums = np.array([score[list(order)][group == 2].sum() for order in permutations(range(7))])
    result = compare_interval_survival(times.assign(group=group), "group")
    assert result.statistic == pytest.approx(score[group == 2].sum() ** 2 / sums.var(), rel=1e-9)


ROWS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 8), st.booleans()), min_size=1, max_size=40
)


def frame(rows: list[tuple[int, int, bool]]) -> pd.DataFrame:
    clear, more, event = (np.array(column) for column in zip(*rows, strict=True))
    return pd.DataFrame({"clear_until": clear, "days": clear + more, "event": event})


@settings(deadline=None, max_examples=10)
@given(ROWS)
def test_the_conditions_of_the_maximum_hold(rows):
    times = frame(rows)
    curves = interval_survival(times)
    table = curves.table
    assert curves.gap <= 1e-8
    assert table["mass"].sum() == pytest.approx(1)
    assert (table["mass"] > 0).all()
    assert (table["right"].to_numpy()[:-1] <= table["left"].to_numpy()[1:]).all()
    at = curves.at(np.arange(0, 21))
    known = at.dropna(subset="lowest")
    assert (known["lowest"] <= known["highest"] + 1e-12).all()
    assert (np.diff(known["lowest"]) <= 1e-12).all()
    assert (np.diff(known["highest"]) <= 1e-12).all()
    assert curves.text


def breach(left: np.ndarray, right: np.ndarray) -> float:
    """The most that mass on any one day, or just after it, would gain, counted out one by one."""
    fit = estimate_masses(Intervals.of(left, right))
    single = fit.left == fit.right
    place = np.where(single, fit.left, fit.left + 0.25)  # each mass just after its left end
    days = np.unique(np.concatenate([left, right[np.isfinite(right)]]))
    points = np.concatenate([days, days + 0.25])

    def inside(point: np.ndarray) -> np.ndarray:
        low, high = left[:, None], right[:, None]
        return ((low < point) & (point <= high)) | ((low == high) & (point == low))

    held = inside(place) @ fit.mass
    return float((inside(points) / held[:, None]).mean(axis=0).max() - 1)


@pytest.mark.parametrize("seed", range(150))
def test_no_day_could_gain_from_more_mass(seed):
    generator = np.random.default_rng(seed)
    people, reach = generator.integers(1, 60), generator.integers(2, 40)
    left = generator.integers(0, reach, people).astype(float)
    wide = generator.random(people) < generator.random()
    right = left + generator.integers(0, reach, people) * wide
    right[generator.random(people) < generator.random()] = np.inf
    assert breach(left, right) < 1e-10


@settings(max_examples=10, deadline=None)
@given(ROWS, st.integers(2, 5), st.randoms(use_true_random=False))
def test_copies_order_and_scale_change_nothing(rows, copies, random):
    times = frame(rows)
    fit = interval_survival(times)
    mixed = list(range(len(times))) * copies
    random.shuffle(mixed)
    other = interval_survival(times.iloc[mixed] * np.array([3, 3, 1]))
    days = np.arange(0, 21, 0.5)
    left, right = fit.at(days), other.at(3 * days)
    assert other.fits["events"].item() == copies * fit.fits["events"].item()
    assert left["lowest"].isna().equals(right["lowest"].isna())
    assert right["lowest"].to_numpy() == pytest.approx(left["lowest"], abs=1e-5, nan_ok=True)


@settings(deadline=None, max_examples=10)
@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=60))
@by_our_product
def test_known_days_give_kaplan_meier(rows):
    times = pd.DataFrame(rows, columns=["days", "event"])
    found, curves = interval_survival(times), survival_curves(times)
    days = np.arange(0, 32)
    ours, theirs = found.at(days), curves.at(days)
    assert ours["survival"].to_numpy() == pytest.approx(theirs["survival"], abs=1e-8, nan_ok=True)
    assert found.median()["median"].item() == pytest.approx(
        curves.median()["median"].item(), nan_ok=True
    )
    same = interval_survival(times.assign(clear_until=times["days"]))
    pd.testing.assert_frame_equal(same.table, found.table)


def test_groups_are_estimated_apart():
    times = made("weeks")
    both = interval_survival(times, "group")
    for group in (1, 2):
        alone = interval_survival(times[times["group"] == group])
        part = both.table[both.table["group"] == group].drop(columns="group")
        pd.testing.assert_frame_equal(part.reset_index(drop=True), alone.table)


def test_how_far_dates_of_check_ins_are_off():
    times = pd.DataFrame({"clear_until": [0, 0, 30], "days": [30, 60, 60], "event": True})
    # The likelihood has its mass in (0, 30] and (30, 60]: 1/2 each, for it is p (p + q) q.
    off = interval_survival(times).against_check_in_dates([30, 45])
    assert off["lowest"].to_numpy() == pytest.approx([1 / 2, 0])
    assert off["check_in_dates"].to_numpy() == pytest.approx([2 / 3, 2 / 3])
    assert off["off_least"].to_numpy() == pytest.approx([1 / 6, 1 / 6])
    assert off["off_most"].to_numpy() == pytest.approx([1 / 6, 2 / 3])
    sentence = (
        "biases the proportion without the event by +16.7 percentage points at day 30, +0.0 at day"
    )
    assert sentence in interval_survival(times).text
    early = times.assign(days=[10, 20, 20], clear_until=[0, 0, 10])
    sentence = interval_survival(early).text  # of the last day, where none of those told is seen
    assert "by +0.0 percentage points at day 20." in sentence
    known = interval_survival(times.assign(clear_until=times["days"]))
    assert "dating events" not in known.text


def test_limits_are_seeded_and_hold_the_estimate(capsys):
    times = made("weeks")
    first = interval_survival(times, "group", resamples=20, seed=3)
    again = interval_survival(times, "group", resamples=20, seed=3, progress=True)
    other = interval_survival(times, "group", resamples=20, seed=4)
    assert "resample" in capsys.readouterr().err
    pd.testing.assert_frame_equal(first.limits, again.limits)
    assert not first.limits.equals(other.limits)
    at = first.at([0, 7, 30, 45, 60])
    assert (at["lower"] <= at["lowest"]).all()
    assert (at["upper"] >= at["highest"]).all()
    median = first.median()
    assert (median["lower"] <= median["earliest"]).all()
    assert "limits" in first.text


def test_the_same_maximum_by_dense_and_by_sparse_matrices(monkeypatch):
    times = made("weeks")
    left = times["clear_until"].to_numpy(float)
    right = np.where(times["event"], times["days"], np.inf)
    dense = estimate_masses(Intervals.of(left, right))
    monkeypatch.setattr("iop_outcomes.survival.intervals.solver.DENSE", 0)
    sparse = estimate_masses(Intervals.of(left, right))
    assert dense.mass == pytest.approx(sparse.mass, abs=1e-12)


def test_limits_of_few_people_stay_in_order():
    """Also where resamples have no event, or nobody who is followed to the day: 0 below."""
    nobody = pd.DataFrame({"days": [28] * 19 + [35], "event": False})
    at = interval_survival(nobody, resamples=40).at([7, 28, 35])
    assert at["lower"].tolist() == [1, 1, 0]
    assert at["upper"].tolist() == [1, 1, 1]
    alone = interval_survival(pd.DataFrame({"days": [5], "event": [True]}), resamples=20)
    assert alone.at([4, 5])[["lower", "upper"]].to_numpy().tolist() == [[1, 1], [0, 0]]


def test_a_known_share_has_the_limits_of_a_proportion():
    """With one look at day 7 the estimate is a proportion, and the limits are its percentiles."""
    times = pd.DataFrame(
        {"clear_until": [0] * 40 + [7] * 60, "days": 7, "event": [True] * 40 + [False] * 60}
    )
    at = interval_survival(times, resamples=500, seed=1).at(7).iloc[0]
    assert at["survival"] == pytest.approx(0.6)
    # Binomial(100, .6): the 2.5 and 97.5 percent points are 50 and 69; one step for the drawing.
    assert abs(at["lower"] - 0.50) < 0.0101
    assert abs(at["upper"] - 0.69) < 0.0101


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"clear_until": -1}, "negative"),
        ({"clear_until": 99}, "from 0 to days"),
        ({"clear_until": np.nan}, "missing for an event"),
        ({"clear_until": "7"}, "numbers of days"),
        ({"clear_until": 1j}, "numbers of days"),
        ({"entry": 0.5}, "clear_until before entry"),
        ({"days": -1.0}, "negative"),
        ({"event": 2}, "An event is 1"),
    ],
)
def test_what_cannot_be_estimated_is_refused(change, says):
    times = weekly().assign(clear_until=0).assign(**change)
    with pytest.raises(EstimateError, match=says):
        interval_survival(times)


@pytest.mark.parametrize(
    "options",
    [
        *({"resamples": number} for number in (5, False, 20.0)),
        *({"seed": number} for number in (-1, True, 1.5)),
        {"confidence": 1.5},
        {"by": "nothing"},
        {"by": "left"},
    ],
)
def test_options_that_are_none_are_refused(options):
    with pytest.raises(RuleError):
        interval_survival(weekly().assign(left=1), **options)


def test_a_column_there_twice_is_refused():
    times = weekly()
    with pytest.raises(EstimateError, match="several columns named clear_until"):
        interval_survival(pd.concat([times, times[["clear_until"]]], axis=1))


def test_numbers_of_numpy_are_whole_numbers_too():
    curves = interval_survival(weekly(), resamples=np.int64(20), seed=np.int64(3))
    pd.testing.assert_frame_equal(
        curves.limits, interval_survival(weekly(), resamples=20, seed=3).limits
    )


def test_comparisons_that_are_none_are_refused():
    times = made("weeks")
    with pytest.raises(EstimateError, match="two groups"):
        compare_interval_survival(times.assign(group=1), "group")
    with pytest.raises(EstimateError, match="There are no events"):
        compare_interval_survival(times.assign(event=False), "group")
    with pytest.raises(EstimateError, match="share no stratum"):
        compare_interval_survival(times.assign(other=times["group"]), "group", strata="other")
    with pytest.raises(RuleError, match="one group of it"):
        compare_interval_survival(times, "group", strata="group")
    with pytest.raises(RuleError, match="defines the groups"):
        compare_interval_survival(times, [])
    same = times.assign(clear_until=0, days=7, event=True)
    with pytest.raises(EstimateError, match="All people have the same interval"):
        compare_interval_survival(same, "group")


def test_the_input_is_left_alone():
    times = made("weeks")
    before = times.copy()
    interval_survival(times, "group", resamples=20)
    compare_interval_survival(times, "group")
    pd.testing.assert_frame_equal(times, before)


@pytest.mark.parametrize("by", [None, "group"])
def test_the_picture_draws_the_table(by):
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    curves = interval_survival(made("mixed"), by, resamples=20)
    ax = curves.plot()
    boxes = [item for item in ax.collections if item.get_gid() == "unsettled"]
    wide = curves.table[np.isfinite(curves.table["right"])]
    wide = wide[wide["left"] < wide["right"]]
    corners = np.concatenate([[path.vertices for path in box.get_paths()] for box in boxes])
    assert corners[:, :, 0].min(axis=1).tolist() == wide["left"].tolist()
    assert corners[:, :, 0].max(axis=1).tolist() == wide["right"].tolist()
    assert corners[:, :, 1].max(axis=1) == pytest.approx(wide["survival_before"])
    assert corners[:, :, 1].min(axis=1) == pytest.approx(wide["survival_after"])
    assert alternative_text(ax).startswith(curves.text)
    pyplot.close("all")


def test_names_of_groups_are_drawn_as_they_are(tmp_path):
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    names = [r"$\frac$", "_under", "x" * 100 + "end"]
    times = pd.concat([weekly().assign(track=name) for name in names])
    ax = interval_survival(times, "track").plot()
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend[0].startswith(r"$\frac$: n = 10")
    assert legend[1].startswith(" _under: n")
    assert "end: n = 10" in legend[2]
    assert len(legend[2]) < 90
    ax.figure.savefig(tmp_path / "names.png")
    pyplot.close("all")


def test_all_censored_stays_at_one():
    times = pd.DataFrame({"days": [5, 9], "event": [False, False]})
    curves = interval_survival(times)
    assert curves.at([0, 9, 10])["survival"].tolist()[:2] == [1, 1]
    assert curves.median()["median"].isna().all()
    assert "not reached" in curves.text
    assert "gap" in repr(curves)
    assert "median" in curves._repr_html_()


def test_the_text_of_many_groups_reads_those_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    size = 12
    days = np.tile([7, 14, 21], size)
    frame = pd.DataFrame(
        {
            "days": days,
            "clear_until": days - 7,
            "event": np.tile([True, True, False], size),
            "g": np.repeat(np.arange(size), 3),
        }
    )
    curves = interval_survival(frame, by="g")
    read: list[int] = []
    masses = type(curves)._masses

    def counted(self: Any) -> Any:
        read.append(len(self.fits))
        return masses(self)

    monkeypatch.setattr(type(curves), "_masses", counted)
    assert curves.text.count("n 3, events 2") == 8
    assert format_more(4) in curves.text
    assert max(read) == 8
    assert curves._repr_html_().count("<tr>") == 1 + size
