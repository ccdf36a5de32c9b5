"""Rows linked by person and date: boundaries by hand, and against a slow, plain version."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.errors import RecordsError
from iop_outcomes.records.linking import episodes_of_rows

BY_PERSON = {"by": "person_and_date"}
LINKED = {"attendance": {"link": BY_PERSON}, "checkins": {"link": BY_PERSON}}


def date(day: int) -> str:
    return str(np.datetime64("2026-03-01") + day)


def episodes_of(stays: list[tuple[str, int, int | None]], ids: bool = True) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "person_id": [who for who, _, _ in stays],
            "admit_date": [date(admit) for _, admit, _ in stays],
            "discharge_date": ["" if end is None else date(end) for _, _, end in stays],
        }
    )
    if ids:
        frame["episode_id"] = [f"E{row}" for row in range(len(stays))]
    return frame


def rows_of(rows: list[tuple[str, int]], status: str, name: str = "person_id") -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: [who for who, _ in rows],
            "date": [date(day) for _, day in rows],
            "status": status,
            "number": [f"R{row}x" for row in range(len(rows))],  # so that no two rows are equal
        }
    )


def read(stays: list[tuple[str, int, int | None]], rows: list[tuple[str, int]], **more: Any) -> Any:
    options = {"as_of": date(60), "mapping": LINKED, "ids": True, **more}
    return iop.read_records(
        episodes=episodes_of(stays, options.pop("ids")),
        attendance=rows_of(rows, "attended"),
        checkins=rows_of(rows, "completed"),
        **options,
    )


def linked(records: Any, table: str) -> dict[int, str]:
    frame = getattr(records, table)
    numbers = frame["number"].astype(str).str.strip("Rx").astype(int)
    return dict(zip(numbers, frame["episode_id"].astype(str), strict=True))


def listed(records: Any, table: str) -> dict[int, str]:
    met = records.problems.query("table == @table and done == 'set aside'")
    return dict(zip((met["line"] - 1).tolist(), met["check"], strict=True))


# By hand ----------------------------------------------------------------------------------------

STAYS = [("A", 10, 20), ("A", 25, None), ("B", 10, 20)]


@pytest.mark.parametrize(
    ("person", "day", "attendance", "checkin"),
    [
        ("A", 9, "between_episodes", "between_episodes"),
        ("A", 10, "E0", "E0"),  # the day of admission
        ("A", 20, "E0", "E0"),  # the day of discharge
        ("A", 21, "between_episodes", "E0"),  # a check-in after a discharge is follow-up
        ("A", 24, "between_episodes", "E0"),
        ("A", 25, "E1", "E1"),
        ("A", 60, "E1", "E1"),  # open, up to the data cut
        ("B", 40, "between_episodes", "E2"),
        ("C", 12, "unknown_episode", "unknown_episode"),
    ],
)
def test_a_row_is_linked_from_the_day_of_admission_to_the_day_of_discharge(
    person: str, day: int, attendance: str, checkin: str
) -> None:
    records = read(STAYS, [(person, day)])
    for table, expected in (("attendance", attendance), ("checkins", checkin)):
        result = linked(records, table) or listed(records, table)
        assert list(result.values()) == [expected], table


@pytest.mark.parametrize(
    ("stays", "day", "attendance", "checkin"),
    [
        ([("A", 1, 10), ("A", 10, 20)], 10, "in_two_episodes", "in_two_episodes"),
        ([("A", 1, 30), ("A", 5, 10)], 20, "E0", "E0"),  # the later one is over
        ([("A", 1, 30), ("A", 5, 10)], 35, "between_episodes", "E1"),  # the latest admitted
        ([("A", 1, 10), ("A", 1, 12)], 20, "between_episodes", "in_two_episodes"),
        ([("A", 1, 10), ("A", 1, 12)], 11, "E1", "E1"),
        ([("A", 1, 5), ("A", 8, 10), ("A", 8, 12)], 20, "between_episodes", "in_two_episodes"),
        ([("A", 1, 5), ("A", 1, 6), ("A", 8, 12)], 20, "between_episodes", "E2"),
        ([("A", 1, None), ("A", 5, None)], 4, "E0", "E0"),
        ([("A", 1, None), ("A", 5, None)], 5, "in_two_episodes", "in_two_episodes"),
        ([("A", 9, 3)], 9, "episode_set_aside", "episode_set_aside"),
        ([("A", 9, 3), ("A", 20, 30)], 9, "between_episodes", "between_episodes"),
        ([("A", 9, 3), ("A", 20, 30)], 5, "between_episodes", "between_episodes"),
        ([("A", 9, 30), ("A", 9, 30)], 10, "in_two_episodes", "in_two_episodes"),
    ],
)
def test_a_day_in_two_or_between_two_episodes_is_set_aside_or_follow_up(
    stays: list[tuple[str, int, int | None]], day: int, attendance: str, checkin: str
) -> None:
    records = read(stays, [("A", day)])
    for table, expected in (("attendance", attendance), ("checkins", checkin)):
        result = linked(records, table) or listed(records, table)
        assert list(result.values()) == [expected], table


def test_notes_count_the_rows_that_were_linked() -> None:
    records = read(STAYS, [("A", 10), ("A", 22), ("C", 1)])
    notes = [note for note in records.notes if "linked by person and date" in note]
    assert "attendance: 1 row linked" in notes[0]
    assert "1 in no episode of their person, 0 in two at once" in notes[0]
    assert "follow-up of the latest episode before them: 1" in notes[1]
    assert records.sources["rows_set_aside"].tolist() == [0, 2, 1]
    assert records.unmatched()["rows_unmatched"].tolist() == [1, 1]
    assert "person_id" not in records.attendance, "the episodes have it"


def test_a_service_planned_for_later_is_no_fault() -> None:
    rows = pd.DataFrame(
        {"person_id": "B", "date": [date(12), date(70)], "status": ["attended", "unrecorded"]}
    )
    records = iop.read_records(
        episodes=episodes_of(STAYS), attendance=rows, mapping=LINKED, as_of=date(60)
    )
    assert records.sources["rows_planned"].tolist() == [0, 1]
    assert not records.problems["check"].eq("between_episodes").any()


def test_services_long_before_the_only_stay_of_people_show_that_stays_are_missing() -> None:
    """A client list has the latest stay of each: "first admission here" was said of all."""
    people = [f"P{number}" for number in range(10)]
    latest = [(person, 150, None) for person in people]
    rows = [(person, day) for person in people for day in (120, 149, 151, 158)]
    few = read(latest, rows, as_of=date(200))  # an assessment comes before the admission
    assert set(listed(few, "attendance").values()) == {"between_episodes"}
    assert judged(few) == ("yes", "")
    rows += [("P0", day) for day in (10, 17, 24)]
    records = read(latest, rows, as_of=date(200))
    assert sorted(set(listed(records, "attendance").values())) == [
        "before_first_episode",
        "between_episodes",
    ]
    known, why = judged(records)
    assert known == "no"
    assert "earlier stays are missing from the list (3 of 23 services)" in why
    assert iop.trend(records, "admissions").table["value"].notna().any()
    check = records.quality().set_index("check").loc["before_first_episode"]
    assert check["rows_failed"].tolist() == [3, 3]  # services and check-ins
    whole = read([*latest, ("P0", 1, 30)], rows, as_of=date(200))
    assert judged(whole) == ("yes", "")


def judged(records: iop.Records) -> tuple[str, str]:
    row = records.fitness().set_index("measure").loc["readmissions"]
    return str(row["known"]), str(row["why"])


# Episodes without an identifier -----------------------------------------------------------------


def test_an_episode_without_an_identifier_has_one_of_person_and_day() -> None:
    records = read(STAYS, [("A", 10), ("A", 26)], ids=False)
    assert records.episodes["episode_id"].tolist() == [
        f"{person} {date(day)}" for person, day, _ in STAYS
    ]
    assert linked(records, "attendance") == {0: f"A {date(10)}", 1: f"A {date(25)}"}
    assert records.episodes["admission_number"].tolist() == [1, 2, 1]
    again = read(STAYS[::-1], [("A", 10)], ids=False)
    assert set(again.episodes["episode_id"]) == set(records.episodes["episode_id"])


def test_two_episodes_of_one_person_and_day_are_listed() -> None:
    records = read([("A", 1, 10), ("A", 1, 12), ("B", 1, 5)], [("A", 11)], ids=False)
    assert listed(records, "episodes") == {1: "repeated_episode"}
    assert listed(records, "attendance") == {0: "episode_set_aside"}


def test_study_days_make_identifiers_too() -> None:
    episodes = pd.DataFrame({"person_id": ["A"], "admit_day": [0], "discharge_day": [9]})
    rows = pd.DataFrame({"person_id": "A", "day": [0, 9, 10], "status": "attended"})
    records = iop.read_records(episodes=episodes, attendance=rows, mapping=LINKED, as_of=30)
    assert records.attendance["episode_id"].astype(str).tolist() == ["A day 0"] * 2


# People by name ---------------------------------------------------------------------------------


def test_names_link_and_do_not_show() -> None:
    names = [("Ina Beispiel", 1, 10), ("Udo Muster", 1, 10)]
    link = {"link": {"by": "person_and_date", "person": "name"}}
    records = read(
        *(names, [("Ina Beispiel", 5), ("Udo Muster", 3), ("Nobody Else", 3)]),
        mapping={"attendance": link, "checkins": link},
        ids=False,
    )
    assert len(records.attendance) == 2
    frames = (records.episodes, records.attendance, records.checkins, records.quality())
    shown = " ".join([*(frame.to_csv() for frame in frames), repr(records), *records.notes])
    assert not any(part in shown for part in ("Ina", "Beispiel", "Muster", "Nobody"))
    assert records.episodes["person_id"].astype(str).str.fullmatch("P[0-9a-f]{16}").all()
    (status,) = records.quality().query("check == 'linked_by_name' and table == 'attendance'")[
        "status"
    ]
    assert status == "failed"
    assert any("two people may have one name" in note for note in records.notes)


def test_a_name_does_not_stay_in_a_table_that_is_linked_otherwise() -> None:
    stays = episodes_of([("Ina Beispiel", 1, 10)])
    checkins = rows_of([("E0", 3)], "completed", "episode_id").assign(person_id="Ina Beispiel")
    records = iop.read_records(
        episodes=stays,
        attendance=rows_of([("Ina Beispiel", 3)], "attended"),
        checkins=checkins,
        mapping={"attendance": {"link": {**BY_PERSON, "person": "name"}}},
    )
    assert len(records.checkins) == len(records.attendance) == 1
    assert "Ina" not in records.checkins.to_csv() + records.episodes.to_csv()


def test_first_and_last_names_are_put_together_and_do_not_stay(tmp_path: Any) -> None:
    stays = "First,Last,admit_date\nIna,Beispiel,2026-01-05\nUdo,Beispiel,2026-01-05\n"
    rows = "Given,Last,date,status\nINA,Beispiel,2026-01-06,attended\n"
    (tmp_path / "episodes.csv").write_text(stays)
    (tmp_path / "attendance.csv").write_text(rows)
    mapping = {
        "ids": {"person_id": ["ignore_case"]},
        "episodes": {"combine": {"person_id": ["First", "Last"]}},
        "attendance": {
            "combine": {"person_id": ["Given", "Last"]},
            "link": {**BY_PERSON, "person": "name"},
        },
    }
    records = iop.read_records(tmp_path, mapping=mapping)
    assert len(records.attendance) == 1
    shown = records.episodes.to_csv() + records.attendance.to_csv()
    assert "Beispiel" not in shown
    assert "ina" not in shown.lower()


# What cannot be followed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ({"by": "person"}, "unknown value"),
        ({"by": 1}, "unknown value"),
        ({"by": "person_and_date", "person": "names"}, "unknown value"),
        ({"person": "name"}, "links by episode_id"),
        ({"on": "date"}, "entry that is not known"),
        ("person_and_date", "is not a section"),
    ],
)
def test_a_link_that_cannot_be_read_gives_one_error_sentence(link: object, says: str) -> None:
    with pytest.raises(RecordsError, match=says):
        read(STAYS, [("A", 10)], mapping={"attendance": {"link": link}})


def test_columns_that_are_not_there_give_one_error_sentence() -> None:
    episodes, rows = episodes_of(STAYS), rows_of([("A", 10)], "attended")
    with pytest.raises(RecordsError, match="the episodes have no person_id"):
        iop.read_records(
            episodes=episodes.drop(columns="person_id"), attendance=rows, mapping=LINKED
        )
    with pytest.raises(RecordsError, match="has no column person_id, which attendance needs"):
        iop.read_records(
            episodes=episodes, attendance=rows.drop(columns="person_id"), mapping=LINKED
        )
    with pytest.raises(RecordsError, match="but they have an episode_id"):
        iop.read_records(episodes=episodes, attendance=rows.assign(episode_id="E0"), mapping=LINKED)
    with pytest.raises(RecordsError, match="has no column episode_id, which episodes needs"):
        iop.read_records(
            episodes=episodes.drop(columns="episode_id"),
            attendance=rows,
            checkins=rows_of([("E0", 10)], "completed", "episode_id"),
            mapping={"attendance": {"link": BY_PERSON}},
        )
    by_name = {"attendance": {"link": {**BY_PERSON, "person": "name"}}}
    with pytest.raises(RecordsError, match="of one table, but not of the other"):
        read(STAYS, [("A", 10)], mapping={**LINKED, **by_name})


def test_records_without_admissions_or_persons_link_no_rows() -> None:
    records = read([("A", 9, 3)], [])
    assert len(records.episodes) == len(records.attendance) == 0
    for admitted in (["never"], []):  # no day of admission at all
        episodes = pd.DataFrame({"person_id": ["A"] * len(admitted), "admit_date": admitted})
        attendance = rows_of([("A", 10)], "attended")
        records = iop.read_records(
            episodes=episodes, attendance=attendance, mapping=LINKED, as_of=date(60)
        )
        assert len(records.episodes) == len(records.attendance) == 0
    records = read(STAYS, [("", 10)])
    assert listed(records, "attendance") == {0: "missing_required"}


# The slow, plain version ------------------------------------------------------------------------


def plain(stays: list[tuple[str, int, int | None]], who: str, day: int, follow_up: bool) -> str:
    good = [
        (admit, row, end)
        for row, (person, admit, end) in enumerate(stays)
        if person == who and (end is None or end >= admit)
    ]
    if not any(person == who for person, _, _ in stays):
        return "unknown_episode"
    if not good:
        return "episode_set_aside"
    holding = [row for admit, row, end in good if admit <= day and (end is None or day <= end)]
    if len(holding) == 1:
        return f"E{holding[0]}"
    if len(holding) > 1:
        return "in_two_episodes"
    before = [(admit, row) for admit, row, _ in good if admit <= day]
    if not follow_up or not before:
        return "between_episodes"
    latest = [row for admit, row in before if admit == max(before)[0]]
    return f"E{latest[0]}" if len(latest) == 1 else "in_two_episodes"


STAY = st.tuples(
    st.sampled_from("AB"),
    st.integers(0, 12),
    st.one_of(st.none(), st.integers(0, 14)),
)
ROW = st.tuples(st.sampled_from("ABC"), st.integers(0, 16))


@settings(deadline=None, max_examples=10)
@given(st.lists(STAY, min_size=1, max_size=6), st.lists(ROW, min_size=1, max_size=40))
def test_rows_are_linked_as_a_plain_version_says(
    stays: list[tuple[str, int, int | None]], rows: list[tuple[str, int]]
) -> None:
    records = read(stays, rows)
    for table in ("attendance", "checkins"):
        results = {**linked(records, table), **listed(records, table)}
        follow_up = table == "checkins"
        expected = {row: plain(stays, who, day, follow_up) for row, (who, day) in enumerate(rows)}
        assert results == expected, table


@pytest.mark.parametrize(("which", "first"), [("newer", "E1"), ("older", "E0")])
def test_a_day_of_discharge_and_readmission_goes_to_the_stay_that_the_mapping_says(
    which: str, first: str
) -> None:
    link = {"link": {**BY_PERSON, "same_day": which}}
    mapping = {"attendance": link, "checkins": link}
    stays = [("P1", 0, 10), ("P1", 10, 20), ("P2", 0, None), ("P2", 10, 20), ("P3", 0, 9)]
    records = read(stays, [("P1", 10), ("P1", 9), ("P2", 10), ("P3", 9)], mapping=mapping)
    assert linked(records, "attendance") == {0: first, 1: "E0", 3: "E4"}  # P2's stays overlap
    assert records.problem_counts()["check"].tolist().count("in_two_episodes") == 2


def plain_change(stays: list[tuple[int, int]], day: int, which: str) -> int:
    """Return the newer or older of two stays of which one ends and the other begins on a day."""
    holding = [row for row, (admit, end) in enumerate(stays) if admit <= day <= end]
    beginning = [row for row in holding if stays[row][0] == day]
    ending = [row for row in holding if stays[row][1] == day]
    if len(holding) != 2 or len(beginning) != 1 or len(ending) != 1 or beginning == ending:
        return episodes_of_rows.TWO
    return beginning[0] if which == "newer" else ending[0]


def test_the_stay_of_a_change_is_that_of_a_plain_version() -> None:
    random = np.random.default_rng(20)
    changes = 0
    for _ in range(150):
        people = [
            sorted(map(tuple, np.sort(random.integers(0, 9, (random.integers(1, 5), 2)), axis=1)))
            for _ in range(2)
        ]
        person = np.repeat([0, 1], [len(one) for one in people])
        admit, end = np.array([stay for one in people for stay in one]).T
        stays = episodes_of_rows._Stays(np.arange(len(person)), person, admit, end)
        for who, own in enumerate(people):
            key = who * episodes_of_rows._ONE_PERSON + np.arange(10)
            first = int(np.argmax(person == who))
            in_two = stays.holding(key) == episodes_of_rows.TWO
            for which in ("newer", "older"):
                found = stays.of_a_change(key, which)
                for day in np.flatnonzero(in_two):
                    row = plain_change(own, int(day), which)
                    changes += row >= 0
                    assert found[day] == (row + first if row >= 0 else row), (own, day)
    assert changes > 50


def test_a_note_names_same_day_of_the_mapping_for_a_day_in_two_episodes() -> None:
    records = read([("P1", 0, 10), ("P1", 10, 20)], [("P1", 10), ("P1", 9)])
    assert any('[attendance.link] same_day = "newer"' in note for note in records.notes)
    mapping = {"attendance": {"link": {"same_day": "newer"}}}
    with pytest.raises(RecordsError, match="links by episode_id"):
        read([("P1", 0, 10)], [("P1", 9)], mapping=mapping)
