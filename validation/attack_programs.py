"""Made-up programs for the attack on reports: small ones, odd ones, cut on any day."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

import iop_outcomes as iop
from iop_outcomes.errors import RuleError
from iop_outcomes.report.sections.cohort.served import served_columns
from iop_outcomes.samples import Sample, synthetic_records
from iop_outcomes.samples.model.design import Design

QUARTERS = ("2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1", "2026Q2", "2026Q3")
RULES = (
    iop.RelapseRule(),
    iop.RelapseRule(missing="use"),
    iop.RelapseRule(missing="no_use"),
    iop.RelapseRule(definition="k_of_n_weeks", use_weeks=2, window_weeks=4, missing="last_value"),
    iop.RelapseRule(origin="first_session"),
)


@dataclass(frozen=True, eq=False)
class Case:
    """Records with the quarter and the rule of their report, and how they were made."""

    records: iop.Records
    quarter: str | None
    rule: iop.RelapseRule
    made: dict[str, Any] = field(default_factory=dict)
    served_by: tuple[str, ...] | None = None

    def report(self, policy: iop.SafePolicy | None = None) -> iop.Report:
        return iop.quarterly_report(
            self.records, self.quarter, rule=self.rule, policy=policy, served_by=self.served_by
        )


@lru_cache(maxsize=4)
def population(seed: int, people: int) -> Sample:
    return synthetic_records(seed, design=Design(people=people, truth_people=50))


def sample_case(seed: int, quarter: str) -> Case:
    """Return the records of a sample as the library makes them, up to the end of a quarter."""
    made = population(seed, 760)
    end = pd.Period(quarter, "Q").end_time.normalize()
    records = records_up_to(made.episodes, made.attendance, made.checkins, end)
    return Case(records, quarter, RULES[0], {"seed": seed, "people": 760, "quarter": quarter})


def small_case(seed: int) -> Case:
    """Return records drawn at random: few people, missing values, rare statuses, faulty rows."""
    random = np.random.default_rng(seed)
    people = int(random.choice([60, 100, 160, 250, 400]))
    made = population(int(random.integers(1, 9)), people)
    quarter = str(random.choice(QUARTERS))
    end = pd.Period(quarter, "Q").end_time.normalize()
    end += pd.Timedelta(days=int(random.choice([-20, 0, 0, 30, 45, 95, 130])))
    episodes, attendance, checkins = (
        frame.copy() for frame in (made.episodes, made.attendance, made.checkins)
    )
    programs = list(episodes["program"].unique())
    kept = random.choice(programs, size=int(random.integers(1, len(programs) + 1)), replace=False)
    episodes = episodes[episodes["program"].isin(kept)].reset_index(drop=True)
    _spoil(episodes, attendance, random)
    served = _describe(episodes, np.random.default_rng([seed, 1]))
    tables = {"attendance": attendance, "checkins": checkins}
    left_out = str(random.choice(["", "", "", "", "attendance", "checkins"]))
    tables.pop(left_out, None)
    rule = RULES[int(random.integers(0, len(RULES)))]
    if left_out == "attendance" and rule.origin == "first_session":
        rule = RULES[0]
    records = records_up_to(episodes, tables.get("attendance"), tables.get("checkins"), end)
    whole = bool(random.random() < 0.1)
    made_of = {"seed": seed, "people": people, "quarter": quarter, "cut": end.date().isoformat()}
    if served is not None:
        served = tuple(one for one in served if _may_be_shown(records, one))
    return Case(records, None if whole else quarter, rule, made_of, served)


def _spoil(episodes: pd.DataFrame, attendance: pd.DataFrame, random: np.random.Generator) -> None:
    """Take values away, make some words rare, and break some rows."""
    for column in ("discharge_reason", "entry_path"):
        episodes[column] = episodes[column].astype(object)
        episodes.loc[random.random(len(episodes)) < random.choice([0.0, 0.02, 0.1]), column] = None
    attendance["status"] = attendance["status"].astype(object)
    for word in ("excused", "late", "client_cancel", "unrecorded"):
        rare = (attendance["status"] == word) & (random.random(len(attendance)) < 0.9)
        if random.random() < 0.3:
            attendance.loc[rare, "status"] = "attended"
            attendance.loc[rare, "minutes_attended"] = np.nan
    episodes["admit_date"] = episodes["admit_date"].astype(object)
    broken = random.random(len(episodes)) < random.choice([0.0, 0.0, 0.01, 0.05])
    episodes.loc[broken, "admit_date"] = "no date"


def _describe(episodes: pd.DataFrame, random: np.random.Generator) -> tuple[str, ...] | None:
    """Choose by which columns the admissions are shown, and take some of their values away.

    One says a part of what another one does: whether somebody is an adult of 35 or more, or has an
    opioid as primary substance.
    """
    if random.random() < 0.3:
        return None
    for column in ("age", "gender", "primary_substance", "referral_source"):
        gone = random.random(len(episodes)) < random.choice([0.0, 0.03, 0.2])
        episodes[column] = episodes[column].astype(object).where(~gone, None)
    ages = pd.to_numeric(episodes["age"])
    odd = random.random(len(episodes)) < random.choice([0.0, 0.05])
    episodes["age"] = ages.where(~odd, random.choice([15.0, 97.0, 999.0]))
    older = np.where(episodes["age"] >= 35, "yes", "no")
    episodes["older"] = pd.Series(older, episodes.index).where(episodes["age"].between(0, 120))
    opioids = np.where(episodes["primary_substance"] == "opioids", "yes", "no")
    known = episodes["primary_substance"].notna()
    episodes["opioids"] = pd.Series(opioids, episodes.index).where(known)
    columns = ["age", "gender", "primary_substance", "referral_source", "medication", "older"]
    size = int(random.integers(1, 6))
    return tuple(map(str, random.choice([*columns, "opioids"], size=size, replace=False)))


def _may_be_shown(records: iop.Records, column: str) -> bool:
    try:
        return served_columns(records, [column]) == (column,)
    except RuleError:  # a word that a few people have
        return False


def records_up_to(
    episodes: pd.DataFrame,
    attendance: pd.DataFrame | None,
    checkins: pd.DataFrame | None,
    end: pd.Timestamp,
) -> iop.Records:
    """Return the records as they would have been exported on a day."""
    dates = pd.to_datetime(episodes["admit_date"], errors="coerce", format="mixed")
    episodes = episodes[dates.isna() | (dates <= end)].copy()
    left = pd.to_datetime(episodes["discharge_date"]) > end
    episodes["discharge_reason"] = episodes["discharge_reason"].astype(object)
    episodes["discharge_date"] = pd.to_datetime(episodes["discharge_date"])
    episodes.loc[left, ["discharge_date", "discharge_reason"]] = None
    if "followed_until" in episodes:
        followed = pd.to_datetime(episodes["followed_until"])
        episodes["followed_until"] = followed.where(followed <= end, end)
    tables = {}
    for name, frame in (("attendance", attendance), ("checkins", checkins)):
        if frame is not None:
            here = frame["episode_id"].isin(episodes["episode_id"])
            tables[name] = frame[here & (pd.to_datetime(frame["date"]) <= end)]
    return iop.read_records(episodes=episodes, as_of=end.date().isoformat(), **tables)
