"""No message, repr, log, warning, file name or output of a command holds a value of a person.

Names, birth dates and record numbers that nobody else has (the canaries) are put wherever data can
stand: in values, in the names of columns, in groups, causes and labels, and in place of arguments.
Then every public function is walked into as many errors as can be thought of.
"""

from __future__ import annotations

import copy
import inspect
import io
import logging
import pickle
import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from docx import Document
from openpyxl import load_workbook
from typer.testing import CliRunner

import iop_outcomes as iop
from iop_outcomes import cli
from iop_outcomes.disclosure import hide_small_counts
from iop_outcomes.records.schema import TABLES, WORKED_OUT
from iop_outcomes.relapse.course.recurrences import RECURRENT_COLUMNS, RECURRENT_ENDS
from iop_outcomes.relapse.course.states import STAY_COLUMNS
from iop_outcomes.relapse.times import TIME_COLUMNS
from iop_outcomes.shared import messages
from iop_outcomes.shared.vocabulary import STATES
from tests.helpers.engines import by_our_product

pytestmark = pytest.mark.usefixtures("slopes_when_used")

PEOPLE = [
    "Zebulon Quixley",
    "Ottoline Quixley",
    "Peregrine Quixley",
    "Quixley-Zebulon, X.",
    "O'Quixley",
    "Zebulon Q. Quixley III",
]
BIRTHS = [f"1931-07-{day}" for day in range(11, 17)]
NUMBERS = [f"QX73918{last}" for last in range(6)]
CANARY = re.compile(r"zebulon|quixley|1931|qx73918", re.IGNORECASE)


def walked(action: Callable[[], Any]) -> str:
    """All that an action says: its error with the whole chain, warnings, logs, prints, repr."""
    printed = io.StringIO()
    handler = logging.StreamHandler(printed)
    logging.getLogger().addHandler(handler)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            redirect_stdout(printed),
            redirect_stderr(printed),
        ):
            warnings.simplefilter("always")
            try:
                action()
            except Exception as error:
                printed.write("".join(lines_of(error)))
                printed.write(repr(error) + str(error.__dict__))
                if isinstance(error, iop.OutcomesError):
                    printed.write(str(pickle.dumps(error.args)))
        printed.write("\n".join(str(each.message) for each in caught))
    finally:
        logging.getLogger().setLevel(level)
        logging.getLogger().removeHandler(handler)
    return printed.getvalue()


def lines_of(error: BaseException | None) -> Iterator[str]:
    """Give the chain as a traceback ends with it, without the lines of code, which hold no data."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield from traceback.format_exception_only(error)
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)


def quiet(action: Callable[[], Any], *, fails: bool = False) -> None:
    """Hold that an action gives nobody away, and, if so asked, that it ends in an error of ours."""
    printed = walked(action)
    assert not fails or "iop_outcomes.errors." in printed, printed
    result = CANARY.search(printed)
    assert result is None, printed[max(result.start() - 600, 0) : result.end() + 100]


# Frames of the estimates -------------------------------------------------------------------------


@cache
def times(size: int = 24) -> pd.DataFrame:
    """Times with people in them: as groups, causes, clusters, covariates and names of columns."""
    generator = np.random.default_rng(7)
    person = np.arange(size) % len(PEOPLE)
    frame = pd.DataFrame(
        {
            "days": generator.integers(2, 90, size),
            "event": generator.random(size) < 0.6,
            "client": np.array(PEOPLE)[person],
            "birth": np.array(BIRTHS)[person],
            "mrn": np.array(NUMBERS)[generator.integers(0, 6, size)],
            "age": generator.integers(20, 60, size),
            "track": np.where(generator.random(size) < 0.5, "day", "evening"),
            "episode_id": [f"{PEOPLE[each]} {row}" for row, each in enumerate(person)],
            "person_id": [f"{NUMBERS[each]}-{row}" for row, each in enumerate(person)],
        }
    )
    frame["ended_by"] = np.where(frame["event"], "relapse", np.array(PEOPLE)[person])
    frame["clear_until"] = np.maximum(frame["days"] - 7, 0)
    frame["weight"] = 1.5
    frame["left"] = ~frame["event"] & (frame.index % 2 == 0)
    for name, value in zip((PEOPLE[0], BIRTHS[0], NUMBERS[0]), ("x", "y", "z"), strict=True):
        frame[name] = value
    return frame


@cache
def stays() -> pd.DataFrame:
    frame = times()[["episode_id", "client", PEOPLE[0]]]
    return frame.assign(entry=0, days=times()["days"], state="engaged", next_state=None)


def patterns() -> pd.Series[Any]:
    words = ["--+o-+" * 4, "++++" * 6, "-" * 24, "o" * 24, "--++--" * 4, "-o" * 12]
    return pd.Series(words, index=PEOPLE)


@pytest.fixture(scope="module")
def records() -> iop.Records:
    return iop.read_records(**tables())


@cache  # a call takes a copy of the dictionary; no function changes a frame
def tables() -> dict[str, Any]:
    people = [f"{name} {number}" for number in range(5) for name in PEOPLE]
    size = len(people)
    episodes = pd.DataFrame(
        {
            "episode_id": people,
            "person_id": [f"{NUMBERS[row % 6]}-{row}" for row in range(size)],
            "program": np.where(np.arange(size) % 3, "North", "South"),
            "admit_date": pd.date_range("2026-01-01", periods=size),
            "client": np.array(PEOPLE)[np.arange(size) % 6],
            "birth": np.array(BIRTHS)[np.arange(size) % 6],
            PEOPLE[0]: "x",
        }
    )
    rows = episodes.loc[np.repeat(np.arange(size), 6)].reset_index(drop=True)
    rows["date"] = rows["admit_date"] + pd.to_timedelta(np.tile(np.arange(6) * 7, size), "D")
    checkins = rows[["episode_id", "date"]].assign(
        status="completed", used=np.arange(len(rows)) % 5 == 0, substance=rows["client"]
    )
    attendance = rows[["episode_id", "date"]].assign(
        status="attended", facilitator=rows["client"], minutes_attended=60
    )
    return {"episodes": episodes, "attendance": attendance, "checkins": checkins}


HOSTILE: dict[str, Any] = {
    "a column": pd.Series(PEOPLE, name=PEOPLE[0]),
    "dates": pd.Series(pd.to_datetime(BIRTHS), name=BIRTHS[0]),
    "a frame": pd.DataFrame({PEOPLE[0]: PEOPLE, "birth": BIRTHS}),
    "an array": np.array(PEOPLE, dtype=object),
    "an index": pd.Index(PEOPLE),
    "a category": pd.Categorical(PEOPLE),
    "a list": list(PEOPLE),
    "a dictionary": dict(zip(PEOPLE, BIRTHS, strict=True)),
    "a column's cells": [pd.Series(PEOPLE)],
}


def calls(records: iop.Records | None) -> dict[str, tuple[Callable[..., Any], dict[str, Any]]]:
    """A call of every public function that takes data, which works or nearly does."""
    of_times: dict[str, dict[str, Any]] = {
        "survival_curves": {"by": "track", "weights": None, "cluster": None},
        "hazard": {"by": "track"},
        "interval_survival": {"by": "track"},
        "parametric_survival": {"by": "track", "models": "exponential"},
        "cumulative_incidence": {"by": "track"},
        "compare_survival": {"by": "track"},
        "compare_interval_survival": {"by": "track"},
        "compare_incidence": {"by": "track"},
        "compare_recurrence": {"by": "track"},
        "mean_cumulative_function": {"by": "track"},
        "balance": {"by": "track", "covariates": ["age", "client"]},
        "propensity_weights": {"by": "track", "covariates": "age + client"},
        "adjusted_curves": {
            "by": "track",
            "covariates": "age",
            "day": 40,
            "limits": "closed_form",
        },
        "compare_cohorts": {
            "by": "track",
            "covariates": ["age"],
            "horizon": 20,
            "missing_covariates": "impute",
            "imputations": 2,
        },
        "tipping_point": {"by": "track", "day": 20, "left": "left", "resamples": 100},
        "detectable_difference": {"by": "track"},
        "cox": {"formula": "age"},
        "cause_specific_cox": {"formula": "age"},
        "fine_gray": {"formula": "age"},
        "recurrent_cox": {"formula": "age"},
    }
    of_records: dict[str, dict[str, Any]] = {
        "attendance_and_relapse": {"weeks": 2},
        "attendance_by_week": {"weeks": 2},
        "engagement": {},
        "engagement_by_week": {},
        "follow_up_due": {},
        "slipping": {},
        "attendance_by_person": {},
        "attendance_by_weekday": {"by": "track"},
        "cohort_flow": {"by": "track"},
        "continuity": {"by": "track"},
        "dose_and_outcome": {},
        "dropout_by_absences": {},
        "dropout_by_gap": {},
        "dropout_by_missing_weeks": {},
        "ended_as": {"reason": "completed"},
        "exclusions": {"times": times()},
        "episode_lanes": {},
        "first_to_fourth_session": {},
        "flagged_answers": {"instrument": "phq9"},
        "followed_up": {},
        "functioning": {"by": "track"},
        "iet_style": {},
        "instrument_scores": {"instrument": "phq9"},
        "medication_continuity": {},
        "minimum_dose": {},
        "prior_care": {},
        "retention": {},
        "shared_sessions": {},
        "symptom_change": {"instrument": "phq9", "by": "track"},
        "time_to_gain": {"domain": "work_or_school"},
        "transitions": {},
        "va_continuity": {},
        "washington_circle": {},
        "time_in_treatment": {},
        "recurrent_relapses": {},
        "state_histories": {},
        "time_to_relapse": {},
        "trend": {"measure": "admissions"},
        "funnel": {"measure": "completion_rate", "by": "program"},
        "vlad": {"measure": "completion_rate", "baseline": 20},
        "risk_adjusted_cusum": {
            "measure": "completion_rate",
            "baseline": 20,
            "run_length": 20,
            "series": 4,
        },
        "watch": {"measures": ["admissions"]},
        "summary_matrix": {"measures": ["admissions"]},
        "use_patterns": {},
        "plot_attendance": {},
    }
    of_patterns: dict[str, dict[str, Any]] = {
        "event_weeks": {"definition": "ctn_0094_relapse"},
        "missing_outcomes": {"names": "krupitsky_2004"},
        "outcomes": {"names": "krupitsky_2004"},
        "impute_weeks": {"imputations": 2, "iterations": 1},
    }
    others: dict[str, dict[str, Any]] = {
        "state_occupation": {"histories": stays()},
        "pool": {"estimates": [1.0, 2.0], "variances": [0.1, 0.1]},
        "protect": {"result": None},
        "relapse_by_imputation": {"imputed": None},
        "read_mapping": {"source": {}},
        "read_records": tables(),
        "plot_survival": {"curves": None},
        "plot_trend": {"trend": None},
        "plot_regression": {"result": None},
        "plot_incidence": {"result": None},
        "plot_funnel": {"result": None},
        "plot_vlad": {"result": None},
        "plot_matrix": {"result": None},
        "plot_interrupted": {"series": None},
        "interrupted_series": {"source": records, "measure": "admissions", "at": "2025-06"},
        "plot_states": {"result": None},
        "plot_attendance_heatmap": {"attendance": None},
        "plot_flow": {"flow": None},
        "plot_functioning": {"life": None},
        "plot_lanes": {"lanes": None},
        "plot_symptoms": {"change": None},
        "read_instrument": {"path": {}},
        "sensitivity": {"records": None},
        "quarterly_report": {"records": None},
        "alternative_text": {"ax": None},
    }
    given = times()
    result = {name: {"times": given, **more} for name, more in of_times.items()}
    result |= {name: {"records": records, **more} for name, more in of_records.items()}
    result["plot_attendance"] = {"records_or_result": records}
    result |= {name: {"patterns": patterns(), **more} for name, more in of_patterns.items()}
    result |= others
    return {name: (getattr(iop, name), arguments) for name, arguments in result.items()}


WITHOUT_RECORDS = calls(None)  # for their names
NAMES = sorted(WITHOUT_RECORDS)
OF_TIMES = [
    name
    for name in NAMES
    if "times" in WITHOUT_RECORDS[name][1] and name != "compare_cohorts"  # slow; its parts are here
]

BY_LIFELINES = ("survival_curves", "compare_survival")  # the others ask it through these


@pytest.mark.parametrize("name", NAMES)
@by_our_product
def test_data_in_place_of_an_argument_is_not_repeated(name: str, records: iop.Records) -> None:
    function, arguments = calls(records)[name]
    for parameter in inspect.signature(function).parameters:
        for kind, hostile in HOSTILE.items():
            if name == "read_records" and kind == "a list":
                continue  # files, which errors name
            given = {**arguments, parameter: copy.copy(hostile)}
            quiet(lambda given=given: function(**given))


@pytest.mark.parametrize("name", OF_TIMES)
def test_a_frame_with_people_in_every_column_gives_nobody_away(
    name: str, records: iop.Records
) -> None:
    walk = walk_people_through if name in BY_LIFELINES else by_our_product(walk_people_through)
    walk(*calls(records)[name])


def walk_people_through(function: Callable[..., Any], arguments: dict[str, Any]) -> None:
    good = arguments["times"]
    for column in ("days", "event", "entry", "ended_by", "episode_id", "track"):
        for values in (
            good["client"],
            pd.to_datetime(good["birth"]),
            good["client"].where(good.index > 0).astype("category"),
            good["client"].map(lambda name: [name]),
        ):
            given = {**arguments, "times": good.assign(**{column: values})}
            quiet(lambda given=given: function(**given))
    for column in ("days", "event", "ended_by", "episode_id", "track", "age"):
        given = {**arguments, "times": good.drop(columns=column)}
        quiet(lambda given=given: function(**given))
    for column in ("days", "event", "ended_by", PEOPLE[0]):
        twins = pd.concat([good, good[[column]]], axis=1)
        quiet(lambda twins=twins: function(**{**arguments, "times": twins}))
    for column in ("client", "birth", "mrn"):
        if "by" in arguments:
            quiet(lambda column=column: function(**{**arguments, "by": column}))
        else:
            quiet(lambda column=column: function(**{**arguments, "formula": f"{column} + age"}))
            quiet(lambda column=column: function(**{**arguments, "formula": f"{column}:age"}))


def scenes() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Errors that are about one group, cause, term or label."""
    frame = times()
    first = frame["client"] == PEOPLE[0]
    late = frame.assign(entry=np.where(first, 91, 0), days=np.where(first, 95, frame["days"]))
    yield "a group never at risk", lambda: iop.compare_survival(late, by="client")
    quietly = frame.assign(event=frame["event"] & ~first)
    yield "a group without an event", lambda: iop.parametric_survival(quietly, by="client")
    yield "a group without an event, smoothed", lambda: iop.hazard(quietly, by="client", fewest=1)
    yield "a term that runs away", lambda: iop.cox(quietly, "client")
    twice = frame.assign(other=frame["client"])
    yield "terms that are collinear", lambda: iop.cox(twice, "client + other")
    one = frame.assign(client=PEOPLE[0])
    yield "a term of one value", lambda: iop.cox(one, "client")
    yield "one group", lambda: iop.compare_survival(one, by="client")
    for causes in (["relapses"], [name + "x" for name in PEOPLE], [PEOPLE[0]] * 2, []):
        yield "causes", lambda causes=causes: iop.cumulative_incidence(frame, causes=causes)
    ends = frame.assign(ended_by=pd.Categorical(frame["ended_by"]).add_categories("none of these"))
    yield (
        "a cause nobody ends by",
        lambda: iop.compare_incidence(ends, by="track", causes=["relapse", "none of these"]),
    )
    yield "a model of a cause", lambda: iop.fine_gray(frame, "age", cause="none of these")
    some = frame.assign(event=frame["event"].where(frame.index > 3))
    yield "events missing", lambda: iop.survival_curves(some)
    yield "terminal", lambda: iop.mean_cumulative_function(frame, terminal=["relapses"])
    people = pd.DataFrame({PEOPLE[0]: PEOPLE, "birth": BIRTHS}, index=PEOPLE)
    yield "covariates", lambda: iop.impute_weeks(patterns(), covariates=people.iloc[:3])
    gaps = people.drop(index=PEOPLE[1]).reindex(PEOPLE)
    yield "a covariate missing", lambda: iop.impute_weeks(patterns(), covariates=gaps)
    dates = people[["birth"]].apply(pd.to_datetime).set_axis([BIRTHS[0]], axis=1)
    yield "covariates of dates", lambda: iop.impute_weeks(patterns(), covariates=dates)
    yield "words that are names", lambda: iop.outcomes(pd.Series(PEOPLE))
    yield "labels twice", lambda: iop.outcomes(pd.concat([patterns(), patterns()]))
    counts = pd.DataFrame({PEOPLE[0]: [3, 4], "all": [9, 9]}, index=PEOPLE[:2])
    for options in ({"counts": ["n"]}, {"counts": ["all"], "total_row": "x"}):
        yield "counts", lambda options=options: hide_small_counts(counts, **options)


SCENES = list(scenes())


@pytest.mark.parametrize("scene", range(len(SCENES)))
def test_an_error_about_one_group_cause_or_term_does_not_name_it(scene: int) -> None:
    quiet(SCENES[scene][1], fails=True)


def test_records_answer_questions_without_naming_anybody(records: iop.Records) -> None:
    for action in (
        lambda: records.where(client="nobody"),
        lambda: records.where(birth="nobody", client=PEOPLE[0]),
        lambda: records.where(client=PEOPLE),
        lambda: records.where(clients="x"),
        lambda: iop.attendance_by_week(records, by="clint"),
        lambda: iop.attendance_by_week(records, by="episode_id"),
        lambda: iop.use_patterns(records, substances="none of these"),
        lambda: iop.use_patterns(records, prescribed="none of these"),
        lambda: iop.time_to_relapse(
            records, iop.RelapseRule(definition="first_heavy_day", heavy_column="none of these")
        ),
        lambda: print(repr(records), records._repr_html_()),
        lambda: records.save_problems(Path("nowhere") / "problems.csv"),
    ):
        quiet(action)


# Files -------------------------------------------------------------------------------------------

HEADER = "episode_id,person_id,admit_date,client\n"
ROWS = "".join(
    f"{NUMBERS[row]},{NUMBERS[row]}-P,2026-01-0{row + 1},{PEOPLE[row].replace(',', '')}\n"
    for row in range(6)
)
CHECKINS = "episode_id,date,status\n" + "".join(
    f"{number},2026-02-01,completed\n" for number in NUMBERS
)
MAPPING = f'[episodes.columns]\n"{PEOPLE[0]}" = "client"\n'
FILES: dict[str, dict[str, str | bytes]] = {
    "no header": {"episodes.csv": ROWS},
    "no header, birth dates": {"episodes.csv": ROWS.replace("2026-01-0", "1931-07-1")},
    "a header of people": {"episodes.csv": f"{PEOPLE[0]},{BIRTHS[0]},{NUMBERS[0]}\n" + ROWS},
    "two columns of a name": {"episodes.csv": f"{PEOPLE[0]},{PEOPLE[0]},episode_id\n"},
    "two columns that fold": {
        "episodes.csv": f"episode_id,admit_date,{PEOPLE[0]},{PEOPLE[0].lower()}\n"
    },
    "short and long rows": {"episodes.csv": HEADER + ROWS + PEOPLE[0] + ",\n" + "a,b,c,d,e,f\n"},
    "a quote that is not closed": {"episodes.csv": HEADER + ROWS + f'E9,"{PEOPLE[0]},2026-01-01\n'},
    "bad dates": {"episodes.csv": HEADER + ROWS + f"E9,P9,{BIRTHS[0]}?,{PEOPLE[0]}\n"},
    "unknown words": {"checkins.csv": CHECKINS + f"{NUMBERS[0]},2026-02-03,{PEOPLE[0]}\n"},
    "unknown episodes": {"checkins.csv": CHECKINS + f"{PEOPLE[0]},2026-02-03,missed\n"},
    "Latin letters": {"episodes.csv": (HEADER + ROWS).encode("utf-16") + b"x"},
    "a broken workbook": {"episodes.xlsx": f"PK {PEOPLE[0]}"},
    "broken Parquet": {"episodes.parquet": f"PAR1 {PEOPLE[0]}"},
    "broken gzip": {"episodes.csv.gz": f"\x1f\x8b {PEOPLE[0]}"},
    "a long field": {"episodes.csv": HEADER + f'E9,P9,2026-01-01,"{PEOPLE[0] * 12_000}'},
    "a broken mapping": {"mapping.toml": MAPPING + f'"{PEOPLE[0]}" = "twice"\n'},
    "a mapping with an inline table": {
        "mapping.toml": f'x = {{"{PEOPLE[0]}" = 1, "{PEOPLE[0]}" = 2}}'
    },
    "as it should be": {},
}


@pytest.fixture(params=sorted(FILES))
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    files: dict[str, str | bytes] = {"episodes.csv": HEADER + ROWS, "checkins.csv": CHECKINS}
    for name, data in {**files, **FILES[request.param]}.items():
        content = data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")
        (tmp_path / name).write_bytes(content)
    if any(
        name.startswith("episodes.") and name != "episodes.csv" for name in FILES[request.param]
    ):
        (tmp_path / "episodes.csv").unlink()
    return tmp_path


def test_a_file_of_whatever_kind_is_told_of_without_its_values(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    quiet(lambda: print(repr(iop.read_records(folder)), iop.read_records(folder)._repr_html_()))
    quiet(lambda: iop.read_records(folder, strict=True))
    out = tmp_path_factory.mktemp("out")
    runner = CliRunner()
    for command in (
        ["check", str(folder)],
        ["check", str(folder), "--strict", "--problems", str(out / "problems.csv")],
        ["report", str(folder), "--out", str(out / "report.html")],
        ["report", str(folder), "--out", str(out / "report.xlsx"), "--program", "None"],
    ):
        result = runner.invoke(cli.app, command)
        message = result.output + "".join(
            traceback.format_exception(result.exception or ValueError())
        )
        assert not CANARY.search(message), message
    assert not [path for path in out.iterdir() if CANARY.search(path.name)]


def test_only_the_file_of_problems_that_was_asked_for_holds_values(tmp_path: Path) -> None:
    (tmp_path / "episodes.csv").write_text(HEADER + ROWS)
    bad = CHECKINS + f"{NUMBERS[0]},2026-02-03,{PEOPLE[0]}\n"
    (tmp_path / "checkins.csv").write_text(bad)
    out = tmp_path / "problems.csv"
    result = CliRunner().invoke(cli.app, ["check", str(tmp_path), "--problems", str(out)])
    assert result.exit_code == 0
    assert not CANARY.search(result.output)
    assert PEOPLE[0] in out.read_text()


def test_the_report_holds_nobody(records: iop.Records, tmp_path: Path) -> None:
    report = iop.quarterly_report(records)
    assert not CANARY.search(report.save(tmp_path / "report.html").read_text(encoding="utf-8"))
    book = load_workbook(report.save(tmp_path / "report.xlsx"))
    cells = [cell for sheet in book.worksheets for row in sheet.values for cell in row]
    assert len(cells) > 50
    assert not CANARY.search(" ".join(map(str, cells)))


def test_a_comparison_of_cohorts_holds_nobody(tmp_path: Path) -> None:
    frame = pd.concat([times(60), times(60)])  # each person twice, so that errors are by person
    frame["age"] = frame["age"].where(frame["days"] % 7 > 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        comparison = iop.compare_cohorts(
            *(frame, "track"),
            covariates=["age"],
            horizon=40,
            left="left",
            alternatives={"short": frame.assign(days=3)},
            missing_covariates="impute",
            imputations=2,
            resamples=100,
        )
    assert "Rows of one person_id were taken together" in comparison.methods
    word = Document(str(comparison.save(tmp_path / "x.docx")))
    cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    text = [comparison.text, comparison.methods, repr(comparison), comparison._repr_html_(), *cells]
    text += [paragraph.text for paragraph in word.paragraphs]
    for name in ("x.html", "x.tex"):
        page = comparison.save(tmp_path / name).read_text(encoding="utf-8")
        text.append(re.sub(r"base64,[A-Za-z0-9+/=]+", "", page))
    assert comparison.tipping is not None
    text += [comparison.tipping.text, repr(comparison.tipping), comparison.tipping._repr_html_()]
    assert not CANARY.search(" ".join(text))


# The policy itself -------------------------------------------------------------------------------


def test_the_columns_that_the_package_declares_may_be_named() -> None:
    declared = {
        name
        for table in TABLES.values()
        for column in table.columns
        for name in (column.name, column.study_name)
        if name
    }
    declared |= {name for names in WORKED_OUT.values() for name in names}
    declared |= {*TIME_COLUMNS, *STAY_COLUMNS, *RECURRENT_COLUMNS, "bam_1"}
    assert [name for name in sorted(declared) if not messages.may_be_named(name)] == []


def test_the_words_that_the_package_gives_to_ends_and_states_may_be_told() -> None:
    reasons = TABLES["episodes"].column("discharge_reason")
    assert reasons is not None
    assert {*reasons.words, *RECURRENT_ENDS, *STATES} <= messages.VOCABULARY


@pytest.mark.parametrize(
    "name", [*PEOPLE, *BIRTHS, *NUMBERS, "May", "Dante", "12", "1/2/26", "Mark Day", "E1", "", 3]
)
def test_a_name_or_a_date_is_never_named(name: object) -> None:
    assert not messages.may_be_named(name)


@pytest.mark.parametrize("name", ["Client Name", "AdmitDate", "DOB", "Session #2", "DATE OF BIRTH"])
def test_a_header_of_plain_words_is(name: str) -> None:
    assert messages.may_be_named(name)
