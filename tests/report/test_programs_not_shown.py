"""Funnels and curves by program say which programs are not in them, and what their line is."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pandas as pd

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.plots.layout.export import draw_svg
from iop_outcomes.plots.sites import plot_funnel
from iop_outcomes.plots.sites.funnel import _key, _texts
from iop_outcomes.report.sections import sites
from iop_outcomes.report.sections.relapse import tables
from iop_outcomes.report.sections.sites import SiteCounts
from tests.helpers.of_the_sample import (
    nothing_drawn,
    records_of_the_sample,
    report_of_the_sample,
)

FRAME = pd.DataFrame(
    {
        "program": ["Harbor", "Lakeside", "North", "Riverside"],
        "numerator": [11.0, 5.0, 6.0, 11.0],
        "denominator": [54.0, 47.0, 68.0, 65.0],
    }
)
HIDDEN = frozenset({("sites", "retained_90", name) for name in ("Lakeside", "North")})
WITHOUT = "Not shown, as their numbers are small or none, or protect others: Lakeside, North."
MIDDLE = "The line in the middle is the programs shown together: 18.5% (22 of 119)."
HIGH = "retained or completed, or few others: this line is likely too high."
WHOM = "admissions from October 2025 to September 2026"
ALL_SHARE = ("programs", "retained_90", "all")


def section(name: str) -> dict[str, Any]:
    """Return a section of the report of the sample, as plain data."""
    document = report_of_the_sample()._document
    assert document is not None
    return next(one for one in document["sections"] if one["name"] == name)


def test_a_funnel_with_a_hidden_share_of_all_says_whose_its_line_is_and_that_it_is_too_high() -> (
    None
):
    counts = SiteCounts("retained_90", FRAME, of_all=0.14)
    shown = counts.shown(HIDDEN | {ALL_SHARE})
    assert shown is not None
    assert "(the programs shown together)" in shown.text
    assert "all units together" not in shown.text
    assert WITHOUT in shown.text
    assert WITHOUT in shown.rule
    assert MIDDLE in shown.rule
    assert HIGH in shown.rule
    drawn = draw_svg(plot_funnel, shown)
    assert WITHOUT in drawn.alternative_text
    assert WITHOUT in drawn.notes
    table = sites.funnel_table_of("retained_90", "Retained", shown)
    assert WITHOUT in table.note
    assert MIDDLE in table.note


def test_a_funnel_of_all_programs_leaves_out_nobody() -> None:
    shown = SiteCounts("retained_90", FRAME, of_all=0.14).shown(frozenset())
    assert shown is not None
    assert "Not shown" not in shown.rule + shown.text
    assert "the line in the middle is 14.1% (all programs together)" in shown.text
    assert "The line in the middle is all programs together: 14.1% (33 of 234)." in shown.rule
    assert "likely" not in shown.rule + shown.text
    assert shown.target == 33 / 234


def test_the_line_of_a_funnel_that_leaves_programs_out_is_the_printed_share_of_all() -> None:
    """Left out are those of which few were retained: the line of the others would be too high."""
    shown = SiteCounts("retained_90", FRAME, of_all=0.14).shown(HIDDEN)
    assert shown is not None
    assert shown.target == 0.14
    assert "the line in the middle is 14% (all programs, also those not shown)" in shown.text
    line = "The line in the middle is all programs, also those not shown: 14%, a rounded share."
    assert line in shown.rule
    assert "or few others, and may lie beyond the limits." in shown.rule
    assert "likely" not in shown.rule + shown.text
    drawn = draw_svg(plot_funnel, shown)
    assert (
        "the line in the middle is 14% (all programs, also those not shown)"
        in drawn.alternative_text
    )
    assert line in drawn.notes
    assert line in sites.funnel_table_of("retained_90", "Retained", shown).note
    assert "all programs, also those not shown" in [mark.words for mark in _key(shown)]
    kept = FRAME.iloc[[0, 3]]
    limits = iop.funnel(kept, by="program", target=0.14).table
    names = ["lower_998", "lower_95", "upper_95", "upper_998", "position", "z"]
    pd.testing.assert_frame_equal(shown.table[names], limits[names])
    # drawn towards the same line, which is known, and not towards the mean of those shown
    assert shown.table["partly_pooled"].between(0.14, 0.21).all()
    assert "drawn towards the line in the middle" in shown.rule


def test_values_drawn_towards_a_rounded_line_are_as_rounded_as_it_is() -> None:
    """36.0% would say that the share of all is known to a tenth of a percent."""
    shown = SiteCounts("retained_90", FRAME, of_all=0.14).shown(HIDDEN)
    assert shown is not None
    table = sites.funnel_table_of("retained_90", "Retained", shown)
    assert table.kinds["partly_pooled"] == "whole_share"
    assert table.frame["partly_pooled"].tolist() == [0.15, 0.14]
    drawn = [_texts(shown, row)[-1] for _, row in shown.table.iterrows()]
    assert drawn == ["15%", "14%"]
    exact = SiteCounts("retained_90", FRAME, of_all=0.14).shown(frozenset())
    assert exact is not None
    assert all("." in _texts(exact, row)[-1] for _, row in exact.table.iterrows())


def test_the_line_of_a_funnel_has_as_many_digits_as_the_table_of_programs() -> None:
    """36% stood in the picture and in its note, and 36.0% in the table "By program"."""
    many = FRAME.assign(numerator=FRAME["numerator"] * 40, denominator=FRAME["denominator"] * 40)
    shown = SiteCounts("retained_90", many, of_all=0.14, decimals=3).shown(HIDDEN)
    assert shown is not None
    assert "the line in the middle is 14.0% (all programs, also those not shown)" in shown.text
    assert "also those not shown: 14.0%, a rounded share." in shown.rule
    table = sites.funnel_table_of("retained_90", "Retained", shown)
    assert table.kinds["partly_pooled"] == "share"
    (point,) = sites.site_points({"retained_90": shown}, WHOM)
    assert "14.0%" in point.text


def test_a_funnel_of_the_report_is_in_plain_words() -> None:
    """ "2 units", "Overdispersion 0.64 (1: chance alone)" and "empirical Bayes" stood there."""
    shown = SiteCounts("retained_90", FRAME, of_all=0.14).shown(HIDDEN)
    assert shown is not None
    said = draw_svg(plot_funnel, shown).alternative_text
    assert "Retained at 90 days by program: 2 programs, the line" in said
    assert "Within limits: 2 of 2, which differ by no more than chance may explain." in said
    assert "spread" not in said  # two have hardly a spread
    assert shown.rule.startswith("Limits: if programs varied by chance alone, 95% of them would")
    for term in ("unit", "verdispersion", "mpirical", "binomial", "numerator"):
        assert term not in said + shown.rule


def test_a_program_too_few_to_publish_is_said_to_be_in_no_funnel() -> None:
    said = section("sites")["sentences"]
    assert "In none of these numbers, as too few to publish: Old Mill." in said


def test_a_program_is_judged_by_the_line_of_all_programs() -> None:
    frame = FRAME.assign(numerator=[24.0, 5.0, 6.0, 22.0])
    shown = SiteCounts("retained_90", frame, of_all=0.24).shown(HIDDEN)
    assert shown is not None
    assert shown.table["position"].tolist() == ["above the 99.8% limit", "within limits"]
    (point,) = sites.site_points({"retained_90": shown}, WHOM)
    assert point.text.endswith(
        "is beyond the 95% limits about all programs, also those not shown, 24%."
    )
    alike = SiteCounts("retained_90", FRAME, of_all=0.14).shown(HIDDEN)
    assert alike is not None
    (point,) = sites.site_points({"retained_90": alike}, WHOM)
    assert point.text == (
        f" ({WHOM}): no program shown is beyond the 95% limits about all programs, also those not "
        "shown, 14%."
    )


def test_an_internal_funnel_says_that_nobody_is_counted_of_a_program_without_people() -> None:
    nobody = FRAME.assign(denominator=[54.0, 47.0, 0.0, 65.0], numerator=[11.0, 5.0, 0.0, 11.0])
    shown = SiteCounts("retained_90", nobody, of_all=0.163, all_shown=True).shown(frozenset())
    assert shown is not None
    assert "Not shown, as nobody of theirs is counted: North." in shown.rule
    assert "all programs together: 16.3% (27 of 166)." in shown.rule


def test_a_program_of_which_nothing_is_counted_is_named_as_not_shown() -> None:
    nobody = FRAME.assign(denominator=[54.0, 47.0, 0.0, 65.0], numerator=[11.0, 5.0, 0.0, 11.0])
    shown = SiteCounts("retained_90", nobody).shown(frozenset())
    assert shown is not None
    assert "Not shown, as its numbers are small or none, or protect others: North." in shown.rule


def test_a_program_of_another_time_is_named_as_not_shown_too() -> None:
    # Whether nobody was admitted to it may be hidden: it is not told from one of few.
    counts = SiteCounts("retained_90", FRAME, ("Closed", *FRAME["program"]))
    shown = counts.shown(HIDDEN)
    assert shown is not None
    assert "or protect others: Closed, Lakeside, North." in shown.rule


def test_the_table_behind_a_funnel_has_the_partly_pooled_values_of_its_picture() -> None:
    shown = SiteCounts("retained_90", FRAME).shown(HIDDEN)
    assert shown is not None
    table = sites.funnel_table_of("retained_90", "Retained", shown)
    assert table.kinds["partly_pooled"] == "share"  # of a line with its counts
    assert table.frame["partly_pooled"].tolist() == shown.table["partly_pooled"].round(3).tolist()


def test_of_a_share_above_one_half_the_line_of_those_shown_is_likely_too_low() -> None:
    high = FRAME.assign(numerator=[43.0, 42.0, 62.0, 54.0])
    shown = SiteCounts("retained_90", high).shown(HIDDEN)
    assert shown is not None
    assert "this line is likely too low." in shown.rule


def test_findings_of_funnels_speak_of_the_programs_shown() -> None:
    alike = SiteCounts("retained_90", FRAME).shown(HIDDEN)
    assert alike is not None
    (point,) = sites.site_points({"retained_90": alike}, WHOM)
    assert point.text == (
        f" ({WHOM}): no program shown is beyond the 95% limits about the programs shown together, "
        "18.5% (22 of 119)."
    )
    apart = FRAME.assign(numerator=[50.0, 5.0, 6.0, 11.0])
    unlike = SiteCounts("retained_90", apart).shown(HIDDEN)
    assert unlike is not None
    (point, *_) = sites.site_points({"retained_90": unlike}, WHOM)
    assert point.text.endswith(
        "is beyond the 95% limits about the programs shown together, 51.3% (61 of 119)."
    )


def test_measures_without_a_funnel_are_named() -> None:
    shown = SiteCounts("retained_90", FRAME).shown(HIDDEN)
    assert shown is not None
    kept = {"retained_90": shown}
    said = sites.without_funnel(kept, ["retained_30", "retained_90"], 4)
    assert said == (
        "Retained at 30 days: no funnel is drawn. It would show the counts behind the shares, and "
        "at most one program has counts that may be printed. Those of the others are small, or "
        "would give a small number away.",
    )
    assert sites.without_funnel(kept, ["retained_90"], 4) == ()
    assert sites.without_funnel({}, ["retained_90"], 1) == (
        "One program cannot be set beside others.",
    )
    assert sites.without_funnel({}, ["retained_90"], 1, taken_together=True) == (
        "No program is large enough to stand alone.",
    )


def test_a_protected_funnel_calls_its_line_that_of_the_units_shown() -> None:
    counts = pd.DataFrame(
        {"site": ["a", "b", "c"], "numerator": [40, 50, 3], "denominator": [90, 95, 20]}
    )
    whole = iop.funnel(counts, by="site")
    assert "(all units together)" in whole.text
    assert "(the units shown together)" in iop.protect(whole).text
    for result, words in (
        (whole, "all units together"),
        (iop.protect(whole), "the units shown together"),
    ):
        assert words in [mark.words for mark in _key(result)]
    for numerator, words in (
        ([20, 30, 3], "likely too high."),
        ([40, 50, 3], "perhaps too high or too low."),
        ([75, 80, 17], "likely too low."),
    ):
        one = iop.funnel(counts.assign(numerator=numerator), by="site")
        assert f"the value of the units shown together is {words}" in iop.protect(one).text
        assert "too high" not in one.text + one.rule
    given = iop.protect(iop.funnel(counts, by="site", target=0.4))
    assert "likely" not in given.text
    assert "together" not in given.text.partition(".")[0] + given.text.partition(".")[2][:20]
    assert "(all units together)" in iop.protect(replace(whole, table=whole.table[:2])).text


def test_curves_by_program_name_the_programs_left_out() -> None:
    # At the end of 2024 few had relapsed in Lakeside; at the end of the sample all four are shown.
    with nothing_drawn():
        early = iop.quarterly_report(records_of_the_sample(), "2024Q4")
        assert early.html
    text = "Not shown: Lakeside (too few people or events, or to protect others)."
    for report, shown, said in (
        (early, {"Harbor", "North", "Riverside"}, True),
        (report_of_the_sample(), {"Harbor", "Lakeside", "North", "Riverside"}, False),
    ):
        assert report._document is not None
        held = next(one for one in report._document["sections"] if one["name"] == "relapse")
        every = [*held["tables"], *(one["table"] for one in held["figures"])]
        for name in ("relapse_by_program", "without_relapse"):
            table = next(one for one in every if one["name"] == name)
            assert {str(row[0]) for row in table["rows"]} - {"all"} == shown
            assert (text in table["note"]) == said
            assert ("Not shown" in table["note"]) == said


def test_curves_without_any_by_program_say_so() -> None:
    assert tables.left_out(["a"], None) == ""  # the curve of all is that of the program
    assert tables.left_out(["a", "b"], None) == f"{tables.NO_PROGRAMS}"
    assert tables.left_out(["a", "b"], ["a", "b"]) == ""


def test_each_funnel_of_the_sample_names_the_programs_that_it_leaves_out() -> None:
    held = section("sites")
    drawn = {one["table"]["name"]: one["table"] for one in held["figures"]}
    assert drawn
    programs = next(one for one in section("attendance")["tables"] if one["name"] == "programs")
    columns = [one["name"] for one in programs["columns"]]
    of_all = dict(zip(columns, programs["rows"][-1], strict=True))
    assert of_all["program"] == "all"
    for table in drawn.values():
        there = {row[0] for row in table["rows"]}
        share = of_all[table["name"].removeprefix("sites_")]
        every = there == {"Harbor", "Lakeside", "North", "Riverside"}
        which = " together: " if every else f", also those not shown: {share:.0%}"
        assert f"The line in the middle is all programs{which}" in table["note"]
        for left in {"Harbor", "Lakeside", "North", "Riverside"} - there:
            assert left in table["note"].partition("Not shown")[2]
    said = " ".join(held["sentences"])
    for measure, title in sites.MEASURES.items():
        assert (f"sites_{measure}" in drawn) != (f"{title}: no funnel is drawn" in said)


def test_counts_of_a_measure_without_a_funnel_are_in_no_file() -> None:
    counts, linked = SiteCounts("retained_90", FRAME), LinkedCounts(iop.SafePolicy())
    every = {("sites", "retained_90", name) for name in FRAME["program"]}
    assert sites.not_drawn(linked, [counts], HIDDEN) == frozenset()
    one_left = HIDDEN | {("sites", "retained_90", "Harbor")}
    assert sites.not_drawn(linked, [counts], one_left) == every
    alone = replace(counts, frame=FRAME.head(1))
    assert sites.not_drawn(linked, [alone], frozenset()) == {("sites", "retained_90", "Harbor")}


def test_columns_of_a_funnel_are_whole_words() -> None:
    """Limits "lower 95" named no limits; the note calls the same "the inner limits"."""
    for one in section("sites")["figures"]:
        names = [column["name"] for column in one["table"]["columns"]]
        assert names[4:6] == ["inner_lower_limit", "inner_upper_limit"]
        assert not any(re.search(r"\d", name) for name in names)
        assert "the inner limits" in one["table"]["note"]
