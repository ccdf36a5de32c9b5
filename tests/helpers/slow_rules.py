"""The rules of relapse, said plainly: one episode and one day at a time, in loops.

Written from the docstrings and docs, not from the code, so that the two can be held against each
other. Days here are days since admission until a function says that they are days since the origin.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from iop_outcomes.relapse import RelapseRule

CAME = ("attended", "attended_partial", "late")

# What each sign of a check-in is in the table: status, used, drug_test.
SIGNS = {
    "-": ("completed", "no", None),
    "+": ("completed", "yes", None),
    "o": ("missed", None, None),
    "?": ("completed", None, None),
    "_": ("not_due", None, None),
    "n": ("completed", None, "negative"),
    "p": ("completed", None, "positive"),
    "m": ("completed", None, "mixed"),
    "r": ("completed", None, "refused"),
    "v": ("completed", "no", "refused"),
    "w": ("completed", "yes", "refused"),
    "x": ("completed", "no", "positive"),
    "y": ("completed", "yes", "negative"),
    "i": ("completed", "no", "invalid"),
}


@dataclass(frozen=True)
class History:
    """One episode: its check-ins and sessions by day since admission, and how it ended.

    ``sessions`` are (day, service, status); ``followed`` is what the export says, if it does.
    """

    checkins: tuple[tuple[int, str], ...] = ()
    sessions: tuple[tuple[int, str, str], ...] = ()
    discharge: int | None = None
    reason: str | None = None
    followed: int | None = None
    cut: int = 100

    @property
    def end(self) -> int:
        """The last day on which the person could still have been seen, F."""
        ends = [self.cut, self.followed, self.discharge if self.reason == "died" else None]
        return min(day for day in ends if day is not None)

    @property
    def left(self) -> int | None:
        """The day of discharge, if it is not after the end of the follow-up."""
        return None if self.discharge is None or self.discharge > self.end else self.discharge

    @property
    def attended(self) -> list[tuple[int, str]]:
        """Day and service of what was attended; what is after the discharge is set aside."""
        last = self.end if self.left is None else self.left
        return sorted(
            (day, what) for day, what, how in self.sessions if how in CAME and day <= last
        )


# --- what a day and a week show -------------------------------------------------------------------

TREATMENT = ("group", "individual", "family", "skills", None)
ORDER = ("not due", "missing", "clear", "use")  # of several on one day, the last of these counts


def origin_of(history: History, rule: RelapseRule) -> int | None:
    """Return the day 0 of the rule, in days since admission; None where it was never reached."""
    if rule.origin == "admission":
        return 0
    if rule.origin == "discharge":
        return None if history.reason == "died" else history.left
    days = [day for day, service in history.attended if service in TREATMENT]
    return min(days, default=None)


def days_shown(history: History, rule: RelapseRule) -> dict[int, str]:
    """Return what each day shows, in days since the origin; those up to 0 are the baseline."""
    origin = origin_of(history, rule)
    assert origin is not None
    signs: dict[int, list[str]] = {}
    for day, sign in sorted(history.checkins):
        if day <= history.end:
            signs.setdefault(day - origin, []).append(sign)
    return {day: day_shows(each, rule) for day, each in signs.items()}


def day_shows(signs: list[str], rule: RelapseRule) -> str:
    """Return what one day shows: use, clear, missing (due, and nothing known) or not due."""
    rows = [SIGNS[sign] for sign in signs]
    reports = [used for status, used, _ in rows if status == "completed"]
    tests = [test for status, _, test in rows if status == "completed"]
    if rule.evidence == "self_report" or rule.name == "first_heavy_day":
        tests = []
    elif rule.evidence == "drug_test":
        reports = []
    if "refused" in tests and rule.refused == "use":
        return "use"
    if "refused" in tests and rule.refused == "missing":
        reports = [used for used in reports if used == "yes"]  # a reported "no" does not count
    if "yes" in reports or "positive" in tests or "mixed" in tests:
        return "use"
    if "no" in reports or "negative" in tests:
        return "clear"
    return "not due" if all(status == "not_due" for status, _, _ in rows) else "missing"


class Unit(NamedTuple):
    """A check-in that was due, or a week.

    ``day`` is the day it stands on; ``known`` the day on which it is known what it is.
    """

    number: int
    day: int
    state: str
    known: int
    recorded: bool = True
    filled: bool = False


def units_shown(shown: dict[int, str], followed: int, rule: RelapseRule) -> list[Unit]:
    """Return what the definition counts, in order, after the origin; `followed` is since then."""
    after = {day: state for day, state in shown.items() if day > 0}
    due = [day for day, state in after.items() if state != "not due"]
    if not rule.by_week:
        return [Unit(day, day, after[day], day) for day in due]
    weeks = []
    size = rule.week_days
    for number in range(1, -(-max(due, default=0) // size) + 1):
        days = range((number - 1) * size + 1, number * size + 1)
        states = [after[day] for day in days if day in after]
        last = min(days[-1], followed)
        state = max(states or ["missing"], key=ORDER.index)
        weeks.append(Unit(number, last, state, last, bool(states)))
    return weeks


def fill(units: list[Unit], shown: dict[int, str], rule: RelapseRule) -> list[Unit]:
    """Return the units as the missing rule has them; none of them is missing.

    Under "censor" there is none from the first missing one on.
    """
    baseline = [state for day, state in shown.items() if day <= 0 and state in ("clear", "use")]
    last = baseline[-1] if baseline else "clear"
    filled = []
    for place, unit in enumerate(units):
        later = [each for each in units[place + 1 :] if each.state in ("clear", "use")]
        if rule.of_dropout:  # what is counted are the missing ones, here called use
            counted = {"missing": "use", "not due": "not due"}.get(unit.state, "clear")
            filled.append(unit._replace(state=counted))
        elif unit.state != "missing":
            filled.append(unit)
            last = last if unit.state == "not due" else unit.state
        elif rule.missing == "censor":
            break
        elif rule.missing == "use":
            filled.append(unit._replace(state="use", filled=True, known=filled_on(units, place)))
        elif rule.missing == "no_use":
            filled.append(unit._replace(state="clear", filled=True, known=filled_on(units, place)))
        elif rule.missing == "last_value":
            filled.append(unit._replace(state=last, filled=True, known=filled_on(units, place)))
        elif rule.missing == "last_value_to_last_contact" and later:
            filled.append(unit._replace(state=last, filled=True, known=later[0].day))
    return filled


def filled_on(units: list[Unit], place: int) -> int:
    """Return when a missing unit is known to be one: a week without a row, when the next is due."""
    due = [unit for unit in units[place:] if unit.recorded and unit.state != "not due"]
    return due[0].day


def first_missing(units: list[Unit], rule: RelapseRule) -> int | None:
    """Return the day of the missing unit that ends what is known, m, if there is one."""
    days = [unit.day for unit in units if unit.state == "missing" and rule.missing == "censor"]
    return min(days, default=None)


def last_known(units: list[Unit]) -> int:
    """Return the last day known, k, of units filled in."""
    return max([0, *(unit.day for unit in units if unit.state in ("clear", "use"))])


# --- the first time that the definition is met ----------------------------------------------------


class Found(NamedTuple):
    """A relapse, or how long it is known that there was none."""

    clear_until: int
    days: int
    event: bool
    rests_on_missing: bool


class Counted(NamedTuple):
    """So many units with use, within so many in a row, of those from some number on."""

    needed: int
    window: int
    first: int


def counted_by(rule: RelapseRule) -> Counted:
    """Return what the rule counts."""
    return {
        "first_use": Counted(1, 1, 1),
        "k_of_n_weeks": Counted(rule.use_weeks, rule.window_weeks, 1),
        "x_bot": Counted(4, 4, 3),
        "lee_2016": Counted(2, 4, 1),
        "first_heavy_day": Counted(1, 1, 1),
        "ctn_0094_dropout": Counted(4, 4, 1),
    }[rule.name]


def first_met(
    units: list[Unit], shown: dict[int, str], rule: RelapseRule, after: int, until: int
) -> Found:
    """Return the first relapse after the day `after`, counted anew from there.

    `units` are filled in; after the day `until` nothing is known.
    """
    own = [unit for unit in units if unit.day > after]
    met = _units_met(own, counted_by(rule), rule.week_days, after)
    if rule.name == "x_bot":
        run = _run_of_days({day: state for day, state in shown.items() if day > after}, after)
        if run is not None and run.days <= until and (run.days < met.days or not met.event):
            return run
    return met


def _units_met(own: list[Unit], counted: Counted, week_days: int, after: int) -> Found:
    floor = max(after, (counted.first - 1) * week_days)
    for place in range(len(own)):
        window = own[max(place - counted.window + 1, 0) : place + 1]
        use = [unit for unit in window if unit.state == "use" and unit.number >= counted.first]
        if len(use) >= counted.needed:
            clear = [unit.day for unit in own if unit.state == "clear" and unit.day < use[0].day]
            filled = any(unit.filled for unit in use)
            return Found(max([floor, *clear]), window[-1].day, True, filled)
    known = max([after, *(unit.day for unit in own if unit.state in ("clear", "use"))])
    return Found(known, known, False, False)


def _run_of_days(shown: dict[int, str], after: int) -> Found | None:
    """Return the first run of 7 days of use that begins on day 21 or later, if there is one."""
    for day in sorted(shown):
        run = range(day - 6, day + 1)
        if run[0] >= 21 and all(shown.get(each) == "use" for each in run):
            clear = [each for each, state in shown.items() if state == "clear" and each < run[0]]
            return Found(max([after, 20, *clear]), day, True, False)
    return None


# --- time to relapse ------------------------------------------------------------------------------


class Time(NamedTuple):
    """A row of `time_to_relapse`, in days since the origin."""

    clear_until: int
    days: int
    event: bool
    ended_by: str
    ended_on: int
    competing_end: str | None
    competing_on: int | None
    rests_on_missing: bool


@dataclass(frozen=True)
class Known:
    """What is known of one episode after its origin; days are since the origin."""

    end: int
    shown: dict[int, str]
    units: list[Unit]  # filled in
    known_until: int  # k
    missed_on: int | None  # m: under "censor" nothing is known from this day on
    left: tuple[str, int] | None  # reason and day of a discharge after the origin
    seen: list[int]  # days on which the person came or answered
    heard: list[int]  # and day 0, those of which the rule says what they are, and not due
    to_come: int  # the last day on which who has not come so far is not out of sight
    missed: list[int]  # days with a check-in recorded as missed
    returns: list[int]  # days on which who was out of sight the day before is heard of again
    lost_after: int

    def out_of_sight(self, day: int) -> bool:
        """Tell whether a person was not heard of for more than `lost_after` days."""
        return day - max(each for each in self.heard if each <= day) > self.lost_after

    def assumed_out_of_sight(self, unit: Unit) -> bool:
        """Tell whether a unit is only filled in, on a day on which nobody knew of the person."""
        return unit.filled and self.out_of_sight(unit.day)

    def missed_since(self, start: int, day: int) -> bool:
        """Tell whether a check-in was missed after `start`, and since the person was heard of."""
        last = max(start, *(each for each in self.heard if each <= day))
        return any(last < each <= day for each in self.missed)


def known_of(history: History, rule: RelapseRule) -> Known | None:
    """Return what is known of an episode; None if it never began."""
    origin = origin_of(history, rule)
    if origin is None:
        return None
    shown = days_shown(history, rule)
    units = units_shown(shown, history.end - origin, rule)
    filled = fill(units, shown, rule)
    left = None
    if history.left is not None and rule.origin != "discharge":
        left = (history.reason or "discharged", history.left - origin)
    answered = [day for day, sign in history.checkins if SIGNS[sign][0] == "completed"]
    came = [*answered, *(day for day, _ in history.attended)]
    seen = [day - origin for day in came if origin <= day <= history.end]
    missed = [day for day, state in shown.items() if day > 0 and state == "missing"]
    waiting = [day for day, state in shown.items() if day > 0 and state == "not due"]
    heard = [0, *seen]
    if rule.missing in ("use", "no_use", "last_value", "missed"):
        heard += missed  # the rule says what they are
    heard = with_waiting(heard, waiting, rule.lost_after)
    return Known(
        end=history.end - origin,
        shown=shown,
        units=filled,
        known_until=last_known(filled),
        missed_on=first_missing(units, rule),
        left=left,
        seen=seen,
        heard=heard,
        missed=missed,
        to_come=with_waiting([0], waiting, rule.lost_after)[-1] + rule.lost_after,
        returns=[day for last, day in pairwise(heard) if day - 1 - last > rule.lost_after],
        lost_after=rule.lost_after,
    )


def with_waiting(heard: list[int], waiting: list[int], lost_after: int) -> list[int]:
    """Add the days on which nothing was due: they keep a person in sight, but bring nobody back."""
    for day in waiting:
        if day - 1 - max(each for each in heard if each <= day) <= lost_after:
            heard = [*heard, day]
    return sorted(set(heard))


def plain_time(history: History, rule: RelapseRule) -> Time | None:
    """Return how long an episode is known to be without relapse; None if it never began."""
    known = known_of(history, rule)
    if known is None:
        return None
    found = first_met(known.units, known.shown, rule, 0, known.known_until)
    competing = competing_end(known, rule, found.days if found.event else None)
    met = "dropped_out" if rule.of_dropout else "relapse"
    ended_by, ended_on = (met, found.days) if found.event else ended(known, rule)
    return Time(
        found.clear_until,
        found.days,
        found.event,
        ended_by,
        ended_on,
        None if competing is None else competing[0],
        None if competing is None else competing[1],
        found.rests_on_missing,
    )


def competing_end(known: Known, rule: RelapseRule, relapse: int | None) -> tuple[str, int] | None:
    """Return a discharge that competes with relapse and came first."""
    if known.left is None or known.left[0] not in rule.competing:
        return None
    day = known.left[1]
    if relapse is not None:
        return known.left if day < relapse else None
    if day <= known.known_until:
        return known.left
    if day > known.known_until + rule.lost_after:
        return None
    if known.missed_on is not None and day > known.missed_on:
        return None
    return known.left


def ended(known: Known, rule: RelapseRule) -> tuple[str, int]:
    """Return how an episode ended if no relapse did, and on which day."""
    due = [day for day, state in known.shown.items() if day > 0 and state != "not due"]
    last = known.known_until
    competing = competing_end(known, rule, None)
    if competing is not None and competing[1] >= min(last, max(due, default=0)):
        return competing[0], max(competing[1], last)
    if known.missed_on is not None:
        return "missed_check_in", last
    if known.left is not None:
        reason, day = known.left
        if reason in rule.competing and day > last + rule.lost_after:
            return "lost", last
        if reason not in rule.competing and (day >= max(due, default=0) or reason == "died"):
            return reason, max(day, last)
    if not due:
        return "no_check_in", last
    return ("lost" if known.out_of_sight(known.end) else "end_of_follow_up"), last


# --- relapse after relapse ------------------------------------------------------------------------


class Stretch(NamedTuple):
    """A row of `recurrent_relapses`."""

    entry: int
    days: int
    at_risk: bool
    event: bool
    number: int
    clear_until: int
    ended_by: str
    ended_on: int
    rests_on_missing: bool


def plain_stretches(history: History, rule: RelapseRule, clear_days: int) -> list[Stretch]:
    """Return the stretches at risk and in relapse, by turns; none if the episode never began."""
    known = known_of(history, rule)
    if known is None:
        return []
    end = ended(known, rule)
    stretches: list[Stretch] = []
    entry, number = 0, 1
    while True:
        met = first_met(known.units, known.shown, rule, entry, known.known_until)
        if not met.event:
            row = Stretch(entry, met.days, True, False, number, met.clear_until, *end, False)
            return [*stretches, row]
        relapse = met.days
        row = Stretch(
            entry,
            relapse,
            True,
            True,
            number,
            met.clear_until,
            "relapse",
            relapse,
            met.rests_on_missing,
        )
        stretches.append(row)
        recovery = recovered(known, relapse, clear_days)
        if recovery is None or recovery >= known.known_until:
            last = (
                max(known.known_until, end[1])
                if known.known_until == relapse
                else known.known_until
            )
            if last > relapse:
                row = Stretch(relapse, last, False, False, number, relapse, *end, False)
                stretches.append(row)
            return stretches
        row = Stretch(
            relapse, recovery, False, False, number, relapse, "recovered", recovery, False
        )
        stretches.append(row)
        entry, number = recovery, number + 1


def recovered(known: Known, relapse: int, clear_days: int) -> int | None:
    """Return the first clear day `clear_days` or more after the last use or the last return."""
    since = relapse
    for unit in known.units:
        if unit.day <= relapse:
            continue
        since = max([since, *(day for day in known.returns if day <= unit.day)])
        if unit.state == "use":
            since = unit.day
        clear = unit.state == "clear" and not known.assumed_out_of_sight(unit)
        if clear and unit.day - since >= clear_days:
            return unit.day
    return None
