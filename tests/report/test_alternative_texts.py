"""What a picture shows is said in its alternative text; how it is counted stands in the report."""

from __future__ import annotations

import re

import pytest

import iop_outcomes as iop
from iop_outcomes.plots.layout.export import OF_THE_PICTURE, Picture, only_shown
from iop_outcomes.report.forms.notes import sentences_of
from iop_outcomes.shared.text import format_share
from tests.helpers.of_the_sample import records_of_the_sample

BANDS = "Bands: 95% confidence limits of each day."
FIRST = "A: an estimated 61% were without relapse on day 180."


def test_what_stands_below_a_picture_is_not_said_in_place_of_it() -> None:
    picture = Picture(b"", f"{FIRST} {BANDS} Not shown: B.", 1, 1, f"How.\n{BANDS} Not shown: B.")
    assert only_shown(picture).alternative_text == f"{FIRST} Not shown: B."
    few = Picture(
        b"", f"{FIRST} The limits may still change.", 1, 1, "Limits may still change. n: of."
    )
    assert only_shown(few).alternative_text == FIRST
    alone = Picture(b"", BANDS, 1, 1, BANDS)
    assert only_shown(alone).alternative_text == BANDS


@pytest.fixture(scope="module")
def report() -> iop.Report:
    return iop.quarterly_report(records_of_the_sample(), "2026Q3")


def test_pictures_of_the_report_say_no_definition(report: iop.Report) -> None:
    document = report._document
    assert document is not None
    said = {
        one
        for section in document["sections"]
        for one in sentences_of(section["sentences"])
        if len(one) > 40
    }
    assert len(report.drawings) > 10
    for drawing in report.drawings:
        text = drawing.picture.alternative_text
        assert re.search(r"\d", text), drawing.title
        assert "Kaplan-Meier" not in text
        assert "first use" not in text
        again = {*said, *sentences_of(drawing.notes)} & {*sentences_of([text])}
        assert not {one for one in again if not one.startswith(OF_THE_PICTURE)}, drawing.title


def test_the_alternative_text_of_a_curve_keeps_its_numbers(report: iop.Report) -> None:
    whole = report.tables["without_relapse"].set_index("program").loc["all"]
    share = format_share(whole["day_180"]).replace(".0%", "%")
    (curve,) = (one for one in report.drawings if one.title == "Time to relapse")
    text = curve.picture.alternative_text
    assert f"an estimated {share} were without relapse on day 180 (95% limits" in text
    assert text.endswith("%).")


def test_a_picture_outside_of_a_report_keeps_its_definition() -> None:
    times = iop.time_to_relapse(records_of_the_sample())
    ax = iop.plot_survival(iop.survival_curves(times))
    assert "Relapse is the first use" in iop.alternative_text(ax)
