"""Estimators recover the truth of a large sample, within the error that its size leaves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.errors import RuleError
from iop_outcomes.samples import Sample, synthetic_records
from iop_outcomes.samples.model.design import TEDS_MEDIAN_STAY, TEDS_SHARES

CUT = pd.Timestamp("2026-09-30")
CAME = ["attended", "late", "attended_partial"]
ABSENT = ["no_show", "client_cancel", "late_cancel", "excused"]
SURE = 4.5  # standard errors: passed by chance alone once in 150,000 comparisons


@pytest.fixture(scope="module")
def large() -> Sample:
    return synthetic_records(11, people=8_000)


def merged(sample: Sample, table: str) -> pd.DataFrame:
    """Rows of a table with the columns of their episodes and days since admission."""
    frame = getattr(sample, table).astype({"episode_id": object})
    truth = sample.truth.episodes[["episode_id", "relapse_day", "days_to_leaving"]]
    rows = frame.merge(sample.episodes, on="episode_id").merge(truth, on="episode_id")
    return rows.assign(day=(rows["date"] - rows["admit_date"]).dt.days)


@pytest.fixture(scope="module")
def due(large: Sample) -> pd.DataFrame:
    """Return the sessions that were due, with the columns of their episodes; not to be changed."""
    rows = merged(large, "attendance")
    return rows[rows["status"].isin(CAME + ABSENT)]


# The truth is recovered ------------------------------------------------------------------------

DAYS = [1, 7, 14, 30, 60, 90, 182, 364]


@pytest.mark.parametrize("by", [None, "track", "medication", "entry_path", "program"])
def test_true_relapse_times_have_the_true_survival(large: Sample, by: str | None) -> None:
    truth = large.truth.relapse_free(DAYS, by=by)
    late = large.truth.episodes["relapse_day"].fillna(np.inf)
    for _, row in truth.iterrows():
        group = slice(None) if by is None else large.truth.episodes[by] == row[by]
        free = late[group] > row["day"]
        error = np.hypot(
            np.sqrt(row["relapse_free"] * (1 - row["relapse_free"]) / len(free)), row["se"]
        )
        assert abs(free.mean() - row["relapse_free"]) < SURE * error


def test_kaplan_meier_of_the_true_times_up_to_the_data_cut_is_the_truth(large: Sample) -> None:
    episodes = large.truth.episodes
    relapse = episodes["relapse_day"].fillna(np.inf).to_numpy()
    last = np.minimum((CUT - episodes["admit_date"]).dt.days.to_numpy(), 364)
    days, event = np.minimum(relapse, last).astype(int), relapse <= last
    events = np.bincount(days[event], minlength=365)
    at_risk = len(days) - np.concatenate([[0], np.cumsum(np.bincount(days, minlength=365))])[:-1]
    survival = np.cumprod(1 - events / at_risk)
    greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
    truth = large.truth.relapse_free(DAYS)
    error = np.hypot(survival[DAYS] * np.sqrt(greenwood[DAYS]), truth["se"])
    assert (last < 182).sum() > 400  # staggered entry does censor
    assert (abs(survival[DAYS] - truth["relapse_free"]) < SURE * error).all()


def person_days(sample: Sample, horizon: int) -> dict[str, np.ndarray]:
    """Days at risk of a first use, with the covariates as the tables themselves tell them."""
    episodes, relapse = sample.episodes, sample.truth.episodes["relapse_day"].fillna(np.inf)
    sessions = sample.attendance
    row = sessions["episode_id"].cat.codes.to_numpy()
    admit = episodes["admit_date"].to_numpy()
    day = (sessions["date"].to_numpy() - admit[row]).astype("timedelta64[D]").astype(int)
    counts = {}
    for name, words in (("came", CAME), ("due", CAME + ABSENT)):
        held = np.zeros((len(episodes), horizon + 1))
        chosen = sessions["status"].isin(words).to_numpy() & (day <= horizon)
        np.add.at(held, (row[chosen], day[chosen]), 1)
        total = np.cumsum(held, axis=1)
        window = total.copy()
        window[:, 14:] -= total[:, :-14]
        counts[name] = window[:, :-1]  # the 14 days before days 1, 2, ...
    days = np.arange(1, horizon + 1)
    stay = (episodes["discharge_date"] - episodes["admit_date"]).dt.days.to_numpy()[:, None]
    completed = (episodes["discharge_reason"] == "completed").to_numpy()[:, None] & (days > stay)
    last = np.minimum(relapse, (CUT - episodes["admit_date"]).dt.days).to_numpy()[:, None]
    shape = (len(episodes), horizon)
    columns = {
        "attendance": counts["came"] / np.maximum(counts["due"], 1),
        "completed": completed,
        "medication": (episodes["medication"] == "yes").to_numpy()[:, None],
        "age": episodes["age"].to_numpy()[:, None] - 38,
        "event": days == relapse.to_numpy()[:, None],
        "day": days[None, :],
    }
    for name in ("track", "entry_path", "primary_substance"):
        for level in episodes[name].cat.categories:
            columns[f"{name}={level}"] = (episodes[name] == level).to_numpy()[:, None]
    at_risk = days <= last
    return {name: np.broadcast_to(c, shape)[at_risk].astype(float) for name, c in columns.items()}


def score(rows: dict[str, np.ndarray], hazard: dict[str, float]) -> dict[str, float]:
    """Standardised score of each covariate at the given parameters: near 0 where they are true."""
    begin, end = ((rows["day"] - shift) / hazard["scale"] for shift in (1, 0))
    step = end ** hazard["shape"] - begin ** hazard["shape"]
    named = [name for name in hazard if name in rows]
    step *= np.exp(sum(hazard[name] * rows[name] for name in named))
    chance = -np.expm1(-step)
    ones = np.ones(len(step))
    early = (rows["day"] <= 7).astype(float)
    covariates = {"overall": ones, "first week": early, **{n: rows[n] for n in named}}
    return {
        name: float(((rows["event"] - chance) * x).sum() / np.sqrt((chance * x**2).sum()))
        for name, x in covariates.items()
    }


def test_the_hazard_of_the_card_is_the_hazard_of_the_tables(large: Sample) -> None:
    rows = person_days(large, 120)
    scores = score(rows, large.truth.hazard)
    assert {"attendance", "completed", "medication", "entry_path=after_relapse"} < set(scores)
    assert {name: z for name, z in scores.items() if abs(z) > SURE} == {}
    for name in ("attendance", "completed", "medication", "track=evening", "age"):
        wrong = score(rows, {**large.truth.hazard, name: 0.0})
        assert abs(wrong[name]) > SURE, name
    assert abs(score(rows, {**large.truth.hazard, "shape": 1.0})["first week"]) > SURE


def test_the_seen_attendance_is_the_true_rate_but_for_chance(
    large: Sample, due: pd.DataFrame
) -> None:
    truth = large.truth.attendance
    z = (truth["attended"] - truth["expected"]) / np.sqrt(truth["variance"])
    assert abs(z).max() < SURE
    assert abs((z**2).mean() - 1) < SURE * np.sqrt(2 / len(z))
    month = due["date"].to_numpy().astype("datetime64[M]")
    seen = due["status"].isin(CAME).groupby([due["program"].astype(str), month])
    counted = seen.agg(["sum", "size"]).to_numpy()
    assert (counted == truth[["attended", "sessions"]].to_numpy()).all()


def test_simulated_changes_stand_out_and_stable_programs_do_not_move(
    large: Sample, due: pd.DataFrame
) -> None:
    """Compare rates before and after a date, with an error that knows that clients differ."""
    sessions = due.assign(came=due["status"].isin(CAME).astype(float))
    changes = large.truth.changes.set_index("program")
    for program, rows in sessions.groupby("program", observed=True):
        simulated = program in changes.index
        date = changes.loc[program, "start"] if simulated else pd.Timestamp("2025-06-01")
        if simulated and changes.loc[program, "kind"] == "trend":
            date = pd.Timestamp("2025-06-01")
        after = rows["date"] >= date
        rate = rows["came"].groupby(after).mean()
        rest = (rows["came"] - after.map(rate)) * np.where(after, 1, -1)
        rest /= after.map(after.value_counts())
        error = np.sqrt((rest.groupby(rows["person_id"]).sum() ** 2).sum())
        z = (rate[True] - rate[False]) / error
        if simulated:
            assert z * np.sign(changes.loc[program, "log_odds"]) > SURE, program
        else:
            assert abs(z) < SURE, program
    assert set(changes["kind"]) == {"shift", "trend", "policy"}


def test_clients_differ_more_than_chance_would_have_it(due: pd.DataFrame) -> None:
    sessions = due[due["program"] == "North"]
    counts = sessions["status"].isin(CAME).groupby(sessions["episode_id"]).agg(["sum", "size"])
    rate = counts["sum"].sum() / counts["size"].sum()
    chi = (
        (counts["sum"] - rate * counts["size"]) ** 2 / (counts["size"] * rate * (1 - rate))
    ).sum()
    assert (chi - len(counts)) / np.sqrt(2 * len(counts)) > SURE


def test_absences_rise_before_a_dropout(due: pd.DataFrame) -> None:
    rows = due[due["discharge_reason"] == "dropped_out"]
    before = rows["days_to_leaving"] - rows["day"]
    absent = rows["status"].isin(ABSENT)
    near, far = absent[before.between(0, 6)], absent[before.between(22, 35)]
    error = np.sqrt(sum(group.var() / len(group) for group in (near, far)))
    assert (near.mean() - far.mean()) / error > SURE


def test_ends_of_episodes_are_those_of_teds(large: Sample) -> None:
    old = large.episodes[large.episodes["admit_date"] <= CUT - pd.Timedelta(days=364)]
    assert old["discharge_date"].notna().all()
    reason = old["discharge_reason"].astype(str).replace(["incarcerated", "died"], "other")
    came = large.attendance[large.attendance["status"].isin(CAME)]
    last = came.groupby("episode_id", observed=False)["date"].max()
    stay = (old["episode_id"].map(last).astype("datetime64[s]") - old["admit_date"]).dt.days
    for name, share in TEDS_SHARES.items():
        error = np.sqrt(share * (1 - share) / len(old))
        assert abs((reason == name).mean() - share) < SURE * error, name
        of_reason = stay[reason == name]
        room = SURE * np.sqrt(0.25 / len(of_reason))  # of the share below the median
        assert (of_reason < TEDS_MEDIAN_STAY[name]).mean() < 0.5 + room, name
        assert (of_reason <= TEDS_MEDIAN_STAY[name]).mean() > 0.5 - room, name


def test_a_first_use_makes_people_leave(large: Sample) -> None:
    truth = large.truth.episodes
    using = truth[truth["relapse_day"] <= truth["days_to_leaving"]]
    others = truth[truth["days_to_leaving"] >= 14]
    soon = using["days_to_leaving"] - using["relapse_day"] <= 14
    usual = others["days_to_leaving"] <= 28  # a fortnight begun in treatment and not ended there
    error = np.sqrt(soon.var() / len(soon) + usual.var() / len(usual))
    assert (soon.mean() - usual.mean()) / error > SURE


# Check-ins -------------------------------------------------------------------------------------


def test_a_check_in_tells_the_use_since_the_last_one_due(large: Sample) -> None:
    rows = merged(large, "checkins")
    due = rows["status"] != "not_due"
    episode = rows["episode_id"]
    last_due = rows["day"].where(due).groupby(episode).ffill().groupby(episode).shift()
    answered = rows[(rows["status"] == "completed") & (rows["day"] > 0)].assign(last_due=last_due)
    first = (answered["relapse_day"] > answered["last_due"]) & (
        answered["relapse_day"] <= answered["day"]
    )
    assert first.sum() > 1200
    assert answered.loc[first, "used"].all()
    assert not answered.loc[answered["relapse_day"].fillna(np.inf) > answered["day"], "used"].any()
    assert answered.loc[answered["relapse_day"] <= answered["last_due"], "used"].mean() > 0.1
    assert ((answered["use_days"] > 0) == answered["used"]).all()
    assert (answered["use_days"] <= answered["day"] - answered["last_due"]).all()
    positive = answered["drug_test"].isin(["positive", "mixed"])
    assert answered.loc[positive, "used"].all()


def test_check_ins_are_missed_more_with_time_and_after_a_first_use(large: Sample) -> None:
    rows = merged(large, "checkins")
    rows = rows[(rows["status"] != "not_due") & (rows["day"] > 0)]
    missed = rows["status"] == "missed"
    answered = 1 - missed.groupby(rows["day"]).mean()
    assert 0.80 < answered[7] < 0.90
    assert 0.55 < answered[182] < 0.65
    assert np.polyfit(answered.index, answered, 1)[0] < 0
    for week in (4, 12, 26):  # in one week, so that time does not distinguish them
        in_week = rows["day"] == 7 * week
        after = rows["relapse_day"] <= rows["day"]
        used, not_used = missed[in_week & after], missed[in_week & ~after]
        error = np.sqrt(used.var() / len(used) + not_used.var() / len(not_used))
        assert (used.mean() - not_used.mean()) / error > SURE


def test_readmissions_come_late_enough_and_often_enough(large: Sample) -> None:
    episodes = large.episodes
    before = episodes.groupby("person_id")["discharge_date"].shift()
    again = episodes["person_id"].duplicated()
    assert ((episodes["admit_date"] - before).dt.days[again] > 30).all()
    assert 0.10 < again.mean() < 0.15


# What is refused -------------------------------------------------------------------------------


def test_the_truth_begins_at_one_and_falls(large: Sample) -> None:
    free = large.truth.relapse_free(range(365))["relapse_free"]
    assert free[0] == 1
    assert (np.diff(free) < 0).all()


def test_what_the_truth_does_not_know_is_refused(large: Sample) -> None:
    with pytest.raises(RuleError, match="days 0 to 365"):
        large.truth.relapse_free([0, 365])
    with pytest.raises(RuleError, match="no true values by 'age'"):
        large.truth.relapse_free([30], by="age")
