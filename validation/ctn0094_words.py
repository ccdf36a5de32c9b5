"""The weekly words of CTN-0094 from the raw tables, by the public calls.

    python -m validation.ctn0094_words --data FOLDER

The raw urines name every substance found; which of them count, and that what an arm was
prescribed does not, is left to `iop.use_patterns`. The rules are those by which the authors of
the data derived their own words; see docs/validation_ctn0094.md for the source of the data.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import iop_outcomes as iop
from iop_outcomes.use import use_patterns
from validation.ctn0094_shape import FIRST_DAY, make_people, names_of, read_tables

LAST_DAY = 168  # study days after it do not count
TRIALS = (27, 51)
OPIOIDS = ("Opioid", "Methadone", "Buprenorphine")
BASELINE_WEEKS = (-9, 0)  # more than any baseline has


@dataclass(frozen=True, eq=False)
class Words:
    """The words of each person: up to the randomisation day, and after it."""

    baseline: pd.Series[str]
    treatment: pd.Series[str]


def prescribed_in(arm: pd.Series[str]) -> pd.Series[str]:
    """The opioid that each arm was given, which its urines are meant to hold."""
    medication = np.select(
        [arm.str.contains("BUP"), arm == "Methadone"], ["Buprenorphine", "Methadone"], "none"
    )
    return pd.Series(medication, index=arm.index)


def read(data: Path) -> iop.Records:
    """The randomised people of trials 27 and 51, with every urine result and every visit due."""
    tables = read_tables(data)
    people = make_people(tables)
    people = people[people["randomised"] & people["project"].isin(TRIALS)]
    due = tables["derived_visitImputed"].assign(substance=None)
    came = due["visitImputed"] == "Present"
    tests = tables["uds"].rename(columns={"what": "substance"})
    checkins = pd.concat(
        [
            due[came].assign(status="completed", drug_test="negative"),
            due[~came].assign(status="missed", drug_test=None),
            tests.assign(status="completed", drug_test="positive"),
        ],
        ignore_index=True,
    )
    counted = checkins["when"].between(FIRST_DAY, LAST_DAY) & checkins["who"].isin(people.index)
    checkins = checkins[counted].rename(columns={"when": "day"})
    episodes = pd.DataFrame(
        {
            "episode_id": names_of(people.index.to_series()),
            "program": "CTN-" + people["project"].astype(str).str.zfill(4),
            "admit_day": people["admit"],
            "followed_until_day": LAST_DAY,
            "arm": people["arm"],
            "prescribed": prescribed_in(people["arm"]),
        }
    ).reset_index(drop=True)
    checkins = checkins.assign(episode_id=names_of(checkins["who"]))
    columns = ["episode_id", "day", "status", "drug_test", "substance"]
    return iop.read_records(episodes=episodes, checkins=checkins[columns], as_of=LAST_DAY)


def make_words(records: iop.Records) -> Words:
    """The words by `iop.use_patterns`, urines alone, each arm's own medication left out.

    That a visit was kept is what shows no use of opioids, not that another substance was found.
    """

    def words(weeks: tuple[int, int] | None) -> pd.Series[str]:
        return use_patterns(
            records,
            weeks=weeks,
            sources="drug_test",
            substances=OPIOIDS,
            prescribed="prescribed",
            others="nothing",
        )

    return Words(words(BASELINE_WEEKS), words(None))


def compare(words: Words, data: Path) -> pd.DataFrame:
    """Ours beside the stored words of each person who has one: ``ours, stored`` of both parts.

    A stored baseline begins in the week of study day -30; our earlier weeks must be not due.
    """
    stored = pd.read_csv(data / "weekly_opioid_pattern_odd.csv.gz")
    stored = stored.assign(episode_id=names_of(stored["who"])).set_index("episode_id")
    stored = stored.reindex(words.treatment.index).dropna(subset=["Phase_1"])
    return pd.DataFrame(
        {
            "baseline": words.baseline.reindex(stored.index),
            "baseline_stored": stored["Baseline"].str.rjust(len(range(*BASELINE_WEEKS)) + 1, "_"),
            "treatment": words.treatment.reindex(stored.index),
            "treatment_stored": stored["Phase_1"],
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="The weekly words of CTN-0094")
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    table = compare(make_words(read(data)), data)
    for part in ("baseline", "treatment"):
        same = (table[part] == table[f"{part}_stored"]).sum()
        print(f"{part}: {same:,} of {len(table):,} words are those stored")


if __name__ == "__main__":
    main()
