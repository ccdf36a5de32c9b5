"""Sets of reports of one run, of all programs and of each, and what follows without a protection.

Each is of a random sample: two to four programs of different sizes, some people in two of them.
The report of all is made once more without each step that protects it beside the others.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from iop_outcomes.disclosure.system import KeptParts, audit
from iop_outcomes.disclosure.system.joining import adds_up
from iop_outcomes.records import Records
from iop_outcomes.report import Report, each, together
from iop_outcomes.report.each import ReportsOfPrograms, reports_of_programs
from iop_outcomes.report.period import parse_report_period
from iop_outcomes.report.quarterly import Wanted
from iop_outcomes.report.sections.quarters import COHORTS
from iop_outcomes.report.settings import ReportSettings
from validation.attack_programs import RULES, Case, population, records_up_to
from validation.attack_saving import as_read, as_saved
from validation.attack_sets import told_by_set

PROGRAMS = ("East", "North", "South", "West")
QUARTERS = ("2025Q4", "2026Q1", "2026Q2")
LEAST, MOST = 20, 150
"""How many were admitted to a program in the year of the report."""


def _not_so(_: object) -> bool:
    return False


def _itself(key: object) -> object:
    return key


def _not_by_quarter(key: object) -> bool:
    """Say whether a count adds up that is of no cohort by quarter: rules met are, too."""
    return COHORTS not in repr(key) and adds_up(key)


@dataclass(frozen=True)
class Step:
    """A step that protects the report of all beside the others: its name there, and no step.

    `also` are names, and what is there instead, of what protects in the same way.
    """

    words: str
    name: str
    instead: Any
    also: tuple[tuple[str, Any], ...] = ()


STEPS = {
    "without_people": Step("people add up, less who is in several", "counts_people", _not_so),
    "without_episodes": Step(
        "rules met, scores and stays add up",
        "of_episodes",
        _not_so,
        (("adds_up", _not_by_quarter),),
    ),
    "without_months": Step("months add up to the quarter", "_quarter_of", _itself),
    "without_sums": Step("all else adds up", "adds_up", _not_so),
}


@dataclass(eq=False)
class Set:
    """The reports of a set, how long they took, and that of all without each protecting step."""

    made: ReportsOfPrograms
    whole_without: dict[str, Report] = field(default_factory=dict)
    seconds: float = 0.0

    def reports(self, step: str = "") -> list[Report]:
        """Return the reports of each program and of all, the latter perhaps without a step."""
        return [*self.made.each.values(), self.whole_without.get(step, self.made.whole)]


def set_case(number: int) -> Case:
    """Return random records of several programs: each of 20 to 150 admissions in the last year."""
    random = np.random.default_rng([number, 7])
    names = list(PROGRAMS[: 2 + number % 3])
    quarter = str(random.choice(QUARTERS))
    end = pd.Period(quarter, "Q").end_time.normalize()
    while True:
        sample = population(int(random.integers(1, 50)), int(random.choice([150, 250, 400])))
        weights = random.uniform(0.3, 1.0, len(names))
        episodes = _in_programs(sample.episodes, names, weights / weights.sum(), random)
        year = episodes["admit_date"].between(end - pd.Timedelta(days=364), end)
        sizes = episodes.loc[year, "program"].value_counts().reindex(names, fill_value=0)
        if sizes.between(LEAST, MOST).all():
            break
    records = records_up_to(episodes, sample.attendance, sample.checkins, end)
    return Case(records, quarter, RULES[0], {"set": number, "admitted": sizes.to_dict()})


def _in_programs(
    episodes: pd.DataFrame, names: Sequence[str], share: np.ndarray, random: np.random.Generator
) -> pd.DataFrame:
    """Give each person a program, and some of their admissions another one."""
    people = episodes["person_id"].astype(str)
    own = {person: random.choice(names, p=share) for person in people.unique()}
    program = people.map(own)
    moved = random.random(len(episodes)) < random.choice([0.0, 0.1, 0.5])
    others = random.choice(names, size=len(episodes), p=share)
    return episodes.assign(program=program.where(~moved, others))


@contextmanager
def without(step: str) -> Iterator[None]:
    """Leave out a step that protects the report of all beside those of the programs."""
    left_out = STEPS[step]
    with ExitStack() as patches:
        for name, instead in ((left_out.name, left_out.instead), *left_out.also):
            patches.enter_context(patch.object(together, name, instead))
        yield


def make_set(case: Case, settings: ReportSettings, steps: Sequence[str] = tuple(STEPS)) -> Set:
    """Make the reports of a case as ``--all-programs`` does, and that of all without each step."""
    make, whole_without = each.make_report, dict[str, Report]()
    seconds = 0.0

    def making(records: Records, wanted: Wanted, own: ReportSettings) -> Report:
        if wanted.together is not None and wanted.together.of_all:
            for step in steps:
                with without(step):
                    alone = replace(wanted, together=deepcopy(wanted.together))
                    whole_without[step] = make(records, alone, own)
        nonlocal seconds
        start = time.process_time()
        try:
            return make(records, wanted, own)
        finally:
            seconds += time.process_time() - start

    assert case.quarter is not None
    wanted = Wanted(parse_report_period(case.quarter), case.rule)
    with patch.object(each, "make_report", making):
        made = reports_of_programs(case.records, wanted, settings)
    return Set(made, whole_without, seconds)


def attack_set(number: int) -> dict[str, object]:
    """Make a set and attack it: by the audit, by the second attacker, and without each step."""
    case = set_case(number)
    made = make_set(case, ReportSettings())
    reads = {step: [as_read(one) for one in made.reports(step)] for step in ("", *STEPS)}
    told = told_by_set(reads[""])
    saved, parts = [cells for one in made.reports() for cells in as_saved(one)], KeptParts()
    printed = [one.cells for one in made.reports() if one.cells is not None]
    return {
        "admissions": sum(case.made["admitted"].values()),
        "programs": len(case.made["admitted"]),
        "reports": len(made.reports()),
        "audited": len(audit(printed, parts).found),
        "saved_told": len(audit(saved, parts).found),
        **{f"second_{name}": value for name, value in told.items()},
        **{step: told_by_set(reads[step])["told"] for step in STEPS},
        "seconds": round(made.seconds / len(made.reports()), 2),
    }
