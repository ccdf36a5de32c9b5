"""Read the text tables of the specifications, and make records of a case."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from iop_outcomes.records import Records, read_records

FOLDER = Path(__file__).with_name("specifications")
OUTCOMES = {
    "": "attended",
    "-": "no_show",
    "?": "unrecorded",
    "x": "program_cancel",
    "e": "excused",
}
ADMITTED = 1000


@dataclass(frozen=True)
class Case:
    """One line of a specification: what comes in, the answer, and the reason."""

    rule: str
    given: dict[str, str]

    def options(self) -> dict[str, Any]:
        pairs = (one.split("=") for one in self.given["options"].split())
        return {name: int(value) if value.isdigit() else value for name, value in pairs}

    def records(self) -> Records:
        """The episode of the case, and one of another person so that days are read as meant."""
        until, *left = self.given["until"].split()
        episode = {
            "episode_id": "A",
            "admit_day": ADMITTED,
            "discharge_day": ADMITTED + int(left[1]) if left else "",
            "discharge_reason": left[0] if left and left[0] != "?" else "",
            "followed_until_day": ADMITTED + int(until),
        }
        if self.given.get("prior"):
            episode["prior_discharge_day"] = ADMITTED + int(self.given["prior"])
        rows = [visit(place, one) for place, one in enumerate(self.given["visits"].split())]
        return read_records(
            episodes=pd.DataFrame([episode]),
            attendance=pd.DataFrame(rows),
            as_of=ADMITTED + int(until),
        )

    def supplies(self) -> list[pd.DataFrame]:
        """The supplies of medication, as ``0:28`` a first day and its days; none of other rules."""
        if "supplies" not in self.given:
            return []
        pairs = [one.split(":") for one in self.given["supplies"].split()]
        rows = [("A", ADMITTED + int(day), int(days)) for day, days in pairs]
        return [pd.DataFrame(rows, columns=["episode_id", "day", "days_supplied"])]


def visit(place: int, written: str) -> dict[str, Any]:
    """One row of attendance from a day with its outcome, such as 4, 4-, a4 or 4:3 (three hours)."""
    written, _, hours = written.partition(":")
    mark = written[-1] if not written[-1].isdigit() else ""
    service = "assessment" if written.startswith("a") else "group"
    return {
        "episode_id": "A",
        "day": ADMITTED + int(written.strip("a-?x")),
        "service": service,
        "status": OUTCOMES[mark],
        "group_id": f"g{place}",
        "minutes_scheduled": 60 * int(hours or 1),
        **({"minutes_attended": 60 * int(hours)} if hours and not mark else {}),
    }


def cases() -> list[Case]:
    """Return the cases of every specification."""
    results = []
    for path in sorted(FOLDER.glob("*.txt")):
        heading, *lines = path.read_text(encoding="utf-8").splitlines()
        names = [name.strip() for name in heading.split("|")]
        for line in lines:
            cells = [cell.strip() for cell in line.split("|")]
            results.append(Case(path.stem, dict(zip(names, cells, strict=True))))
    return results
