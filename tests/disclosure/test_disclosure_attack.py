"""Reports as somebody reads them who wants to know more: no hidden count from 1 to 10 comes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts, protect_curves, protect_family
from iop_outcomes.errors import ReportError, RuleError
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.cohort import admissions_table
from tests.helpers.of_the_sample import (
    internal_report_of_the_sample,
    records_of_the_sample,
    report_of_the_sample,
)
from validation import attack_solving, disclosure_attack
from validation.attack_curves import curves
from validation.attack_periods import window
from validation.attack_programs import small_case
from validation.attack_reading import Read, differences, read_report
from validation.attack_relations import build
from validation.attack_solving import Puzzle, solve

CMS = iop.SafePolicy()
OPEN = iop.SafePolicy.unprotected()
NAMES_OF_FLOW = ("flow_exclusions", "cohort_flow")


@pytest.fixture(scope="module", autouse=True)
def no_drawing() -> Iterator[None]:
    """Leave the pictures out: they show what the tables do."""
    with pytest.MonkeyPatch.context() as patch:
        empty = Picture(b"<svg/>", "A picture.", 1, 1)
        patch.setattr(model, "draw_svg", lambda *_, **__: empty)
        yield


def saved(report: iop.Report, folder: Path) -> Read:
    return read_report(report.save(folder / "r.html"), report.save(folder / "r.xlsx"))


@pytest.fixture(scope="module")
def sample() -> iop.Records:
    return records_of_the_sample()


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    return saved(report_of_the_sample(), tmp_path_factory.mktemp("sample"))


def test_nothing_hidden_comes_out_of_the_report_of_the_sample(read: Read) -> None:
    found = solve(build(read))
    assert found.unknown > 200
    assert found.pinned == {}
    assert found.small == []


def test_page_and_workbook_show_the_same_digits(read: Read) -> None:
    assert differences(read) == []


@pytest.fixture(scope="module")
def open_read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Return the report of the same people with nothing hidden."""
    return saved(internal_report_of_the_sample(), tmp_path_factory.mktemp("open"))


def test_what_the_attacker_takes_for_known_is_true(open_read: Read) -> None:
    # Where nothing is hidden, a sum that is not true would fit no numbers.
    puzzle = build(open_read)
    assert len(puzzle.rows) > 400
    solve(puzzle, ask=False)
    wrong = open_read.tables["trend_retained_60"].copy()
    wrong.loc[wrong["period"] == "2025Q4", "numerator"] = 56  # more than the 55 after 30 days
    with pytest.raises(ValueError, match="nothing fits"):
        solve(
            build(replace(open_read, tables=open_read.tables | {"trend_retained_60": wrong})),
            ask=False,
        )


def test_what_the_attacker_takes_for_known_of_weekdays_is_true(open_read: Read) -> None:
    days = open_read.tables["attendance_by_weekday"].copy()
    assert len(days) > 5
    days.loc[days["weekday"].isin(["Monday", "all"]), "due"] += 1  # not those of the trend
    puzzle = build(replace(open_read, tables=open_read.tables | {"attendance_by_weekday": days}))
    with pytest.raises(ValueError, match="nothing fits"):
        solve(puzzle, ask=False)


def test_what_the_attacker_takes_for_known_of_what_came_first_is_true(open_read: Read) -> None:
    names = ("relapse", "relapse_first")
    curve, first = (open_read.tables[name] for name in names)
    fits = Read({"relapse": curve, "relapse_first": first}, {}, "")
    solve(build(fits), ask=False)
    more = first.copy()
    more.loc[3, "relapse"] += 30  # more than relapsed on the curve, whatever came first
    with pytest.raises(ValueError, match="nothing fits"):
        solve(build(replace(fits, tables={"relapse": curve, "relapse_first": more})), ask=False)
    higher = first.assign(completed_first=first["completed_first"] * 1.5)
    with pytest.raises(ValueError, match="nothing fits"):
        solve(build(replace(fits, tables={"relapse": curve, "relapse_first": higher})), ask=False)


def test_what_the_attacker_takes_for_known_of_who_is_not_counted_is_true(
    open_read: Read, sample: iop.Records, tmp_path: Path
) -> None:
    who, flow = _not_counted(open_read)
    assert _fits(open_read, who, flow)
    later = who.copy()
    later.loc[[0, 1], "admissions"] += 1  # not the admissions of the quarters
    assert not _fits(open_read, later, flow)
    # Half a year after a period retention at 90 days is known of all quarters of its flow.
    read = saved(iop.quarterly_report(sample, "2026Q1", policy=OPEN), tmp_path)
    who, flow = _not_counted(read)
    assert _fits(read, who, flow)
    fewer, of_fewer = who.copy(), flow.copy()
    fewer.loc[[2, 3], "admissions"] += [1, -1]
    of_fewer.loc[0, "reached"] -= 1  # not those of the quarters whose stay is known
    assert not _fits(read, fewer, of_fewer)


def _not_counted(read: Read) -> tuple[pd.DataFrame, pd.DataFrame]:
    who, flow = (read.tables[name].assign(share="hidden") for name in NAMES_OF_FLOW)
    return who, flow


def _fits(read: Read, who: pd.DataFrame, flow: pd.DataFrame) -> bool:
    # With what is counted of the same people; all tables at once are asked of above.
    tables = {name: one for name, one in read.tables.items() if name.startswith("trend_")}
    given = tables | dict(zip(NAMES_OF_FLOW, (who, flow), strict=True))
    try:
        solve(build(replace(read, tables=given)), ask=False)
    except ValueError as error:
        if "nothing fits" not in str(error):
            raise
        return False
    return True


NOT_COUNTED = pd.DataFrame(
    {
        "who": [
            "all admissions",
            "not counted: admitted too late",
            "not counted: not known",
            "counted in how far people came",
        ],
        "admissions": [95, 20, "hidden", 70],
        "share": ["hidden"] * 4,
    }
)
FLOW = pd.DataFrame(
    {
        "stage": ["admitted", "first session within 30 days", "still in the program after 90 days"],
        "reached": [70, 58, "hidden"],
        "not_known": [0, "hidden", 0],
        "share": ["hidden"] * 3,
    }
)
ADMISSIONS = pd.DataFrame(
    {"period": ["2025Q3", "2025Q4", "2026Q1", "2026Q2"], "numerator": [25, 25, "hidden", 20]}
)


def test_the_attacker_adds_up_who_is_counted_and_who_is_not() -> None:
    unknown = ("considered", "not counted: not known")
    found = solve(build(Read({"cohort_flow": FLOW, "flow_exclusions": NOT_COUNTED}, {}, "")))
    assert found.pinned == {unknown: 5}  # 95 less 20 and 70
    captions = (
        "How far people came: admissions from 2025-07-01 to 2026-03-31, followed for 90 days",
        "Who is counted in how far people came, and who is not: admissions from 2025-07-01 to "
        "2026-06-30",
    )
    hidden = NOT_COUNTED.assign(admissions=["hidden", "hidden", 0, 57])
    tables = {
        "cohort_flow": FLOW.assign(reached=[57, 46, "hidden"]),
        "flow_exclusions": hidden,
        "trend_admissions": ADMISSIONS,
    }
    found = solve(build(Read(tables, {}, " ".join(captions), captions)))
    assert found.pinned["admissions", "2026Q1", "numerator"] == 7  # 57 less 25 and 25


WEEKDAYS = pd.DataFrame(
    {
        "weekday": ["Monday", "Saturday", "all"],
        "due": [40, "hidden", 46],
        "attended": [28, "hidden", "hidden"],
        "share": [0.7, "hidden", "hidden"],
    }
)
SESSIONS = pd.DataFrame(
    {
        "session": ["attended", "no show", "all"],
        "due": ["yes", "yes", ""],
        "sessions": [33, "hidden", 46],
        "people": ["hidden", "hidden", "hidden"],
        "share": ["hidden", "hidden", "hidden"],
    }
)


def test_the_attacker_adds_up_weekdays_and_takes_them_for_the_sessions() -> None:
    saturday = ("weekday", "Saturday", "due"), ("weekday", "Saturday", "attended")
    found = solve(build(Read({"attendance_by_weekday": WEEKDAYS}, {}, "")))
    assert found.pinned == {saturday[0]: 6}  # 40 of 46 are on Monday
    captions = ("Treatment sessions in 2026Q3", "Attendance by weekday in 2026Q3")
    both = {"attendance_by_weekday": WEEKDAYS, "sessions": SESSIONS}
    assert solve(build(Read(both, {}, "", captions))).pinned[saturday[1]] == 5  # 28 of 33
    longer = ("Treatment sessions in 2026Q2 to 2026Q3", captions[1])
    assert saturday[1] not in solve(build(Read(both, {}, "", longer))).pinned


SERVED = pd.DataFrame(
    {
        "by": [*["age"] * 5, *["older"] * 4],
        "group": [
            *("18 to 25", "26 to 34", "35 to 49", "not recorded", "all"),
            *("no", "yes", "not recorded", "all"),
        ],
        "admitted": ["hidden", 20, 21, "hidden", 70, "hidden", 21, "hidden", 70],
        "share": ["hidden"] * 9,
    }
)


def test_the_attacker_puts_what_one_column_says_of_another_beside_it() -> None:
    # 29 of 70 are in no band that is shown; 45 are not older, so that 25 are of 18 to 25.
    young, unknown = ("admitted", "age", "18 to 25"), ("admitted", "age", "not recorded")
    assert young not in solve(build(Read({"admissions": SERVED}, {}, ""))).pinned
    shown = SERVED.assign(admitted=["hidden", 20, 21, "hidden", 70, 45, 21, "hidden", 70])
    found = solve(build(Read({"admissions": shown}, {}, ""))).pinned
    assert found[unknown] == 4
    names = shown.assign(by=["band"] * 5 + ["older"] * 4)
    found = solve(build(Read({"admissions": names}, {}, ""))).pinned
    assert found == {("admitted", "older", "not recorded"): 4}


@pytest.mark.parametrize(("seed", "column"), [(7, "older"), (4, "opioids")])
def test_what_the_attacker_takes_for_known_of_columns_is_true(seed: int, column: str) -> None:
    case = small_case(seed)
    scope = choose_scope(case.records, case.quarter, case.rule, OPEN, case.served_by or ())
    table = admissions_table(scope, LinkedCounts(OPEN)).table.frame.assign(share="hidden")
    solve(build(Read({"admissions": table}, {}, "")), ask=False)
    rows = table["by"].eq(column) & table["group"].isin(["yes", "no"])
    table.loc[rows, "admitted"] += [1, -1]
    with pytest.raises(ValueError, match="nothing fits"):
        solve(build(Read({"admissions": table}, {}, "")), ask=False)


def test_the_attacker_finds_a_count_that_one_more_number_gives_away(
    read: Read, open_read: Read
) -> None:
    # Retained 90 days in 2025Q4: 12, and 22 for 60 days, so that 10 left between.
    table = read.tables["trend_retained_90"].copy()
    row = table["period"] == "2025Q4"
    truth = open_read.tables["trend_retained_90"]
    truth = truth[truth["period"] == "2025Q4"].iloc[0]
    table.loc[row, ["numerator", "denominator"]] = [truth["numerator"], truth["denominator"]]
    beside = {name: read.tables[name] for name in ("trend_admissions", "trend_retained_60")}
    found = solve(build(Read(beside | {"trend_retained_90": table}, {}, "")))
    assert 10 in found.pinned.values()


def test_the_periods_of_a_table_are_those_of_its_caption() -> None:
    words = "Admissions in 2026Q1 is not shown. Who was served Admissions in 2025Q3 to 2026Q2"
    told = Read({}, {}, words, ("Without relapse", "Admissions in 2025Q3 to 2026Q2"))
    assert window(told, "Admissions", "2026Q2") == ["2025Q3", "2025Q4", "2026Q1", "2026Q2"]
    assert window(Read({}, {}, words), "Admissions", "2026Q2") == ["2026Q2"]


@pytest.mark.parametrize("seed", [6, 19])
def test_nothing_hidden_comes_out_of_reports_of_small_programs(seed: int, tmp_path: Path) -> None:
    found = solve(build(saved(small_case(seed).report(), tmp_path)))
    assert found.unknown > 20
    assert found.pinned == {}
    assert found.small == []


# curves of a whole and of its groups


def family(seed: int) -> pd.DataFrame:
    """Return times of a few small programs, whose relapses fall on some days."""
    random = np.random.default_rng(seed)
    parts = []
    for name in "ABCD"[: random.integers(2, 5)]:
        size = int(random.integers(22, 90))
        event = np.ceil(random.weibull(0.8, size) * 120 / 7) * 7
        end = random.choice([random.integers(30, 300, size), np.full(size, 300)])
        days = np.maximum(np.minimum(event, end), 1).astype(int)
        parts.append(pd.DataFrame({"program": name, "days": days, "event": event <= end}))
    return pd.concat(parts, ignore_index=True)


def tables(whole: iop.ProtectedCurves, groups: iop.ProtectedCurves) -> Read:
    shown = {"relapse": whole.table, "relapse_by_program": groups.table}
    return Read({name: table for name, table in shown.items() if len(table)}, {}, "")


def test_curves_of_a_whole_and_its_groups_do_not_tell_of_a_few() -> None:
    days = 0
    for seed in range(5):
        times = family(seed)
        whole, groups = protect_family(
            iop.survival_curves(times), iop.survival_curves(times, by="program"), CMS
        )
        puzzle = Puzzle()
        curves(puzzle, tables(whole, groups))
        found = solve(puzzle)
        assert found.pinned == {}, seed
        assert found.small == [], seed
        days += len(whole.table) + len(groups.table)
    assert days > 50


def exact(times: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """Return what a curve prints if its numbers at risk are not rounded."""
    curves_ = iop.survival_curves(times, by=by)
    shown = iop.protect(curves_).table.copy()
    if len(shown):
        risk = curves_.risk_table(sorted(shown["day"].unique()))
        names = ["day"] if by is None else [by, "day"]
        shown["at_risk"] = shown.merge(risk, on=names, suffixes=("_", ""))["at_risk"].to_numpy()
    return shown


def test_numbers_at_risk_that_are_not_rounded_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("validation.attack_curves._base", lambda _: 1)
    given_away = 0
    for seed in range(6):
        puzzle = Puzzle()
        curves(puzzle, Read({"relapse": exact(family(seed), None)}, {}, ""))
        given_away += bool(solve(puzzle).small)
    assert given_away >= 2


def test_curves_that_are_published_apart_do(monkeypatch: pytest.MonkeyPatch) -> None:
    # 44 relapses by day 90 in A and 49 in both: five of B, whose own curve shows day 180 only.
    a = pd.DataFrame({"program": "A", "days": [40] * 44 + [120] * 22 + [200] * 22, "event": True})
    b = pd.DataFrame({"program": "B", "days": [40] * 5 + [100] * 30 + [200] * 35, "event": True})
    times = pd.concat([a, b], ignore_index=True)
    monkeypatch.setattr("validation.attack_curves._base", lambda _: 1)
    shown = {"relapse": exact(times, None), "relapse_by_program": exact(times, "program")}
    puzzle = Puzzle()
    curves(puzzle, Read(shown, {}, ""))
    assert ("events", "B", 0.0, 90.0) in solve(puzzle).small
    monkeypatch.undo()
    together = protect_family(
        iop.survival_curves(times), iop.survival_curves(times, by="program"), CMS
    )
    puzzle = Puzzle()
    curves(puzzle, tables(*together))
    assert not solve(puzzle).small


def test_a_curve_that_is_published_elsewhere_has_the_same_days() -> None:
    times = family(1)
    both = pd.concat([times.assign(rule="one"), times.assign(rule="two")], ignore_index=True)
    once = iop.protect(iop.survival_curves(times)).table["day"].iloc[[0, -1]].tolist()
    shown = protect_curves(iop.survival_curves(both, by="rule"), CMS, alike={"one": once})
    rows = shown.table[shown.table["rule"] == "one"]
    assert rows["day"].tolist() == once
    assert (shown.table["rule"] == "two").sum() > 2


def test_rules_that_differ_by_a_few_people_are_not_told_on_the_same_day() -> None:
    days = np.repeat([10, 20, 40, 100], [20, 20, 20, 40])
    fewer = pd.DataFrame({"days": days, "event": days < 100, "rule": "fewer"})
    more = fewer.assign(rule="more", event=fewer["event"] | (np.arange(100) < 66))
    more.loc[60:65, "days"] = 20  # six people relapse under the second rule only
    curves_ = iop.survival_curves(pd.concat([fewer, more], ignore_index=True), by="rule")
    shown = protect_curves(curves_, CMS, nested=[("events", "fewer", "more")]).table
    assert small_differences(curves_, shown) == []
    assert small_differences(curves_, iop.protect(curves_).table)


def small_differences(curves_: iop.SurvivalCurves, shown: pd.DataFrame) -> list[float]:
    """Return the small counts of who relapsed by a day under the second rule and not the first."""
    risk = curves_.risk_table(sorted(shown["day"].unique()))
    counts = shown.merge(risk, on=["rule", "day"]).set_index(["rule", "day"])["events"]
    pairs = [
        counts["more", later] - counts["fewer", day]
        for rule, day in counts.index
        for other, later in counts.index
        if (rule, other) == ("fewer", "more") and 0 < day <= later
    ]
    return [one for one in pairs if CMS.hides(one)]


def test_a_limit_between_two_whole_numbers_is_the_next_of_them() -> None:
    # More than 9 of at most 10: the solver alone takes 9 for more than 9, within its tolerance.
    puzzle = Puzzle()
    more, of = puzzle.unknown("more"), puzzle.known("of", 10)
    puzzle.row({more: 1.0, of: -0.9}, 1e-7, np.inf)
    puzzle.part(of, more)
    assert solve(puzzle).pinned == {"more": 10}


def test_a_question_that_the_solver_fails_at_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    # One or two of three in each of two groups: all questions but the first fail.
    puzzle = Puzzle()
    first, second = puzzle.unknown("first"), puzzle.unknown("second")
    puzzle.total(puzzle.known("both", 3), [first, second])
    asked: list[bool] = []

    def fails(*given: Any, **options: Any) -> Any:
        asked.append(True)
        return milp(*given, **options) if len(asked) == 1 else SimpleNamespace(x=None, status=4)

    milp = attack_solving.milp
    monkeypatch.setattr(attack_solving, "milp", fails)
    solved = solve(puzzle)
    assert (solved.pinned, solved.small) == ({}, [])
    assert solved.unanswered
    monkeypatch.setattr(attack_solving, "milp", lambda *_, **__: SimpleNamespace(x=None, status=4))
    with pytest.raises(ValueError, match="could not be answered"):
        solve(puzzle)


@pytest.mark.parametrize("fault", [RuleError("Declared twice."), ReportError("No fit.")])
def test_only_a_draw_that_is_refused_makes_no_report(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    refused = [ReportError(f"{words}: such a draw.") for words in disclosure_attack.REFUSED]
    given = [*refused, fault]

    def case_of(*_: object) -> NoReturn:
        raise given.pop(0)

    monkeypatch.setattr(disclosure_attack, "case_of", case_of)
    for _ in refused:
        assert disclosure_attack.row_of(("small", 3)) == {"kind": "small", "case": 3}
    with pytest.raises(type(fault)):
        disclosure_attack.row_of(("small", 3))
