"""Definitions by missing rules: counted by hand on short words, and to the person on real ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.compare.group_tests.curves import compare_survival
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.plots.sensitivity import plot_sensitivity
from iop_outcomes.relapse import RelapseRule, time_to_relapse
from iop_outcomes.sensitivity.specification_curve import Sensitivity, sensitivity
from iop_outcomes.shared.vocabulary import MISSING_RULES
from iop_outcomes.survival import survival_curves
from iop_outcomes.use import use_patterns

matplotlib.use("Agg")

DATA = Path(__file__).parents[3] / "shared" / "data" / "ctn0094"
TWO_OF_TWO = RelapseRule("k_of_n_weeks", use_weeks=2, window_weeks=2)
WORDS = pd.Series(
    {
        "seen": "-++-------",
        "partly": "-+o-------",
        "missing": "--oo------",
        "clear": "----------",
        "left": "---ooooooo",
        "short": "--________",
    }
)


@cache
def sample(seed: int) -> iop.Records:
    result = iop.synthetic_records(seed, people=500)
    return iop.read_records(
        episodes=result.episodes, attendance=result.attendance, checkins=result.checkins
    )


def cell(found: Sensitivity, definition: str, missing: str) -> pd.Series:
    rows = found.table.query("definition == @definition and missing == @missing")
    assert len(rows) == 1
    return rows.iloc[0]


def test_the_events_the_shares_and_what_they_rest_on_are_counted_by_hand():
    estimates = sensitivity(WORDS, definitions={"two": TWO_OF_TWO}, missing="use", horizon=42)
    row = cell(estimates, "two", "use")
    assert row[["n", "left", "events"]].tolist() == [6, 0, 4]
    parts = ["events_seen", "events_partly_missing", "events_all_missing"]
    assert row[parts].tolist() == [1, 1, 2]
    assert row["rests_on_missing"] == 3 / 4
    assert row["share"] == 4 / 6
    # Relapsed on days 21 (two), 28 and 35; "short" is known to day 14 only, before them all.
    assert row["relapsed"] == pytest.approx(1 - (3 / 5) * (2 / 3) * (1 / 2))
    assert row["median"] == 28
    # One alone is at risk just before day 42: no mean up to it, as from survival_curves.
    assert np.isnan(row["restricted_mean"])
    assert row["not_estimated"] == "Fewer than two at risk just before day 42."
    sooner = sensitivity(WORDS, definitions={"two": TWO_OF_TWO}, missing="use", horizon=35)
    # The area: 21 days at 1, 7 at 3/5, 7 at 2/5.
    mean = cell(sooner, "two", "use")["restricted_mean"]
    assert mean == pytest.approx(21 + 7 * (3 + 2) / 5)
    assert not row["own_rule"]


def test_the_bounds_are_worked_out_by_hand():
    estimates = sensitivity(WORDS, definitions={"two": TWO_OF_TWO}, missing="censor", horizon=42)
    row = cell(estimates, "two", "censor")
    # Known until day 14 ("partly", "missing"), 21 ("left"); "short" was not due any longer.
    assert row[["events", "left"]].tolist() == [1, 3]
    assert row["relapsed"] == pytest.approx(1 / 3)  # day 21: seen, left and clear are at risk
    assert row["best"] == pytest.approx(1 / 5)  # all but "short" are at risk on day 21
    # On leaving: 2 of 6 on day 14 (with "short"), then 2 of 3 on day 21.
    assert row["worst"] == pytest.approx(1 - (4 / 6) * (1 / 3))


def test_all_definitions_and_missing_rules_stand_in_the_table_with_their_rule():
    estimates = sensitivity(WORDS, horizon=42)
    assert estimates.table.groupby("definition", sort=False).size().to_dict() == {
        "first_use": 6,
        "ctn_0094_relapse": 6,
        "johnson_1992": 6,
        "krupitsky_2004": 6,
        "lee_2016": 6,
        "ctn_0051_relapse": 6,
    }
    assert set(estimates.table["missing"]) == set(MISSING_RULES)
    own = estimates.table[estimates.table["own_rule"]].set_index("definition")["missing"]
    assert own.pop("first_use") == "censor"
    assert (own == "use").all()
    for row in estimates.table.itertuples():
        assert row.rule == RelapseRule(row.definition, missing=row.missing).text


def test_each_cell_is_what_its_rule_gives_from_the_records():
    records = sample(3)
    rules = {"first": RelapseRule("first_use"), "lee": RelapseRule("lee_2016")}
    estimates = sensitivity(records, "track", definitions=rules, missing=["censor", "use"])
    for name in rules:
        rule = rules[name]
        for missing in ("censor", "use"):
            given = RelapseRule(rule.definition, missing=missing)
            times = time_to_relapse(records, given)
            curves = survival_curves(times, by="track")
            rows = estimates.table.query("definition == @name and missing == @missing")
            at = curves.at(90)
            pd.testing.assert_series_equal(rows["track"], at["track"], check_index=False)
            for ours, theirs in (
                (rows["relapsed"], 1 - at["survival"]),
                (rows["relapsed_lower"], 1 - at["upper"]),
                (rows["median"], curves.median()["median"]),
                (rows["median_upper"], curves.median()["upper"]),
                (rows["restricted_mean"], curves.restricted_mean(90)["mean"]),
                (rows["restricted_mean_lower"], curves.restricted_mean(90)["lower"]),
            ):
                np.testing.assert_allclose(ours.to_numpy(), theirs.to_numpy())
            test = compare_survival(times, by="track")
            assert rows["p_value"].unique().tolist() == [test.p_value]
            events = times[times["event"]].groupby("track", observed=True)["rests_on_missing"]
            np.testing.assert_allclose(rows["rests_on_missing"], events.mean())
            assert (rows["n"].sum(), rows["events"].sum()) == (len(times), times["event"].sum())


def test_words_and_records_give_the_same_where_both_know_the_same():
    records = sample(5)
    words = use_patterns(records, weeks=None, unfinished="not_due")
    definitions = ["ctn_0094_relapse", "lee_2016"]
    # Not the last value, which may come from a baseline; nor use, which goes on where no check-in
    # was due any longer: words have missed weeks there, times end before.
    missing = ["no_use", "drop"]
    by_records = sensitivity(records, definitions=definitions, missing=missing).table
    by_words = sensitivity(words, definitions=definitions, missing=missing).table
    same = ["definition", "missing", "events", "events_seen", "events_all_missing"]
    pd.testing.assert_frame_equal(by_records[same], by_words[same])


def test_groups_of_words_are_a_series_with_their_labels():
    track = pd.Series(["x", "y", "x", "y", "x", "y"], WORDS.index, name="track")
    estimates = sensitivity(WORDS, track[::-1], definitions="lee_2016", missing="use", horizon=42)
    assert estimates.by == ("track",)
    assert estimates.table[["track", "n"]].to_numpy().tolist() == [["x", 3], ["y", 3]]
    nameless = sensitivity(
        WORDS, track.rename(None), definitions="lee_2016", missing="use", horizon=42
    )
    assert nameless.by == ("group",)
    with pytest.raises(RuleError, match="have the labels of the patterns"):
        sensitivity(WORDS, track[:3])
    with pytest.raises(RuleError, match="Series, or a DataFrame"):
        sensitivity(WORDS, "track")
    with pytest.raises(EstimateError, match="without a value of track"):
        sensitivity(WORDS, track.where(track == "x"), definitions="lee_2016", horizon=42)


def test_a_missing_word_is_left_out_and_daily_words_count_days():
    some = pd.concat([WORDS, pd.Series({"none": None})])
    estimates = sensitivity(some, definitions="lee_2016", missing="use", horizon=42)
    assert estimates.table["n"].tolist() == [6]
    daily = pd.Series(["-" * 20 + "+" * 7 + "-" * 20], name="use_pattern_by_day")
    options = {"definitions": ["first_use", "x_bot"], "missing": "use", "horizon": 40}
    estimates = sensitivity(daily, **options)
    assert estimates.table["median"].tolist() == [21, 27]
    asked = sensitivity(daily.rename("mine"), **options, unit="day")
    pd.testing.assert_frame_equal(asked.table, estimates.table)
    with pytest.raises(RuleError, match="The unit of use patterns must be one of week, day"):
        sensitivity(daily, **options, unit="month")


def test_what_cannot_be_estimated_is_missing_with_its_reason():
    track = pd.Series(["x", "x", "x", "x", "y", "y"], WORDS.index, name="track")
    estimates = sensitivity(
        WORDS, track, definitions={"two": TWO_OF_TWO}, missing="no_use", horizon=71
    )
    assert estimates.table[["relapsed", "restricted_mean", "p_value"]].isna().sum().tolist() == [
        2,
        2,
        0,
    ]
    assert estimates.table["not_estimated"].tolist() == ["Followed to day 70 only."] * 2
    none = sensitivity(
        pd.Series(["---", "---"]),
        pd.Series(["x", "y"]),
        definitions="lee_2016",
        missing="use",
        horizon=21,
    )
    assert none.table["relapsed"].tolist() == [0, 0]
    assert none.table["p_value"].isna().all()
    assert none.table["rests_on_missing"].isna().all()
    assert none.table["not_estimated"].str.startswith("Fewer than two at risk").all()
    reason = "Not compared: There are no events to compare"
    assert none.table["not_estimated"].str.contains(reason).all()


def test_where_everyone_has_relapsed_the_share_is_1_though_nobody_is_followed_further():
    estimates = sensitivity(
        pd.Series(["+-", "-+"]), definitions="first_use", missing="use", horizon=90
    )
    assert estimates.table["relapsed"].tolist() == [1]
    # On days 7 and 14: where the curve is at 0 its area is known.
    assert estimates.table["restricted_mean"].tolist() == [(7 + 14) / 2]


def test_definitions_may_be_named_mixed_or_given_once():
    rules = [TWO_OF_TWO, "lee_2016", RelapseRule("lee_2016", missing="drop"), "ctn_0094_dropout"]
    with pytest.raises(RuleError, match="Two rules have the name lee_2016"):
        sensitivity(WORDS, definitions=rules)
    estimates = sensitivity(
        WORDS, definitions=[TWO_OF_TWO, "ctn_0094_dropout"], missing=["own", "use", "drop"]
    )
    rows = estimates.table[["definition", "missing", "own_rule"]].to_numpy().tolist()
    assert rows == [
        ["2 of 2 weeks", "censor", True],
        ["2 of 2 weeks", "use", False],
        ["2 of 2 weeks", "drop", False],
        ["ctn_0094_dropout", "missed", True],
    ]
    twice = sensitivity(WORDS, definitions=["lee_2016", "lee_2016"], missing=["own", "use"])
    assert len(twice.table) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"definitions": "relapse"}, "definition of a relapse rule must be one of"),
        ({"missing": "locf"}, "missing of a relapse rule must be one of"),
        ({"definitions": []}, "needs a definition and a missing rule"),
        ({"horizon": 0}, "horizon must be a number of days"),
        ({"horizon": float("nan")}, "horizon must be a number of days"),
        ({"confidence": 95}, "confidence level"),
        ({"by": pd.Series(range(6), WORDS.index, name="n")}, "cannot be named n"),
    ],
)
def test_what_is_no_option_is_refused(options, says):
    with pytest.raises(RuleError, match=says):
        sensitivity(WORDS, **options)


def test_the_words_of_a_person_are_in_no_message():
    with pytest.raises(RuleError) as caught:
        sensitivity(pd.Series({"Mary Smith": "-+x-"}))
    assert "Mary" not in str(caught.value)
    assert "-+x-" not in str(caught.value)


def test_the_result_says_itself_in_words_in_html_and_in_short():
    track = pd.Series(["x", "y"] * 3, WORDS.index, name="<track>")
    estimates = sensitivity(WORDS, track, missing=["own", "use", "no_use"], horizon=42)
    assert estimates.text.startswith("6 definitions, 3 missing rules. Relapsed by day 42: 0% (")
    assert "Each definition with its own missing rule:" in estimates.text
    assert "at least half of the events depend on missing data." in estimates.text
    assert estimates.text.endswith("Kaplan-Meier estimates, 95% limits.")
    assert repr(estimates).startswith("<Sensitivity: 6 definitions, 3 missing rules. 0% (")
    html = estimates._repr_html_()
    assert "&lt;track&gt;" in html
    assert "<caption>" in html
    assert "<track>" not in html


def test_progress_is_shown_only_when_asked(capsys):
    sensitivity(WORDS, definitions="lee_2016", horizon=42)
    assert capsys.readouterr().err == ""
    sensitivity(WORDS, definitions="lee_2016", horizon=42, progress=True)
    assert "definitions and missing rules" in capsys.readouterr().err


@settings(deadline=None, max_examples=10)
@given(st.lists(st.text("+-o*_", min_size=1, max_size=9), min_size=1, max_size=12))
def test_bounds_enclose_and_missing_as_use_is_never_fewer(words):
    patterns = pd.Series(words)
    table = sensitivity(patterns, definitions=["first_use", "lee_2016"], horizon=28).table
    known = table.dropna(subset=["relapsed", "best", "worst"])
    assert (known["best"] <= known["relapsed"] + 1e-12).all()
    assert (known["relapsed"] <= known["worst"] + 1e-12).all()
    parts = ["events_seen", "events_partly_missing", "events_all_missing"]
    assert (table[parts].sum(axis=1) == table["events"]).all()
    events = table.pivot_table("events", "definition", "missing")
    assert (events["use"] >= events.max(axis=1)).all()
    assert (events["no_use"] >= events["censor"]).all()
    assert (events["last_value"] >= events["last_value_to_last_contact"]).all()
    assert (events["last_value_to_last_contact"] >= events["no_use"]).all()
    assert (events["drop"] >= events["no_use"]).all()


def test_given_words_are_not_changed_and_their_order_does_not_matter():
    before = WORDS.copy()
    table = sensitivity(WORDS, horizon=42).table
    pd.testing.assert_series_equal(WORDS, before)
    pd.testing.assert_frame_equal(sensitivity(WORDS[::-1], horizon=42).table, table)


def drawn(result: Sensitivity) -> tuple:
    from matplotlib import pyplot

    ax = plot_sensitivity(result)
    figure = ax.get_figure()
    figure.canvas.draw()
    pyplot.close(figure)
    return ax, *ax.child_axes


def test_the_picture_draws_the_table_in_order_and_says_which_choice_each_point_is():
    estimates = sensitivity(WORDS, horizon=42)
    ax, strip, panel = drawn(estimates)
    (points,) = [line for line in ax.lines if line.get_label() == "_estimate"]
    order = np.argsort(points.get_xdata())
    heights = points.get_ydata()[order]
    assert heights.tolist() == sorted(estimates.table["relapsed"])
    assert sorted(bar.get_height() for bar in strip.patches if bar.get_height() > 0) == sorted(
        estimates.table["rests_on_missing"][lambda share: share > 0]
    )
    chosen = [line for line in panel.lines if line.get_marker() == "o"]
    rows, rings = chosen[:], [line for line in chosen if line.get_markersize() > 6]
    marks = [line for line in rows if line.get_markersize() < 6]
    assert len(marks) == 12
    for definition in range(6):
        assert len(marks[definition].get_xdata()) == 6
    for place in range(36):  # each place is one definition under one missing rule
        assert sum(place in line.get_xdata() for line in marks[:6]) == 1
        assert sum(place in line.get_xdata() for line in marks[6:]) == 1
    assert sum(len(line.get_xdata()) for line in rings) == 6
    labels = [text.get_text() for text in panel.texts]
    assert labels[:3] == ["Relapse is", "first use", "4 of 4 weeks: CTN-0094"]
    assert "2 of 2, from week 4: Johnson 1992" in labels
    assert "A missed week or check-in" in labels
    assert iop.alternative_text(ax).startswith(estimates.text)


def test_the_picture_of_groups_tells_them_apart_and_says_where_they_differ():
    records = sample(3)
    estimates = sensitivity(records, "track", definitions=["first_use", "lee_2016"])
    ax, _, panel = drawn(estimates)
    tracks = estimates.table["track"].unique()
    lines = [line for line in ax.lines if line.get_label() in set(tracks)]
    assert len(lines) == len(tracks)
    assert len({line.get_marker() for line in lines}) == len(tracks)
    for line, track in zip(lines, tracks, strict=True):
        rows = estimates.table[estimates.table["track"] == track]
        assert sorted(line.get_ydata()) == sorted(rows["relapsed"])
    assert "log-rank p < 0.05" in [text.get_text() for text in panel.texts]
    (last,) = [line for line in panel.lines if line.get_marker() == "o"][-1:]
    differ = estimates.table.drop_duplicates(["definition", "missing"])["p_value"] < 0.05
    assert len(last.get_xdata()) == differ.sum()


def test_a_picture_says_what_could_not_be_estimated_and_that_people_are_made_up():
    ax, *_ = drawn(sensitivity(WORDS, definitions="lee_2016", missing="no_use", horizon=90))
    assert "Not estimated: 1, not followed to day 90." in iop.alternative_text(ax)
    records = sample(3)
    ax, *_ = drawn(sensitivity(records, definitions="lee_2016", missing="use"))
    assert "synthetic data" in [text.get_text() for text in ax.texts]


def test_the_plot_of_a_result_is_that_of_the_function():
    estimates = sensitivity(WORDS, definitions="lee_2016", horizon=42)
    assert iop.alternative_text(estimates.plot()) == iop.alternative_text(
        plot_sensitivity(estimates)
    )


@pytest.mark.skipif(
    not DATA.is_dir(), reason="../shared/data/ctn0094 is not here: it is not part of the project"
)
class TestReferenceWords:
    """Four weeks in a row on 2,512 people: how far it hangs on what a missing week counts as."""

    @pytest.fixture(scope="class")
    @staticmethod
    def found() -> pd.DataFrame:
        words = pd.read_csv(DATA / "use_patterns.csv.gz", index_col="who")["usePatternUDS"]
        seen = words[words.str.contains("[-+*]")]
        table = sensitivity(seen, definitions="ctn_0094_relapse").table
        return table.set_index("missing")

    @pytest.mark.parametrize(
        ("missing", "events", "percent"),
        [
            ("use", 1_893, 75.4),
            ("last_value", 1_294, 51.5),
            ("last_value_to_last_contact", 895, 35.6),
            ("drop", 641, 25.5),
            ("no_use", 476, 18.9),
        ],
    )
    def test_the_published_table_comes_out_to_the_person(self, found, missing, events, percent):
        assert found.loc[missing, "n"] == 2_512
        assert found.loc[missing, "events"] == events
        assert round(100 * found.loc[missing, "share"], 1) == percent

    def test_most_events_rest_on_weeks_that_nobody_saw(self, found):
        row = found.loc["use"]
        assert row["events_all_missing"] == 571
        assert row["events_partly_missing"] == 1_042
        assert row["events_seen"] == 280
        assert row["rests_on_missing"] == (571 + 1_042) / 1_893
