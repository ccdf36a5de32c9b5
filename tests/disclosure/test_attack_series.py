"""Several saved reports of one program read together: what is tied is true, and it tells more."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import counting, model
from iop_outcomes.report.sections import outcomes
from iop_outcomes.report.sections.scores.scales import BAM_TITLES
from validation import attack_series, attack_series_solving, disclosure_attack
from validation.attack_programs import RULES, Case, population, records_up_to
from validation.attack_reading import Read, in_days
from validation.attack_relations import PROMISE, build
from validation.attack_series import join, told_together
from validation.attack_series_later import FINAL_AFTER
from validation.attack_series_reading import HEAD as HEAD_OF_A_REPORT
from validation.attack_series_reading import One
from validation.attack_series_solving import solve_together
from validation.attack_series_tables import Family
from validation.attack_solving import Puzzle, solve


def with_nothing_hidden(cuts: dict[str, str]) -> list[Read]:
    """Return reports of quarters, each up to a day, with all a reader sees, and nothing hidden."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "draw_svg", lambda *_, **__: Picture(b"<svg/>", "A.", 1, 1))
        patch.setattr(counting, "hide_beside", lambda *_, **__: (frozenset(), ""))
        patch.setattr(LinkedCounts, "hidden", lambda *_: frozenset())
        patch.setattr(outcomes, "are_held", lambda *_: False)
        made, kept, sample = [], Ledger(), population(1, 100)
        for quarter, cut in cuts.items():
            episodes = sample.episodes.assign(program="Center")
            end = pd.Timestamp(cut)
            records = records_up_to(episodes, sample.attendance, sample.checkins, end)
            report = disclosure_attack.beside(Case(records, quarter, RULES[0]), kept)
            kept = disclosure_attack.ledger_of(report)
            read = disclosure_attack.as_read(report)
            made.append(replace(read, words=read.words.replace(PROMISE, "")))  # it does not hold
        return made


@pytest.fixture(scope="module")
def reads() -> list[Read]:
    """Two quarters in a row with the times and groups that a reader sees, and nothing hidden."""
    return with_nothing_hidden({"2025Q1": "2025-03-31", "2025Q2": "2025-06-30"})


def fits(reads: list[Read]) -> bool:
    try:
        solve_together(join([One.of(read) for read in reads]), ask=False)
    except ValueError:
        return False
    return True


def test_what_is_tied_is_true(reads: list[Read]) -> None:
    assert "Discharges in 2024Q3 to 2025Q2, by reason" in reads[1].captions  # of a year
    puzzle = join([One.of(read) for read in reads])
    tied = {name[2] for name in puzzle.low if isinstance(name, tuple) and name[0] == "in"}
    some = {("admitted", "program"), "discharged", "session", "came", "flow"}
    assert some | {("weekday", "due"), ("week", "episodes")} <= tied
    grows = {name[1] for name in puzzle.targets if isinstance(name, tuple) and name[0] == "more"}
    assert {*FINAL_AFTER} == {name[0] for name in grows if name[0] in FINAL_AFTER}
    scales = ("Depression (PHQ-9)", BAM_TITLES["risk"], BAM_TITLES["protective"])
    assert {"discharged", *((("symptoms", one), "answered") for one in scales)} <= grows
    assert fits(reads)


def test_what_is_tied_is_true_of_two_quarters_of_the_same_records() -> None:
    # Nothing grew between them, and who is discharged by then is not who was by the quarter's end.
    reads = with_nothing_hidden({"2025Q1": "2025-06-30", "2025Q2": "2025-06-30"})
    assert len({read.tables["files"]["rows_kept"].iloc[0] for read in reads}) == 1
    assert fits(reads)
    one, other = (One.of(read) for read in reads)
    assert (one.ends_with_quarter, other.ends_with_quarter) == (False, True)


@pytest.mark.parametrize(
    ("table", "rows", "columns"),
    [
        ("census", [0, 2], ["episodes"]),  # those there on the last day of the first quarter
        ("trend_admissions", [0], ["numerator"]),
        ("files", [0], ["rows_read", "rows_kept"]),
    ],
)
def test_one_more_than_the_other_report_says_fits_no_numbers(
    reads: list[Read], table: str, rows: list[int], columns: list[str]
) -> None:
    changed = reads[1].tables[table].copy()
    changed.loc[rows, columns] += 1
    tables = {"trend_admissions": reads[1].tables["trend_admissions"], table: changed}
    head = re.search(HEAD_OF_A_REPORT, reads[1].words)
    assert head is not None
    second = replace(reads[1], tables=tables, words=head[0])  # without sentences of the same
    assert fits([second])
    assert not fits([reads[0], second])


def test_a_group_of_a_year_is_the_sum_of_the_quarters_of_the_other_report(
    reads: list[Read],
) -> None:
    names = ("admissions", "trend_admissions")
    first, second = (
        replace(read, tables={name: read.tables[name] for name in names}) for read in reads
    )
    assert fits([first, second])
    table = second.tables["admissions"].assign(share="hidden")
    rows = table.index[table["by"].eq("entry path") & table["group"].ne("all")]
    everybody = table.loc[rows, "admitted"].sum()
    # Nobody came directly, in any of four quarters; a quarter before more did than were admitted.
    table.loc[rows, "admitted"] = [0 if word == "direct" else 1 for word in table["group"][rows]]
    table.loc[rows[table["group"][rows].ne("direct")][0], "admitted"] += (
        everybody - table.loc[rows, "admitted"].sum()
    )
    none = replace(second, tables=second.tables | {"admissions": table})
    assert fits([none])
    assert not fits([first, none])


HEAD = "Programs Center Time {0} ({1}) Data cut {2} Made"
QUARTERS = {
    "2024Q4": ("2024-10-01 to 2024-12-31", "2024-12-31", "2024Q1 to 2024Q4"),
    "2025Q1": ("2025-01-01 to 2025-03-31", "2025-03-31", "2024Q2 to 2025Q1"),
}


def report_of(quarter: str, discharges: list[object], census: list[object]) -> Read:
    """Return a report of who was in the program in a quarter, and of the discharges of a year."""
    days, cut, year = QUARTERS[quarter]
    reasons = ["completed", "ended early", "transferred", "other ends", "all"]
    codes = ["1", "2, 3", "4", "5, 6, 7, -9", ""]
    tables = {
        "discharges": pd.DataFrame(
            {"reason": reasons, "TEDS_code": codes, "discharges": discharges, "share": "hidden"}
        ),
        "census": pd.DataFrame({"who": ["before", "new", "left", "there"], "episodes": census}),
    }
    caption = f"Discharges in {year}, by reason"
    return Read(tables, {}, HEAD.format(quarter, days, cut), (caption,))


@pytest.fixture
def two() -> list[Read]:
    """28 completed in a year and 23 in the year before; 18 left, so at most 18 were discharged.

    78 discharges and 65: 13 more in the last quarter than in the first, so at most 5 in the first,
    and 5 to 10 completed in the last.
    """
    return [
        report_of("2024Q4", [23, 25, "hidden", "hidden", 65], [20, 15, 17, 18]),
        report_of("2025Q1", [28, 27, "hidden", "hidden", 78], [18, 14, 18, 14]),
    ]


def test_two_reports_tell_what_neither_does(two: list[Read]) -> None:
    assert [told_together([one])["second_told"] for one in two] == [0, 0]
    found = solve_together(join([One.of(one) for one in two]))
    assert ("in", ("2025-01-01", "2025-03-31"), "discharged", "1") in found.small
    assert told_together(two)["second_told"] == len(found.small) > 0


def test_quarters_that_a_year_has_more_than_the_half_year_in_its_middle() -> None:
    """17 in a year and 11 in its second and third quarter: 6 in the first and the last."""
    days = ["2025-04-01", "2025-07-01", "2025-10-01", "2026-01-01"]
    times = [(day, str(pd.Period(day, "Q").end_time.date())) for day in days]
    puzzle = Puzzle()
    family = Family("admitted")
    for name, value, some in [("year", 17, times), ("half", 11, times[1:3])]:
        family.wholes.append((puzzle.known(name, value), some, ("26 to 34",)))
    family.tie(puzzle)
    family.ask(puzzle)
    found = solve_together(puzzle)
    assert found.small == [("in", (times[0], times[3]), "admitted", "26 to 34")]


@pytest.mark.parametrize(
    ("table", "labels", "count", "name"),
    [
        ("admissions", {"by": "level", "group": ""}, "admitted", ("admitted", "level", "few")),
        ("discharges", {"reason": ""}, "discharges", ("discharged", "few")),
        ("sessions", {"session": "", "people": 20}, "sessions", ("session", "few")),
        ("sessions", {"session": "", "sessions": 90}, "people", ("came", "few")),
        ("attendance_by_weekday", {"weekday": ""}, "due", ("weekday", "few", "due")),
        ("programs", {"program": ""}, "admitted", ("program", "few", "admitted")),
    ],
)
def test_only_beside_earlier_reports_a_column_without_a_number_may_hold_zeros(
    table: str, labels: dict[str, Any], count: str, name: tuple[str, ...]
) -> None:
    label = next(key for key, value in labels.items() if value == "")

    def least(shown: object, *, is_later: bool, of: tuple[str, ...] = name) -> float:
        rows = [
            {"share": "hidden", "due": 90, "attended": 80, **labels, label: word, count: value}
            for word, value in (("few", "hidden"), ("others", shown), ("all", "hidden"))
        ]
        tables = {table: pd.DataFrame(rows)}
        return build(Read(tables, {}, "", is_later=is_later)).low[of]

    of_all = (
        (*name[:1], "all")
        if table == "admissions"
        else tuple("all" if word == "few" else word for word in name)
    )
    assert least("hidden", is_later=True) == 0
    assert least("hidden", is_later=True, of=of_all) == 1
    assert least("hidden", is_later=False) == 1
    assert least(11, is_later=True) == 1


def test_nobody_had_no_session() -> None:
    row = {"session": "no show", "sessions": "hidden", "people": 0, "share": "hidden"}
    puzzle = build(Read({"sessions": pd.DataFrame([row])}, {}, "", is_later=True))
    assert puzzle.high["session", "no show"] == 0


def test_a_report_is_later_if_one_was_read_before_it(
    two: list[Read], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def built(read: Read) -> Puzzle:
        asked.append(read.is_later)
        return build(read)

    monkeypatch.setattr(attack_series, "build", built)
    join([One.of(one) for one in two])
    assert asked == [False, True]


def test_reports_of_other_programs_are_not_tied(two: list[Read]) -> None:
    other = replace(two[1], words=two[1].words.replace("Center", "Center, North"))
    assert told_together([two[0], other])["second_told"] == 0


def test_reports_that_contradict_one_another_are_said(two: list[Read]) -> None:
    more = report_of("2025Q1", [78, 0, 0, 0, 78], [18, 14, 18, 14])
    expected = {"second_told": None, "second_unanswered": None, "second_contradicts": 1}
    assert told_together([two[0], more]) == expected


def test_a_folder_of_saved_series_gives_a_row_each(
    reads: list[Read],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("2025Q1.html", "2025Q1.xlsx", "2025Q2.html"):
        (tmp_path / "center").mkdir(exist_ok=True)
        (tmp_path / "center" / name).touch()
    order = iter(reads)
    monkeypatch.setattr(attack_series, "read_report", lambda *_: next(order))
    monkeypatch.setattr(attack_series, "told_together", lambda some: {"told": len(some), "x": None})
    monkeypatch.setattr("sys.argv", ["attack_series", str(tmp_path)])
    attack_series.main()
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "series,reports,second_told,second_unanswered,second_contradicts"
    assert said[1] == "center,2,2,"


def test_both_ways_of_asking_find_the_same() -> None:
    puzzle = Puzzle()
    for name in "abc":
        puzzle.unknown(name, least=1)
    puzzle.total(puzzle.known("first", 14), ["a", "b"])  # type: ignore[list-item]
    puzzle.total(puzzle.known("second", 9), ["b", "c"])  # type: ignore[list-item]
    puzzle.targets["a and c"] = {"a": 1.0, "c": 1.0}
    together, alone = solve_together(puzzle), solve(puzzle)
    assert set(together.small) == set(alone.small) == {"b", "c"}
    assert together.pinned == alone.pinned == {}


def test_what_is_infeasible_once_simplified_is_asked_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of eight reports of series 13 the solver said so, and found numbers without simplifying."""
    solver = attack_series_solving.milp

    def hasty(*given: Any, **options: Any) -> Any:
        if options["options"]["presolve"]:
            return SimpleNamespace(x=None, status=attack_series_solving.INFEASIBLE)
        return solver(*given, **options)

    monkeypatch.setattr(attack_series_solving, "milp", hasty)
    test_both_ways_of_asking_find_the_same()


def test_rows_from_before_the_second_attacker_was_asked_count_as_not_asked() -> None:
    row = {"kind": "series", "case": 0, "admissions": 80.0, "audited": 0, "not_asked": 0}
    row |= {"without_ledger": 3, "without_joining": 2, "seconds": 1.0, "commit": "a"}
    asked = row | {"case": 2, "second_told": 4, "second_unanswered": 1, "second_contradicts": 0}
    lines = disclosure_attack._of_some(pd.DataFrame([row, asked]), "second_told")
    assert lines == "| 4 (of 1 series) "
    assert disclosure_attack._of_some(pd.DataFrame([row]), "second_told") == "| 0 (of 0 series) "
    assert "could not say it: 1." in disclosure_attack._of_second(pd.DataFrame([row, asked]))


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("admissions from October 2025 to September 2026, all", "2025-10-01 to 2026-09-30"),
        ("from the start of the records in February 2024 to May 2025", "2024-01-01 to 2025-05-31"),
    ],
)
def test_months_of_a_caption_are_read_as_days(words: str, days: str) -> None:
    assert f"from {days}" in in_days(words)
