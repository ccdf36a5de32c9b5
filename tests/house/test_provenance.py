"""Every number rests on columns and arguments: the attributes of a frame are for labels only."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import cache
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import protect_curves
from iop_outcomes.errors import OutcomesError
from iop_outcomes.exposure.source import Source
from iop_outcomes.exposure.strategies import weeks_of
from iop_outcomes.shared.provenance import KEY, UNKNOWN, Provenance, label, provenance_of, relabel
from tests.helpers.engines import by_our_product

pytestmark = pytest.mark.usefixtures("slopes_when_used")

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "iop_outcomes"
LEAVING = iop.RelapseRule(competing=("died", "dropped_out"))


def test_what_competes_is_kept_by_a_merge() -> None:
    records = iop.read_records(ROOT / "data" / "samples")
    times = iop.time_to_relapse(records, LEAVING)
    people = records.episodes[["episode_id", "discharge_reason"]]
    merged = times.merge(people, on="episode_id", validate="1:1")
    results = [iop.cumulative_incidence(frame).at(90) for frame in (times, merged)]
    for table in results:
        relapsed = table.set_index("cause")["incidence"]["relapse"]
        assert round(relapsed, 3) == 0.263
        assert table["cause"].tolist() == ["relapse", "died", "dropped_out"]
    pd.testing.assert_frame_equal(*results)
    usual = iop.cumulative_incidence(times.drop(columns=["competing_end", "competing_on"]))
    assert usual.causes == ("relapse", "died")  # a frame that does not say which ends compete


# All that takes times ---------------------------------------------------------------------------

# Frames as the library makes them, by name; those of words are columns with their labels.
Estimate = Callable[[pd.DataFrame], object]


@cache
def records() -> iop.Records:
    sample = iop.synthetic_records(seed=11, people=60)
    return iop.read_records(
        episodes=sample.episodes, attendance=sample.attendance, checkins=sample.checkins
    )


@cache
def frames() -> dict[str, pd.DataFrame]:
    used = records()
    daily = iop.use_patterns(used, weeks=8, unit="day")
    return {
        "times": iop.time_to_relapse(used, LEAVING),
        "stretches": iop.recurrent_relapses(used, LEAVING, clear_days=14),
        "histories": iop.state_histories(used, clear_days=14),
        "words": as_frame(iop.use_patterns(used, weeks=12)),
        "days": as_frame(daily),
    }


def as_frame(words: pd.Series[Any]) -> pd.DataFrame:
    return relabel(words.reset_index(), words)


def words_of(frame: pd.DataFrame) -> pd.Series[Any]:
    name = next(name for name in frame if str(name).startswith("use_pattern"))
    return relabel(frame.set_index("episode_id")[name], frame)


def imputed(frame: pd.DataFrame) -> iop.ImputedPatterns:
    return iop.impute_weeks(words_of(frame), imputations=2, iterations=1, seed=1)


def track_of(frame: pd.DataFrame) -> pd.Series[Any]:
    people = records().episodes.set_index("episode_id")["track"]
    return people.loc[frame["episode_id"]].astype(object)


@cache
def weeks() -> pd.DataFrame:
    source = Source.of(
        records(),
        LEAVING,
        window=None,
        services=("group", "individual", "family", "skills"),
        excused="due",
        purpose="strategy",
    )
    return weeks_of(source, 2)


def strategies_of(frame: pd.DataFrame) -> iop.StrategyComparison:
    both = [
        iop.Strategy("some", at_least=2, column="sessions_attended", weeks=2),
        iop.Strategy("few", less_than=3, column="sessions_attended", weeks=2),
    ]
    comparison = iop.compare_strategies(
        frame, weeks(), both, day=20, formula="period + attended_before", resamples=100
    )
    return replace(comparison, protocol=comparison.protocol[["element"]])  # the others are words


def weights_of(frame: pd.DataFrame) -> iop.PropensityWeights:
    weighted = iop.propensity_weights(frame, "track", "age + admission_number")
    return replace(weighted, frame=weighted.frame[["propensity_weight"]])  # the others were given


WALK: dict[str, list[tuple[str, Estimate]]] = {
    "survival_curves": [
        ("times", lambda frame: iop.survival_curves(frame, by="track")),
        ("stretches", lambda frame: iop.survival_curves(frame, cluster="person_id")),
    ],
    "hazard": [("times", lambda frame: iop.hazard(frame, by="track", fewest=3))],
    "interval_survival": [("times", lambda frame: iop.interval_survival(frame, by="track"))],
    "parametric_survival": [
        ("times", lambda frame: iop.parametric_survival(frame, models="weibull"))
    ],
    "cumulative_incidence": [
        ("times", lambda frame: iop.cumulative_incidence(frame)),
        ("times", lambda frame: iop.cumulative_incidence(frame, by="track", cluster=None)),
        ("times", lambda frame: iop.cumulative_incidence(frame, causes=["relapse", "completed"])),
        ("stretches", lambda frame: iop.cumulative_incidence(frame)),
    ],
    "mean_cumulative_function": [
        ("stretches", lambda frame: iop.mean_cumulative_function(frame, terminal="terminal")),
        ("stretches", lambda frame: iop.mean_cumulative_function(frame, terminal=["died"])),
    ],
    "state_occupation": [
        ("histories", lambda frame: iop.state_occupation(frame, by="track")),
    ],
    "compare_survival": [
        ("times", lambda frame: iop.compare_survival(frame, "track")),
        ("times", lambda frame: iop.compare_survival(frame, "track", test="peto_peto")),
    ],
    "survival_difference": [
        ("times", lambda frame: iop.survival_difference(frame, "track", 40)),
        ("times", lambda frame: iop.survival_difference(frame, "track", 40, cluster=None)),
    ],
    "restricted_mean_difference": [
        ("times", lambda frame: iop.restricted_mean_difference(frame, "track", 40))
    ],
    "incidence_difference": [("times", lambda frame: iop.incidence_difference(frame, "track", 40))],
    "median_difference": [
        # with every end as an event: in the sample too few relapse for a median
        (
            "times",
            lambda frame: iop.median_difference(frame.assign(event=1), "track", resamples=200),
        )
    ],
    "compare_survival_pairs": [("times", lambda frame: iop.compare_survival_pairs(frame, "track"))],
    "max_combo": [("times", lambda frame: iop.max_combo(frame, "track"))],
    "interval_cox": [
        ("times", lambda frame: iop.interval_cox(frame, "track", baseline="weibull", cluster=None))
    ],
    "tipping_point": [
        (
            "times",
            lambda frame: iop.tipping_point(
                frame.assign(left=frame["days"] < 40),
                *("track", 20),
                left="left",
                resamples=100,
            ),
        )
    ],
    "remaining_weights": [
        (
            "times",
            lambda frame: iop.remaining_weights(
                iop.start_stop(
                    frame[["days", "event"]].assign(
                        episode_id=range(len(frame)), left=frame["days"] < 40
                    )
                ),
                "C(interval)",
                left="left",
            ),
        )
    ],
    "compare_incidence": [("times", lambda frame: iop.compare_incidence(frame, "track"))],
    "compare_interval_survival": [
        ("times", lambda frame: iop.compare_interval_survival(frame, "track"))
    ],
    "compare_recurrence": [
        ("stretches", lambda frame: iop.compare_recurrence(frame, "track", terminal="terminal"))
    ],
    "balance": [("times", lambda frame: iop.balance(frame, "track", ["age", "entry_path"]))],
    "propensity_weights": [("times", weights_of)],
    "adjusted_curves": [
        (
            "times",
            lambda frame: iop.adjusted_curves(
                frame, "track", "age", day=40, method="augmented", limits="closed_form"
            ),
        )
    ],
    "detectable_difference": [
        ("times", lambda frame: iop.detectable_difference(frame, "track", day=40))
    ],
    "compare_cohorts": [
        (
            "times",
            lambda frame: iop.compare_cohorts(frame, "track", covariates=["age"], horizon=40),
        )
    ],
    "compare_strategies": [("times", strategies_of)],
    "landmark": [("times", lambda frame: iop.landmark(frame, 20)[MADE])],
    "start_stop": [("times", lambda frame: iop.start_stop(frame)[MADE])],
    "cox": [
        ("times", lambda frame: iop.cox(frame, "age + track")),
        ("times", lambda frame: iop.cox(frame, "age + track").predict(frame.head(3), [20, 40])),
        ("times", lambda frame: iop.cox(frame, "age + track").test("track")),
        ("times", lambda frame: iop.cox(frame, "age + track").concordance()),
        ("times", lambda frame: iop.cox(frame, "age + track").proportional_hazards()),
        ("times", lambda frame: iop.pool_regressions([iop.cox(frame, "age + track")] * 2)),
    ],
    "pseudo_values": [("times", lambda frame: iop.pseudo_values(frame, 40).to_frame())],
    "pseudo_regression": [
        ("times", lambda frame: iop.pseudo_regression(frame, "age + track", 40)),
        ("times", lambda frame: iop.pseudo_regression(frame, "track", 40, "incidence")),
    ],
    "cause_specific_cox": [("times", lambda frame: iop.cause_specific_cox(frame, "age + track"))],
    "fine_gray": [("times", lambda frame: iop.fine_gray(frame, "age + track"))],
    "recurrent_cox": [
        ("stretches", lambda frame: iop.recurrent_cox(frame, "age + track")),
        ("stretches", lambda frame: iop.recurrent_cox(frame, "age", model="pwp_gap", most=2)),
    ],
    "sensitivity": [
        (name, lambda frame: iop.sensitivity(words_of(frame), track_of(frame), **SOME))
        for name in ("words", "days")
    ],
    "impute_weeks": [(name, imputed) for name in ("words", "days")],
    "relapse_by_imputation": [
        ("words", lambda frame: iop.relapse_by_imputation(imputed(frame), horizon_weeks=12))
    ],
    "outcomes": [("words", lambda frame: iop.outcomes(words_of(frame), "lee_2016", weeks=12))],
    "missing_outcomes": [
        ("words", lambda frame: iop.missing_outcomes(words_of(frame), "lee_2016", weeks=12))
    ],
    "event_weeks": [("words", lambda frame: iop.event_weeks(words_of(frame), "lee_2016"))],
    "protect": [
        ("times", lambda frame: iop.protect(iop.survival_curves(frame, by="track"))),
    ],
    "protect_curves": [
        (
            "times",
            lambda frame: protect_curves(iop.survival_curves(frame), iop.SafePolicy()),
        )
    ],
}
MADE = ["entry", "days", "event"]  # the other columns are those of the frame that was given
SOME: dict[str, Any] = {"definitions": ["first_use", "x_bot"], "missing": ["use", "drop"]}
READS = {"times", "histories", "patterns", "imputed", "curves"}  # parameters; and "Source"
OTHERWISE = {
    *("plot_survival", "plot_interval", "plot_predicted"),  # draw a result: below
}


def public() -> dict[str, Any]:
    rooms = [
        importlib.import_module(f"iop_outcomes.{room.name}")
        for room in pkgutil.iter_modules([str(PACKAGE)])
        if room.ispkg and room.name != "measures"  # old names, which warn
    ]
    return {
        name: getattr(room, name) for room in (*rooms, iop) for name in getattr(room, "__all__", ())
    }


def test_all_that_takes_times_is_walked() -> None:
    taking = set()
    for name, one in public().items():
        if inspect.isfunction(one):
            first = next(iter(inspect.signature(one).parameters.values()), None)
            if first is not None and (first.name in READS or first.annotation == "Source"):
                taking.add(name)
    assert taking - OTHERWISE <= set(WALK)
    assert {"cox", "sensitivity", "state_occupation", "survival_curves"} <= taking


@cache
def expected_of(name: str) -> list[Any]:
    return [estimate(frames()[kind]) for kind, estimate in WALK[name]]


def test_every_kind_of_result_is_walked() -> None:
    seen = {type(result) for name in WALK for result in expected_of(name)}
    results = {one for one in public().values() if is_dataclass(one) and "table" in members(one)}
    of_records = {iop.AttendanceByWeek, iop.MappingSuggestion, iop.Trend, iop.Sample}
    of_records |= {iop.SymptomChange, iop.Functioning, iop.ContinuityMeasure, iop.Continuity}
    of_records |= {iop.CohortFlow, iop.Slipping, iop.FollowUpDue}
    of_records |= {iop.CohortFlow, iop.InterruptedSeries}
    of_records |= {iop.Funnel, iop.Vlad, iop.RiskAdjustedCusum, iop.Watch, iop.SummaryMatrix}
    of_records |= {iop.AttendanceCalendar, iop.PersonWeeks, iop.EpisodeLanes}
    of_records |= {iop.DoseAndOutcome, iop.SharedSessions, iop.Transitions}
    of_numbers = {iop.EValue, iop.PeopleNeeded}
    assert results - seen <= of_records | of_numbers


def members(kind: Any) -> set[str]:
    return {field.name for field in fields(kind)} if is_dataclass(kind) else set()


def as_csv(frame: pd.DataFrame) -> pd.DataFrame:
    dates = list(frame.select_dtypes("datetime"))
    return pd.read_csv(StringIO(frame.to_csv(index=False)), parse_dates=dates)


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """As a file read as text, of which the columns that are numbers are made numbers again."""
    read = pd.read_csv(StringIO(frame.to_csv(index=False)), dtype=str)
    for name in frame.select_dtypes("number"):
        read[name] = pd.to_numeric(read[name])
    return read


def as_parquet(frame: pd.DataFrame) -> pd.DataFrame:
    file = BytesIO()
    frame.to_parquet(file)
    return pd.read_parquet(file)


def cleared(frame: pd.DataFrame) -> pd.DataFrame:
    bare = frame.copy()
    bare.attrs.clear()
    return bare


def merged(frame: pd.DataFrame) -> pd.DataFrame:
    people = records().episodes[["episode_id"]]
    return frame.merge(people, on="episode_id", validate="m:1")


def halves(frame: pd.DataFrame) -> pd.DataFrame:
    half = len(frame) // 2
    return pd.concat([frame.iloc[:half], cleared(frame.iloc[half:])], ignore_index=True)


WAYS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "cleared": cleared,
    "merged": merged,
    "filtered": lambda frame: frame[frame["episode_id"].notna()],
    "halves": halves,
    "csv": as_csv,
    "text": as_text,
    "parquet": as_parquet,
}


def test_the_ways_lose_what_they_should() -> None:
    """Or nothing is tested: most ways lose the labels, and CSV the categories."""
    times = frames()["times"]
    assert provenance_of(times).event == "relapse"
    for name in ("cleared", "merged", "halves", "csv", "text"):
        assert provenance_of(WAYS[name](times)) == UNKNOWN, name
    for name in ("filtered", "parquet"):
        assert provenance_of(WAYS[name](times)) == provenance_of(times), name
    assert as_csv(times)["ended_by"].dtype == object
    assert as_text(times)["event"].iloc[0] in ("True", "False")


@cache
def ways_of(kind: str) -> dict[str, Callable[[pd.DataFrame], pd.DataFrame]]:
    """Without the ways that give what another gave: the same frame is not estimated twice."""
    seen = [frames()[kind]]
    results = {}
    for way, change in WAYS.items():
        given = change(frames()[kind])
        if not any(is_same(given, one) for one in seen):
            seen.append(given)
            results[way] = change
    return results


def is_same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return one.equals(other) and one.dtypes.equals(other.dtypes) and one.attrs == other.attrs


def test_no_way_is_left_out_that_loses_something() -> None:
    of_text = {"words", "days"}  # a file keeps a column of text as it is
    for kind in frames():
        needed = {"cleared"} if kind in of_text else {"cleared", "csv", "text"}
        assert needed <= ways_of(kind).keys(), kind


@pytest.mark.parametrize("name", WALK)
@by_our_product
def test_numbers_do_not_rest_on_attributes(name: str) -> None:
    for (kind, estimate), result in zip(WALK[name], expected_of(name), strict=True):
        frame = frames()[kind]
        expected = numbers_of(result)
        assert expected
        for way, change in ways_of(kind).items():
            whole = way in ("cleared", "text")  # what is lost elsewhere is lost in these
            outcome = numbers_of(estimate(change(frame)), whole=whole)
            assert outcome.keys() <= expected.keys(), way
            assert len(outcome) == len(expected) or not whole, way
            for part, value in outcome.items():
                same(value, expected[part], f"{name}, {way}: {part}")


def numbers_of(result: object, place: str = "", whole: bool = True) -> dict[str, Any]:
    """All that a result holds, and if whole all that it gives when asked for a day or nothing."""
    if isinstance(result, (pd.DataFrame, pd.Series, np.ndarray, float, int)):
        return {place: result}
    if isinstance(result, tuple):
        parts = enumerate(result)
        return {
            k: v for n, part in parts for k, v in numbers_of(part, f"{place}[{n}]", whole).items()
        }
    if not type(result).__module__.startswith("iop_outcomes."):
        return {}
    results: dict[str, Any] = {}
    for name in dir(result) if whole else members(type(result)):
        if name.startswith("_") or name in ("plot", "text", "provenance", "synthetic"):
            continue
        value = getattr(result, name)
        if inspect.ismethod(value):
            value = answer(value)
        results |= numbers_of(value, f"{place}.{name}", whole=False)
    return results


ASKED = {"days": [10, 40], "horizon": 30, "shares": 0.9, "share": 0.9, "day": 30}


def answer(method: Callable[..., object]) -> object:
    needed = [
        one
        for one in inspect.signature(method).parameters.values()
        if one.default is one.empty and one.kind is not one.VAR_KEYWORD
    ]
    if any(one.name not in ASKED for one in needed):
        return None
    try:
        return method(**{one.name: ASKED[one.name] for one in needed})
    except OutcomesError as error:
        return pd.Series([str(error)])


def same(found: object, expected: object, what: str) -> None:
    if isinstance(expected, (pd.DataFrame, pd.Series)):
        assert isinstance(found, type(expected)), what
        if expected.equals(found):  # types and all
            return
        pd.testing.assert_frame_equal(
            plain(found), plain(expected), check_dtype=False, rtol=1e-9, atol=1e-12, obj=what
        )
    elif isinstance(expected, np.ndarray) and expected.dtype.kind in "OUS":
        assert list(map(str, np.ravel(found))) == list(map(str, np.ravel(expected))), what
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=what)


def plain(table: Any) -> pd.DataFrame:
    """Words as text, in an order of their own: that of categories is gone in a file."""
    frame = pd.DataFrame(table).reset_index(drop=True)
    frame.columns = frame.columns.map(str)
    words = [name for name in frame if frame[name].dtype.kind not in "fiub"]
    words = [name for name in words if not pd.api.types.is_numeric_dtype(frame[name].dtype)]
    words = [name for name in words if name not in ("rule",)]
    frame = frame.drop(columns=[name for name in frame if name == "rule"])
    frame = frame.astype(dict.fromkeys(words, str)).astype(dict.fromkeys(words, object))
    return frame.sort_values(words, kind="stable").reset_index(drop=True) if words else frame


REFUSED: dict[str, tuple[str, Estimate]] = {
    "nobody has the event": (
        "times",
        lambda frame: iop.cumulative_incidence(frame.assign(event=False)),
    ),
    "a cause is misspelt": (
        "times",
        lambda frame: iop.cumulative_incidence(frame, causes=["relapse", "missed_chek_in"]),
    ),
    "an end has no day": (
        "times",
        lambda frame: iop.fine_gray(frame.assign(competing_on=np.nan), "age"),
    ),
    "words are of days": (
        "days",
        lambda frame: iop.relapse_by_imputation(imputed(frame), horizon_weeks=8),
    ),
    "a terminal end is misspelt": (
        "stretches",
        lambda frame: iop.mean_cumulative_function(frame, terminal=["missed_chek_in"]),
    ),
    "nobody has a stay": ("histories", lambda frame: iop.state_occupation(frame.iloc[:0])),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_do_not_rest_on_attributes(name: str) -> None:
    kind, estimate = REFUSED[name]
    frame = frames()[kind]
    with pytest.raises(OutcomesError) as expected:
        estimate(frame)
    for way, change in ways_of(kind).items():
        with pytest.raises(OutcomesError) as found:
            estimate(change(frame))
        assert type(found.value) is type(expected.value), way
        assert str(found.value).split(".")[0] == str(expected.value).split(".")[0], way


# The code ---------------------------------------------------------------------------------------


def test_attributes_are_read_and_written_in_one_place() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    naming = {
        str(path.relative_to(PACKAGE))
        for path, text in texts.items()
        if "attrs" in text
        for node in ast.walk(ast.parse(text))
        if (isinstance(node, ast.Attribute) and node.attr == "attrs")
        or (isinstance(node, ast.Constant) and node.value == "attrs")
    }
    assert naming == {"shared/provenance.py"}


# Labels -----------------------------------------------------------------------------------------


def test_labels_are_plain_values_under_one_key() -> None:
    times = frames()["times"]
    result = provenance_of(times)
    assert result == Provenance(LEAVING.text, "relapse", "admission", synthetic=True)
    assert set(times.attrs[KEY]) == members(Provenance)
    assert provenance_of(relabel(cleared(times), times, rule="Mine.")) == Provenance(
        "Mine.", "relapse", "admission", synthetic=True
    )
    dropout = iop.time_to_relapse(records(), iop.RelapseRule("ctn_0094_dropout"))
    assert provenance_of(dropout).event == "dropout"


@pytest.mark.parametrize(
    "written", [{}, "relapse", {"event": 3, "rule": None, "synthetic": np.array([1, 2])}, [1]]
)
def test_labels_of_another_type_are_none(written: object) -> None:
    frame = pd.DataFrame({"days": [1.0], "event": [True]})
    frame.attrs[KEY] = written
    assert provenance_of(frame) == UNKNOWN
    assert iop.survival_curves(frame).provenance == UNKNOWN


@pytest.mark.parametrize(
    ("kind", "estimate"),
    [
        ("times", lambda frame: iop.survival_curves(frame)),
        ("times", lambda frame: iop.protect(iop.survival_curves(frame), iop.SafePolicy(3))),
        ("times", lambda frame: iop.hazard(frame, fewest=3)),
        ("times", lambda frame: iop.interval_survival(frame)),
        ("times", lambda frame: iop.cumulative_incidence(frame)),
        ("stretches", lambda frame: iop.mean_cumulative_function(frame)),
        ("histories", lambda frame: iop.state_occupation(frame)),
    ],
)
def test_axes_name_the_event_and_day_0_by_the_labels(kind: str, estimate: Estimate) -> None:
    from matplotlib import pyplot

    misleading = "Neither a relapse after discharge nor one after the first attended session."
    frame = frames()[kind]
    for labels, event, origin in (
        (Provenance(misleading), "event", "the start"),
        (Provenance(misleading, "relapse", "first use"), "relapse", "first use"),
    ):
        result: Any = estimate(label(frame.copy(), labels))
        ax = result.plot()
        texts = [part for one in ax.figure.axes for part in (one.get_xlabel(), one.get_ylabel())]
        pyplot.close(ax.figure)
        assert f"days since {origin}" in texts
        said = " ".join(texts).replace("\n", " ")
        if kind != "histories" and not isinstance(result, iop.CumulativeIncidence):
            assert event in said
            assert event == "relapse" or "relapse" not in said
