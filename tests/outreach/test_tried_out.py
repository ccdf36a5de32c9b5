"""The trial of the list: who left and who was marked, by hand; its numbers stand in the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.outreach.tried import numbers, tried_out
from validation import slipping as trial

PAGE = Path(__file__).parents[2] / "docs" / "validation_slipping.md"


def small() -> iop.Records:
    """A leaves after two absences and a last visit, B without a sign, C stays to the end."""
    visits = {
        "A": {3: "attended", 10: "no_show", 12: "no_show", 20: "attended"},
        "B": {3: "attended", 10: "attended", 20: "attended"},
        "C": dict.fromkeys(range(3, 150, 5), "attended"),
    }
    rows = [(name, day, status) for name, of in visits.items() for day, status in of.items()]
    attendance = pd.DataFrame(rows, columns=["episode_id", "day", "status"])
    episodes = pd.DataFrame(
        {
            "episode_id": list(visits),
            "admit_day": 0,
            "discharge_day": [40, 40, 150],
            "discharge_reason": ["dropped_out", "dropped_out", "completed"],
        }
    )
    return iop.read_records(
        episodes=episodes, attendance=attendance.assign(service="group"), as_of=300
    )


def test_who_left_and_who_was_marked() -> None:
    rows = trial.try_out("sample", small(), [4, 14, 21]).rows
    first = rows.query("days_in_program == 4")  # the last contact is on day 20
    assert len(first) == 3
    assert not first["left_14"].any()
    assert first.set_index("episode_id")["left_28"].to_dict() == {"A": True, "B": True, "C": False}
    on_day = rows.query("days_in_program == 14").set_index("episode_id")
    assert on_day["any_sign"].to_dict() == {"A": True, "B": False, "C": False}
    assert on_day["left_14"].to_dict() == {"A": True, "B": True, "C": False}
    last = rows.query("days_in_program == 21").set_index("episode_id")
    assert last["gone"].to_dict() == {"A": True, "B": True, "C": False}
    result = trial.numbers_of(trial.try_out("sample", small(), [4, 14, 21]))
    assert [result[name] for name in ("left", "left_marked", "marked")] == [2, 1, 1]


def test_the_numbers_that_are_printed_stand_in_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for of in numbers().values():
        for part, whole in (("left_marked", "left"), ("left_absent", "left")):
            assert f"{of[part]:,} of {of[whole]:,}, {of[part] / of[whole]:.0%}" in page
        for part, whole in (("left_marked", "marked"), ("left_absent", "absent")):
            assert f"{of[part]:,} of {of[whole]:,}, " in page
    assert iop.SlippingRule().text in page


def test_the_list_is_printed_with_how_it_did() -> None:
    text = iop.slipping(small(), 14).text
    assert text.endswith(tried_out(iop.SlippingRule()))
    assert "Tried out on the synthetic sample: of " in text
    assert "Two absences in a row alone: " in text
    other = iop.SlippingRule(absences=3)
    assert iop.slipping(small(), 14, rule=other).text.endswith("This rule was not tried out.")


@pytest.mark.parametrize("within", trial.WITHIN)
def test_a_share_is_of_those_asked(within: int) -> None:
    rows = trial.try_out("sample", small(), list(range(3, 40))).rows
    table = pd.DataFrame(trial.found_by_rule(trial.Trial("sample", rows), within))
    kept = rows[~rows["gone"]]
    left = int(kept[f"left_{within}"].sum())
    assert table["of those who left, marked"][0].startswith(
        f"{int((kept[f'left_{within}'] & (kept['signs'] > 0)).sum())} of {left}, "
    )
    assert np.isfinite(float(table["marked who stayed, for each who left"][0]))
