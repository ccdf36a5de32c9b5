"""What a report.toml may hold, what it changes, and sections of a user's own."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.merging import Ladders
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model
from iop_outcomes.report.command import settings_at
from iop_outcomes.report.counting import count_all
from iop_outcomes.report.each import reports_of_programs
from iop_outcomes.report.period import parse_report_period
from iop_outcomes.report.quarterly import Wanted
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.sections.own import own_section
from iop_outcomes.report.sections.registry import NAMES, Material, sections_of
from iop_outcomes.report.settings import (
    ReportSettings,
    contrast,
    read_settings,
    with_program_names,
)
from iop_outcomes.report.together import Together
from tests.helpers.of_the_sample import without_check_ins

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
ALL = """
title = "Outcomes <of> Harbor"
prepared_by = "Quality office"
prepared_on = 2026-10-05
logo = "logo.png"

[colours]
accent = "#004477"
accent_dark = "#9ad1ff"

[programs]
Harbor = "Harbor House & Co"

[targets]
attendance_rate = 0.75

[sections]
order = ["relapse"]
leave_out = ["who-came", "cannot-tell"]

[sections.titles]
relapse = "Return to use"
"""


@pytest.fixture(scope="module")
def records() -> iop.Records:
    made = iop.synthetic_records(people=150, seed=3)
    person = made.episodes["person_id"].astype(str)
    two = np.where(person.rank(method="dense") % 2 == 0, "Harbor", "North")  # enough in each
    return iop.read_records(
        episodes=made.episodes.assign(program=two),
        attendance=made.attendance,
        checkins=made.checkins,
    )


def written(folder: Path, text: str) -> Path:
    (folder / "logo.png").write_bytes(PNG)
    path = folder / "report.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_contrast_of_black_on_white_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


def test_what_is_set_is_in_the_report(
    records: iop.Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = Picture(b"<svg/>", "A picture.", 1, 1)
    monkeypatch.setattr(model, "draw_svg", lambda *_, **__: empty)
    free = iop.SafePolicy.unprotected()  # quick: nothing is searched for
    settings = written(tmp_path, ALL)
    report = iop.quarterly_report(records, "2025Q3", settings=settings, policy=free)
    html = report.html
    assert report.title == "Outcomes <of> Harbor"
    names = re.findall(r'<section id="([^"]*)"', html)
    not_there = {"relapse", *LEFT_OUT, "beside-earlier"}  # the last stands only beside another
    others = [name for name in NAMES if name not in not_there]
    assert names == [others[0], "relapse", *others[1:]]
    assert ">Return to use</h2>" in html
    assert "What these records cannot tell" not in html
    for text in ("Harbor House &amp; Co", "2026-10-05", "Quality office", "data:image/png;base64,"):
        assert text in html
    assert "#004477" in html
    assert "#9ad1ff" in html
    assert "Harbor" in set(records.episodes["program"])  # what was given is as it was
    again = iop.quarterly_report(records, "2025Q3", settings=settings, policy=free, title="Mine")
    assert again.title == "Mine"
    digest = hashlib.sha256(settings.read_bytes()).hexdigest()[:12]
    assert f"report.toml (SHA-256 {digest})" in html


@pytest.mark.parametrize(
    ("order", "first"),
    [
        (("relapse", "trends"), ["what-changed", "relapse", "trends", "flow"]),
        (("relapse", "what-changed"), ["relapse", "what-changed", "flow", "who-came"]),
        ((), ["what-changed", "flow", "who-came", "attendance"]),
    ],
)
def test_the_page_that_stands_alone_is_first_unless_the_order_names_it(
    order: tuple[str, ...], first: list[str]
) -> None:
    assert [one.name for one in sections_of([], ReportSettings(order=order))][:4] == first


def test_the_report_toml_beside_the_data_is_found_and_another_goes_before(tmp_path: Path) -> None:
    written(tmp_path, 'title = "Beside the data"')
    other = tmp_path / "other.toml"
    other.write_text('title = "Named"', encoding="utf-8")
    mapping = tmp_path / "mapping.toml"
    mapping.touch()
    for data in (tmp_path, mapping):
        assert settings_at(None, data).title == "Beside the data"
        assert settings_at(other, data).title == "Named"
        assert settings_at(None, data, look=False) == ReportSettings()
    assert settings_at(None, tmp_path.parent) == ReportSettings()
    assert "other" not in settings_at(other, tmp_path).file  # a file's name may be a person's


LEFT_OUT = {"who-came", "cannot-tell"}


def nothing(*_: object) -> frozenset[object]:
    return frozenset()


@pytest.mark.parametrize(
    ("text", "key", "instead"),
    [
        ("colour = 1", "report.toml, colour: There is no such key", "one of title"),
        ("title = 3", "report.toml, title: This must be a text", "between quotes"),
        ('prepared_on = "5 Oct"', "report.toml, prepared_on: This must be a date", "2026-10-05"),
        ('logo = "gone.png"', "report.toml, logo: The logo cannot be read", "beside this one"),
        ('logo = "report.toml"', "report.toml, logo: The logo is no picture", "PNG or JPEG"),
        ('colours = "red"', "report.toml, colours: This must be a table", "[colours]"),
        (
            '[colours]\naccent = "red"',
            "report.toml, colours.accent: A colour is written as #",
            "#005a92",
        ),
        ('[colours]\naccent = "#eeeeee"', "colours.accent: Words in this colour", "darker"),
        ('[colours]\naccent_dark = "#222222"', "colours.accent_dark: Words in", "lighter"),
        (
            "[targets]\nrelapses = 1",
            "targets.relapses: There is no such",
            "attendance",
        ),
        (
            "[targets]\nattendance_rate = 75",
            "targets.attendance_rate: The target of this measure must be a share",
            "0.75",
        ),
        ("[targets]\nadmissions = 60", "targets.admissions: A number of people", "attendance_rate"),
        ('[programs]\nA = "x"\nB = "x"', "report.toml, programs: Two programs", "another name"),
        ('[sections]\norder = ["relaps"]', "sections.order: There is no such section", "relapse"),
        ('[sections]\nleave_out = "relapse"', "sections.leave_out: This must be a list", "a list"),
        ('[sections]\norder = ["relapse", "relapse"]', "order: A section is named twice", "list"),
        (
            '[sections.titles]\nrelapse = ""',
            "sections.titles.relapse: This must be a text",
            "quotes",
        ),
        ("title = ", "report.toml is no TOML file", "title ="),
        ("ladders = 3", "report.toml, ladders: This must be a table", "[ladders]"),
        ("[ladders]\nreasons = []", "report.toml, ladders: There is no ladder", "discharges"),
        ("[ladders]\ndischarges = []", "report.toml, ladders: The ladder of", "at least one Step"),
        ('[ladders]\ndischarges = "year"', "ladders.discharges: This must be steps", "[[ladders."),
        ('[[ladders.discharges]]\nlength = "year"', "ladders: A step of a ladder says", "every"),
        (
            '[[ladders.discharges]]\nevery = ["year"]',
            "discharges.every: This must be a text",
            "year",
        ),
        ('[[ladders.discharges]]\nevery = "week"', "ladders: The length of a period", "quarter"),
        (
            '[[ladders.discharges]]\ntogether = {left = "died"}',
            "ladders.discharges.together: A group holds words",
            "other ends",
        ),
    ],
)
def test_an_error_names_file_and_key_and_what_to_write(
    text: str, key: str, instead: str, tmp_path: Path
) -> None:
    with pytest.raises(RuleError) as caught:
        read_settings(written(tmp_path, text), NAMES)
    assert key in str(caught.value)
    assert instead in caught.value.instead


def test_ladders_of_the_program_are_those_of_its_report(
    records: iop.Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for owner in (LinkedCounts, Together):  # what is hidden takes time, and merges nothing
        monkeypatch.setattr(owner, "hidden" if owner is LinkedCounts else "hide", nothing)
    records = without_check_ins(records)
    text = """
    [[ladders.discharges]]
    every = "year"

    [ladders.discharges.together]
    "moved on" = ["completed", "transferred"]
    """
    others = [name for name in NAMES if name != "who-stayed"]
    settings = written(tmp_path, f"{text}\n[sections]\nleave_out = {json.dumps(others)}")
    own = Ladders.of(
        {"discharges": [{"every": "year", "together": {"moved on": ["completed", "transferred"]}}]}
    )
    assert read_settings(settings, NAMES).ladders == own
    quarter = str(pd.Timestamp(records.as_of).to_period("Q") - 1)
    made = iop.quarterly_report(records, quarter, settings=settings)
    scope = choose_scope(records, quarter, None, None)
    asked = count_all(scope, scope, own).table("discharges")
    reasons = made.tables["discharges"]["reason"].tolist()
    assert "moved on" in reasons
    assert "completed" not in reasons
    pd.testing.assert_frame_equal(made.tables["discharges"], asked.frame)
    of_file = read_settings(settings, NAMES)
    several = reports_of_programs(records, Wanted(parse_report_period(quarter)), of_file)
    for report in (several.whole, *several.each.values()):
        assert "completed" not in report.tables["discharges"]["reason"].tolist()
    # What is given goes before the file.
    usual = iop.quarterly_report(records, quarter, settings=settings, ladders=Ladders())
    assert "moved on" not in usual.tables["discharges"]["reason"].tolist()


def test_a_target_of_a_number_of_people_is_refused_in_a_program_too(records: iop.Records) -> None:
    with pytest.raises(RuleError, match=r"ReportSettings, targets\.admissions: A number of people"):
        iop.quarterly_report(records, "2025Q3", settings=ReportSettings(targets={"admissions": 60}))


def test_a_report_without_any_section_is_refused() -> None:
    there = [name for name in NAMES if name != "beside-earlier"]
    with pytest.raises(RuleError, match="at least one section") as caught:
        sections_of([], ReportSettings(leave_out=tuple(there)))
    assert f"{len(there)} sections" in caught.value.found
    assert [part.name for part in sections_of([], ReportSettings(leave_out=tuple(there[1:])))] == [
        there[0]
    ]
    own = ("our-groups", "Our groups", lambda _: ["One."])
    assert len(sections_of([own], ReportSettings(leave_out=tuple(there)))) == 1


def test_a_program_that_is_not_there_is_named(records: iop.Records) -> None:
    with pytest.raises(RuleError, match="no program Nowhere"):
        iop.quarterly_report(records, "2025Q3", settings=ReportSettings(programs={"Nowhere": "N"}))
    both = ReportSettings(programs={"Harbor": "North"})
    with pytest.raises(RuleError, match="one name"):
        iop.quarterly_report(records, "2025Q3", settings=both)


def test_a_program_that_is_called_as_the_row_of_all_is_refused(records: iop.Records) -> None:
    """It was "A count is declared twice"."""
    program = records.episodes["program"].cat.rename_categories({"North": "all"})
    called_all = replace(records, episodes=records.episodes.assign(program=program))
    with pytest.raises(RuleError, match="row of all programs together") as caught:
        iop.quarterly_report(called_all, "2025Q3")
    assert "[programs]" in caught.value.instead
    with pytest.raises(RuleError, match="row of all programs together"):
        with_program_names(records, {"North": "all"})
    named = with_program_names(called_all, {"all": "North"})
    assert set(named.episodes["program"]) == {"Harbor", "North"}
    assert with_program_names(called_all.where(program="Harbor"), {}) is not None


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"cannot be read: absent\.toml"):
        read_settings(tmp_path / "absent.toml", NAMES)


def test_a_section_of_ones_own_is_protected(records: iop.Records) -> None:
    def ours(given: iop.Records) -> list[object]:
        return ["In our own words.", iop.continuity(given)]

    parts = sections_of([("our-rules", "Our rules", ours)], ReportSettings())
    names = [part.name for part in parts]
    assert names.index("our-rules") == names.index("data-quality") - 1
    made = own_section(choose_scope(records, "2025Q3", None, None), "our-rules", "Our rules", ours)
    assert made.sentences == ("In our own words.",)
    (table,) = made.tables
    assert table.name == "our_rules_2"
    assert "hidden" not in table.frame.columns
    counts = pd.to_numeric(table.frame["numerator"], errors="coerce").dropna()
    assert not ((counts > 0) & (counts < 11)).any()
    assert (table.frame == "hidden").any(axis=None)


@pytest.mark.parametrize(
    ("own", "wrong"),
    [
        (("Our Rules", "Our rules", list), "small letters"),
        (("relapse", "Ours", list), "already"),
        (("ours", "Ours"), "a name, a title and a function"),
        (("ours", "Ours", lambda records: [records.episodes]), "sentences and results"),
        (("ours", "Ours", lambda records: [iop.episode_lanes(records)]), "never published"),
    ],
)
def test_what_is_no_section_is_refused(records: iop.Records, own: object, wrong: str) -> None:
    scope = choose_scope(records, "2025Q3", None, None)
    with pytest.raises(RuleError, match=wrong):
        build_own(scope, own)


def build_own(scope: Scope, own: Any) -> object:
    parts = sections_of([own], ReportSettings())
    name = own[0]
    part = next(one for one in parts if one.name == name)
    linked = LinkedCounts(scope.policy)
    return part.build(Material(scope, scope, linked, {}, frozenset(), None, [], ReportSettings()))
