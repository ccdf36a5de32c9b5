"""Shape the raw tables of CTN-0094 into the three tables that the library reads.

CTN-0094 holds de-identified records of 3,560 people in three opioid-medication trials
(CTN-0027, 0030, 0051); time is the study day, day 0 the day of consent. They are no intensive
outpatient groups: what comes out tests the library on real, dirty records and says nothing of
any program. Each decision below is a line of docs/validation_ctn0094.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TABLES = (
    *("everybody", "demographics", "site_masked", "randomization", "meta_study_length"),
    *("visit", "uds", "tlfb", "derived_visitImputed"),
)
FIRST_DAY = -30  # study days before it do not count (reference rule)

# The reasons of a visit not kept, the weightiest first where several are given, and the status
# that each becomes. The descriptions of the flags are those of the public data's manual.
REASONS = {
    "dead": "not_scheduled",
    "left_study": "not_scheduled",  # withdrew from the study
    "missing_14_consecutive": "not_scheduled",  # dropped for non-compliance
    "moved": "not_scheduled",  # moved from the study area
    "in_jail": "excused",
    "in_hospital": "excused",
    "illness": "excused",  # too sick to attend
    "on_vacation": "excused",
    "no_funding": "client_cancel",  # could not afford to get there
    "unable": "client_cancel",
    "forgot": "no_show",
    "no_show": "no_show",  # with no explanation
    "other": "client_cancel",  # another reason given
    "window": "unrecorded",  # the manual: unknown
    "no_note": "no_show",  # no visit, and no reason noted
}
DISCHARGES = {  # flags that end an episode, the weightiest first
    "dead": "died",
    "left_study": "dropped_out",
    "missing_14_consecutive": "terminated",
    "moved": "other",
}
KEPT = ("visit", "final")
ASSESSMENTS = ("BASELINE", "Cross Active Study", "WK28", "WK32", "EOT", "M1F", "M3F")
# The last visit of the treatment phase by trial, and the days from its planned day that pass.
LAST_VISITS = {27: ("WK24",), 30: ("P1Wk12", "P2Wk16"), 51: ("WK24",)}
IN_TIME = (-7, 42)

UNASSIGNED = "not randomised"
URINE_TARGETS = {
    "Methadone": ("Opioid", "Buprenorphine"),
    "Inpatient NR-NTX": ("Opioid", "Methadone", "Buprenorphine"),
    UNASSIGNED: ("Opioid", "Methadone", "Buprenorphine"),
}
BUPRENORPHINE_TARGETS = ("Opioid", "Methadone")
DIARY_NAMES = {"Heroin": "Opioid"}  # the diary says heroin where urine says opioid


@dataclass(frozen=True, eq=False)
class Shaped:
    """The three tables as `read_records` takes them, and the raw visit rows that they hold."""

    episodes: pd.DataFrame
    attendance: pd.DataFrame
    checkins: pd.DataFrame


def read_tables(data: Path) -> dict[str, pd.DataFrame]:
    return {name: pd.read_csv(data / f"{name}.csv.gz", low_memory=False) for name in TABLES}


def names_of(who: pd.Series[Any]) -> pd.Series[str]:
    return "ctn-" + who.astype(str).str.zfill(4)


def make_people(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a person: trial, arm, day of admission, of phase 2, and of the protocol's end."""
    drawn = tables["randomization"]
    first = drawn[drawn["which"] == 1].set_index("who")
    second = drawn[drawn["which"] == 2].set_index("who")["when"].dropna()
    people = tables["everybody"].set_index("who")[["project"]].copy()
    people["arm"] = first["treatment"].reindex(people.index).fillna(UNASSIGNED)
    people["randomised"] = people.index.isin(first.index)
    people["admit"] = first["when"].reindex(people.index).fillna(0)
    later = second.reindex(people.index)
    people["second"] = later.where((people["project"] == 30) & (later > people["admit"]))
    weeks = tables["meta_study_length"].groupby(["project", "phase"])["weeks"].sum()
    weeks = weeks / tables["meta_study_length"].groupby("project")["treatment"].nunique()
    first_weeks = people["project"].map(weeks.xs(1, level="phase"))
    two = people["project"].map(weeks.xs(2, level="phase"))
    end = (people["admit"] + 7 * first_weeks).where(
        people["second"].isna(), people["second"] + 7 * two
    )
    people["protocol_end"] = end.where(people["randomised"], people["admit"])
    return people


def make_visits(tables: dict[str, pd.DataFrame], people: pd.DataFrame) -> pd.DataFrame:
    """Every raw visit row, with its reason, its status and its day, recorded or planned.

    A visit that was missed bears no date, but its name says its week: it is put on the planned
    day, seven days a week from randomisation, where visits that were kept have their median.
    """
    visits = tables["visit"].reset_index(drop=True)
    flags = pd.DataFrame({name: visits[f"is_{name}"].notna() for name in REASONS})
    visits["reason"] = np.where(flags.any(axis=1), flags.idxmax(axis=1), "none given")
    visits["kept"] = visits["what"].isin(KEPT)
    # A form that is missing, and gives no reason, says neither that the person came nor not.
    no_form = (visits["what"] == "MISSING") & visits["reason"].isin(["no_note", "other"])
    status = visits["reason"].map(REASONS).mask(no_form | visits["what"].isna(), "unrecorded")
    visits["status"] = status.mask(visits["kept"], "attended")
    person = people.loc[visits["who"]].reset_index(drop=True)
    week = visits["visit"].str.extract(r"^(?:P[12])?W[Kk](\d+)[AB]?$")[0].astype(float)
    start = person["admit"].mask(visits["visit"].str.startswith("P2"), person["second"])
    planned = (start + 7 * week).where(person["randomised"])
    visits["week_day"] = planned
    visits["planned"] = visits["when"].isna() & planned.notna()
    visits["day"] = visits["when"].fillna(planned)
    return visits.drop(columns=[f"is_{name}" for name in REASONS]).join(flags[list(DISCHARGES)])


def make_discharges(visits: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """The day and reason of discharge, where the records say one.

    The day is that of the first row which says that the person died, left, was dropped or moved
    away (or, where that row has no day, of the last visit kept); else that of the last visit of
    the treatment phase, if it was kept. Others have no discharge on record.
    """
    last_kept = visits[visits["kept"]].groupby("who")["day"].max()
    project = people["project"].reindex(visits["who"]).reset_index(drop=True)
    # "WK24" is also the name of final visits that were made weeks before, or years after.
    final = visits["kept"] & (visits["day"] - visits["week_day"]).between(*IN_TIME)
    of_trial = [
        (project == trial) & visits["visit"].isin(names) for trial, names in LAST_VISITS.items()
    ]
    final &= np.logical_or.reduce(of_trial)
    ends = pd.DataFrame({"day": visits[final].groupby("who")["day"].max(), "reason": "completed"})
    for flag, reason in reversed(DISCHARGES.items()):  # the weightiest last, to stand
        rows = visits[visits[flag]]
        days = rows.groupby("who")["day"].min()
        days = days.fillna(last_kept.reindex(days.index))
        ends = pd.DataFrame({"day": days, "reason": reason}).combine_first(ends)
    admit = people["admit"].reindex(ends.index)
    return ends[people["randomised"].reindex(ends.index)].assign(day=ends["day"].clip(lower=admit))


def make_checkins(
    tables: dict[str, pd.DataFrame], visits: pd.DataFrame, people: pd.DataFrame
) -> pd.DataFrame:
    """One row a person and day on which something is known of use, or a visit was due or not.

    Missed: a day on which a visit was due (`derived_visitImputed`) and of which nothing is
    known; not due, if the person was never randomised. After the last day on which a visit was
    due, weeks without a check-in were not due either: the follow-up visits are weeks apart.
    """
    completed = known_days(tables, visits, people)
    due = tables["derived_visitImputed"].rename(columns={"when": "day"})
    absent = due[due["visitImputed"] == "Missing"].merge(
        completed[["who", "day"]], how="left", indicator=True
    )
    absent = absent.loc[absent["_merge"] == "left_only", ["who", "day"]].reset_index(drop=True)
    person = people.loc[absent["who"]].reset_index(drop=True)
    absent["status"] = np.where(person["randomised"], "missed", "not_due")
    idle = idle_weeks(completed, due, people)
    checkins = pd.concat(
        [completed[completed["day"] >= FIRST_DAY], absent[absent["day"].gt(person["admit"])], idle],
        ignore_index=True,
    )
    return checkins.sort_values(["who", "day"], ignore_index=True)


def known_days(
    tables: dict[str, pd.DataFrame], visits: pd.DataFrame, people: pd.DataFrame
) -> pd.DataFrame:
    """The completed check-ins: visits kept, positive urines, days of use told in the diary.

    A visit kept without a positive for a target substance is a negative. The diary (timeline
    follow-back) is told at later visits and lists days of use only; that no use was told is
    known of days up to the last one that the person's diary reaches.
    """
    kept = visits.loc[visits["kept"], ["who", "day"]].drop_duplicates()
    urine = _targeted(tables["uds"], people)
    diary = _targeted(tables["tlfb"].replace({"what": DIARY_NAMES}), people)
    sources = {"kept": kept.assign(what=None), "positive": urine, "told": diary}
    rows = pd.concat(sources, names=["source"]).reset_index(level="source")
    rows = rows.assign(**{name: rows["source"] == name for name in sources})
    days = (
        rows.sort_values("what")
        .groupby(["who", "day"])
        .agg(**{name: (name, "any") for name in sources}, substance=("what", "first"))
        .reset_index()
    )
    reach = tables["tlfb"].groupby("who")["when"].agg(["min", "max"]).reindex(days["who"])
    reach = reach.reset_index(drop=True)
    covered = days["day"].between(reach["min"], reach["max"])
    used = days["told"].astype("boolean").where(days["told"] | covered)
    results = np.select([days["positive"], days["kept"]], ["positive", "negative"], "not_collected")
    return days[["who", "day", "substance"]].assign(
        status="completed", used=used, use_days=used.astype("Float32"), drug_test=results
    )


def idle_weeks(completed: pd.DataFrame, due: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """The weeks after the last visit that was due, up to the last check-in, that hold none."""
    admit = people.loc[people["randomised"], "admit"]
    seen = completed.assign(week=_week(completed, people))
    first = ((due.groupby("who")["day"].max() - admit - 1) // 7 + 2).dropna()
    last = seen.groupby("who")["week"].max().reindex(first.index).fillna(0)
    counts = (last - first + 1).clip(lower=0).astype(int)
    who = np.repeat(first.index.to_numpy(), counts)
    starts = (np.cumsum(counts) - counts).repeat(counts).to_numpy()
    place = np.arange(len(who)) - starts
    weeks = pd.DataFrame({"who": who, "week": first.reindex(who).to_numpy() + place})
    weeks = weeks.merge(seen[["who", "week"]].drop_duplicates(), how="left", indicator=True)
    weeks = weeks[weeks["_merge"] == "left_only"]
    day = admit.reindex(weeks["who"]).to_numpy() + 7 * weeks["week"]
    return pd.DataFrame({"who": weeks["who"], "day": day, "status": "not_due"})


def _week(rows: pd.DataFrame, people: pd.DataFrame) -> pd.Series[Any]:
    admit = people["admit"].reindex(rows["who"]).to_numpy()
    week: pd.Series[Any] = (rows["day"] - admit - 1) // 7 + 1
    return week


def _targeted(table: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows whose substance is one that the person's arm is not meant to use."""
    arm = people["arm"].reindex(table["who"]).reset_index(drop=True)
    target = pd.Series(False, index=table.index)
    for name in arm.unique():
        targets = URINE_TARGETS.get(name, BUPRENORPHINE_TARGETS)
        target |= (arm == name) & table["what"].isin(targets)
    return table[target].rename(columns={"when": "day"})


def shape(data: Path) -> Shaped:
    """Read the raw tables and return the three tables in study days."""
    tables = read_tables(data)
    people = make_people(tables)
    visits = make_visits(tables, people)
    discharges = make_discharges(visits, people)
    checkins = make_checkins(tables, visits, people)
    # Not to the last thing known: after the protocol only those who used tell of anything.
    seen = visits[visits["kept"]].groupby("who")["day"].max().reindex(people.index).fillna(0)
    followed = people["protocol_end"].where(people["randomised"], seen)
    facts = tables["demographics"].set_index("who").reindex(people.index)
    sites = tables["site_masked"].set_index("who")["site_masked"].reindex(people.index)
    who = people.index.to_series()
    episodes = pd.DataFrame(
        {
            "episode_id": names_of(who),
            "program": "CTN-" + people["project"].astype(str).str.zfill(4),
            "admit_day": people["admit"],
            "discharge_day": discharges["day"].reindex(people.index),
            "discharge_reason": discharges["reason"].reindex(people.index),
            "followed_until_day": followed,
            "arm": people["arm"],
            "site": "site " + sites.astype(str),
            "age": facts["age"],
            "sex": facts["is_male"].map({"Yes": "male", "No": "female"}),
        }
    ).reset_index(drop=True)
    attendance = pd.DataFrame(
        {
            "episode_id": names_of(visits["who"]),
            "day": visits["day"],
            "service": np.where(visits["visit"].isin(ASSESSMENTS), "assessment", "individual"),
            "status": visits["status"],
            "group_id": visits["visit"],  # distinguishes the visits of one day
            "what": visits["what"].fillna("not said"),
            "reason": visits["reason"],
            "day_is": np.where(visits["planned"], "planned", "recorded"),
        }
    )
    checkins = checkins.assign(episode_id=names_of(checkins["who"])).drop(columns="who")
    return Shaped(episodes, attendance, checkins)
