"""Words beside the pictures of a report name what it is about, and leave methods to their page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.of_the_sample import report_of_the_sample

ELSEWHERE = ("NPMLE", "Competing:", "Aalen", "without the event", "Trial limits")


@pytest.mark.parametrize("term", ELSEWHERE)
def test_no_picture_has_a_term_that_the_definitions_explain(term: str) -> None:
    for one in report_of_the_sample().drawings:
        shown: Any = one.draw.args[1]  # type: ignore[attr-defined]  # what is left of a plot
        assert term not in f"{shown.text} {shown.rule}".partition(" Relapse is ")[0], one.title


def test_a_curve_of_relapse_names_it() -> None:
    told: list[Any] = [one.draw.args[1] for one in report_of_the_sample().drawings]  # type: ignore[attr-defined]  # what is left of a plot
    assert sum("were without relapse on day" in one.text for one in told) >= 3
    assert sum("were without relapse by day" in one.text for one in told) == 1


def test_the_page_names_the_methods_of_what_pictures_do_not() -> None:
    page = report_of_the_sample().html
    for source in ("Aalen and Johansen 1978", "Turnbull 1976"):
        assert source in page
