"""What is said of several tables and pictures of a section stands there once."""

from __future__ import annotations

from collections import Counter

import pandas as pd

import iop_outcomes as iop
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report.forms.notes import ABOVE, CHARTS, small_print
from iop_outcomes.report.forms.notes import sentences_of as parts_of
from iop_outcomes.report.model import Drawing, Section, Table
from tests.helpers.of_the_sample import records_of_the_sample, report_of_the_sample

BANDS = "Bands: 95% confidence limits of each day, for all who were followed."
OWN = "This picture is of each program by itself."


def drawing(*notes: str, below: str = "") -> Drawing:
    picture = Picture(b"<svg/>", "A picture.", 1, 1, notes="\n".join(notes))
    behind = Table("t", "A table", pd.DataFrame({"a": [1]}), {}, below)
    return Drawing("A picture", lambda **_: picture, behind)


def test_a_sentence_stands_once_in_a_section_and_is_referred_to() -> None:
    both = drawing(OWN, BANDS), drawing("Another one.", BANDS, below=f"{BANDS} A cell is a day.")
    left = small_print(Section("s", "S", (), (), both))
    assert left.drawings == [[OWN, BANDS], ["Another one.", ABOVE]]
    assert left.behind == ["", "A cell is a day."]


def test_nothing_that_is_always_seen_is_left_out_for_what_is_folded_away() -> None:
    both = drawing(OWN, below=BANDS), drawing(BANDS)
    left = small_print(Section("s", "S", (), (), both))
    assert left.drawings == [[OWN], [BANDS]]
    assert left.behind == ["", ""]


def test_what_is_left_out_of_a_picture_is_said_at_each() -> None:
    gone = "Not shown: Lakeside (too few people or events, or to protect others)."
    table = Table("t", "A table", pd.DataFrame({"a": [1]}), {}, f"{BANDS} {gone}")
    left = small_print(Section("s", "S", (), (table,), (drawing(gone, BANDS, below=gone),)))
    assert left.tables == [f"{BANDS} {gone}"]
    assert left.drawings == [[gone, ABOVE]]
    assert left.behind == [""]


def test_each_chart_over_time_keeps_its_key() -> None:
    charts = drawing(BANDS), drawing(BANDS)
    assert small_print(Section(CHARTS[0], "Trends", (), (), charts)).drawings == [[BANDS], [BANDS]]


def test_no_long_sentence_stands_twice_in_a_section_of_the_report() -> None:
    document = report_of_the_sample()._document
    assert document is not None
    section = next(one for one in document["sections"] if one["name"] == "relapse")
    said = [*section["sentences"], *(table["note"] for table in section["tables"])]
    said += [one["table"]["note"] for one in section["figures"]]
    again = Counter(one for one in parts_of(said) if len(one) > 40 and "Not shown" not in one)
    refers = "Its columns are those of the table behind the first picture of this section."
    assert {one for one, number in again.items() if number > 1} <= {refers}


def test_a_single_program_is_in_one_row() -> None:
    records = records_of_the_sample()
    north = records.subset((records.episodes["program"] == "North").to_numpy())
    report = iop.quarterly_report(north, "2026Q3")
    admissions = report.tables["admissions"]
    assert admissions.loc[admissions["by"] == "program", "group"].tolist() == ["all"]
    assert report.tables["programs"]["program"].tolist() == ["all"]
    several = report_of_the_sample().tables
    assert len(several["programs"]) == 5
    assert (several["admissions"]["by"] == "program").sum() == 5
