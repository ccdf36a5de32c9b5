"""A small program whose records are known exactly: what each export of `exports` must give."""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
AS_OF = datetime.date(2026, 4, 30)
EPISODES, ATTENDANCE, CHECKINS = "episodes", "attendance", "checkins"
KINDS = {  # of the columns of the three tables; a column that is not named holds texts
    "admit_date": "date",
    "discharge_date": "date",
    "prior_discharge_date": "date",
    "date": "date",
    "start_time": "clock",
    "minutes_scheduled": "minutes",
    "minutes_attended": "minutes",
    "used": "flag",
    "employed": "flag",
    "use_days": "number",
    "craving": "number",
    "phq9": "number",
    "quality_of_life": "number",
    "age": "whole",
    "weight": "decimal",
    "discharge_reason": "word",
    "entry_path": "word",
    "service": "word",
    "status": "word",
    "modality": "word",
    "drug_test": "word",
}
_STATUSES = (
    *("attended", "attended", "late", "no_show", "attended", "attended_partial", "client_cancel"),
    *("attended", "excused", "late_cancel", "program_cancel", "unrecorded"),
)
_REASONS = ("completed", "dropped_out", "terminated", "transferred", "died")


@dataclass(frozen=True)
class Truth:
    """The three tables, each a list of rows; a missing value is None."""

    tables: dict[str, list[Row]]

    def columns(self, table: str) -> list[str]:
        return list(self.tables[table][0])


def day(number: int) -> datetime.date:
    return datetime.date(2026, 1, 5) + datetime.timedelta(days=number)


def truth(seed: int) -> Truth:
    """Return 8 stays of 7 people, 48 sessions and 32 check-ins, without any fault.

    Every column of dates has days after the 12th, so that its order of day and month shows.
    """
    draw = random.Random(seed)
    episodes: list[Row] = []
    sessions: list[Row] = []
    checkins: list[Row] = []
    for number in range(8):
        admit = day(6 * number + draw.randrange(3))
        closed = number in (0, 1, 3, 5, 6)
        reason = _REASONS[sum(1 for row in episodes if row["discharge_date"]) % 5]
        end = admit + datetime.timedelta(days=62 if reason == "died" else 36 + draw.randrange(20))
        stepped = number % 3 == 1
        episodes.append(
            {
                "episode_id": f"{(number + 1) * 11:05d}",
                "person_id": f"P{number + 1}",
                "program": ("North", "South")[number % 2],
                "admit_date": admit,
                "discharge_date": end if closed else None,
                "discharge_reason": reason if closed else None,
                "level": "2.1" if number % 4 else None,
                "entry_path": ("direct", "step_down", "after_relapse")[number % 3],
                "prior_discharge_date": admit - datetime.timedelta(days=draw.randrange(1, 9))
                if stepped
                else None,
                "age": 20 + 5 * number + draw.randrange(5),
                "weight": 60.5 + number if number != 4 else None,
                "county": ("Kent", "York, East", 'the "Vale"', "K\u00f6ln")[number % 4],
            }
        )
        identifier = episodes[-1]["episode_id"]
        for place, after in enumerate((1, 4, 8, 15, 22, 30)):
            status = _STATUSES[(6 * number + place) % len(_STATUSES)]
            scheduled = draw.choice((60.0, 90.0, 180.0))
            came = status in ("attended", "late", "attended_partial")
            sessions.append(
                {
                    "episode_id": identifier,
                    "date": admit + datetime.timedelta(days=after),
                    "start_time": draw.choice((9, 13, 17)) * 60 + draw.choice((0, 15, 30)),
                    "service": ("group", "individual", "family", "skills")[place % 4],
                    "status": status,
                    "minutes_scheduled": scheduled,
                    "minutes_attended": scheduled - draw.choice((0, 30, 45)) if came else None,
                    "modality": draw.choice(("in_person", "telehealth")),
                    "group_id": f"G{draw.randrange(1, 5)}",
                }
            )
        for place, after in enumerate((7, 21, 40, 60)):
            done = (number + place) % 5 != 4
            checkins.append(
                {
                    "episode_id": identifier,
                    "date": admit + datetime.timedelta(days=after),
                    "status": "completed" if done else "missed",
                    "used": draw.random() < 0.3 if done else None,
                    "use_days": float(draw.randrange(4)) if done else None,
                    "drug_test": draw.choice(("negative", "positive", "refused")) if done else None,
                    "craving": float(draw.randrange(11)) if done else None,
                    "phq9": float(draw.randrange(28)) if done else None,
                    "employed": draw.random() < 0.5 if done else None,
                    "quality_of_life": draw.randrange(1, 20) / 2 if done and place != 2 else None,
                }
            )
    tables = {EPISODES: episodes, ATTENDANCE: sessions, CHECKINS: checkins}
    return Truth(tables)
