"""Reports of single programs and of all, made one by one: episodes add up, and the audit asks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.system import PrintedCells, audit, read_cells
from iop_outcomes.disclosure.system.joining import OF_EPISODES

MET = ("continuity", "one", "x")


def report(programs: str, value: int | None, key: Key = MET, **more: Any) -> PrintedCells:
    """Return a report of one count, which is above 0 where it is hidden."""
    given: dict[str, Any] = {"quarter": "2026Q1", "data_cut": "2026-03-31", **more}
    least = {key: 1} if value is None else {}
    return PrintedCells(11, programs=tuple(programs), counts={key: value}, least=least, **given)


def series(key: Key = MET, all_of: str = "ABC", of_all: int | None = 95) -> list[PrintedCells]:
    """Return reports of A with 40 and of B with 50; those of C are 5, and hidden."""
    of_each = [report(name, value, key) for name, value in {"A": 40, "B": 50, "C": None}.items()]
    return [*of_each, report(all_of, of_all, key)]


@pytest.mark.parametrize("family", OF_EPISODES)
def test_episodes_of_one_program_follow_from_all_less_the_others(family: str) -> None:
    found = audit(series((family, "one", "n"))).found
    assert {("together", 5, 5)} == set(
        found[["report", "low", "high"]].itertuples(index=False, name=None)
    )
    assert found["cell"].str.startswith("C /").any()


@pytest.mark.parametrize("family", [*OF_EPISODES[:1], "admissions"])
def test_who_of_a_program_without_the_count_did_not_meet_a_rule_follows_from_the_others(
    family: str,
) -> None:
    """Of 126 people 88 met it, of 40 of A 26, of 50 of B 35: of 36 of C 27 did, and 9 did not."""
    known, met = (family, "one", "n"), (family, "one", "x")
    missed: Key = ("rest", known, met)

    def of(programs: str, number: int, reached: int) -> PrintedCells:
        cells = report(programs, number, known)
        counts: dict[Key, int | None] = {known: number, met: reached, missed: None}
        return replace(cells, counts=counts, sums=[{met: 1, missed: 1, known: -1}])

    without = replace(report("C", 3), counts={}, least={})
    found = audit([of("A", 40, 26), of("B", 50, 35), without, of("ABC", 126, 88)]).found
    assert [(row.low, row.high) for row in found.itertuples()] == [(9, 9)]
    assert found["cell"].str.startswith("others").all()
    assert audit([of("A", 40, 26), of("B", 50, 35), without, of("ABC", 128, 88)]).found.empty


def test_what_hides_the_number_of_all_is_not_told() -> None:
    assert audit(series(of_all=None)).found.empty


def test_a_program_that_the_report_of_all_names_and_that_has_no_report_is_the_rest() -> None:
    found = audit([*series()[:2], series()[-1]]).found
    assert found["low"].tolist() == [5]
    assert found["cell"].str.startswith("others").all()
    # With one more program than C the hidden 1 or more of C and those of D are 5.
    assert audit(series(all_of="ABCD")).found["high"].max() <= 5


def test_people_who_are_in_two_programs_do_not_add_up() -> None:
    """Of 95 people of all 40 are in A and 50 in B, and C may have more than 5."""
    key = ("people behind continuity", "one", "x")
    found = audit(series(key)).found
    assert not found["cell"].str.startswith("C /").any()


def test_counts_of_another_data_cut_do_not_add_up() -> None:
    """A month later 12 of C have met the rule, and not 5."""
    later = replace(series()[2], data_cut="2026-04-30")
    assert audit([*series()[:2], later, series()[-1]]).found["cell"].str.startswith("others").all()
    assert not audit([*series()[:2], later, series()[-1]]).note


def test_a_sum_that_cannot_be_is_no_sum() -> None:
    """Records that were changed, or other rules: 40, 50 and at least 1 are no 90."""
    told = audit(series(of_all=90))
    assert told.found.empty
    assert not told.note


def saved(
    programs: str, discharged: object, answered: object, cut: str = "2026-03-31"
) -> dict[str, Any]:
    """Return a report saved as JSON that has the scores, and how many know their work, only."""
    time = "admissions from 2024-04-01 to 2026-03-31"
    tables = {
        ("symptoms", "Change of symptoms"): {
            "scale": "Depression (PHQ-9)",
            "discharged": discharged,
            "answered_twice": answered,
        },
        ("functioning", "Work, housing and more, at the start and at discharge"): {
            "domain": "work",
            "paired": answered,
        },
    }
    some = [
        {
            "name": name,
            "caption": f"{caption}: {time}",
            "note": "",
            "columns": [{"name": column, "kind": "text"} for column in row],
            "rows": [list(row.values())],
        }
        for (name, caption), row in tables.items()
    ]
    section = {"name": "outcomes", "title": "", "sentences": [], "items": [], "figures": []}
    return {
        "schema": "iop_outcomes report 1",
        "title": "A report",
        "facts": [{"name": "Programs", "text": programs}, {"name": "Data cut", "text": cut}],
        "findings": [],
        "sections": [section | {"tables": some}],
        "beside_earlier": False,
    }


def told(documents: list[dict[str, Any]]) -> list[tuple[str, int]]:
    found = audit([read_cells(json.dumps(one))[0] for one in documents]).found
    assert set(found["report"]) <= {"together"}
    return list(found[["cell", "low"]].itertuples(index=False, name=None))


def test_the_scores_of_saved_reports_are_asked_too() -> None:
    each = [saved("A", 60, 40), saved("B", 70, 50), saved("C", "hidden", "hidden")]
    found = told([*each, saved("A, B, C", 138, 95)])
    assert {low for cell, low in found if "symptoms" in cell and " / discharged /" in cell} == {8}
    assert {low for cell, low in found if "symptoms" in cell and "/ answered" in cell} == {5}
    assert {low for cell, low in found if "less answered_twice" in cell} == {3}
    assert {low for cell, low in found if "functioning" in cell} == {5}
    assert not told([*each, saved("A, B, C", "hidden", "hidden")])


def test_the_scores_of_another_data_cut_do_not_add_up() -> None:
    """A month later more were discharged of the same admissions."""
    each = [saved("A", 60, 40), saved("B", 70, 50)]
    assert not told([*each, saved("A, B, C", 138, 95, "2026-04-30")])
