"""Tables of who came and who stayed: each made from the episodes, protected before it is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.disclosure import hide_nested_counts, hide_small_counts
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.measures.sessions import SessionRule, read_sessions
from iop_outcomes.measures.stays import RETENTION_DAYS
from iop_outcomes.records.tables import ATTENDANCE_STATUSES, DISCHARGE_REASONS
from iop_outcomes.report.model import Kind, Table
from iop_outcomes.report.scope import Mask, Scope

NOT_RECORDED = "not recorded"
TEDS_CODES = {
    "completed": "1",
    "dropped_out": "2",
    "terminated": "3",
    "transferred": "4",
    "incarcerated": "5",
    "died": "6",
    "other": "7",
    NOT_RECORDED: "-9",
}
ALL = "all"
Floats = npt.NDArray[np.float64]


def admissions_table(scope: Scope) -> Table:
    """Return the admissions of the quarter by program, entry path, level and earlier admission."""
    episodes = scope.records.episodes[scope.admitted]
    earlier = np.where(episodes["admission_number"] > 1, "admitted before", "first admission here")
    views = {
        "program": episodes["program"],
        "entry path": episodes["entry_path"],
        "level of care": episodes["level"],
        "admission": pd.Series(earlier, index=episodes.index),
    }
    parts = [
        _counted(name, values, scope) for name, values in views.items() if values.notna().any()
    ]
    frame = pd.concat(parts, ignore_index=True)
    kinds: dict[str, Kind] = {"admitted": "count", "share": "share"}
    note = ""
    if scope.too_few:
        note = f"Too few to publish, and in no number of this report: {', '.join(scope.too_few)}."
    return Table("admissions", f"Admissions in {scope.label}", frame, kinds, note)


def _counted(name: str, values: pd.Series[str], scope: Scope) -> pd.DataFrame:
    """Return the counts of one characteristic with their total, protected."""
    words = values.astype(object).where(values.notna(), NOT_RECORDED).astype(str)
    counts = words.value_counts().sort_index()
    frame = pd.DataFrame(
        {
            "by": name,
            "group": [label.replace("_", " ") for label in counts.index] + [ALL],
            "admitted": [*counts.to_numpy(), counts.sum()],
        }
    )
    frame["share"] = frame["admitted"] / counts.sum()
    return hide_small_counts(
        frame,
        scope.policy,
        counts=["admitted"],
        total_row=len(frame) - 1,
        derived={"share": "admitted"},
    )


def flow_table(scope: Scope) -> Table:
    """Return how far people came who were admitted long enough ago for all of it to be known."""
    table = scope.engaged
    month = RETENTION_DAYS[0]
    stages = [("admitted", np.ones(len(table), dtype=np.bool_))]
    stages += [
        (f"{words} session within {month} days", (table[column] <= month).to_numpy())
        for words, column in (("first", "first_session_day"), ("fourth", "fourth_session_day"))
    ]
    stages += [
        (
            f"still in the program after {day} days",
            table[f"retained_{day}"].fillna(False).to_numpy(dtype=np.bool_),
        )
        for day in RETENTION_DAYS
    ]
    reached = [int((came & scope.seasoned).sum()) for _, came in stages]
    frame = pd.DataFrame({"stage": [words for words, _ in stages], "reached": reached})
    kinds: dict[str, Kind] = {"reached": "count", "share": "share"}
    later = "Newer admissions are not in this table: how far they come is not known yet. "
    note = f"{later}A share behind which a small count would show is given as a bound."
    caption = f"How far people came: {scope.seasoned_words}"
    return Table("cohort_flow", caption, _protect_flow(frame, scope), kinds, note)


def _protect_flow(frame: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    """Hide what is small, and what differs from the stage shown before it by a small count."""
    policy = scope.policy
    reached = frame["reached"].to_numpy()
    admitted = int(reached[0])
    few = hide_nested_counts(reached, policy) | policy.hides_fraction(reached, admitted)
    share = (frame["reached"] / max(admitted, 1)).astype(object)
    share[few] = HIDDEN
    if admitted > 2 * policy.threshold:
        bound = policy.threshold / admitted
        share[policy.hides(admitted - reached)] = f"over {np.floor(100 * (1 - bound)):.0f}%"
        share[policy.hides(reached)] = f"under {np.ceil(100 * bound):.0f}%"
    return frame.assign(reached=frame["reached"].astype(object).mask(few, HIDDEN), share=share)


def sessions_table(scope: Scope) -> Table:
    """Return the treatment sessions of the quarter by what became of them."""
    records = scope.records
    rule = SessionRule()
    sessions = read_sessions(records, rule)
    chosen = sessions.treatment.copy()
    if scope.quarter is not None:
        chosen &= scope.in_quarter(records.attendance["date"])
    person = records.episodes["person_id"].cat.codes.to_numpy()[sessions.episode[chosen]]
    status = sessions.status[chosen]
    counts = np.bincount(status, minlength=len(ATTENDANCE_STATUSES))
    people = pd.Series(person).groupby(status).nunique()
    frame = pd.DataFrame(
        {
            "session": [word.replace("_", " ") for word in ATTENDANCE_STATUSES] + [ALL],
            "due": ["yes" if word in rule.due else "no" for word in ATTENDANCE_STATUSES] + [""],
            "sessions": [*counts, counts.sum()],
            "share": [*(counts / max(counts.sum(), 1)), 1.0],
            "people": [
                *people.reindex(range(len(counts)), fill_value=0),
                pd.Series(person).nunique(),
            ],
        }
    )
    frame = frame[(frame["sessions"] > 0) | (frame["session"] == ALL)].reset_index(drop=True)
    few = scope.policy.hides(frame["people"].to_numpy())
    frame["people"] = frame["people"].astype(object).mask(few, HIDDEN)
    shown = hide_small_counts(
        frame,
        scope.policy,
        counts=["sessions"],
        total_row=len(frame) - 1,
        derived={"share": "sessions"},
        also=few,
    )
    kinds: dict[str, Kind] = {"sessions": "count", "share": "share", "people": "count"}
    note = "Due: in the denominator of the attendance rate. People: with at least one such session."
    return Table("sessions", f"Treatment sessions in {scope.label}", shown, kinds, note)


def discharge_table(scope: Scope) -> Table:
    """Return the discharges of the quarter by reason, with how long people had stayed."""
    episodes = scope.records.episodes[scope.closed]
    words = episodes["discharge_reason"].astype(object)
    words = words.where(words.notna(), NOT_RECORDED)
    stay = _stay_days(scope)[scope.closed]
    reasons = [word for word in (*DISCHARGE_REASONS, NOT_RECORDED) if (words == word).any()]
    chosen = [(word.replace("_", " "), (words == word).to_numpy()) for word in reasons]
    chosen.append((ALL, np.ones(len(words), dtype=np.bool_)))
    frame = pd.DataFrame(
        {
            "reason": [label for label, _ in chosen],
            "TEDS_code": [*(TEDS_CODES[word] for word in reasons), ""],
            "discharges": [int(mask.sum()) for _, mask in chosen],
            "share": [mask.sum() / max(len(words), 1) for _, mask in chosen],
            "median_stay_days": [_median(stay[mask], scope) for _, mask in chosen],
        }
    )
    shown = hide_small_counts(
        frame,
        scope.policy,
        counts=["discharges"],
        total_row=len(frame) - 1,
        derived={"share": "discharges", "median_stay_days": "discharges"},
    )
    kinds: dict[str, Kind] = {"discharges": "count", "share": "share", "median_stay_days": "days"}
    end = "the earlier of last contact and discharge"
    if scope.engagement is None:
        end = "discharge; there is no attendance table to tell the last contact"
    note = (
        f"Stay: from admission to {end}. Completed and transferred are kept apart. A median is "
        "shown when enough people lie on either side of it."
    )
    return Table("discharges", f"Discharges in {scope.label}, by reason", shown, kinds, note)


def _stay_days(scope: Scope) -> Floats:
    if scope.engagement is not None:
        return scope.engagement["stay_to_last_contact"].to_numpy(dtype=np.float64)
    return scope.records.episodes["days_to_discharge"].to_numpy(dtype=np.float64)


def _median(days: Floats, scope: Scope) -> float | str:
    known = days[~np.isnan(days)]
    if len(known) == 0:
        return float("nan")
    return float(np.median(known)) if scope.policy.shows_quantile(len(known)) else HIDDEN


def program_table(scope: Scope) -> Table:
    """Return the measures of the year side by side, by program."""
    table = scope.engaged
    episodes = scope.records.episodes
    program = episodes["program"].astype(str).to_numpy()
    names = [*dict.fromkeys(sorted(program[scope.year]))]
    rows = [scope.year & (program == name) for name in names] + [scope.year]
    frame = pd.DataFrame({"program": [*names, ALL]})
    frame["admitted"] = [int(row.sum()) for row in rows]
    frame = hide_small_counts(frame, scope.policy, counts=["admitted"], total_row=len(names))
    fractions = {
        "sessions_attended": (table["sessions_attended"], table["sessions_due"]),
        "weeks_of_9_hours": (
            table["weeks_at_dose"],
            table["weeks_in_program"] - table["weeks_unknown"],
        ),
        "completed": (
            (episodes["discharge_reason"] == "completed").astype(float),
            (episodes["days_to_discharge"].notna() & episodes["discharge_reason"].notna()),
        ),
        **{f"retained_{day}": _retained(table, day) for day in RETENTION_DAYS},
    }
    for name, (top, bottom) in fractions.items():
        counted, whole = (part.to_numpy(dtype=np.float64, na_value=0.0) for part in (top, bottom))
        frame[name] = _fractions(counted, whole, rows, scope)
    hours = table["hours_per_week"].to_numpy(dtype=np.float64)
    frame.insert(3, "hours_a_week", _means(hours, rows, scope))
    kinds: dict[str, Kind] = dict.fromkeys(fractions, "share")
    kinds["admitted"] = "count"
    kinds["hours_a_week"] = "number"
    note = (
        "Sessions attended of those due; mean attended hours a whole week; "
        "whole weeks with 9 hours or more, of those known; "
        "completed of those discharged with a reason; retained of those admitted long enough ago. "
        "All over the stay so far. A program is not better because its share is higher: the "
        "people differ."
    )
    return Table("programs", f"By program: {scope.words(4)}", frame, kinds, note)


def _retained(table: pd.DataFrame, day: int) -> tuple[pd.Series[float], pd.Series[float]]:
    answer = table[f"retained_{day}"]
    return answer.fillna(False).astype(float), answer.notna().astype(float)


def _fractions(top: Floats, bottom: Floats, rows: list[Mask], scope: Scope) -> pd.Series[Any]:
    """Return the share of each row, the last being the total; hidden where counts are small."""
    yes = np.array([top[row].sum() for row in rows])
    total = np.array([bottom[row].sum() for row in rows])
    counts = pd.DataFrame({"yes": yes, "no": total - yes, "total": total})
    shown = hide_small_counts(
        counts,
        scope.policy,
        counts=["yes", "no"],
        row_total="total",
        total_row=len(rows) - 1,
    )
    hidden = (shown == HIDDEN).any(axis=1)
    share = (counts["yes"] / counts["total"].where(counts["total"] > 0)).astype(object)
    return share.mask(hidden, HIDDEN)


def _means(values: Floats, rows: list[Mask], scope: Scope) -> pd.Series[Any]:
    """Return the mean of each row of which the last is the total, hidden where few are behind."""
    known = [values[row & ~np.isnan(values)] for row in rows]
    counts = pd.DataFrame({"n": [len(part) for part in known]})
    shown = hide_small_counts(counts, scope.policy, counts=["n"], total_row=len(rows) - 1)
    means = pd.Series([part.mean() if len(part) else np.nan for part in known]).astype(object)
    return means.mask(shown["n"] == HIDDEN, HIDDEN)
