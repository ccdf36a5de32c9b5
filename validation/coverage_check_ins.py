"""Settings in which relapse is known only between two check-ins."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from iop_outcomes.compare import compare_interval_survival, compare_survival
from iop_outcomes.samples.model.design import Array
from validation import coverage_estimators as by
from validation.coverage_count import TEST, Found, Truth, rejected
from validation.coverage_population import LAST_DAY, Population, data_cuts
from validation.coverage_setting import ALL, Setting, median_day, shares

GRID = (28, 63, 91)  # days of check-ins
BETWEEN = (30, 60, 90)  # days between two check-ins
PEOPLE = 300
RESAMPLES = 200
RESAMPLED = 0.6  # of the replicates, where limits are resampled
RESAMPLED_BROKEN = 0.15  # where no more is wanted than how far they are off
RULES_SAID = {
    "censor": "a missed check-in ends follow-up",
    "use": "missed is use",
    "no_use": "missed is no use, or the last value",
    "drop": "missed left out",
}


def check_in_settings(population: Population) -> list[Setting]:
    return [
        _all_answered(population),
        _missed_at_random(population),
        _missed_with_use(population),
        _leaving(population),
        _late(population),
        _unequal(population),
    ]


def _check_in_truth(population: Population) -> dict[str, Truth]:
    return {**shares(population, sorted({*GRID, *BETWEEN})), **median_day(population), **TEST}


def _all_answered(population: Population) -> Setting:
    return Setting(
        name="all_answered",
        title="Weekly check-ins, none missed",
        text="Each check-in asks for use since the last. Day 28, 63 and 91 are days of check-ins; "
        "day 30, 60 and 90 lie between two, so that the estimate is a stretch: its bias is that "
        "of both ends, and the limits are those of the lowest and of the highest. The two groups "
        "are drawn at random.",
        people=300,
        truth=_check_in_truth(population),
        once=partial(_intervals_once, {"": population.times["all:censor"]}, 300),
        share=RESAMPLED,
    )


def _missed_at_random(population: Population) -> Setting:
    frames = {
        ", asked since the last answer, missed left out": "random_since_last:drop",
        ", a missed one ends follow-up": "random_this_week:censor",
        ", asked since the last due, missed left out": "random_this_week:drop",
    }
    unseen = "a first use in a missed week is never asked for, and can be followed by clear weeks"
    wrong = "Intervals, asked since the last due, missed left out"
    return Setting(
        name="missed_at_random",
        title="Weekly check-ins, missed for reasons that have nothing to do with use",
        text="As the sample misses them (some people always answer, others seldom; fewer with "
        "time), but with both links to use cut. Where the check-in asks for use since the last "
        "answer, missed ones can be left out, and the interval reaches back over them.",
        people=300,
        truth=_check_in_truth(population),
        once=partial(
            _intervals_once, {name: population.times[key] for name, key in frames.items()}, 300
        ),
        broken={wrong: unseen},
        share=RESAMPLED,
    )


def _intervals_once(
    frames: dict[str, pd.DataFrame], people: int, rng: np.random.Generator
) -> list[Found]:
    """Every way of reading the check-ins of the same people; the first two with limits."""
    days = sorted({*GRID, *BETWEEN})
    drawn = rng.integers(0, len(next(iter(frames.values()))), people)
    group = rng.random(people) < 0.5
    seed = int(rng.integers(2**31))
    estimates = []
    for number, (name, frame) in enumerate(frames.items()):
        times = frame.take(drawn).reset_index(drop=True).assign(group=group)
        resamples = RESAMPLES if number < 2 else 0
        estimates += by.intervals(f"Intervals{name}", times, days, resamples, seed)
        estimates += by.at_check_ins(f"Naive: dated at the check-in{name}", times, days)
        test = compare_interval_survival(times, by="group")
        estimates.append(rejected(f"Score test{name}", test.p_value))
    return estimates


def _missed_with_use(population: Population) -> Setting:
    frames = {in_words: population.times[f"linked:{rule}"] for rule, in_words in RULES_SAID.items()}
    return Setting(
        name="missed_with_use",
        title="Weekly check-ins, missed more often after a relapse and by those more prone to it",
        text="As the sample has it: the log odds of answering fall by 1.1 after a first use, and "
        "those who come less answer less and relapse sooner. Up to a first use the last value is "
        "no use, so that these two rules give the same times.",
        people=300,
        truth=_check_in_truth(population),
        once=partial(_rules_once, frames, 300),
        broken={ALL: "misses depend on use"},
        share=RESAMPLED_BROKEN,
    )


def _rules_once(
    frames: dict[str, pd.DataFrame], people: int, rng: np.random.Generator
) -> list[Found]:
    drawn = rng.integers(0, len(next(iter(frames.values()))), people)
    seed = int(rng.integers(2**31))
    estimates = []
    for number, (rule, frame) in enumerate(frames.items()):
        times = frame.take(drawn).reset_index(drop=True)
        resamples = RESAMPLES if number == 0 else 0
        estimates += by.intervals(f"Intervals, {rule}", times, GRID, resamples, seed)
        estimates += by.at_check_ins(f"Naive: dated at the check-in, {rule}", times, GRID)
    return estimates


def _leaving(population: Population) -> Setting:
    return Setting(
        name="leaving",
        title="Weekly check-ins only until the person leaves, which a relapse brings about",
        text="As the sample has it: a first use in treatment makes 35 percent leave within days, "
        "before the next check-in shows it; those who come less relapse and leave more; and the "
        "rate of relapse rises once attendance ends. Nothing is known after leaving.",
        people=300,
        truth=_check_in_truth(population),
        once=partial(_leaving_once, population.times["until_leaving:censor"], 300),
        broken={ALL: "leaving depends on relapse"},
        share=RESAMPLED_BROKEN,
    )


def _leaving_once(frame: pd.DataFrame, people: int, rng: np.random.Generator) -> list[Found]:
    times = frame.take(rng.integers(0, len(frame), people)).reset_index(drop=True)
    return [
        *by.intervals("Intervals", times, GRID, RESAMPLES, int(rng.integers(2**31))),
        *by.at_check_ins("Naive: dated at the check-in", times, GRID),
        *by.bounds(times, GRID, times["left"].to_numpy()),
    ]


def _late(population: Population) -> Setting:
    return Setting(
        name="late_check_ins",
        title="Weekly check-ins in records that begin after admission",
        text="400 people are admitted. For half of them the records begin at a check-in 1 to 8 "
        "weeks later; who had relapsed or passed the data cut by then is in no record. No check-in "
        "is missed after that.",
        people=400,
        truth=_check_in_truth(population),
        once=partial(_late_once, population.relapse, 400),
        share=RESAMPLED,
    )


def _late_once(relapse: Array, people: int, rng: np.random.Generator) -> list[Found]:
    day = relapse[rng.integers(0, len(relapse), people)]
    last = np.minimum(data_cuts(people, rng), LAST_DAY) // 7 * 7
    entry = np.where(rng.random(people) < 0.5, 0, 7 * rng.integers(1, 9, people))
    shown = -(-day // 7) * 7  # the check-in that shows it
    event = shown <= last
    times = pd.DataFrame({"entry": entry, "days": np.minimum(shown, last), "event": event})
    times["clear_until"] = times["days"] - 7 * event
    times = times[(times["entry"] < times["days"]) & (entry < day)].reset_index(drop=True)
    seed, days = int(rng.integers(2**31)), sorted({*GRID, *BETWEEN})
    ignored = times.drop(columns="entry")
    return [
        *by.intervals("Intervals with entry", times, days, RESAMPLES, seed),
        *by.at_check_ins("Naive: entry used, dated at the check-in", times, days),
        *by.at_check_ins("Naive: entry ignored, dated at the check-in", ignored, days),
    ]


def _unequal(population: Population) -> Setting:
    return Setting(
        name="unequal",
        title="Two groups that do not differ, one asked every week, one every fourth",
        text="Nothing is missed, and the groups are drawn at random.",
        people=PEOPLE,
        truth=TEST,
        once=partial(_unequal_once, population.relapse, PEOPLE),
        broken={ALL: "the check-ins of the two groups do not come on the same days"},
    )


def _unequal_once(relapse: Array, people: int, rng: np.random.Generator) -> list[Found]:
    day = relapse[rng.integers(0, len(relapse), people)]
    group = rng.random(people) < 0.5
    step = np.where(group, 28, 7)
    last = np.minimum(data_cuts(people, rng), LAST_DAY) // step * step
    shown = -(-day // step) * step
    event = shown <= last
    days = np.minimum(shown, last)
    times = pd.DataFrame(
        {"clear_until": days - step * event, "days": days, "event": event, "group": group}
    )
    ours = compare_interval_survival(times, by="group")
    naive = compare_survival(times, by="group")
    return [
        rejected("Score test", ours.p_value),
        rejected("Naive: log-rank of check-in dates", naive.p_value),
    ]
