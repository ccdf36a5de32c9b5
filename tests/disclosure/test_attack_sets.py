"""Reports of all programs and of each read together: what is tied is true, and it tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.system import audit
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import counting, model
from iop_outcomes.report.settings import ReportSettings
from iop_outcomes.report.together import Together
from validation import attack_sets, disclosure_attack, disclosure_sets
from validation.attack_programs import RULES, Case
from validation.attack_reading import Read
from validation.attack_relations import PROMISE
from validation.attack_saving import as_read, as_saved
from validation.attack_series_solving import solve_together
from validation.attack_sets import OTHERS, join, members, told_by_set
from validation.disclosure_sets import Set, make_set

SIZES = {"A": (30, 11, 15), "B": (55, 40, 30), "C": (30, 10, 5)}
"""People of each program; who of them came late; who met the rules of a good start."""
STEPS = ("without_people", "without_episodes", "without_months")
TOLD = {
    "without_months": [("C", ("attendance_rate", "2026-01", "numerator"))],
    "without_people": [("C", ("came in the days of all", "late"))],
    "without_episodes": [
        ("C", ("continuity", f"Started and engaged ({rule})", "met"))
        for rule in ("IET style", "Washington Circle")
    ],
}


def case_of(sizes: dict[str, tuple[int, int, int]], in_two: int = 0) -> Case:
    """Return admissions of one day; the first few people of A are those of B, too."""
    rows, visits = [], []
    for program, (size, late, engaged) in sizes.items():
        for number in range(size):
            episode = f"{program}{number}"
            person = f"A{number}" if program == "B" and number < in_two else episode
            rows.append((episode, person, program, "2025-12-15"))
            visits += [(episode, "2025-12-22", "attended"), (episode, "2026-01-12", "no_show")]
            visits.append((episode, "2026-03-09", "late" if number < late else "attended"))
            if number < engaged:
                visits += [(episode, day, "attended") for day in ("2025-12-29", "2026-01-05")]
    names = ["episode_id", "person_id", "program", "admit_date"]
    attendance = pd.DataFrame(visits, columns=["episode_id", "date", "status"])
    episodes = pd.DataFrame(rows, columns=names)
    made = iop.read_records(episodes=episodes, attendance=attendance, as_of="2026-03-31")
    return Case(made, "2026Q1", RULES[0])


@pytest.fixture(scope="module", autouse=True)
def no_drawing() -> Iterator[None]:
    with patch.object(model, "draw_svg", lambda *_, **__: Picture(b"<svg/>", "A.", 1, 1)):
        yield


@pytest.fixture(scope="module")
def made() -> Set:
    return make_set(case_of(SIZES), ReportSettings(), STEPS)


@pytest.fixture(scope="module")
def shown() -> list[Read]:
    """Reports of which nothing is hidden, with five people who are in two programs."""
    with ExitStack() as all_patches:
        for owner, name, instead in (
            (LinkedCounts, "hidden", lambda *_: frozenset()),
            (counting, "hide_beside", lambda *_, **__: (frozenset(), "")),
            (Together, "hide", lambda *_: frozenset()),
        ):
            all_patches.enter_context(patch.object(owner, name, instead))
        of_two = {name: SIZES[name] for name in "AB"}
        reports = make_set(case_of(of_two, in_two=5), ReportSettings(), ()).reports()
        reads = [as_read(one) for one in reports]
    return [replace(one, words=one.words.replace(PROMISE, "")) for one in reads]


def fits(reads: list[Read]) -> bool:
    try:
        solve_together(join(reads), ask=False)
    except ValueError:
        return False
    return True


def test_nothing_follows_from_the_reports_of_one_run(made: Set) -> None:
    told = told_by_set([as_read(one) for one in made.reports()])
    assert told == {"told": 0, "told_overlap": 0, "unanswered": 0, "contradicts": 0}


def test_the_audit_finds_what_reports_made_one_by_one_tell_and_not_those_of_one_run(
    made: Set,
) -> None:
    """Of C 5 met the rules: 50 of all, less 15 of A and 30 of B."""
    case = case_of(SIZES)
    each = [case.records.where(program=[name]) for name in SIZES]
    apart = [replace(case, records=one).report() for one in (*each, case.records)]
    for reports, tells in ((apart, True), (made.reports(), False)):
        found = audit([one.cells for one in reports if one.cells is not None]).found
        assert (found["cell"].str.contains("continuity").any()) == tells
        saved = audit([cells for one in reports for cells in as_saved(one)]).found
        assert (saved["cell"].str.contains("continuity").any()) == tells
        assert tells or (found.empty and saved.empty)


@pytest.mark.parametrize("step", STEPS)
def test_without_a_step_that_protects_it_the_report_of_all_tells(made: Set, step: str) -> None:
    reads = [as_read(one) for one in made.reports(step)]
    assert set(TOLD[step]) <= set(solve_together(join(reads)).small)


def test_what_is_tied_is_true(shown: list[Read]) -> None:
    puzzle = join(shown)
    kinds = {name[2] for name in puzzle.low if isinstance(name, tuple) and name[0] == "in"}
    assert {"admitted", "session", ("weekday", "due")} <= kinds
    assert fits(shown)
    # Five people are in both programs, and all of them came late.
    assert told_by_set(shown)["told_overlap"] == 4  # of all, no-show, late, and attended


@pytest.mark.parametrize(
    ("table", "row", "column", "more"),
    [
        ("trend_admissions", -1, "numerator", 1),
        ("continuity", 0, "met", 1),
        ("continuity", 0, "of", 1),
        ("attendance_by_week", 2, "attended", 1),
        ("sessions", 0, "people", 6),  # more than the two programs have
        ("sessions", 0, "people", -40),  # fewer than one of them has
    ],
)
def test_other_than_the_programs_say_fits_no_numbers(
    shown: list[Read], table: str, row: int, column: str, more: int
) -> None:
    *each, whole = shown
    changed = whole.tables[table].copy()
    changed.loc[changed.index[row], column] += more
    changed = changed.assign(share="hidden") if "share" in changed else changed
    tables = {name: one for name, one in whole.tables.items() if name == table}
    tables = {"trend_admissions": whole.tables["trend_admissions"], **tables, table: changed}
    captions = [dict(zip(whole.tables, whole.captions, strict=True))[name] for name in tables]
    head = whole.words[whole.words.index("Programs A") :].partition("Data cut")[0]
    other = replace(whole, tables=tables, words=head, captions=tuple(captions))
    assert fits([other])
    assert not fits([*each, other])


def of(programs: str, people: dict[str, object], words: str = "") -> Read:
    """Return a report that has the people of each kind of session only."""
    rows = [
        {"session": word, "due": "yes", "sessions": "hidden", "share": "hidden", "people": value}
        for word, value in ({"no show": people["all"]} | people).items()
    ]
    head = f"Programs {programs} Time 2026Q1 (2026-01-01 to 2026-03-31) {words}"
    return Read({"sessions": pd.DataFrame(rows)}, {}, head, ("Treatment sessions in 2026Q1",))


@pytest.mark.parametrize(("everybody", "told"), [(115, 2), (112, 0)])
def test_people_add_up_where_nobody_is_in_two_programs(everybody: int, told: int) -> None:
    """Late are 61: 11 of A, 40 of B, and so 10 of C, if nobody is in two programs."""
    reads = [
        of("A", {"late": 11, "all": 30}),
        of("B", {"late": 40, "all": 55}),
        of("C", {"late": "hidden", "all": 30}),
        of("A, B, C", {"late": 61, "all": everybody}),
    ]
    small = solve_together(join(reads)).small
    assert (("C", ("came", "late")) in small) == (told > 0)
    assert told_by_set(reads)["told_overlap"] == (2 if everybody == 112 else 0)


def test_programs_without_a_report_are_a_rest() -> None:
    whole = of("A, B, D, E (too few to publish)", {"late": 60, "all": 100})
    reads = [of("A", {"late": 20, "all": 40}), of("B", {"late": 33, "all": 50}), whole]
    some, of_all = members(reads)
    assert [one.program for one in some] == ["A", "B", ""]
    assert of_all == ["A", "B", "D"]
    puzzle = join(reads)
    assert (OTHERS, ("came", "late")) in puzzle
    assert puzzle.low[OTHERS, ("came", "late")] == 0
    assert ("in", (OTHERS, "2026Q1"), "session", "late") in puzzle


def test_a_kind_that_a_program_takes_together_is_part_of_it() -> None:
    reads = [
        of("A", {"attended in part or late": 5, "no show": 20, "all": 20}),
        of("B", {"late": 30, "no show": 30, "all": 30}),
        of("A, B", {"late": 36, "no show": 50, "all": 50}),
    ]
    assert not fits(reads)  # at most 5 of A were late
    reads[0] = of("A", {"attended in part or late": 6, "no show": 20, "all": 20})
    assert fits(reads)


def test_reports_that_contradict_one_another_are_said() -> None:
    reads = [of("A", {"all": 30}), of("B", {"all": 20}), of("A, B", {"all": 51})]
    expected = {"told": None, "told_overlap": None, "unanswered": None, "contradicts": 1}
    assert told_by_set(reads) == expected
    with pytest.raises(ValueError, match="not of a quarter"):
        members([Read({}, {}, "Programs A")])


def test_a_folder_of_saved_sets_gives_a_row_each(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "first").mkdir()
    monkeypatch.setattr(attack_sets, "read_series", lambda _: [1, 2, 3])
    monkeypatch.setattr(attack_sets, "told_by_set", lambda some: {"told": len(some), "x": None})
    monkeypatch.setattr("sys.argv", ["attack_sets", str(tmp_path)])
    attack_sets.main()
    assert capsys.readouterr().out.splitlines()[1] == "first,3,3,"


def test_the_table_of_sets_says_what_was_told_and_what_without_each_step() -> None:
    row = {"kind": "set", "programs": 2.0, "reports": 3, "admissions": 90.0, "audited": 0}
    row |= {"saved_told": 0, "second_told": 0, "second_told_overlap": 2, "second_unanswered": 0}
    row |= {"second_contradicts": 0, "seconds": 2.0}
    row |= {step: number for number, step in enumerate(disclosure_sets.STEPS)}
    text = "\n".join(disclosure_attack._of_sets(pd.DataFrame([row])))
    assert "| 2 | 1 | 3 | 90 | 0 | 0 | 0 | 0 | 2.0 | 2.0 |" in text
    assert "| rules met, scores and stays add up | 1 | 1 |" in text
    assert "were in several: 1." in text
    assert disclosure_attack._of_sets(pd.DataFrame()) == ["No set was made."]
