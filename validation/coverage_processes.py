"""Settings of relapses that come again and of states, by processes known in closed form."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from iop_outcomes.compare import compare_recurrence, recurrent_cox
from iop_outcomes.samples.model.design import Array
from iop_outcomes.survival import mean_cumulative_function, state_occupation
from validation import coverage_estimators as by
from validation.coverage_count import NAN, TEST, Found, Truth, rejected
from validation.coverage_population import data_cuts
from validation.coverage_setting import DAYS, Setting

HORIZON = 180
PEOPLE = 300
SIZES = (200, 500)


def process_settings() -> list[Setting]:
    return [
        *(_recurrent(people) for people in SIZES),
        _terminal(),
        *(_states(people) for people in SIZES),
    ]


# Relapses that come again ------------------------------------------------------------------------

RATE, EFFECT, VARIANCE, DEATH = 0.01, 0.5, 1.0, 0.002
EFFECT_SAID = "log rate ratio"


def _mean_a_day(effect: float = 0.0) -> float:
    """The mean number of relapses on a day, over people whose rates differ (gamma)."""
    spread = VARIANCE * RATE * np.exp(effect)
    return float(1 - (1 + spread) ** (-1 / VARIANCE))


def _number(day: float) -> str:
    return f"relapses a person, day {day:g}"


def _recurrent(people: int) -> Setting:
    numbers = {_number(day): Truth(day * _mean_a_day(), "number") for day in DAYS}
    ratio = float(np.log(_mean_a_day(EFFECT) / _mean_a_day()))
    return Setting(
        name=f"recurrent{people}",
        title=f"Relapses that come again, {people} people",
        text="A relapse on each day with a probability of the person's own: about 0.01 on average, "
        "with a standard deviation as large (gamma). Followed 28 to 180 days, whatever happens. "
        "The test compares two groups drawn at random; for the rate ratio, another set of people "
        "has half of them at 1.65 times the rate.",
        people=people,
        truth={**numbers, EFFECT_SAID: Truth(ratio, "log"), **TEST},
        once=partial(_recurrent_once, people),
    )


def draw_relapses(
    people: int, rng: np.random.Generator, *, effect: float = 0.0, death: float = 0.0
) -> pd.DataFrame:
    """Draw stretches between relapses: ``id, entry, days, event, terminal, group``."""
    group = rng.random(people) < 0.5
    own = RATE * np.exp(effect * group) * rng.gamma(1 / VARIANCE, VARIANCE, people)
    cut = np.minimum(data_cuts(people, rng), HORIZON)
    died = rng.geometric(death, people) if death else np.full(people, HORIZON + 1)
    last = np.minimum(cut, died)
    day = np.arange(1, HORIZON + 1)
    relapse = rng.random((people, HORIZON)) < -np.expm1(-own)[:, None]
    relapse &= (day <= last[:, None]) & (day != died[:, None])
    person, place = np.nonzero(relapse)
    ends = pd.DataFrame({"id": person, "days": day[place], "event": True, "terminal": False})
    still = np.ones(people, dtype=bool)
    still[person[day[place] == last[person]]] = False
    rest = pd.DataFrame({"id": np.arange(people), "days": last, "event": False})
    rest = rest.assign(terminal=died <= cut)[still]
    times = pd.concat([ends, rest]).sort_values(["id", "days"], ignore_index=True)
    entry = times.groupby("id")["days"].shift(fill_value=0)
    return times.assign(entry=entry, group=group[times["id"]])


def _means(name: str, times: pd.DataFrame, terminal: str | None = None) -> list[Found]:
    means = mean_cumulative_function(times, id="id", terminal=terminal).at(DAYS)
    columns = ["mean", "se", "lower", "upper"]
    return [
        Found(name, _number(day), *row)
        for day, row in zip(DAYS, means[columns].to_numpy().tolist(), strict=True)
    ]


def _poisson(times: pd.DataFrame) -> list[Found]:
    """One rate for all days, every relapse taken as independent of the others."""
    events = int(times["event"].sum())
    value = events / (times["days"] - times["entry"]).sum()
    spread = np.exp(by.REACH / np.sqrt(events))
    error = value / np.sqrt(events)
    name = "Naive: relapses taken as independent"
    return [
        Found(
            name,
            _number(day),
            *(day * each for each in (value, error, value / spread, value * spread)),
        )
        for day in DAYS
    ]


def _poisson_test(times: pd.DataFrame) -> Found:
    from scipy.special import ndtr

    length = times["days"] - times["entry"]
    events = times.groupby("group")["event"].sum()
    rates = events / length.groupby(times["group"]).sum()
    z = abs(np.log(rates.iloc[1] / rates.iloc[0])) / np.sqrt((1 / events).sum())
    return rejected("Naive: relapses taken as independent", 2 * float(ndtr(-z)))


def _recurrent_once(people: int, rng: np.random.Generator) -> list[Found]:
    times = draw_relapses(people, rng)
    test = compare_recurrence(times, by="group", id="id")
    apart = draw_relapses(people, rng, effect=EFFECT)
    fit = recurrent_cox(apart.assign(group=apart["group"].astype(float)), ["group"], id="id")
    row = fit.table.iloc[0]
    limits = np.log([row["lower"], row["upper"]])
    model = row["coefficient"] + by.REACH * row["se_model"] * np.array([-1, 1])
    return [
        *_means("Mean cumulative function, robust", times),
        *_poisson(times),
        rejected("Test of means (pseudo-score)", test.p_value),
        _poisson_test(times),
        Found("Andersen-Gill, robust", EFFECT_SAID, row["coefficient"], row["se"], *limits),
        Found(
            "Naive: Andersen-Gill, errors of the model",
            EFFECT_SAID,
            row["coefficient"],
            row["se_model"],
            *model,
        ),
    ]


def _terminal() -> Setting:
    alive = np.cumsum((1 - DEATH) ** np.arange(1, HORIZON + 1)) * _mean_a_day()
    return Setting(
        name="terminal",
        title="Relapses that come again until death",
        text="As above, and on each day 2 in 1,000 die, whatever their rate of relapse.",
        people=PEOPLE,
        truth={_number(day): Truth(float(alive[day - 1]), "number") for day in DAYS},
        once=_terminal_once,
    )


def _terminal_once(rng: np.random.Generator) -> list[Found]:
    times = draw_relapses(PEOPLE, rng, death=DEATH)
    return [
        *_means("Mean with a terminal event, robust", times, "terminal"),
        *_means("Naive: the dead taken as censored", times),
    ]


# States ------------------------------------------------------------------------------------------

STATES = ("engaged", "lapsed", "relapsed", "out")
MOVES = np.array(  # probabilities a day; the last state is for good
    [
        [0.975, 0.015, 0.002, 0.008],
        [0.050, 0.910, 0.030, 0.010],
        [0.010, 0.015, 0.960, 0.015],
        [0.000, 0.000, 0.000, 1.000],
    ]
)


def _share(state: str, day: float) -> str:
    return f"{state}, day {day:g}"


def _spent(state: str) -> str:
    return f"{state}, days of the first 180"


def _states(people: int) -> Setting:
    shares_by_day = np.array([np.linalg.matrix_power(MOVES, day)[0] for day in range(HORIZON + 1)])
    truth = {
        _share(state, day): Truth(float(shares_by_day[day, place]), "share")
        for place, state in enumerate(STATES)
        for day in DAYS
    }
    spent = shares_by_day[:-1].sum(axis=0)
    return Setting(
        name=f"states{people}",
        title=f"States that are left and returned to, {people} people",
        text="A Markov chain of four states in days, all beginning engaged, one of them for good; "
        "followed 28 to 180 days, whatever happens.",
        people=people,
        truth={
            **truth,
            **{_spent(s): Truth(float(d), "days") for s, d in zip(STATES, spent, strict=True)},
        },
        once=partial(_states_once, people),
    )


def draw_states(people: int, rng: np.random.Generator) -> tuple[pd.DataFrame, Array]:
    """Draw stays, ``episode_id, state, entry, days, next_state``, and each one's state by day."""
    cut = np.minimum(data_cuts(people, rng), HORIZON)
    steps = np.cumsum(MOVES, axis=1)
    state = np.zeros((people, HORIZON + 1), dtype=np.int64)
    for day in range(1, HORIZON + 1):
        above = rng.random(people)[:, None] > steps[state[:, day - 1]]
        state[:, day] = np.minimum(above.sum(axis=1), len(STATES) - 1)
    state[np.arange(HORIZON + 1) > cut[:, None]] = -1
    person, day = np.nonzero((state[:, 1:] != state[:, :-1]) & (state[:, 1:] >= 0))
    day += 1
    names = np.array([*STATES, None], dtype=object)
    moves = pd.DataFrame(
        {"episode_id": person, "days": day, "to": state[person, day], "of": state[person, day - 1]}
    )
    everybody = np.arange(people)
    last = pd.DataFrame(
        {"episode_id": everybody, "days": cut, "to": -1, "of": state[everybody, cut]}
    )
    stays = pd.concat([moves, last]).sort_values(
        ["episode_id", "days", "to"], ascending=[True, True, False]
    )
    stays["entry"] = stays.groupby("episode_id")["days"].shift(fill_value=0)
    stays = stays[stays["entry"] < stays["days"]].reset_index(drop=True)
    named = stays.assign(state=names[stays["of"]], next_state=names[stays["to"]])
    return named[["episode_id", "state", "entry", "days", "next_state"]], state


def _states_once(people: int, rng: np.random.Generator) -> list[Found]:
    stays, state = draw_states(people, rng)
    occupation = state_occupation(stays)
    columns = ["share", "se", "lower", "upper"]
    rows = [
        Found(
            "Aalen-Johansen, robust", _share(row["state"], row["day"]), *(row[c] for c in columns)
        )
        for row in occupation.at(DAYS).to_dict("records")
    ]
    for row in occupation.time_in_state(HORIZON).to_dict("records"):
        value = (row[name] for name in ("days", "se", "lower", "upper"))
        rows.append(Found("Aalen-Johansen, robust", _spent(row["state"]), *value))
    return [*rows, *_last_seen(state)]


def _last_seen(state: Array) -> list[Found]:
    """The state in which each of all admitted was last seen, by each day."""
    place = np.maximum.accumulate(np.where(state >= 0, np.arange(state.shape[1]), 0), axis=1)
    seen = np.take_along_axis(state, place, axis=1)
    rows = []
    for day in DAYS:
        for code, name in enumerate(STATES):
            count = int((seen[:, day] == code).sum())
            lower, upper = (float(v) for v in by.proportion_interval(count, len(seen)))
            rows.append(
                Found(
                    "Naive: last state seen",
                    _share(name, day),
                    count / len(seen),
                    NAN,
                    lower,
                    upper,
                )
            )
    return rows
