"""What a report says that its numbers rest on: each source stands in the code, and is used."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.report.counting import count_all
from iop_outcomes.report.forms.word import word_of
from iop_outcomes.report.programs import program_table
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.definitions import definitions, methods
from iop_outcomes.report.sections.relapse.first import TITLE
from iop_outcomes.versions import show_versions
from tests.helpers.of_the_sample import records_of_the_sample, report_of_the_sample

PACKAGE = Path(iop.__file__).parent
HELD = ("continuity", "symptoms", "discharges", "programs", "attendance_by_weekday")


@pytest.fixture(scope="module")
def code() -> str:
    """Return all other code and documentation of the package, its lines joined."""
    own = Path(methods.__file__)
    texts = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py") if path != own]
    plain = re.sub(r'"\n\s*"', "", "\n".join(texts))
    return re.sub(r"\s+", " ", plain)


@pytest.mark.parametrize("method", methods.FOUND, ids=lambda one: one.name)
def test_each_source_is_one_that_the_code_cites(code: str, method: methods.Method) -> None:
    pages = re.findall(r"\d+: ?\d+-\d+|\d+\(\d+\):\d+", method.source)
    if pages:
        assert [page for page in pages if page not in code] == []
    else:
        first = re.split(r"[.:,]", method.source)[0]
        assert first in code
    for year in re.findall(r"\b(?:19|20)\d\d\b", method.source):
        assert year in code
    surname = method.source.split()[0].strip(",")
    assert surname == "Feasibility" or surname in code


def a_scope(**given: Any) -> Any:
    usual = {"policy": iop.SafePolicy(), "period": "a quarter", "engagement": None}
    return SimpleNamespace(tells=lambda *_: True, **usual | given)


def a_report(**given: Any) -> Any:
    usual = {"drafts": {}, "trends": SimpleNamespace(drawn={}), "weeks": None, "relapse": None}
    usual |= {"stays": None, "sites": {}, "site_attendance": None}
    return SimpleNamespace(**usual | given)


def names(scope: Any, counted: Any, *left_out: str) -> list[str]:
    return list(methods.methods_table(scope, counted, left_out).frame["what"])


def test_only_methods_that_a_report_uses_are_named() -> None:
    none = names(a_scope(), a_report())
    assert none == [
        "Which counts are hidden",
        "Whether a hidden count follows from others",
        "Groups of the checks on data quality",
    ]
    assert names(a_scope(policy=iop.SafePolicy.internal()), a_report()) == none[2:]
    assert names(a_scope(policy=iop.SafePolicy(6)), a_report()) == none[1:]
    curves = SimpleNamespace(interval=None, first=SimpleNamespace(told=False))
    with_curves = names(a_scope(), a_report(relapse=curves))
    assert "Share without relapse by day" in with_curves
    assert not {"Relapse between two check-ins", TITLE} & {*with_curves}
    drawn = SimpleNamespace(interval=1, first=SimpleNamespace(told=True))
    both = a_report(relapse=drawn, stays=1, sites={"retained_90": 1})
    assert TITLE in names(a_scope(), both)
    assert len(names(a_scope(), both)) == 9
    assert len(names(a_scope(), both, "relapse", "who-stayed")) == 4
    sites = names(a_scope(), both, "sites")
    assert "Programs as a funnel" in sites  # the first page names programs that differ
    assert "Programs as a funnel" not in names(a_scope(), both, "sites", "what-changed")
    beside = names(a_scope(), a_report(site_attendance=1))
    assert "Attendance of a program beside that of all" in beside
    assert any(name.startswith("Limits of a share of sessions") for name in beside)


def test_rules_and_scales_are_those_of_the_tables() -> None:
    rules = pd.DataFrame({"rule": ["Continuity of care (VA)"]})
    scales = pd.DataFrame({"scale": ["Anxiety (GAD-7)"]})
    drafts = {
        name: SimpleNamespace(table=SimpleNamespace(frame=frame))
        for name, frame in (("continuity", rules), ("symptoms", scales))
    }
    found = names(a_scope(), a_report(drafts=drafts))
    assert {"Continuity of care (VA)", "GAD-7", "Limits of a share of people"} <= {*found}
    assert not {"PHQ-9", "Started and engaged (IET style)"} & {*found}


def test_charts_are_named_only_with_a_period() -> None:
    weekdays = a_report(drafts={"attendance_by_weekday": None}, weeks=1)
    whole = names(a_scope(period=None), weekdays)
    assert any(name.startswith("Limits of a share of sessions") for name in whole)
    assert not any("chart" in name.lower() for name in whole)
    trends = SimpleNamespace(drawn={"attendance_rate": 1, "admissions": 1})
    over_time = names(a_scope(), a_report(trends=trends))
    assert sum("ontrol charts" in name for name in over_time) == 2
    assert "Ratio of two numbers of admissions" in over_time


def test_the_versions_are_those_that_are_installed_and_stand_without_people_too() -> None:
    frame = methods.software_table().frame.set_index("software")["version"]
    assert frame["pandas"] == pd.__version__
    assert frame["python"] == show_versions()["python"]
    assert list(frame.index) == [*methods.BELOW_NUMBERS]
    records: Any = SimpleNamespace(tables={})
    scope = a_scope(too_few=(), pooled=(), records=records)
    tables = [table.name for table in definitions(scope, None).tables]
    assert tables == ["definitions", "software"]


def test_what_a_reader_would_have_to_guess_is_defined() -> None:
    document = report_of_the_sample()._document
    assert document is not None
    (section_of,) = [one for one in document["sections"] if one["name"] == "definitions"]
    rows = dict(section_of["tables"][0]["rows"])
    assert "the mean over episodes of their own means" in rows["Hours and weeks"]
    assert (
        "without a recorded outcome, or attended without minutes, could"
        in (rows["Hours and weeks"])
    )
    assert "30 days after that day has passed for the whole period" in rows["Retained"]
    assert "while no discharge is recorded, by the end of follow-up" in rows["Rules of engagement"]
    assert "on the scale of the logit, by Student's t" in rows["Intervals"]
    found = dict(section_of["tables"][1]["rows"])
    assert found["Ratio of two numbers of admissions"].startswith("Wilson EB.")


def test_who_counts_as_retained_is_said_as_the_table_of_programs_says_it() -> None:
    """The definition still had all who were admitted so many days before the data cut."""
    tables = report_of_the_sample().tables
    (said,) = tables["definitions"].set_index("measure").loc[["Retained"], "definition"]
    sections = report_of_the_sample()._document["sections"]  # type: ignore[index]  # it has one
    every = [table for section in sections for table in section["tables"]]
    (note,) = [table["note"] for table in every if table["name"] == "programs"]
    for text in (said, note):
        assert "in times that were followed so long to their last day" in text
        assert "so many days before the data cut" not in text
    scope = choose_scope(records_of_the_sample(), None, None, iop.SafePolicy.internal())
    frame = definitions(scope, count_all(scope, scope)).tables[0].frame
    (said,) = frame.set_index("measure").loc[["Retained"], "definition"]
    assert "all who were admitted so many days before the data cut" in said


def test_the_mean_hours_a_week_are_the_mean_of_those_of_each_episode() -> None:
    """One came for a week of 9 hours, the other for four weeks of 3: 6 hours, and not 21 of 5."""
    episodes = pd.DataFrame(
        {
            "episode_id": ["A", "B"],
            "program": "P",
            "admit_date": "2026-01-05",
            "discharge_date": ["2026-01-12", "2026-02-02"],
            "discharge_reason": "completed",
        }
    )
    days = [
        "2026-01-06",
        "2026-01-07",
        "2026-01-08",
        *(f"2026-01-{day:02}" for day in (7, 14, 21, 28)),
    ]
    visits = pd.DataFrame({"episode_id": [*"AAABBBB"], "date": days, "status": "attended"})
    visits["minutes_attended"] = 180
    records = iop.read_records(episodes=episodes, attendance=visits, as_of="2026-06-30")
    assert iop.engagement(records)["hours_per_week"].tolist() == [9.0, 3.0]
    linked = LinkedCounts(iop.SafePolicy.internal())
    scope = choose_scope(records, None, None, iop.SafePolicy.internal())
    assert program_table(scope, linked).table.frame["hours_a_week"].tolist() == [6.0]


def test_the_word_file_ends_with_methods_and_versions() -> None:
    docx = pytest.importorskip("docx")
    table = methods.software_table()
    held = {"name": table.name, "caption": table.caption, "note": table.note}
    held |= {"columns": [{"name": name, "kind": kind} for name, kind in table.columns]}
    held |= {"rows": [list(row) for row in table.rows]}
    section = {"name": "definitions", "title": "D", "sentences": [], "items": [], "figures": []}
    document = {"title": "T", "facts": [], "sections": [section | {"tables": [held]}]}
    read = docx.Document(BytesIO(word_of(document, [], "", "", "")))
    assert read.tables[-1].rows[1].cells[0].text == "iop-outcomes"
    assert methods.SOFTWARE_TITLE in [one.text for one in read.paragraphs]
