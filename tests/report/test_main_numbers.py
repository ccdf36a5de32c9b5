"""The first page of a report without a period: the main number of each section, as printed."""

from __future__ import annotations

import pandas as pd

import iop_outcomes as iop
from iop_outcomes.report.model import Kind, Section, Table
from iop_outcomes.report.sections import first_page
from iop_outcomes.report.sections.openings import opening, with_main_numbers
from iop_outcomes.report.sections.openings.main_numbers import HOW, TAG
from iop_outcomes.report.sections.points import DIFFER, Point
from tests.helpers.of_the_sample import nothing_drawn, records_of_the_sample

KINDS: dict[str, Kind] = {
    **dict.fromkeys(("due", "attended", "reached", "answered_twice"), "count"),
    **dict.fromkeys(("share", "lower", "upper"), "share"),
    **dict.fromkeys(("mean_at_intake", "mean_at_the_end", "change"), "number"),
}
FIRST = Section(first_page.NAME, first_page.TITLE, ("There is no earlier time.",))


def attended(**cells: object) -> Section:
    row = {"weekday": "all", "due": 200, "attended": 120, "share": 0.6} | cells
    caption = "Attendance by weekday in the whole time"
    shown = Table("attendance_by_weekday", caption, pd.DataFrame([row]), KINDS)
    return Section("attendance", "Who attended", (), (shown,))


def test_an_interval_is_said_where_the_table_prints_one() -> None:
    both = attended(lower=0.525, upper=0.671)
    assert opening(both) == "Of 200 sessions due in the whole time, 120 were attended (60.0%)."
    assert opening(both, limits=True) == (
        "Of 200 sessions due in the whole time, 120 were attended "
        "(60.0%; 95% interval 52.5% to 67.1%)."
    )


def test_a_hidden_or_unknown_limit_is_not_said() -> None:
    for limits in ({}, {"lower": "hidden", "upper": "hidden"}, {"lower": 0.5, "upper": None}):
        assert opening(attended(**limits), limits=True) == opening(attended())


def test_a_hidden_share_has_no_interval() -> None:
    hidden = attended(share="hidden", lower=0.525, upper=0.671)
    assert "interval" not in opening(hidden, limits=True)


def test_the_change_of_a_score_stands_with_its_interval() -> None:
    row = {"scale": "Depression (PHQ-9)", "answered_twice": 60, "mean_at_intake": 12.0}
    row |= {"mean_at_the_end": 9.0, "change": -3.0, "lower": -4.1, "upper": -1.9}
    kinds: dict[str, Kind] = KINDS | dict.fromkeys(("lower", "upper"), "number")
    section = Section(
        "symptoms", "Scores", (), (Table("symptoms", "", pd.DataFrame([row]), kinds),)
    )
    assert "The change was" not in opening(section)
    assert opening(section, limits=True).endswith(
        "The change was -3.0 (95% interval -4.1 to -1.9). Lower is better."
    )


def test_each_section_with_a_number_is_an_item_in_its_order_under_its_own_title() -> None:
    point = Point(DIFFER, "programs differ", "Sessions attended", ": North is lower.")
    nothing = Section("who-stayed", "How episodes ended", ("Nobody left.",))
    made = with_main_numbers(FIRST, [FIRST, attended(), nothing], [point])
    assert made.sentences == (HOW, *FIRST.sentences)
    assert made.items == (
        (TAG, "Who attended", f". {opening(attended(), limits=True)}"),
        ("programs differ", "Sessions attended", ": North is lower."),
    )


def test_without_any_number_the_page_says_only_why_nothing_is_compared() -> None:
    hidden = attended(due="hidden", attended="hidden", share="hidden")
    assert with_main_numbers(FIRST, [FIRST, hidden]) is FIRST


def test_the_report_of_the_whole_sample_has_five_to_eight_of_them() -> None:
    with nothing_drawn():
        report = iop.quarterly_report(records_of_the_sample())
    sections = {one["name"]: one for one in report._document["sections"]}
    items = sections[first_page.NAME]["items"]
    assert 5 <= len(items) <= 8
    by_title = {one["title"]: one["text"] for one in items}
    for one in sections.values():  # what the section opens with, apart from its intervals
        if one["title"] in by_title and one["name"] in ("flow", "who-came", "who-stayed"):
            assert by_title[one["title"]] == f". {one['sentences'][0]}"
    assert "95% interval" in by_title["Attendance and dose"]
