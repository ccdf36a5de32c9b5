"""At which number evidence is there, in part, or absent: the number on either side of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.records.fitness.evidence import (
    EpisodesCovered,
    Filled,
    PlausibleLengths,
    TableRead,
    Words,
    WordsKnown,
    amount_of,
    programs_without,
)
from iop_outcomes.records.fitness.held import Held

DAY = np.timedelta64(1, "D")
CUT = pd.Timestamp("2026-06-30")
WORDS = Words(
    *("attendance", "status", ("no_show",), ("attended", "no_show")),
    none="no absence is recorded",
    few="hardly any absence is recorded",
    part="few absences are recorded",
    needed="absences",
    least=0.05,
    usual=0.1,
    everywhere=True,
)


def held(
    sizes: dict[str, int] | None = None,
    *,
    status: list[str] | None = None,
    episode: list[int] | None = None,
    part: bool = False,
    **changed: Any,
) -> Held:
    """Return so many episodes a program and rows of attendance, one a day, of given status."""
    sizes = sizes or {"North": 20}
    program = [name for name, size in sizes.items() for _ in range(size)]
    names = [f"E{n:03d}" for n in range(len(program))]
    words = [] if status is None else status
    rows = [0] * len(words) if episode is None else episode
    episodes = pd.DataFrame(
        {
            "episode_id": pd.Categorical(names, categories=names),
            "program": pd.Categorical(program, categories=list(sizes)),
            "admit_date": CUT - pd.Timedelta(days=100),
            "days_to_discharge": 90.0,
        }
    )
    attendance = pd.DataFrame(
        {
            "episode_id": pd.Categorical([names[row] for row in rows], categories=names),
            "date": np.datetime64("2026-01-01") + np.arange(len(rows)) * DAY,
            "status": pd.Categorical(words or ["attended"] * len(rows)),
            "service": pd.Categorical(["group"] * len(rows)),
            "minutes_attended": np.nan,
            "minutes_scheduled": np.nan,
        }
    )
    options: dict[str, Any] = {
        "episodes": episodes,
        "attendance": attendance,
        "checkins": attendance.iloc[:0],
        "tables": ("episodes", "attendance"),
        "as_of": CUT,
        "sources": pd.DataFrame(columns=["table"]),
        "problems": pd.DataFrame(columns=["table", "column", "check", "done"]),
        "quality": pd.DataFrame(),
        "part": part,
    }
    return Held(**options | changed)


def absences(number: int, whole: int, *, first: int = 0) -> list[str]:
    """Return statuses with so many absences, in one stretch from a place on."""
    words = np.array(["attended"] * whole, dtype=object)
    words[first : first + number] = "no_show"
    return list(words)


@pytest.mark.parametrize(
    ("number", "known", "why"),
    [
        (0, "no", "no absence is recorded (0 of 200 rows)"),
        (9, "no", "hardly any absence is recorded (9 of 200 rows)"),
        (10, "partly", "few absences are recorded (10 of 200 rows)"),
        (19, "partly", "few absences are recorded (19 of 200 rows)"),
        (20, "yes", ""),
    ],
)
def test_words_are_there_from_a_tenth_and_in_part_from_a_twentieth(
    number: int, known: str, why: str
) -> None:
    answer = WORDS.judge(held(status=absences(number, 200)))
    assert (answer.known, answer.why) == (known, why)
    assert answer.counts == ((number, 200 - number) if known == "partly" else ())


@pytest.mark.parametrize(("rows", "known"), [(59, "yes"), (60, "no")])
def test_groups_of_fewer_than_60_rows_are_not_judged(rows: int, known: str) -> None:
    assert WORDS.judge(held(status=absences(0, rows), part=True)).known == known
    assert WORDS.judge(held(status=absences(0, rows))).known == "no"


@pytest.mark.parametrize(
    ("rows", "number", "without"), [(59, 0, False), (60, 0, True), (60, 2, True), (60, 3, False)]
)
def test_a_program_without_the_words_is_told_from_sixty_rows_on(
    rows: int, number: int, without: bool
) -> None:
    status = absences(60, 300) + absences(number, rows)
    answer = WORDS.judge(
        held({"North": 1, "South": 1}, status=status, episode=[0] * 300 + [1] * rows)
    )
    assert answer.mixed == without
    assert answer.known == ("partly" if without else "yes")
    if without:
        told = "in some programs no absence is recorded, or hardly any"
        assert (answer.why_published, answer.why) == (told, f"{told} (1 of 2 programs)")


# At a tenth of the rows, 65 rows without are less probable than 0.001 (0.9^65 is 0.00106, and
# 0.9^66 is 0.00096); at six in ten, 59 rows are too few to say so.
@pytest.mark.parametrize(
    ("before", "number", "after", "known"),
    [(65, 40, 400, "yes"), (66, 40, 400, "partly"), (59, 60, 100, "yes"), (60, 60, 100, "partly")],
)
def test_the_time_before_the_first_use_is_told_where_it_is_no_chance(
    before: int, number: int, after: int, known: str
) -> None:
    status = absences(number, before + after, first=before)
    answer = replace(WORDS, usual=0.05).judge(held(status=status))
    assert answer.known == known
    if known == "partly":
        since = pd.Timestamp("2026-01-01") + pd.Timedelta(days=before)
        assert answer.since == since
        assert answer.why == f"before {since.date()} no absence is recorded ({before} rows)"
        assert answer.why_published == f"up to {since:%Y-%m} no absence is recorded"


@pytest.mark.parametrize(
    ("south", "there", "said"),
    [
        (9, 0, ""),  # too few episodes
        (10, 0, "1 of 2 programs"),
        (10, 1, ""),  # a tenth
        (20, 1, "1 of 2 programs"),
    ],
)
def test_a_program_is_without_below_a_tenth_of_ten_episodes(
    south: int, there: int, said: str
) -> None:
    every = np.ones(10 + south, dtype=bool)
    present = every.copy()
    present[10 + there :] = False
    records = held({"North": 10, "South": south})
    assert programs_without(records, present, every, 0.1) == said
    assert programs_without(records, ~every, every, 0.1) == ""  # in all: not some
    sizes = {"North": 9, "South": south}  # none that has it is large enough to compare
    assert programs_without(held(sizes), present[1:], every[1:], 0.1) == ""
    part = held({"North": 10, "South": south}, part=True)
    assert programs_without(part, present, every, 0.1) == ""


def test_amount_of_gives_a_number_in_words() -> None:
    assert [amount_of(0, True), amount_of(1, True), amount_of(1, False)] == [
        *("no", "hardly any", "only a part of the"),
    ]


def sources(read: int, kept: int, planned: int = 0, folded: int = 0) -> pd.DataFrame:
    numbers = {"rows_read": read, "rows_folded": folded, "rows_kept": kept, "rows_planned": planned}
    return pd.DataFrame([{"table": "attendance", **numbers}, {"table": "episodes", **numbers}])


@pytest.mark.parametrize(
    ("kept", "known", "told"),
    [
        (9, "no", "nearly all rows"),
        (10, "partly", "many rows"),
        (79, "partly", "many rows"),
        (80, "yes", ""),
    ],
)
def test_a_table_is_read_from_eight_in_ten_of_its_rows(kept: int, known: str, told: str) -> None:
    # 5 were read twice and 7 are planned: neither is among the 100
    answer = TableRead("attendance").judge(held(sources=sources(112, kept, 7, 5)))
    assert answer.known == known
    assert answer.why_published.startswith(told)
    if known != "yes":
        assert answer.counts == (kept, 100 - kept)
        why = f"{100 - kept} of 100 rows of the attendance table were set aside"
        assert answer.why == why


def test_a_table_whose_rows_are_all_planned_has_none() -> None:
    answer = TableRead("attendance").judge(held(sources=sources(8, 0, 8)))
    assert answer.known == "no"
    assert answer.why == "up to the data cut there is no row of the attendance table"


@pytest.mark.parametrize(
    ("kept", "known", "told"),
    [
        (9, "no", "no row, or hardly any,"),
        (10, "partly", "only a part of the rows"),
        (94, "partly", "only a part of the rows"),
        (95, "yes", ""),
    ],
)
def test_rows_are_linked_from_95_in_100(kept: int, known: str, told: str) -> None:
    failed = {"unknown_episode": 60 - kept // 2, "episode_set_aside": 40 - kept + kept // 2}
    quality = pd.DataFrame(
        [{"table": "attendance", "check": name, "rows_failed": n} for name, n in failed.items()]
    )
    answer = TableRead("attendance").judge(held(sources=sources(100, kept), quality=quality))
    assert answer.known == known
    assert answer.why_published.startswith(told)
    if known != "yes":
        assert answer.counts == (kept, 100 - kept)
        assert answer.why.startswith(f"{kept} of 100 rows of the attendance table could be linked")


@pytest.mark.parametrize(
    ("number", "known", "why"),
    [
        (0, "no", "0 of 20 episodes have rows in the attendance table"),
        (1, "no", "1 of 20 episodes have rows in the attendance table"),
        (2, "partly", "2 of 20 episodes have rows in the attendance table"),
        (15, "partly", "15 of 20 episodes have rows in the attendance table"),
        (16, "yes", ""),
    ],
)
def test_episodes_are_covered_from_eight_in_ten(number: int, known: str, why: str) -> None:
    rows = list(range(number))
    answer = EpisodesCovered("attendance").judge(held(episode=rows))
    assert (answer.known, answer.why) == (known, why)
    assert answer.counts == ((number, 20 - number) if why else ())
    few = {"North": 9 + (number == 0)}  # of a group of 9 nothing is said, of 10 it is
    group = EpisodesCovered("attendance").judge(held(few, part=True, episode=[]))
    assert group.known == ("no" if number == 0 else "yes")


@pytest.mark.parametrize(("days", "known"), [(13, "yes"), (14, "partly")])
def test_episodes_are_considered_from_14_days_before_the_data_cut(days: int, known: str) -> None:
    records = held(episode=list(range(10)))  # 10 of 20 have rows, the others are new
    admitted = records.episodes["admit_date"].mask(
        np.arange(20) >= 10, CUT - pd.Timedelta(days=days)
    )
    episodes = records.episodes.assign(admit_date=admitted)
    changed = held(episode=list(range(10)), episodes=episodes)
    assert EpisodesCovered("attendance").judge(changed).known == known


@pytest.mark.parametrize(("unknown", "known"), [(1, "yes"), (2, "partly")])
def test_words_are_known_but_for_one_in_a_hundred(unknown: int, known: str) -> None:
    rows = [("attendance", "status", "unknown_word")] * unknown
    rows += [("attendance", "status", "other"), ("checkins", "status", "unknown_word")]
    rows += [("attendance", "service", "unknown_word")]
    problems = pd.DataFrame(rows, columns=["table", "column", "check"])
    kept = 100 - 1  # the limit is 1 of 100
    answer = WordsKnown("attendance", "status").judge(
        held(problems=problems, sources=sources(200, kept))
    )
    assert answer.known == known
    if known == "partly":
        assert answer.counts == (2, 99)
        assert answer.why.endswith("with a status that is not known are left out (2 of 101)")


@pytest.mark.parametrize(
    ("number", "known", "told"),
    [
        (0, "no", "no or hardly any"),
        (1, "no", "no or hardly any"),
        (2, "partly", "only a part of the"),
        (17, "partly", "only a part of the"),
        (18, "yes", ""),
    ],
)
def test_a_column_is_filled_from_nine_in_ten(number: int, known: str, told: str) -> None:
    filled = Filled("attendance", ("minutes_attended",), ("attended",), "{} lengths", "lengths")
    records = held(status=["attended"] * 20 + ["no_show"] * 9)
    minutes = np.where(np.arange(29) < number, 60.0, np.nan)
    minutes[20:] = 60.0  # of sessions that nobody came to: not asked
    records = held(
        status=["attended"] * 20 + ["no_show"] * 9,
        attendance=records.attendance.assign(minutes_attended=minutes),
    )
    answer = filled.judge(records)
    assert answer.known == known
    assert answer.why_published == (f"{told} lengths" if told else "")
    if told:
        word = "no" if not number else "hardly any" if number == 1 else told
        assert answer.why == f"{word} lengths ({number} of 20)"
        assert answer.counts == (number, 20 - number)


@pytest.mark.parametrize(("rows", "known"), [(9, "yes"), (10, "no")])
def test_of_a_group_of_under_ten_sessions_no_lengths_are_asked(rows: int, known: str) -> None:
    filled = Filled("attendance", ("minutes_attended",), ("attended",), "{} lengths", "lengths")
    assert filled.judge(held(status=["attended"] * rows, part=True)).known == known


@pytest.mark.parametrize(("minutes", "known"), [(14.9, "no"), (15.0, "yes")])
@pytest.mark.parametrize("name", ["minutes_attended", "minutes_scheduled"])
def test_lengths_are_plausible_from_a_median_of_15_minutes(
    name: str, minutes: float, known: str
) -> None:
    lengths = [1.0] * 5 + [minutes] + [90.0] * 5
    attendance = held(status=["attended"] * 11).attendance.assign(**{name: lengths})
    records = held(attendance=attendance)
    answer = PlausibleLengths().judge(records)
    assert answer.known == known
    if known == "no":
        assert "no longer than 14.9 minutes" in answer.why
    group = held(attendance=attendance.iloc[1:10], part=True)  # nine
    assert PlausibleLengths().judge(group).known == "yes"


def test_the_attended_length_has_precedence_over_the_scheduled_one() -> None:
    attendance = held(status=["attended"] * 10).attendance
    lengths = {"minutes_attended": 90.0, "minutes_scheduled": 1.0}
    assert PlausibleLengths().judge(held(attendance=attendance.assign(**lengths))).known == "yes"
    lengths = {"minutes_attended": 1.0, "minutes_scheduled": 90.0}
    assert PlausibleLengths().judge(held(attendance=attendance.assign(**lengths))).known == "no"
