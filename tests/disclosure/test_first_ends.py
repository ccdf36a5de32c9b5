"""What came first, beside the curve of the same people: no small count by subtraction."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.fixed_days import EndsElsewhere, first_ends, protect_first
from iop_outcomes.errors import RuleError
from validation.attack_curves import curves
from validation.attack_reading import Read
from validation.attack_solving import Puzzle, Solved, solve

CMS = iop.SafePolicy()
KINDS = ("completed", "dropped_out", "died")


def frame(rows: list[tuple[int, int, bool, str | None, float]]) -> pd.DataFrame:
    """Return times of so many people each: days, event, which end came first, and its day."""
    names = ["n", "days", "event", "competing_end", "competing_on"]
    table = pd.DataFrame(rows, columns=names)
    table = table.loc[table.index.repeat(table.pop("n"))].reset_index(drop=True)
    return table.assign(ended_by=np.where(table["event"], "relapse", "end_of_follow_up"))


def drawn(seed: int) -> pd.DataFrame:
    """Return times of some people, of whom many leave before or after a relapse, or are lost."""
    random = np.random.default_rng(seed)
    size = int(random.integers(60, 400))
    relapse = np.ceil(random.weibull(0.8, size) * random.choice([60, 120, 250]))
    stop = random.choice([random.integers(1, 400, size), np.full(size, 400)])
    left = random.integers(1, random.choice([120, 300]), size).astype(float)
    left[random.random(size) < random.choice([0.0, 0.3, 0.6])] = np.nan
    event = relapse <= stop
    days = np.minimum(relapse, stop).astype(int)
    ends = ~(left >= days) & ~np.isnan(left)
    kind = pd.Series(random.choice(KINDS, size, p=[0.6, 0.35, 0.05])).where(ends, None)
    return pd.DataFrame(
        {
            "days": days,
            "event": event,
            "ended_by": np.where(event, "relapse", "end_of_follow_up"),
            "competing_end": kind,
            "competing_on": np.where(ends, left, np.nan),
        }
    )


def both(times: pd.DataFrame) -> tuple[iop.ProtectedCurves, iop.ProtectedCurves]:
    """Return the curve of relapse and what came first, as a report prints them."""
    curve = iop.survival_curves(times)
    shown = iop.protect(curve)
    days = [int(day) for day in shown.table["day"] if day > 0]
    return shown, protect_first(iop.cumulative_incidence(times), curve, CMS, days=days)


def asked(curve: iop.ProtectedCurves, table: pd.DataFrame) -> Solved:
    """Return what the reader of a curve and of shares by day and cause works out."""
    after = table[table["day"] > 0]
    wide = after.pivot_table("incidence", "cause", "day", observed=True).add_prefix("day_")
    wide = wide.rename_axis("came_first").reset_index()
    wide["came_first"] = wide["came_first"].replace({"relapse": "relapsed"})
    puzzle = Puzzle()
    curves(puzzle, Read({"relapse": curve.table, "relapse_first": wide}, {}, ""))
    return solve(puzzle)


AFTER = frame(  # five relapse after they completed
    [
        (25, 40, True, None, np.nan),
        (25, 200, False, "completed", 30.0),
        (5, 60, True, "completed", 30.0),
        (40, 200, False, None, np.nan),
    ]
)


def test_a_reader_subtracts_who_relapsed_first_from_the_relapses_of_the_curve() -> None:
    curve, shown = both(AFTER)
    assert curve.table["day"].tolist() == [0, 180]
    leaky = iop.cumulative_incidence(AFTER).at(180)[["cause", "day", "incidence"]].round(2)
    leaky = leaky.assign(cause=leaky["cause"].astype(str))
    assert leaky["incidence"].tolist() == [0.26, 0.32]
    found = asked(curve, leaky)
    assert ("first", "relapsed after", 0.0, 180.0) in found.small
    assert shown.table.empty


def test_what_came_first_is_shown_where_no_count_is_small() -> None:
    times = frame(
        [
            (25, 40, True, None, np.nan),
            (40, 200, False, "completed", 30.0),
            (12, 60, True, "completed", 30.0),
            (35, 200, False, None, np.nan),
        ]
    )
    curve, shown = both(times)
    on_180 = shown.at(180).set_index("cause")["incidence"]
    assert on_180.to_dict() == {"relapse": 0.22, "completed": 0.46}
    assert asked(curve, shown.table).small == []
    later = times.assign(competing_on=times["competing_on"] + 160)
    assert both(later)[1].table.empty  # nobody ends before the only day of the curve


def small_counts(times: pd.DataFrame, shown: iop.ProtectedCurves) -> list[int]:
    """Return the small counts that follow from days and kinds that are shown, row by row."""
    ended = times["competing_end"].notna() & ~(
        times["event"] & ~(times["competing_on"] < times["days"])
    )
    on = np.where(ended, times["competing_on"], times["days"])
    named = set(shown.table["cause"]) - {"relapse"}
    kind = times["competing_end"].where(times["competing_end"].isin(named), "other ends")
    of_relapse = times["event"] & ~ended
    series = [of_relapse, ~times["event"] & ~ended, *(ended & (kind == one) for one in named)]
    days = sorted(set(shown.table["day"]))
    found = []
    for start, end in combinations(days, 2):
        first, curve = (((day > start) & (day <= end)) for day in (on, times["days"]))
        found += [int((one & first).sum()) for one in series]
        found += [int((times["event"] & ended & curve).sum()), int((~times["event"] & curve).sum())]
    for day in days[1:]:
        relapsed = times["event"] & (times["days"] <= day)
        found += [int((ended & (on <= day) & ~relapsed).sum()), int((on > day).sum())]
    return [one for one in found if CMS.hides(one)]


def test_no_small_count_of_random_people_follows() -> None:
    published = kinds = 0
    for seed in range(24):
        times = drawn(seed)
        curve, shown = both(times)
        if shown.table.empty:
            continue
        assert small_counts(times, shown) == [], seed
        assert set(shown.table["day"]) <= set(curve.table["day"])
        truth = iop.cumulative_incidence(times).at(sorted(set(shown.table["day"])))
        whole = truth.groupby("day")["incidence"].sum()
        assert (shown.table.groupby("day")["incidence"].sum() - whole).abs().max() < 0.021
        published += 1
        kinds += len(set(shown.table["cause"])) > 2
        if seed % 5 == 0:
            found = asked(curve, shown.table)
            assert (found.pinned, found.small) == ({}, []), seed
    assert published > 10
    assert kinds > 2


def test_ends_of_too_few_people_are_taken_together() -> None:
    rows = [
        (30, 40, True, None, np.nan),
        (30, 200, False, "completed", 30.0),
        (20, 60, True, "completed", 30.0),
        (4, 200, False, "died", 20.0),
        (20, 200, False, "dropped_out", 20.0),
        (35, 200, False, None, np.nan),
    ]
    shown = both(frame(rows))[1]
    assert list(shown.table["cause"].unique()) == ["relapse", "completed", "other ends"]
    rows[3] = (14, 200, False, "died", 20.0)
    shown = both(frame(rows))[1]
    assert set(shown.table["cause"]) == {"relapse", *KINDS}


def test_ends_that_stand_in_another_table_are_not_told_less_those_that_came_first() -> None:
    rows = [(30, 40, True, None, np.nan), (30, 200, False, "completed", 30.0)]
    rows += [(20, 60, True, "completed", 30.0), (35, 200, False, None, np.nan)]
    times = frame(rows)  # 50 completed first by day 90
    curve = iop.survival_curves(times)
    incidence = iop.cumulative_incidence(times)

    def shown(*ended_on: float, printed: tuple[int, ...] = ()) -> bool:
        sets = ((frozenset(["completed"]), printed),) if printed else ()
        elsewhere = EndsElsewhere({"completed": np.sort(ended_on)}, sets)
        given = {"days": [90], "elsewhere": elsewhere}
        return not protect_first(incidence, curve, CMS, **given).table.empty

    assert shown(*[30.0] * 50)
    assert shown(*[30.0] * 61)
    assert not shown(*[30.0] * 56)  # six completed after a relapse
    late = [30.0] * 50 + [100.0] * 6
    assert shown(*late)
    assert not shown(*late, printed=(180,))  # 56 by day 180, of whom 50 first by day 90
    assert shown(*late, *[100.0] * 5, printed=(180,))


def test_kinds_that_another_table_takes_together_are_judged_together() -> None:
    sets = ((frozenset(["completed", "died"]), (90,)), (frozenset(["dropped_out"]), (120,)))
    days = {"completed": np.full(20, 30.0), "died": np.full(5, 30.0)}
    elsewhere = EndsElsewhere(days, sets)
    told = first_ends._ended_elsewhere
    assert told(elsewhere, frozenset(["completed"]), 60) == [25]
    assert (
        told(elsewhere, frozenset(["completed"]), 120) == []
    )  # only ends up to day 90 are printed
    assert told(elsewhere, frozenset(["completed", "dropped_out"]), 60) == [25]
    assert told(EndsElsewhere(days), frozenset(["completed"]), 60) == []


def test_a_policy_that_hides_nothing_is_refused() -> None:
    curve = iop.survival_curves(AFTER)
    with pytest.raises(RuleError, match="hides nothing"):
        protect_first(iop.cumulative_incidence(AFTER), curve, iop.SafePolicy.internal(), days=[90])
