"""What a reader of protected steps of a cohort, or of a protected calendar, could calculate."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.policy import SafePolicy

ROOT = Path(__file__).parents[2]
POLICY = SafePolicy()
PARTS = ("not_followed", "not_known", "not_reached", "reached")


@cache
def sample() -> iop.Records:
    return iop.read_records(ROOT / "data" / "samples")


def few(size: int) -> iop.Records:
    return sample().subset(np.arange(len(sample().episodes)) < size)


def derived(rows: pd.DataFrame) -> dict[tuple[str, str], float]:
    """All counts of one group that follow from what is shown, by sums and equalities."""
    known: dict[tuple[str, str], float] = {}
    steps = rows["step"].tolist()
    for _, row in rows.iterrows():
        for name in (*PARTS, "episodes", "reached_all"):
            if pd.notna(row[name]):
                known[(row["step"], name)] = row[name]
    changed = True
    while changed:
        before = len(known)
        whole = [known[(step, "episodes")] for step in steps if (step, "episodes") in known]
        if ("admitted", "reached") in known:
            whole.append(known[("admitted", "reached")])
        if (steps[1], "reached_all") in known:
            known.setdefault((steps[1], "reached"), known[(steps[1], "reached_all")])
        for step in steps:
            if whole:
                known.setdefault((step, "episodes"), whole[0])
            sums = [*(((step, name), 1) for name in PARTS), ((step, "episodes"), -1)]
            missing = [key for key, _ in sums if key not in known]
            if len(missing) == 1:
                rest = sum(sign * known[key] for key, sign in sums if key in known)
                known[missing[0]] = rest if missing[0][1] == "episodes" else -rest
        changed = len(known) > before
    return known


@pytest.mark.parametrize(
    ("by", "size"), [(None, 8), (None, 900), ("program", 300), ("entry_path", 900)]
)
def test_no_small_count_of_a_step_is_shown_or_calculated(by: str | None, size: int) -> None:
    plain = iop.cohort_flow(few(size), by=by)
    safe = iop.protect(plain)
    groups = [safe.table] if by is None else [rows for _, rows in safe.table.groupby(by)]
    for rows in groups:
        known = derived(rows)
        assert not POLICY.hides(np.array(list(known.values()))).any()
        steps = rows["step"].tolist()[1:]
        for earlier, later in pairwise(steps):  # who left in between
            for name in ("reached", "reached_all", "not_followed"):
                if {(earlier, name), (later, name)} <= set(known):
                    apart = abs(known[(earlier, name)] - known[(later, name)])
                    assert not POLICY.hides(np.array([apart])).any(), (earlier, later, name)
        for step in steps:
            if {(step, "reached"), (step, "reached_all")} <= set(known):
                apart = known[(step, "reached")] - known[(step, "reached_all")]
                assert not POLICY.hides(np.array([apart])).any()
    gone = safe.table["reached"].isna()
    assert safe.table.loc[gone, ["share", "lower", "upper", "not_reached"]].isna().all(axis=None)
    assert safe.exclusions.empty
    assert safe.people is None
    assert iop.protect(safe) is safe
    if size == 900 and by is None:
        assert safe.table["share"].notna().sum() == 5


def test_hidden_steps_are_said_and_drawn_as_hidden() -> None:
    safe = iop.protect(iop.cohort_flow(few(60)))
    hidden = int(safe.table["reached"].iloc[1:].isna().sum())
    assert hidden
    assert safe.text.count("too few people to show") == hidden
    assert "nan" not in safe.text
    said = [text.get_text() for text in safe.plot().texts]
    assert said.count("not shown: small counts") == int(safe.table["reached"].isna().sum())


def test_episodes_of_few_people_are_hidden() -> None:
    """Twenty-four episodes of four people."""
    episodes = pd.DataFrame(
        {
            "episode_id": [f"{n:02}" for n in range(24)],
            "person_id": [f"p{n % 4}" for n in range(24)],
            "admit_date": [f"2024-{1 + n // 4:02}-{1 + n % 4:02}" for n in range(24)],
            "discharge_date": [f"2024-{1 + n // 4:02}-26" for n in range(24)],
        }
    )
    attendance = pd.DataFrame(
        {
            "episode_id": episodes["episode_id"],
            "date": [date[:8] + "08" for date in episodes["admit_date"]],
            "service": "group",
            "status": "attended",
        }
    )
    records = iop.read_records(episodes=episodes, attendance=attendance, as_of="2026-01-01")
    safe = iop.protect(iop.cohort_flow(records))
    assert safe.table[["episodes", "share"]].iloc[:2].isna().all(axis=None)


@pytest.mark.parametrize("by", [None, "program"])
def test_no_day_of_few_people_is_shown(by: str | None) -> None:
    plain = iop.attendance_by_weekday(sample(), weeks=8, by=by)
    safe = iop.protect(plain)
    numbers = safe.table[["due", "attended", "unrecorded"]].to_numpy(dtype=float)
    absent = safe.table["due"] - safe.table["attended"]
    assert not POLICY.hides(numbers).any()
    assert not POLICY.hides(absent.to_numpy()).any()
    assert plain.people is not None
    shown = ~safe.table["hidden"]
    assert not POLICY.hides(plain.people.loc[shown, ["due", "attended", "absent"]].to_numpy()).any()
    assert safe.table.loc[~shown, ["due", "attended", "rate"]].isna().all(axis=None)
    assert iop.protect(safe) is safe
    whole = safe.table[["due", "attended"]].sum()
    if by is None:  # the sentence is of the days that are shown
        assert f"{whole['attended']:,.0f} of {whole['due']:,.0f} sessions due" in safe.text


def test_a_calendar_of_few_people_is_all_hidden_and_is_drawn_so() -> None:
    safe = iop.protect(iop.attendance_by_weekday(few(8), weeks=4))
    assert "All days have too few people" in safe.text or "No session was due" in safe.text
    safe.plot()


def test_without_hiding_nothing_changes() -> None:
    flow = iop.cohort_flow(few(60))
    open_ = iop.protect(flow, SafePolicy.unprotected())
    pd.testing.assert_frame_equal(open_.table[flow.table.columns], flow.table, check_dtype=False)
    assert not open_.table["hidden"].any()
    assert len(open_.exclusions) == len(flow.exclusions)
