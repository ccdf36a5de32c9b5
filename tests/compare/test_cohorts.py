"""The comparison of cohorts in one call: its parts are those of the functions that it calls."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from docx import Document

import iop_outcomes as iop
from iop_outcomes.compare.cohorts import latex
from iop_outcomes.errors import EstimateError, ReportError, RuleError
from iop_outcomes.shared.characters import one_line

TERMS = ["age", "employed", "substance"]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    frame = pd.read_csv(Path(__file__).parents[1] / "reference" / "adjusted_data.csv")
    return frame.assign(left=(frame["event"] == 0) & (frame["row"] % 2 == 0))


@pytest.fixture(scope="module")
def found(people: pd.DataFrame) -> iop.CohortComparison:
    return iop.compare_cohorts(
        *(people, "track"), covariates=TERMS, horizon=180, left="left", resamples=100
    )


def test_the_parts_are_what_their_functions_give(
    people: pd.DataFrame, found: iop.CohortComparison
) -> None:
    adjusted = iop.adjusted_curves(
        people, "track", TERMS, day=180, method="augmented", limits="closed_form"
    )
    rows = found.table.drop(columns="analysis")
    pd.testing.assert_frame_equal(
        rows[found.table["analysis"] == "adjusted"].reset_index(drop=True), adjusted.table
    )
    pd.testing.assert_frame_equal(
        rows[found.table["analysis"] == "not adjusted"].reset_index(drop=True), adjusted.unadjusted
    )
    assert found.table["analysis"].unique().tolist() == [
        "not adjusted",
        "adjusted",
        "adjusted by weighting",
        "adjusted by overlap weights",
    ]
    assert found.test.p_value == iop.compare_survival(people, "track").p_value
    weighted = iop.propensity_weights(people, "track", TERMS).balance
    pd.testing.assert_frame_equal(found.balance.differences, weighted.differences)
    assert found.tipping is not None
    tipping = iop.tipping_point(people, "track", 180, left="left", resamples=100)
    pd.testing.assert_frame_equal(found.tipping.table, tipping.table)


def test_the_flow_adds_up_and_names_each_reason(people: pd.DataFrame) -> None:
    frame = people.assign(
        track=people["track"].where(people["row"] > 4),
        age=people["age"].where(people["row"] % 50 > 0),
    )
    comparison = iop.compare_cohorts(
        *(frame, "track"),
        covariates=["age"],
        horizon=90,
        excluded={"admitted before 2025": 7},
        missing_group="leave_out",
        missing_covariates="drop",
    )
    assert comparison.flow["people"].isna().all()  # there is no person_id
    flow = [tuple(row) for row in comparison.flow.drop(columns="people").to_numpy().tolist()]
    sizes = frame[frame["age"].notna()].groupby("track").size()
    assert flow == [
        ("rows in all", "", 247),
        ("excluded before", "admitted before 2025", 7),
        ("rows given", "", 240),
        ("not analysed", "no value of track", 4),
        ("not analysed", "no value of a covariate", 4),
        ("analysed", "", 232),
        ("group", "day", sizes["day"]),
        ("group", "evening", sizes["evening"]),
    ]
    assert "7 rows excluded before. 8 rows without a group" in comparison.methods


def test_people_of_the_flow_add_up_where_they_come_several_times(people: pd.DataFrame) -> None:
    frame = people.assign(
        person_id=people["row"] // 3, age=people["age"].where(people["row"] % 7 > 1)
    )
    comparison = iop.compare_cohorts(
        *(frame, "track"), covariates=["age"], horizon=90, missing_covariates="drop"
    )
    flow = comparison.flow.set_index("step")
    assert flow.loc["rows given", "people"] == frame["person_id"].nunique()
    left = frame[frame["age"].notna()]
    assert flow.loc["analysed", "people"] == left["person_id"].nunique()
    lost = flow.loc[["not analysed"]]
    for column in ("n", "people"):
        total = flow.loc["rows given", column] - lost[column].sum()
        assert total == flow.loc["analysed", column], column
    by_group = left.groupby("track")["person_id"].nunique().tolist()
    assert flow.loc["group", "people"].tolist() == by_group


def test_other_definitions_are_compared_in_the_same_way(people: pd.DataFrame) -> None:
    rare = people.assign(event=people["event"] * (people["row"] % 3 > 0))
    short = people.assign(days=np.minimum(people["days"], 20))
    comparison = iop.compare_cohorts(
        *(people, "track"),
        covariates=TERMS,
        horizon=120,
        alternatives={"strict": rare, "short": short},
    )
    own = iop.adjusted_curves(
        *(rare, "track", TERMS), day=120, method="augmented", limits="closed_form"
    )
    table = comparison.alternatives
    drop = ["alternative", "analysis", "n", "events", "fewest_events"]
    for name, expected in (("adjusted", own.table), ("not adjusted", own.unadjusted)):
        rows = table[(table["alternative"] == "strict") & (table["analysis"] == name)]
        pd.testing.assert_frame_equal(
            rows.drop(columns=drop).reset_index(drop=True), expected, check_dtype=False
        )
        as_given = table[(table["alternative"] == "as given") & (table["analysis"] == name)]
        whole = comparison.table[comparison.table["analysis"] == name]
        np.testing.assert_array_equal(as_given["difference"], whole["difference"])
    assert (
        table.loc[table["alternative"] == "strict", "events"].iloc[0] == own.groups["events"].sum()
    )
    last = table.iloc[-1]
    assert (last["alternative"], last["analysis"]) == ("short", "not estimated")
    assert "people at risk up to the day" in comparison.alternative_rules["short"]
    assert (
        "The comparison was repeated with other times, strict: Times and events"
        in comparison.methods
    )
    assert "With other times, short, the comparison had no estimate." in comparison.methods
    lowest = min(own.table["difference"][0], comparison.adjusted.table["difference"][0])
    assert (
        "By 2 definitions of the event (.alternatives) the adjusted difference" in comparison.text
    )
    assert f"lies between {100 * lowest:.1f} and" in comparison.text
    assert len(iop.compare_cohorts(people, "track", covariates=TERMS, horizon=60).alternatives) == 0


def test_an_alternative_with_hardly_any_events_is_named(people: pd.DataFrame) -> None:
    never = people.assign(event=False)
    comparison = iop.compare_cohorts(
        *(people, "track"), covariates=["age"], horizon=60, alternatives={"never": never}
    )
    assert "By other times, fewer than 10 events in a group: never." in comparison.text
    assert (
        "definitions of the event" not in comparison.text
    )  # one with an estimate, and one of nobody


def test_the_e_value_is_that_of_the_ratio_of_adjusted_shares(found: iop.CohortComparison) -> None:
    row, difference = found.e_values.iloc[0], found.adjusted.table.iloc[0]
    risks = 1 - difference["estimate"], 1 - difference["estimate_reference"]
    assert row["risk_ratio"] == pytest.approx(risks[0] / risks[1])
    again = iop.e_value(row["risk_ratio"], row["lower"], row["upper"], measure="risk_ratio").table
    assert row[["e_value", "e_value_limit"]].tolist() == again["e_value"].tolist()
    # By the delta method with the derivative of log(r1 / r0) taken numerically.
    last = found.adjusted.curves.groupby("group")["se"].last()
    errors = last[difference["group"]], last[difference["reference"]]
    shared = (errors[0] ** 2 + errors[1] ** 2 - difference["se"] ** 2) / 2
    covariance = np.array([[errors[0] ** 2, shared], [shared, errors[1] ** 2]])
    step = 1e-6
    slope = [
        (np.log((risks[0] + step) / risks[1]) - np.log(risks[0] / risks[1])) / step,
        (np.log(risks[0] / (risks[1] + step)) - np.log(risks[0] / risks[1])) / step,
    ]
    reach = 1.959964 * np.sqrt(slope @ covariance @ slope)
    assert np.log(row["upper"] / row["risk_ratio"]) == pytest.approx(reach, rel=1e-4)
    assert "E-values of the ratio" in found.methods


def test_there_is_no_e_value_of_hardly_any_events(people: pd.DataFrame) -> None:
    few = people.assign(event=people["event"] * ((people["track"] == "day") | (people["row"] < 20)))
    comparison = iop.compare_cohorts(few, "track", covariates=["age"], horizon=60)
    assert comparison.e_values["reason"].iloc[0] == "since a group has fewer than 5 events"
    assert np.isnan(comparison.e_values["e_value"].iloc[0])
    assert "E-value" not in comparison.methods
    text = {part.title: part.text for part in comparison.parts}
    assert "no E-value, since a group has fewer" in text["Confounding not measured"]


def test_missing_covariates_are_drawn_and_all_says_so(people: pd.DataFrame) -> None:
    frame = people.assign(age=people["age"].where(people["row"] % 6 > 0))
    comparison = iop.compare_cohorts(
        *(frame, "track"),
        covariates=TERMS,
        horizon=120,
        missing_covariates="impute",
        imputations=3,
        seed=2,
    )
    adjusted = iop.adjusted_curves(
        *(frame, "track", TERMS),
        day=120,
        method="augmented",
        limits="closed_form",
        imputations=3,
        seed=2,
    )
    pd.testing.assert_frame_equal(comparison.adjusted.table, adjusted.table)
    assert comparison.flow["n"].iloc[0] == comparison.flow["n"].iloc[1] == len(frame)
    for words in (
        "Missing covariates (age 16.7% of rows) were drawn 3 times by chained equations",
        "by Rubin's rules over 3 completed samples",
    ):
        assert words in comparison.methods, words
    assert "Missing covariates" in [part.title for part in comparison.parts]
    rows = comparison.balance.table
    assert rows.loc[rows["covariate"] == "age", "missing"].sum() == frame["age"].isna().sum()
    assert comparison.balance.differences["weighted_difference"].abs().max() < 0.15


def test_the_methods_say_what_was_done(people: pd.DataFrame, found: iop.CohortComparison) -> None:
    for words in (
        "Groups by track were compared: day (136,",
        "adjusted for age, employed, substance by augmented inverse probability weighting",
        "with a logistic model of the group",
        "by the influence of each row",
        "Sensitivity analyses: weighting; overlap weights.",
        "A tipping-point analysis",
        f"iop_outcomes {iop.__version__}",
    ):
        assert words in found.methods, words
    assert "bootstrap" not in found.methods
    cited = re.findall(r"\(([^()]* \d{4})\)", found.methods)
    for one in (part for group in cited for part in group.split("; ")):
        family, year = one.split()[0], one.split()[-1]
        assert re.search(rf"{family}\b.* {year}; ", found.references), one
    assert "van Buuren" not in found.references
    assert "were taken together" not in found.methods
    three = people.assign(track=np.where(people["row"] % 3, people["track"], "night"))
    other = iop.compare_cohorts(
        *(three.assign(person_id=three["row"] // 2), "track"),
        covariates=["age"],
        horizon=60,
        method="weighting",
        limits="bootstrap",
        resamples=100,
    )
    for words in (
        "a multinomial logistic model of the group",
        "percentiles of 100 bootstrap samples",
        "Rows of one person_id were taken together",
        "Sensitivity analyses: standardisation; overlap weights.",
    ):
        assert words in other.methods, words
    assert "tipping" not in other.methods


def test_small_groups_and_what_is_left_of_imbalance_are_said(people: pd.DataFrame) -> None:
    small = people[(people["track"] == "day") | (people["row"] % 5 == 0)]
    comparison = iop.compare_cohorts(small, "track", covariates=["age"], horizon=60, fewest=15)
    assert comparison.small == ("evening",)
    assert "Fewer than 15 events by day 60 in evening." in comparison.text
    text = {part.title: part.text for part in comparison.parts}
    assert text["Size of the groups"] == "By day 60. Small, with fewer than 15 events: evening."


def test_a_page_of_its_own_is_saved(found: iop.CohortComparison, tmp_path: Path) -> None:
    page = found.save(tmp_path / "comparison.html").read_text(encoding="utf-8")
    assert found.references in page.replace("&#x27;", "'")
    for words in ("From records to analysis", "Table 1", "Differences", "<h2>Methods</h2>"):
        assert words in page, words
    assert "for authorised readers only" in page
    texts = re.findall(r'<img src="data:image/svg\+xml;base64,[A-Za-z0-9+/=]+" alt="([^"]+)"', page)
    assert len(texts) == page.count("<img") == 4
    assert all(len(text) > 60 for text in texts)
    assert page.index("<img") < page.index("<table", page.index("<img"))  # its table is below
    assert "not adjusted" in found._repr_html_()
    with pytest.raises(ReportError, match="saved as HTML, Word or LaTeX"):
        found.save(tmp_path / "comparison.pdf")
    with pytest.raises(RuleError, match="cannot be protected"):
        iop.protect(found)  # type: ignore[call-overload]


def test_word_and_latex_have_the_tables_and_the_methods(
    found: iop.CohortComparison, tmp_path: Path
) -> None:
    result = Document(str(found.save(tmp_path / "comparison.docx")))
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in result.tables]
    assert len(tables) == sum(part.table is not None for part in found.parts)
    for shown, part in zip(tables, (p for p in found.parts if p.table is not None), strict=True):
        assert part.table is not None
        assert len(shown) == 1 + len(part.table)
    assert [row[2] for row in tables[0][1:]] == [f"{n:,}" for n in found.flow["n"]]
    assert found.methods in [paragraph.text for paragraph in result.paragraphs]
    text = found.save(tmp_path / "comparison.tex").read_text(encoding="utf-8")
    assert text.count("\\begin{longtable}") == len(tables)
    assert text.count("\\\\\n") == sum(len(table) for table in tables)
    assert latex.escaped(found.methods) in text


def test_without_python_docx_the_word_file_is_refused_plainly(
    found: iop.CohortComparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(ReportError, match=r"iop-outcomes\[office\]"):
        found.save(tmp_path / "comparison.docx")
    assert not list(tmp_path.iterdir())


HOSTILE = (
    r"\input{/etc/passwd}\write18{x} $x$ %^^5cx <script>alert(1)</script> \"q' &amp;_#~|`",
    "[2pt]*\\\\{{7*7}}\n\x07\u202e</td> ]]> <w:p/>",
)


def test_hostile_names_of_groups_are_harmless_in_every_form(
    people: pd.DataFrame, tmp_path: Path
) -> None:
    names = dict(zip(("day", "evening"), HOSTILE, strict=True))
    frame = people.assign(track=people["track"].map(names))
    comparison = iop.compare_cohorts(frame, "track", covariates=["age"], horizon=60)
    page = comparison.save(tmp_path / "x.html").read_text(encoding="utf-8")
    for bad in ("<script", "</td> ]]", "<w:p/>", "\x07", "\u202e"):
        assert bad not in page, bad
    assert "&lt;script&gt;alert(1)" in page
    text = comparison.save(tmp_path / "x.tex").read_text(encoding="utf-8")
    body = text.split("\\footnotesize\n")[1]
    commands = set(re.findall(r"\\([a-zA-Z]+)", body))
    assert commands <= {
        *("section", "subsection", "begin", "end", "toprule", "midrule", "endhead", "bottomrule"),
        *("raggedright", "arraybackslash", "linewidth", "ensuremath", "infty", "textbackslash"),
        *("textasciicircum", "textasciitilde", "textless", "textgreater", "textbar"),
        *("textquotedbl", "textasciigrave", "dimexpr", "tabcolsep", "relax"),
    }
    assert not re.search(r"(?<!\\)[$%#~`\x07\u202e]|\^\^", body)
    assert not re.search(r"\\\\\s*[\[*]", body)  # an option of the end of a row
    plain = body.replace("\\{", "").replace("\\}", "")
    assert plain.count("{") == plain.count("}")
    shown = [
        cell.text
        for table in Document(str(comparison.save(tmp_path / "x.docx"))).tables
        for row in table.rows
        for cell in row.cells
    ]
    assert one_line(HOSTILE[0]) in shown
    assert one_line(HOSTILE[1]) in shown


@pytest.mark.parametrize(
    ("options", "error", "wrong"),
    [
        ({"covariates": ["gap"]}, EstimateError, "needs every covariate of every row"),
        ({"covariates": ["none"]}, RuleError, "no column named none"),
        ({"covariates": []}, RuleError, "list of columns"),
        ({"covariates": ["track"]}, RuleError, "no covariate"),
        ({"excluded": {"late": -1}}, RuleError, "a number for each reason"),
        ({"missing_covariates": "guess"}, RuleError, "missing_covariates must be one of"),
        ({"fewest": 0}, RuleError, "fewest"),
        ({"alternatives": {"": 1}}, RuleError, "frames of times by name"),
        ({"alternatives": [1]}, RuleError, "frames of times by name"),
        ({"missing_covariates": "impute", "imputations": 1}, RuleError, "imputations"),
        ({"horizon": 9000}, EstimateError, "at risk up to the day"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    people: pd.DataFrame, options: dict[str, Any], error: type, wrong: str
) -> None:
    frame = people.assign(gap=people["age"].where(people["age"] > 30))
    with pytest.raises(error, match=wrong):
        iop.compare_cohorts(frame, **{"by": "track", "covariates": TERMS, "horizon": 60, **options})


def test_an_alternative_with_other_groups_is_refused(people: pd.DataFrame) -> None:
    other = people.assign(track=people["track"].replace("day", "night"))
    with pytest.raises(RuleError, match="other groups"):
        iop.compare_cohorts(
            people, "track", covariates=["age"], horizon=60, alternatives={"other": other}
        )
    with pytest.raises(RuleError, match="as given"):
        iop.compare_cohorts(
            people, "track", covariates=["age"], horizon=60, alternatives={"as given": other}
        )


# From records ------------------------------------------------------------------------------------


def test_what_was_excluded_on_the_way_from_records_adds_up() -> None:
    records = iop.read_records("data/samples/messy")
    row = records.sources[records.sources["table"] == "episodes"].sum(numeric_only=True)
    times = iop.time_to_relapse(records)
    excluded = iop.exclusions(records, times.iloc[5:])
    assert excluded.pop("not in the frame of times") == 5
    assert sum(excluded.values()) == row["rows_set_aside"]
    assert all(reason.startswith("set aside on reading: ") for reason in excluded)
    assert sum(excluded.values()) + len(times) == row["rows_read"] - row["rows_folded"]
    late = iop.RelapseRule(origin="discharge")
    after = iop.exclusions(records, iop.time_to_relapse(records, late), late)
    assert after["no day 0: no discharge"] > 0
    with pytest.raises(RuleError, match="rows of none"):
        iop.exclusions(records, times, late)
    with pytest.raises(RuleError, match="occur twice"):
        iop.exclusions(records, pd.concat([times, times]))
    with pytest.raises(RuleError, match="episode_id"):
        iop.exclusions(records, times.drop(columns="episode_id"))
    with pytest.raises(RuleError, match="from records"):
        iop.exclusions(times, times)  # type: ignore[arg-type]


def test_columns_of_latex_are_as_wide_as_what_they_hold_and_fill_the_page() -> None:
    header, rows = ["n", "analysis", "why"], [["5", "not adjusted", "x " * 60], ["6", "a", ""]]
    shares = latex._shares(header, rows)
    assert sum(shares) == pytest.approx(1)
    # one letter, the longest cell, and at most forty letters; two more each
    assert [share / shares[0] for share in shares] == pytest.approx([1, 14 / 3, 42 / 3])
