"""Histories of states: one row a stay of an episode in a state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.records.covariates import covariates, refuse_taken
from iop_outcomes.relapse.course.observation import (
    ContactHistory,
    as_units,
    check_course,
    read_contact_history,
)
from iop_outcomes.relapse.course.state_course import (
    DEAD,
    ENGAGED,
    days_it_is_known,
    states_by_day,
    use_states,
)
from iop_outcomes.relapse.ends import read_ends
from iop_outcomes.relapse.evidence import origin_days, read_checkins
from iop_outcomes.relapse.first_event import fill_missing, observed
from iop_outcomes.relapse.rule import RelapseRule
from iop_outcomes.relapse.times import label_times, left_out
from iop_outcomes.shared.arrays import ends_of, starts_of
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.vocabulary import STATES
from iop_outcomes.use.evidence import has_word

if TYPE_CHECKING:
    from iop_outcomes.records import Records

STAY_COLUMNS = ("state", "entry", "days", "next_state")
NOT_FOLLOWED = "not seen after the first day"


def state_histories(
    records: Records, rule: RelapseRule | None = None, *, clear_days: int = 28
) -> pd.DataFrame:
    """Return the states of each episode over time, one row a stay in a state.

    Parameters
    ----------
    records : Records
        With the check-ins; the attendance is read if it is there.
    rule : RelapseRule, optional
        What counts as relapse, and what a missing check-in means. By default four weeks with use
        in a row, a missing week taking the last value up to the last contact: under
        ``RelapseRule()`` a lapse is a relapse, and the first missed check-in ends the history.
    clear_days : int
        Days known clear since the last use after which a person has recovered.

    Returns
    -------
    pandas.DataFrame
        In the order of ``records.episodes`` and of time:

        - ``episode_id``, ``person_id``, ``program``, and the covariates of the episode known at
          its start;
        - ``state`` (category);
        - ``entry``, ``days`` (int32): in the state from day `entry` after the origin to day
          `days`; on `days` itself already in the next;
        - ``next_state`` (category): what came on `days`; missing where the stay is censored
          (the end of follow-up or of what is known).

        Labels, and in ``attrs`` what was there before, as `time_to_relapse` has them: ``rule``,
        ``definition``, ``origin``, ``missing``, ``evidence``, ``refused``, ``competing``,
        ``clear_days``, ``not_started`` and ``not_followed`` (episodes left out: without a day 0;
        with nothing known after it), ``died_in_treatment`` and ``synthetic``.

    Raises
    ------
    MissingTableError
        If the check-ins were not read.
    RuleError
        If the definition is one of dropout, `clear_days` is no whole number of at least 1, or a
        covariate has the name of one of these columns.

    Notes
    -----
    The state on a day is based on what was recorded up to that day: check-ins, attendance,
    discharge. No later row changes it. The first that applies:

    1. **dead**: discharged as died. No state follows.
    2. **lost**: neither a completed check-in nor an attended service for more than
       ``rule.lost_after`` days (`RelapseRule` says what else counts), whether or not check-ins were
       due. After a discharge only if a check-in was missed after it. After a new contact a person
       returns to the state before.
    3. **relapsed**: the definition was met, since the last recovery.
    4. **lapsed**: use was shown since the last recovery, and the definition was not met.
    5. **recovered**: `clear_days` or more since the last use (or since the return from lost, if
       later), all of it clear under the missing rule; until the next use.
    6. **discharged**: left the program, for whatever reason, without use so far. Check-ins after a
       discharge still count: use after it is a lapse. Those with use before stay in 3 to 5, until
       there was no contact for more than ``rule.lost_after`` days and no check-in was missed (none
       was due any more): then discharged as well, until the next contact. Where the check-ins after
       a discharge are planned further apart, raise ``lost_after``.
    7. **engaged**: in the program, without use so far. A person without a completed check-in or
       attended service in the first ``rule.lost_after`` days, or at all, is lost from day 0 instead
       of engaged, whatever the rule makes of the check-ins missed: whether there was any contact is
       the only thing that is read in retrospect. Those who had none and were followed for no longer
       than that is left out, unless discharged or with use by the missing rule.

    **When a missing check-in is known.** `iop_outcomes.time_to_relapse` looks back from the end of
    the follow-up, a history does not. Missing check-ins that the rule fills in count from the day
    on which it is known that they are filled in: a missed check-in, or a week with one, on
    its own day; a week without any check-in when the next check-in is due; under
    ``"last_value_to_last_contact"`` any of them when the person is next known. So a relapse that
    rests on missing weeks is dated on that later day. Of changes that become known on one day the
    last counts. Under ``"censor"`` a history ends on the last day known before the first missing
    check-in, or on the day of a competing end that came before it.

    With definitions that the first use meets there is no state lapsed. Where the definition counts
    weeks, use and clear count on the last day of their week, as in `time_to_relapse`. After
    recovery from a relapse the definition is counted again. A death on day 0 is dated on day 1.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> from iop_outcomes.relapse.course.states import state_histories
    >>> episodes = pd.DataFrame(
    ...     {
    ...         "episode_id": ["a"],
    ...         "admit_date": ["2026-01-05"],
    ...         "discharge_date": ["2026-02-01"],
    ...     }
    ... )
    >>> checkins = pd.DataFrame(
    ...     {
    ...         "episode_id": "a",
    ...         "date": ["2026-01-12", "2026-01-19", "2026-01-26", "2026-02-02", "2026-02-09"],
    ...         "status": "completed",
    ...         "used": ["no", "yes", "no", "no", "no"],
    ...     }
    ... )
    >>> records = iop.read_records(episodes=episodes, checkins=checkins, as_of="2026-02-20")
    >>> state_histories(records, clear_days=21)[["state", "entry", "days", "next_state"]]
           state  entry  days next_state
    0    engaged      0    14     lapsed
    1     lapsed     14    35  recovered
    2  recovered     35    46        NaN
    """
    if rule is None:
        rule = RelapseRule("k_of_n_weeks", missing="last_value_to_last_contact")
    check_course(records, rule, clear_days)
    _check(records, rule)
    origin = origin_days(records, rule)
    started = origin >= 0
    discharge, death, followed = _ends(records, rule, origin)
    daily, baseline = read_checkins(records, rule, origin)
    units, missing, cut_on = fill_missing(as_units(daily, followed, rule), baseline, rule.missing)

    frame = (origin, followed)
    history = read_contact_history(records, rule, daily, frame)
    span = history.contacts.span
    observation = observed(units, missing, cut_on, rule.searches[0])
    out_of_contact = history.out_of_contact_at(followed)
    ends = read_ends(records.episodes, rule, observation, daily, frame, out_of_contact)
    end = np.where(observation.cut, ends.ended_on, followed)
    known_on = days_it_is_known(daily, followed, rule, span)
    use = use_states((units, missing), daily, known_on, history, rule, clear_days)
    nothing = _never_seen(history, use, (discharge, death, followed))
    end = np.where(started & ~nothing, end, 0).astype(np.int32)
    key = _stamps(history, use[0], (discharge, death, end))
    state = states_by_day(key, use, history, discharge, death)
    stays = _stays(key // span, key % span, state, end)

    episode = stays.pop("episode")
    kept = (
        covariates(records.episodes, without=rule.known_later).iloc[episode].reset_index(drop=True)
    )
    histories = pd.concat([kept, pd.DataFrame(stays)], axis=1)
    unknown = int(started.sum()) - len(np.unique(episode))
    text, counts = left_out(records, rule, started)
    without = [(counts["not_started"], "episodes not begun"), (unknown, NOT_FOLLOWED)]
    return label_times(
        histories,
        records,
        rule,
        _text(rule, clear_days, unknown) + text,
        {"clear_days": clear_days, **counts, "not_followed": unknown},
        without=", ".join(f"{number:,} {what}" for number, what in without if number),
    )


def _check(records: Records, rule: RelapseRule) -> None:
    if rule.of_dropout:
        raise RuleError(
            "States are defined by use; a definition of dropout counts missed weeks.",
            found=f"definition={as_written(rule.name)}",
            instead='RelapseRule("k_of_n_weeks", missing="last_value_to_last_contact"); who '
            "drops out is discharged or lost.",
        )
    refuse_taken(records.episodes, STAY_COLUMNS, "histories")


def _ends(
    records: Records, rule: RelapseRule, origin: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]]:
    """Return the days of discharge and of death (infinite: none), and of the end of follow-up."""
    episodes = records.episodes
    followed = np.maximum(episodes["days_followed"].to_numpy() - origin, 0).astype(np.int32)
    left = np.maximum(episodes["days_to_discharge"].to_numpy() - origin, 0.0)
    left = np.where(np.isnan(left), np.inf, left)
    died = has_word(episodes["discharge_reason"], ("died",))
    death = np.where(died, np.maximum(left, 1.0), np.inf)
    if rule.origin != "discharge":
        followed = np.where(died & (left == 0), 1, followed).astype(np.int32)
    return np.where(died, np.inf, left), death, followed


def _never_seen(
    history: ContactHistory,
    use: tuple[NDArray[np.int64], NDArray[np.int8]],
    ends: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]],
) -> NDArray[np.bool_]:
    """Return who has no contact yet, is not discharged, and was followed too briefly to be lost."""
    discharge, death, followed = ends
    unknown = (history.first_contact > followed) & (followed <= history.first_contact_by)
    unknown &= (discharge > followed) & (death > followed)
    unknown[use[0][use[1] != ENGAGED] // history.contacts.span] = False
    return unknown


def _stamps(
    history: ContactHistory,
    units: NDArray[np.int64],
    ends: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]],
) -> NDArray[np.int64]:
    """Return each episode and day on which the state may change, up to the end; day 0 too."""
    discharge, death, end = ends
    span = history.contacts.span
    everyone = np.arange(len(end), dtype=np.int64)
    own = [everyone * span, units, history.changes]
    for day in (discharge, death):
        happened = day <= end
        own.append(everyone[happened] * span + day[happened].astype(np.int64))
    key: NDArray[np.int64] = np.unique(np.concatenate(own))
    inside: NDArray[np.bool_] = key % span <= end[key // span]
    return key[inside]


def _stays(
    episode: NDArray[np.int64], day: NDArray[np.int64], state: NDArray[np.int8], end: Any
) -> dict[str, Any]:
    """Return the runs of one state as stays; those of no length, and death itself, are none."""
    run = starts_of(episode * len(STATES) + state)
    episode, entry, state = episode[run], day[run], state[run]
    final = np.zeros(len(run), dtype=bool)
    final[ends_of(episode)] = True
    days = np.where(final, end[episode], np.roll(entry, -1))
    following = np.where(final, -1, np.roll(state, -1))
    kept = (state != DEAD) & (entry < days)
    dtype = pd.CategoricalDtype(list(STATES))
    return {
        "episode": episode[kept],
        "state": pd.Categorical.from_codes(state[kept], dtype=dtype),
        "entry": entry[kept].astype(np.int32),
        "days": days[kept].astype(np.int32),
        "next_state": pd.Categorical.from_codes(following[kept], dtype=dtype),
    }


def _text(rule: RelapseRule, clear_days: int, unknown: int) -> str:
    day = "day" if clear_days == 1 else "days"
    text = f"{rule.text} Recovered: {clear_days} {day} clear since the last use."
    check_in = "check-in, completed or missed," if rule.fills else "completed check-in"
    text += f" Lost: over {rule.lost_after} days without a {check_in} or an attended service."
    text += " Discharged: left without use so far, or with no further check-ins due."
    if rule.searches[0].needed == 1 and rule.searches[0].first == 1:
        text += " The first use is the relapse: there is no state lapsed."
    else:
        text += " Lapsed: use that does not meet the definition of relapse."
    text += " The state on a day is based on what was recorded up to that day."
    if unknown:
        noun = "episode" if unknown == 1 else "episodes"
        text += f" {unknown:,} {noun} not seen after the first day left out."
    return text
