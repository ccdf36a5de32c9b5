"""By which columns the admissions are shown: their groups, what is refused, and what follows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.ledger import hide_beside
from iop_outcomes.disclosure.merging import FINEST, Step
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.disclosure.system import PrintedCells, attack, join, printed_cells
from iop_outcomes.errors import RuleError
from iop_outcomes.report.counting import count_all
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections import quarters
from iop_outcomes.report.sections.cohort import admissions, admissions_table
from iop_outcomes.report.sections.cohort.served import BANDS, groups_of, served_columns
from iop_outcomes.report.settings import read_settings
from tests.helpers.of_the_sample import records_of_the_sample

SUBSTANCES = [*["alcohol"] * 40, *["opioids"] * 24, *["cannabis"] * 4, *["stimulants"] * 14]
SIZE = len(SUBSTANCES)
OPIOIDS = ["yes" if one == "opioids" else "no" for one in SUBSTANCES]


def records_of(columns: Mapping[str, object], size: int = SIZE) -> iop.Records:
    names = [f"p{number}" for number in range(size)]
    frame = pd.DataFrame({"episode_id": names, "person_id": names, "admit_date": "2026-07-06"})
    frame = frame.assign(program="Harbor", **columns)
    rows = pd.DataFrame({"episode_id": names, "date": "2026-07-07", "status": "attended"})
    return iop.read_records(episodes=frame, attendance=rows, as_of="2026-09-30")


def table_of(
    columns: Mapping[str, object], served: tuple[str, ...], policy: iop.SafePolicy | None = None
) -> dict[tuple[str, str], object]:
    scope = choose_scope(records_of(columns), "2026Q3", None, policy, served)
    frame = count_all(scope, scope).table("admissions").frame
    return {(row.by, row.group): row.admitted for row in frame.itertuples()}


def test_ages_are_in_fixed_bands_and_none_is_told_by_itself() -> None:
    edges = [0, 17.9, 18, 25.9, 26, 34, 35, 49, 50, 64, 65, 89, 90, 120, 121, -1, 999, np.nan]
    words, order = groups_of(pd.DataFrame({"age": edges}), "age")
    assert order == [*BANDS, "not recorded"]
    expected = [*np.repeat(BANDS, 2)[:10], *["65 and over"] * 4, *["not recorded"] * 4]
    assert words.tolist() == expected


def test_words_and_yes_or_no_are_groups_and_a_missing_one_is_not_recorded() -> None:
    frame = pd.DataFrame({"had": [True, False, True], "why": ["a_b", None, "c "]})
    assert groups_of(frame, "had")[0].tolist() == ["yes", "no", "yes"]
    words, order = groups_of(frame, "why")
    assert words.tolist() == ["a b", "not recorded", "c"]
    assert order == ["a b", "c", "not recorded"]


def test_the_table_has_the_columns_in_the_order_in_which_they_are_named() -> None:
    free = iop.SafePolicy.unprotected()
    columns = {"primary_substance": SUBSTANCES, "age": [20] * 30 + [70] * (SIZE - 30)}
    shown = table_of(columns, ("primary_substance", "age"), free)
    own = [(by, group) for by, group in shown if by in ("primary substance", "age")]
    assert [shown[name] for name in own] == [40, 4, 24, 14, SIZE, 30, 52, SIZE]
    assert own[5:7] == [("age", "18 to 25"), ("age", "65 and over")]


# what is refused

GOOD = np.repeat(["north", "south"], [SIZE // 2, SIZE - SIZE // 2])
REFUSED: dict[str, tuple[str, object, str]] = {
    "not there": ("housing", None, "do not have"),
    "identifier": ("person_id", None, "identify"),
    "staff": ("counselor", GOOD, "identify"),
    "numbers": ("income", np.arange(SIZE), "only an age"),
    "dates": ("prior_discharge_date", None, "Dates"),
    "of the end": ("discharge_reason", None, "known at admission"),
    "there already": ("level", None, "twice"),
    "free text": ("notes", [f"came by bus {'x' * (n % 30)}" for n in range(SIZE)], "free text"),
    "long words": ("plan", ["very " * 9] * SIZE, "free text"),
    "a rare word": ("referred", [*GOOD[:-2], "Ann Smith", "Bo Lee"], "a person's"),
    "a name that is a word": ("referred", [*GOOD[:-1], "Page"], "a person's"),
    "a longer number": ("referred", ["case 48213"] * SIZE, "a person's"),
    "no age": ("age", ["old"] * SIZE, "number of years"),
    "the word of the total": ("referred", ["all"] * SIZE, "total"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_identify_or_has_no_groups_is_refused_without_a_value(case: str) -> None:
    column, values, wrong = REFUSED[case]
    records = records_of({} if values is None else {column: values})
    with pytest.raises(RuleError, match=wrong) as raised:
        served_columns(records, [column])
    said = str(raised.value)
    assert column in said
    assert "Instead" in said or "instead" in said.lower()
    for value in ("Ann", "Lee", "Page", "48213", "bus", "very"):
        assert value not in said


def test_a_column_twice_or_no_list_is_refused() -> None:
    records = records_of({"primary_substance": SUBSTANCES})
    with pytest.raises(RuleError, match="twice"):
        served_columns(records, ["primary_substance", "primary_substance"])
    given: Any = "primary_substance"
    with pytest.raises(RuleError, match="a list"):
        served_columns(records, given)


def test_a_rare_common_word_is_no_name() -> None:
    sexes = ["female"] * 40 + ["male"] * (SIZE - 43) + ["non-binary", "Other", "unknown"]
    assert served_columns(records_of({"sex": sexes}), ["sex"]) == ("sex",)


def test_without_a_choice_age_sex_and_substance_are_shown_where_they_can_be() -> None:
    columns = {"age": range(20, 20 + SIZE), "gender": ["female"] * SIZE, "sex": ["male"] * SIZE}
    assert served_columns(records_of(columns), None) == ("age", "sex")
    names = [f"name {number}" for number in range(SIZE)]
    bad = {"age": names, "gender": ["male"] * SIZE, "primary_substance": names}
    assert served_columns(records_of(bad), None) == ("gender",)
    assert served_columns(records_of(columns), []) == ()


def test_report_toml_names_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "report.toml"
    path.write_text('served_by = ["age", "track"]', encoding="utf-8")
    assert read_settings(path, []).served_by == ("age", "track")
    path.write_text("served_by = []", encoding="utf-8")
    assert read_settings(path, []).served_by == ()
    path.write_text('served_by = "age"', encoding="utf-8")
    with pytest.raises(RuleError, match="list of columns"):
        read_settings(path, [])
    records = records_of({"track": GOOD, "age": [30] * SIZE})
    report = iop.quarterly_report(records, "2026Q3", served_by=["track"])
    assert {*report.tables["admissions"]["by"]} >= {"track"}
    assert "age" not in {*report.tables["admissions"]["by"]}


def test_the_columns_of_the_documentation_are_those_of_the_sample() -> None:
    """It named `sex`, which is `gender` there."""
    page = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")
    found = re.findall(r"served_by ?= ?(\[\"[^\]]*\])", page)
    assert len(found) == 2
    for one in found:
        assert served_columns(records_of_the_sample(), json.loads(one)) == (
            "age",
            "gender",
            "track",
        )


# what follows


def declared(served: tuple[str, ...], columns: Mapping[str, object]) -> LinkedCounts:
    scope = choose_scope(records_of(columns), "2026Q3", None, None, served)
    linked = LinkedCounts(scope.policy)
    admissions_table(scope, linked)
    return linked


def test_a_rare_group_is_not_the_total_less_the_others() -> None:
    columns = {"primary_substance": SUBSTANCES}
    shown = table_of(columns, ("primary_substance",))
    own = {group: one for (by, group), one in shown.items() if by == "primary substance"}
    assert own["cannabis"] == HIDDEN
    assert list(own.values()).count(HIDDEN) == 2
    assert own["all"] == SIZE
    linked = declared(("primary_substance",), columns)
    few = frozenset(item for item in linked.hidden() if linked.shows_small(item))
    assert attack(printed_cells(linked, linked.hidden())).empty
    found = attack(printed_cells(linked, few))  # only the small count is hidden
    assert found["low"].tolist() == [4]


def test_a_column_that_says_a_part_of_another_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    # The four of cannabis stand beside the 24 of opioids, whom the other column gives as "yes"; and
    # a column is there under two names, of which each hides another group beside the four.
    served = ("primary_substance", "opioids", "drug")
    columns = {"primary_substance": SUBSTANCES, "opioids": OPIOIDS, "drug": SUBSTANCES}
    first, second = ("admissions", "primary substance"), ("admissions", "drug")
    by_group = frozenset([(*first, "cannabis"), (*first, "opioids")])
    by_name = frozenset([(*first, "cannabis"), (*first, "stimulants")])
    by_name |= {(*second, "cannabis"), (*second, "alcohol")}
    for columns_of, gone in ((served[:2], by_group), ((served[0], served[2]), by_name)):
        linked = declared(columns_of, columns)
        assert set(attack(printed_cells(linked, gone))["low"]) == {4}
        assert attack(printed_cells(linked, linked.hidden())).empty
        with monkeypatch.context() as patch:
            patch.setattr(admissions, "_declare_nested", lambda *_: None)
            assert attack(printed_cells(declared(columns_of, columns), gone)).empty


def test_two_reports_of_one_time_are_one_system() -> None:
    columns = {"primary_substance": SUBSTANCES}
    linked = declared(("primary_substance",), columns)
    key = ("admissions", "primary substance")
    one, other = (
        printed_cells(linked, frozenset([(*key, "cannabis"), (*key, word)]), quarter="2026Q3")
        for word in ("stimulants", "opioids")
    )
    assert attack(one).empty
    assert attack(other).empty
    assert attack(join([one, other]))["low"].tolist() == [4]


def in_two_quarters() -> iop.Records:
    """Return 44 admissions in one quarter, 20 of a track, and 40 in the next, four of the track."""
    names = [f"p{number}" for number in range(84)]
    frame = pd.DataFrame({"episode_id": names, "person_id": names, "program": "Harbor"})
    frame["admit_date"] = ["2026-04-06"] * 44 + ["2026-07-06"] * 40
    frame["track"] = ["day"] * 20 + ["evening"] * 24 + ["day"] * 4 + ["evening"] * 36
    rows = frame[["episode_id"]].assign(date=frame["admit_date"], status="attended")
    return iop.read_records(episodes=frame, attendance=rows, as_of="2026-09-30")


def admitted(records: iop.Records, quarter: str, step: Step) -> tuple[LinkedCounts, PrintedCells]:
    """Return what a report prints of its admissions, whose table is of the time of a step."""
    scope = choose_scope(records, quarter, None, None, ["track"])
    linked = LinkedCounts(scope.policy)
    admissions_table(scope, linked, step)
    admissions.link_quarters(scope, linked, step, [])

    def settled(key: Any) -> bool:
        return quarters.is_settled(key, "2026-09-30")

    def cells(hidden: Any) -> PrintedCells:
        given = {"quarter": quarter, "data_cut": "2026-09-30", "settled": settled}
        return printed_cells(linked, hidden, **given)

    return linked, cells(linked.hidden())


def test_a_half_year_less_a_quarter_of_another_report_is_no_small_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records = in_two_quarters()
    _, quarter = admitted(records, "2026Q2", FINEST)
    linked, both = admitted(records, "2026Q3", Step("half_year"))
    day = ("admissions", "track", "day")
    assert (quarter.counts[day], both.counts[day]) == (20, 24)
    found = attack(join([quarter, both]))
    assert set(found["low"]) == {4}
    hidden, _ = hide_beside(linked, linked.hidden(), lambda gone: gone_of(linked, gone), [quarter])
    assert day in hidden
    assert ("admissions", "level of care", "2.1") not in hidden  # only what tells of it is hidden
    assert attack(join([quarter, gone_of(linked, hidden)])).empty
    monkeypatch.setattr(admissions, "link_quarters", lambda *_: None)
    apart = [
        admitted(records, "2026Q2", FINEST)[1],
        admitted(records, "2026Q3", Step("half_year"))[1],
    ]
    assert attack(join(apart)).empty  # it is there, and nobody asked


def gone_of(linked: LinkedCounts, hidden: Any) -> PrintedCells:
    """Return the cells of the report of two quarters without what is hidden."""
    return printed_cells(
        linked,
        hidden,
        quarter="2026Q3",
        data_cut="2026-09-30",
        settled=lambda key: quarters.is_settled(key, "2026-09-30"),
    )


def test_a_quarter_whose_records_have_changed_is_no_count_of_the_earlier_report() -> None:
    scope = choose_scope(in_two_quarters(), "2026Q2", None, None, ["track"])
    for printed, shared in ((44, True), (47, False)):  # 47 were printed before three went
        linked = LinkedCounts(scope.policy)
        admissions_table(scope, linked)
        trend = ("trend", "admissions", "quarter", "2026Q2", "numerator")
        linked.count(trend, printed, item=trend)
        admissions.link_quarters(scope, linked, FINEST, [trend])
        family = quarters.ADMITTED if shared else f"{quarters.ADMITTED}, changed"
        key = (family, "2026-06-30", "track", "day")
        assert linked.value(key) == 20
        assert quarters.is_settled(key, "2026-09-30") == shared
        gone = frozenset([("admissions", "track", "day"), ("admissions", "track", "evening")])
        assert linked.fits(key, 30, gone)
        assert not linked.fits(key, 45, gone)


def test_a_quarter_is_settled_once_the_data_go_up_to_its_end() -> None:
    key = (quarters.ADMITTED, "2026-06-30", "track", "day")
    assert quarters.is_settled(key, "2026-06-30")
    assert not quarters.is_settled(key, "2026-06-29")
    assert not quarters.is_settled(("admissions", "2026-01-01"), "2026-06-30")
