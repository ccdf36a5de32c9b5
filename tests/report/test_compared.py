"""What measures are compared with: at a glance and in the trends the same, with the same words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

import iop_outcomes as iop
from iop_outcomes.disclosure.merging import MergePlan, Step
from iop_outcomes.report import trend_pictures
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections import assemble, findings, first_page
from iop_outcomes.report.sections.points import SAME, SIGNAL, Point
from iop_outcomes.report.trends import make_trends
from iop_outcomes.trends import Trend
from tests.helpers.of_the_sample import records_of_the_sample

WHY = "The records begin within an earlier period, so that nothing is compared with it."


def test_measures_by_another_time_are_named_in_the_trends() -> None:
    """Retention stood there by year, and the sentence said "in the newest month"."""
    records = records_of_the_sample()
    scope = choose_scope(records, "2026-07", None, iop.SafePolicy.unprotected())
    trends = make_trends(scope, MergePlan({"trend_retained_30": Step("year")}))
    policy = iop.SafePolicy.unprotected()
    shown = trends.shown(frozenset(), policy)
    made = findings.make_findings(scope, shown.compared)
    drawings = trend_pictures.trend_drawings(scope, shown, {})
    section = assemble.trends_section(scope, shown, made, None, drawings)
    assert section.sentences[0].startswith(
        "Each measure stands here in the newest month that is known; by year, in the newest year "
        "known: Retained at 30 days. Beside it stand the one before and the same one a year "
    )
    (year,) = (one.text for one in made if one.measure == "retained_30")
    assert year.startswith("Retained at 30 days in August 2025 to July 2026")


def test_a_measure_with_a_number_and_without_room_is_named_with_why_it_is_not_compared() -> None:
    """Nothing of retention stood at a glance where eight others could be compared."""
    records = records_of_the_sample()
    scope = choose_scope(records, "2025-10..2026-09", None, iop.SafePolicy.unprotected())
    trends = make_trends(scope, MergePlan()).shown(frozenset(), scope.policy)
    others = [Point(SIGNAL, "signal", f"Signal {number}", "") for number in range(8)]
    others.append(Point(SAME, "no clear difference", "Completed, of those discharged", ""))
    others.append(Point(SAME, "no clear difference", "Retained at 30 days", ""))  # a funnel
    page = first_page.first_page(scope, trends, None, {}, others)
    named = {title for _, titles, _ in page.items for title in titles.split("; ")}
    assert {trend.title for trend in trends.compared.values()} <= named
    assert "Completed, of those discharged" not in named
    assert "no clear difference" not in {tag for tag, _, _ in page.items}
    rest = {tag: (titles, text) for tag, titles, text in page.items if tag != "signal"}
    made = {one.title: one for one in findings.make_findings(scope, trends.compared)}
    titles, text = rest["not compared"]
    assert titles == "Retained at 30 days; Retained at 60 days; Retained at 90 days"
    assert text.startswith(f". {WHY} Retained at 30 days: ")
    for tag in ("no clear change", "not compared"):  # each with its n and interval
        titles, text = rest[tag]
        for title in titles.split("; "):
            number = made[title].text.partition(": ")[2].partition(").")[0]
            said = text.partition(f"{title}: ")[2].partition(").")[0]
            if title != "Admissions":  # which has no interval there
                assert said.partition(" in ")[0] == number.partition(" (")[0]
                assert said.rpartition(" (")[2] == number.rpartition(" (")[2]
                assert "; 95% interval " in said
    titles = rest["not compared"][0]
    assert all(made[title].text.endswith(WHY) for title in titles.split("; "))


def quarters_of(values: Sequence[float], hidden: Sequence[int]) -> Trend:
    """Return admissions of five quarters up to the newest, of which some are hidden."""
    periods = pd.period_range("2025Q2", periods=5, freq="Q")
    number = np.array(values, dtype=np.float64)
    number[list(hidden)] = np.nan
    table = pd.DataFrame(
        {
            "period": periods.astype(str),
            "start": periods.start_time,
            "end": periods.end_time.normalize(),
            "numerator": number,
            "denominator": np.nan,
            "value": number,
            "lower": number - 4,
            "upper": number + 4,
            "complete": True,
            "not_known": "",
            "hidden": np.isnan(number),
        }
    )
    return Trend(table, "admissions", "Admissions", "episodes", "quarter", (), 0.95, "")


def test_a_measure_has_one_tag_at_a_glance_and_in_the_trends() -> None:
    """Of a small program the quarter before was hidden, and the one a year before was shown."""
    scope = choose_scope(records_of_the_sample(), "2026Q2", None, None)
    numbers = [12.0, 30.0, 30.0, 9.0, 11.0]
    for hidden, tag, end in (
        ((3,), "no clear change", "from 12 in 2025Q2, a year before: the difference may be chance"),
        ((0, 3), "not compared", "No earlier number to compare with is shown."),
        ((), "no clear change", "from 9 in 2026Q1: the difference may be chance"),
    ):
        trend = quarters_of(numbers, hidden)
        point = first_page.measure_point(scope, trend)
        finding = findings._finding(scope, trend)
        assert (point.tag, finding.change) == (tag, tag)
        assert end in finding.text
        assert end.partition(":")[0] in point.text
    risen = quarters_of([11.0, 30.0, 30.0, 60.0, 61.0], ())
    assert first_page.measure_point(scope, risen).tag == "higher"
    finding = findings._finding(scope, risen)
    assert (finding.change, finding.comparisons) == ("higher", 2)


def test_a_trend_says_which_time_is_not_whole() -> None:
    """A year that began five months before the records stood beside whole ones without a word."""
    policy = iop.SafePolicy.unprotected()
    scope = choose_scope(records_of_the_sample(), "2026-07", None, policy)
    plan = MergePlan({"trend_retained_30": Step("year")})
    trends = make_trends(scope, plan).shown(frozenset(), policy).drawn
    words = "The records begin within August 2023 to July 2024: that time is not whole."
    drawing = trend_pictures.trend_drawing(scope, trends["retained_30"])
    assert drawing.table.frame["period"].iloc[0] == "2023-08 to 2024-07"
    assert drawing.table.note.endswith(words)
    assert drawing.definition.endswith(words)
    for name in ("admissions", "attendance_rate"):
        assert "not whole" not in trend_pictures.trend_drawing(scope, trends[name]).table.note
