"""Histories made by hand and by draw: every order of what can happen in four weeks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import product

import pandas as pd

import iop_outcomes as iop
from tests.helpers.slow_rules import SIGNS, History

REASONS = (
    "completed",
    "dropped_out",
    "terminated",
    "transferred",
    "incarcerated",
    "died",
    "other",
    None,
)
AS_OF = 1000  # the data cut of all records; an episode is admitted so many days before it
WEEKLY = "-+ov_ "  # what a weekly check-in may be; a space: there is none
SESSIONS = (
    "attended",
    "attended",
    "late",
    "attended_partial",
    "no_show",
    "excused",
    "unrecorded",
    "program_cancel",
)


def weekly_orders() -> Iterator[tuple[tuple[int, str], ...]]:
    """Return the check-ins of four weeks in every order of clear, use, missed, refused, ..."""
    for signs in product(WEEKLY, repeat=4):
        yield tuple((7 * week + 7, sign) for week, sign in enumerate(signs) if sign != " ")


def made_histories(number: int, seed: int) -> list[History]:
    """Return so many histories, each order of four weeks in turn, ends and extras drawn."""
    draw = random.Random(seed)
    orders = list(weekly_orders())
    draw.shuffle(orders)
    return [_history(orders[place % len(orders)], draw) for place in range(number)]


def _history(weekly: tuple[tuple[int, str], ...], draw: random.Random) -> History:
    kind = draw.choice(["weekly", "weekly", "moved", "longer", "daily", "twice a day"])
    checkins = list(weekly)
    if kind == "moved":
        checkins = [(max(day + draw.randint(-6, 3), 1), sign) for day, sign in checkins]
    if kind == "longer":
        checkins += [
            (28 + 7 * week, draw.choice("-+-+o_?")) for week in range(1, 8) if draw.random() < 0.7
        ]
    if kind == "daily":
        first = draw.randint(1, 24)
        checkins += [(day, draw.choice("++++++++-o")) for day in range(first, first + 12)]
    if kind == "twice a day":
        checkins += [(day, draw.choice("-+o?_npmrvwxyi")) for day, _ in checkins]
    if draw.random() < 0.2:
        checkins += [(draw.randint(-9, 0), draw.choice("-+o"))]
    if draw.random() < 0.3:
        checkins += [(draw.randint(30, 70), draw.choice("-+o?_"))]
    left = draw.random() < 0.6
    reason = draw.choice(REASONS) if left else None
    discharge = (
        draw.choice([0, 3, 7, 10, 14, 17, 21, 22, 24, 28, 30, 37, 44, 45, 58, 60]) if left else None
    )
    sessions = tuple(
        sorted(
            (
                draw.randint(0, 60),
                draw.choice(["group", "individual", "assessment", "drug_test"]),
                draw.choice(SESSIONS),
            )
            for _ in range(draw.choice([0, 0, 1, 2, 5]))
        )
    )
    return History(
        checkins=tuple(sorted(set(checkins))),
        sessions=sessions,
        discharge=discharge,
        reason=reason,
        followed=draw.choice([None, None, None, 28, 40, 65]),
        cut=draw.choice([14, 20, 21, 25, 28, 35, 37, 38, 44, 50, 58, 59, 70, 100]),
    )


def read(histories: Sequence[History], shuffle: int | None = None) -> iop.Records:
    """Return the records of the histories, one episode each, E0, E1, ... in their order."""
    episodes, checkins, attendance = [], [], []
    people: list[int] = []
    for number, history in enumerate(histories):
        admitted = AS_OF - history.cut
        person = number
        if number and (before := histories[number - 1]).reason != "died" and before.discharge:
            # A readmission, if the episode before it in the list was over by then.
            over = AS_OF - before.cut + before.discharge < admitted
            person = number - 1 if over and people[-1] == number - 1 else number
        people.append(person)
        names = {"episode_id": f"E{number}", "person_id": f"P{person}"}
        episodes.append(
            names
            | {
                "admit_day": admitted,
                "discharge_day": _shifted(history.discharge, admitted),
                "discharge_reason": history.reason,
                "followed_until_day": _shifted(history.followed, admitted),
            }
        )
        for day, sign in history.checkins:
            status, used, test = SIGNS[sign]
            heavy = {"yes": 3, "no": 0}.get(used or "")
            checkins.append((f"E{number}", admitted + day, status, used, test, heavy))
        for place, (day, service, status) in enumerate(history.sessions):
            row = (f"E{number}", admitted + day, service, status, 180, f"G{number}-{place}")
            attendance.append(row)
    tables = {
        "episodes": pd.DataFrame(episodes, dtype=object),
        "checkins": pd.DataFrame(
            checkins,
            columns=["episode_id", "day", "status", "used", "drug_test", "heavy_days"],
            dtype=object,
        ),
        "attendance": pd.DataFrame(
            attendance,
            columns=["episode_id", "day", "service", "status", "minutes_scheduled", "group_id"],
            dtype=object,
        ),
    }
    if shuffle is not None:
        tables = {
            name: frame.sample(frac=1, random_state=shuffle) for name, frame in tables.items()
        }
    return iop.read_records(**tables, as_of=AS_OF)


def _shifted(day: int | None, by: int) -> int | None:
    return None if day is None else day + by
