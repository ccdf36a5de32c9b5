"""The report for the program's own eyes: all that the public one prints is in it, exact."""

from __future__ import annotations

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.fixed_days import EndsElsewhere
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.errors import ReportError
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections import assemble
from iop_outcomes.report.sections.ends import each_day, stays
from iop_outcomes.report.sections.relapse import first, relapse_results, tables
from tests.helpers.of_the_sample import (
    QUARTER,
    SHOWN,
    internal_report_of_the_sample,
    records_of_the_sample,
    report_of_the_sample,
)

HALF = 0.5 + 0.051  # of a percent point: the public one prints whole percent, this one tenths
ENDS = ["completed", "dropped_out", "terminated", "transferred", "incarcerated", "died", "other"]


def section_of(report: iop.Report, name: str) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        saved = report.save(Path(folder) / "report.json").read_text(encoding="utf-8")
    sections: list[dict[str, Any]] = json.loads(saved)["sections"]
    return next(section for section in sections if section["name"] == name)


def on_or_before(table: pd.DataFrame, day: float) -> pd.Series[Any]:
    return table[table["day"] <= day].iloc[-1]


def test_no_ledger_holds_one() -> None:
    records = records_of_the_sample().where(program=SHOWN[:1])
    policy = iop.SafePolicy.internal()
    with pytest.raises(ReportError, match="without --ledger"):
        iop.quarterly_report(records, QUARTER, policy=policy, ledger=Ledger())


def test_it_has_each_table_of_the_public_one() -> None:
    assert set(report_of_the_sample().tables) <= set(internal_report_of_the_sample().tables)


def test_nothing_in_it_is_hidden_or_called_too_few(tmp_path: Path) -> None:
    saved = (
        internal_report_of_the_sample().save(tmp_path / "report.json").read_text(encoding="utf-8")
    )
    for section in json.loads(saved)["sections"]:
        for table in (*section["tables"], *(one["table"] for one in section["figures"])):
            cells = [cell for row in table["rows"] for cell in row]
            assert "hidden" not in cells, table["name"]
            if section["name"] not in ("what-changed", "trends"):
                assert "too few" not in table["note"].lower(), table["name"]
                note = table["note"].lower().replace("not hidden", "")
                assert "hidden" not in note, table["name"]
        assert not any("too few" in sentence.lower() for sentence in section["sentences"])


@pytest.mark.parametrize("name", ["without_relapse", "missing_check_ins"])
def test_shares_without_relapse_are_those_of_the_public_report(name: str) -> None:
    public, own = (
        one.tables[name] for one in (report_of_the_sample(), internal_report_of_the_sample())
    )
    first = public.columns[0]
    if name == "without_relapse":
        assert own[first].tolist() == [*SHOWN, "all"]
    own = own.set_index(first, drop=False).loc[public[first]]
    days = [column for column in public if re.fullmatch(r"day_\d+", column)]
    printed = 0
    for (_, there), (_, here) in zip(public.iterrows(), own.iterrows(), strict=True):
        for day in days:
            assert 0 <= here[f"{day}_lower"] <= here[day] <= here[f"{day}_upper"] <= 1, here[day]
            assert here[day.replace("day", "at_risk")] > 0
            if there[day] != "hidden":
                assert abs(there[day] - here[day]) <= HALF / 100
                printed += 1
    assert printed > len(public)


def test_events_on_missing_data_are_those_of_the_public_report() -> None:
    public, own = (
        one.tables["missing_check_ins"]
        for one in (report_of_the_sample(), internal_report_of_the_sample())
    )
    for there, here in zip(
        public["events_on_missing_data"], own["events_on_missing_data"], strict=True
    ):
        assert there == "hidden" or abs(there - here) <= HALF / 100


@pytest.mark.parametrize("name", ["relapse", "relapse_by_program", "relapse_by_missing"])
def test_curves_of_the_public_report_are_those_of_this_one(name: str) -> None:
    public, own = (
        one.tables[name] for one in (report_of_the_sample(), internal_report_of_the_sample())
    )
    groups = [column for column in public if column in ("program", "a missing check-in")]
    for _, row in public.iterrows():
        of_group = own
        for group in groups:
            of_group = of_group[of_group[group] == row[group]]
        here = on_or_before(of_group, row["day"])
        assert abs(here["survival"] - row["survival"]) <= 0.005001
        if row["day"] > 0 and row["at_risk"] != "hidden":
            assert abs(here["at_risk"] - row["at_risk"]) <= 10


def test_the_interval_censored_curve_is_that_of_the_public_report() -> None:
    public, own = (
        one.tables["relapse_interval"]
        for one in (report_of_the_sample(), internal_report_of_the_sample())
    )
    own = own.set_index("day")
    for _, row in public.iterrows():
        here = own.loc[row["day"]]
        assert abs(here["highest"] - row["highest"]) <= 0.005001
        assert row["lowest"] <= here["lowest"] + 0.005001  # said in steps: see `protect_interval`
        assert row["lowest"] <= here["survival"] <= row["highest"] + 0.005001
    statuses = ["known_clear", "in_between", "not_seen_again", "relapsed"]
    assert set(own[statuses].sum(axis=1)) == {own[statuses].iloc[0].sum()}
    assert own["relapsed"].is_monotonic_increasing


def test_ends_over_time_are_those_of_the_public_report() -> None:
    public, own = (
        one.tables["ends_over_time"]
        for one in (report_of_the_sample(), internal_report_of_the_sample())
    )
    named = {end.replace(" ", "_") for end in public["end"]} & set(ENDS)
    for _, row in public.iterrows():
        ends = [row["end"].replace(" ", "_")]
        if row["end"] == "other ends":
            ends = [end for end in ENDS if end not in named and f"{end}_share" in own]
        here = on_or_before(own, row["day"])
        assert abs(sum(here[f"{end}_share"] for end in ends) - row["incidence"]) <= 0.005001


def test_what_came_first_is_that_of_the_public_report() -> None:
    public, own = (
        one.tables["relapse_first"]
        for one in (report_of_the_sample(), internal_report_of_the_sample())
    )
    days = [column for column in public if column.startswith("day_")]
    words = [name.replace(" ", "_") for name in public["came_first"]]
    for name, (_, row) in zip(words, public.iterrows(), strict=True):
        ends = [name]
        if name == "other_ends":
            ends = [end for end in ENDS if end not in words]
        for day in days:
            here = on_or_before(own, int(day.removeprefix("day_")))
            assert abs(sum(here[f"{end}_first"] for end in ends) - row[day]) <= 0.005001


@pytest.mark.parametrize("name", ["ends_over_time", "relapse_first"])
def test_shares_by_end_have_their_intervals_on_fixed_days(name: str) -> None:
    limits = internal_report_of_the_sample().tables[f"{name}_limits"]
    days = [column for column in limits if column.startswith("day_")]
    assert {"day_30", "day_60", "day_90", "day_180"} <= set(days)
    at_risk = limits[limits.iloc[:, 0] == "at risk"]
    for day in days:
        assert int(at_risk[day].item()) > 0
        for cell in limits[day].drop(at_risk.index):
            assert re.match(r"[\d.]+%( \([\d.]+% to [\d.]+%\))?$", cell), cell


def test_who_contributes_no_day_is_said_and_here_counted() -> None:
    words = (
        "Whoever has no known answer for the first check-in that was due contributes no day after "
        "day 0"
    )
    notes = {
        name: section_of(report, "relapse")["figures"][0]["table"]["note"]
        for name, report in (
            ("public", report_of_the_sample()),
            ("own", internal_report_of_the_sample()),
        )
    }
    assert f"{words}." in notes["public"]
    start = internal_report_of_the_sample().tables["relapse"].iloc[0]
    none, everyone = int(start["censored"]), int(start["censored"] + start["at_risk"])
    assert none > 50
    assert f"{words}: {none} of {everyone} episodes." in notes["own"]


def test_what_cannot_be_estimated_says_why() -> None:
    assert tables.left_out(["A", "B"], ["A"], hides=False) == (
        "Not shown: B (nobody who was admitted there is in a curve)."
    )
    assert tables.left_out(["A", "B"], ["A", "B"], hides=False) == ""
    times = pd.DataFrame({"days": [20, 40, 40, 100], "event": [False, True, False, False]})
    curves = iop.protect(iop.survival_curves(times), iop.SafePolicy.internal())
    (row,) = tables._milestones(curves).to_dict("records")
    assert (row["day_30"], row["day_30_lower"], row["at_risk_30"]) == (1.0, None, 3)
    assert row["day_60"] == pytest.approx(2 / 3)
    assert row["day_60_lower"] < row["day_60"] < row["day_60_upper"]
    assert (row["day_180"], row["day_180_upper"], row["at_risk_180"]) == ("not known", None, 0)
    kinds = tables._kinds(pd.DataFrame([row]), "share")
    read = tables.as_read(tables.Table("a", "A", pd.DataFrame([row]), kinds)).on_page.frame.iloc[0]
    assert (read["day_30"], read["day_180"]) == ("100%", "not known")
    assert read["day_60"].startswith("66.7% (")
    ends = times.assign(ended_by=["censored", "completed", "censored", "censored"])
    found = iop.cumulative_incidence(ends, causes=["completed", "died"])
    shares = each_day.with_limits("a", "A", found, "end").frame.set_index("end")
    assert shares.loc["died", "day_90"].startswith("0% (0% to ")
    assert shares["day_180"].tolist() == ["not known"] * 3
    assert shares.loc["at risk", "day_60"] == "1"


def test_an_internal_report_without_a_relapse_or_an_end_says_so() -> None:
    records = records_of_the_sample().where(program=["Old Mill"])
    open_ = choose_scope(records, QUARTER, None, iop.SafePolicy.internal())
    times = stays.stays(open_)
    assert times is not None
    without: Any = SimpleNamespace(
        drafts={"discharges": 1}, table=lambda name: name, no_stays="", stays=None, relapse=None
    )
    not_estimated = stays.NOT_ESTIMATED + stays.NO_END
    assert not_estimated in assemble.who_stayed(open_, without).sentences
    assert assemble.relapse_section(open_, without).sentences == (assemble.NO_TIMES,)
    public = choose_scope(records, QUARTER, None, None)
    assert not_estimated not in assemble.who_stayed(public, without).sentences
    assert assemble.relapse_section(public, without).sentences == (assemble.TOO_FEW,)
    results = relapse_results(open_)
    assert results is not None
    assert results.by_program is None
    assert tables.without_a_curve(open_, results) == ""
    assert isinstance(results.interval, iop.IntervalSurvival)
    nobody = pd.DataFrame({"event": [False], "competing_end": ["died"]})
    found = first.first_ends(
        open_, nobody, iop.survival_curves(times), results.overall, EndsElsewhere()
    )
    assert found.sentence == first.NO_RELAPSE


def test_the_picture_of_curves_of_which_nothing_is_hidden_has_round_days() -> None:
    times = pd.DataFrame({"days": range(1, 200, 7), "event": True})
    curves = iop.protect(iop.survival_curves(times), iop.SafePolicy.internal())
    axes = iop.plot_survival(curves)
    assert {"30", "60", "90"} <= {label.get_text() for label in axes.get_xticklabels()}
