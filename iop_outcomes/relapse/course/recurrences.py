"""Recurrent relapse: one row a stretch of time at risk or in relapse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.records.covariates import refuse_taken
from iop_outcomes.relapse.course.observation import as_units, check_course, read_contact_history
from iop_outcomes.relapse.course.successive_relapses import (
    SuccessiveRelapses,
    find_successive_relapses,
)
from iop_outcomes.relapse.ends import ENDS, read_ends
from iop_outcomes.relapse.evidence import origin_days, read_checkins
from iop_outcomes.relapse.rule import RelapseRule
from iop_outcomes.relapse.times import time_to_relapse
from iop_outcomes.shared.arrays import ends_of
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.provenance import provenance_of, relabel

if TYPE_CHECKING:
    from iop_outcomes.records import Records

RECOVERED = "recovered"
RECURRENT_ENDS = (*ENDS, RECOVERED)
RECURRENT_COLUMNS = ("at_risk", "number", "terminal")


def recurrent_relapses(
    records: Records,
    rule: RelapseRule | None = None,
    *,
    clear_days: int = 28,
    terminal: Sequence[str] = ("died",),
) -> pd.DataFrame:
    """Return every relapse of each episode, as alternating stretches at risk and in relapse.

    Parameters
    ----------
    records : Records
        With the check-ins; with the attendance too if the rule counts from the first session.
        If attendance was read, people who attend are not lost.
    rule : RelapseRule, optional
        What counts as relapse; by default first use after admission, a missing check-in
        censoring.
    clear_days : int
        After a relapse a person has recovered, and is at risk of the next, after so many days
        known clear since the last use.
    terminal : sequence of str
        The words of ``ended_by`` after which there can be no further relapse.

    Returns
    -------
    pandas.DataFrame
        One row a stretch, in the order of ``records.episodes`` and of time, the stretches of an
        episode touching each other; the columns of `iop_outcomes.time_to_relapse` except for
        ``competing_on``, of which here

        - ``entry``, ``days`` (int32): the stretch is ``(entry, days]``, in days after the origin;
        - ``event`` (bool): whether it ends in a relapse; never in a stretch in relapse;
        - ``clear_until`` (int32): as there, and not before ``entry``; in a stretch in relapse
          ``entry``;
        - ``ended_by`` (category): as there; ``recovered`` for a stretch in relapse after which
          the person is at risk again;
        - ``ended_on`` (int32): as there, on the last row of an episode; else ``days``;
        - ``competing_end`` (category): ``ended_by`` where it is an end that competes with relapse
          by the rule; missing elsewhere;

        and beside them ``at_risk`` (bool): at risk of a relapse, not in one; ``number`` (int32):
        of the relapse that the stretch at risk leads to, or that the stretch in relapse follows,
        from 1; ``terminal`` (bool): the last row of an episode that ended in a way that `terminal`
        names. The first row of each episode has the ``days``, ``event``, ``ended_by`` and
        ``ended_on`` of `iop_outcomes.time_to_relapse`.

        ``attrs`` as there, with ``clear_days`` (int).

    Raises
    ------
    RuleError
        If the rule is of dropout, `clear_days` is not a whole number of at least 1, `terminal`
        names no end, or an episode's covariate has the name of a column.
    MissingTableError
        As `iop_outcomes.time_to_relapse`.

    Notes
    -----
    **Recovery.** Use continues for days and weeks: counting each check-in with use as a relapse
    would count one relapse many times, most often in people with the most check-ins. So a relapse
    ends only with the first check-in without use `clear_days` or more after the last that showed
    use, every check-in between them being without use. 28 days are four weekly check-ins in a row,
    and the time after which relapse measured over a month could begin again. With a definition in
    weeks, weeks are counted, each standing on its last day. A missing check-in or week on the way
    is what the missing rule says: as use it starts the count again, as no use it continues, left
    out it is passed over; under ``"censor"`` it ends everything known. A person who was out of
    contact for more than ``rule.lost_after`` days (`RelapseRule` says what counts) is counted from
    the return, and what is only filled in for those days is not counted as clear. A check-in that
    was not due has no effect: the time between two check-ins has the state of the later one. After
    recovery the definition is counted again from there.

    **In relapse is not unobserved.** The rows with ``at_risk`` False are needed: a mean number of
    relapses *a person* has everyone under observation in the denominator, those in relapse with no
    events (`iop_outcomes.mean_cumulative_function`). Leaving them out would assume that those in
    relapse have the next one at the rate of those who have recovered, and overestimate the mean. A
    rate *at risk* has only the others (`iop_outcomes.recurrent_cox` takes them by itself).

    A stretch in relapse ends on the last day known. A recovery on that day is not listed, as no
    time at risk follows it; as a state it is one (`iop_outcomes.state_histories`). Where the
    relapse itself was on the last day known and the episode then ended otherwise, on a later day,
    the stretch goes to that day.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> from iop_outcomes.relapse.course.recurrences import recurrent_relapses
    >>> day = pd.date_range("2026-01-12", periods=8, freq="7D").strftime("%Y-%m-%d")
    >>> checkins = pd.DataFrame({"episode_id": "a", "date": day, "status": "completed"})
    >>> checkins["used"] = ["no", "yes", "no", "no", "no", "no", "no", "yes"]
    >>> episodes = pd.DataFrame({"episode_id": ["a"], "admit_date": ["2026-01-05"]})
    >>> records = iop.read_records(episodes=episodes, checkins=checkins, as_of="2026-03-09")
    >>> relapses = recurrent_relapses(records)
    >>> relapses[["entry", "days", "at_risk", "event", "number", "ended_by"]]
       entry  days  at_risk  event  number   ended_by
    0      0    14     True   True       1    relapse
    1     14    42    False  False       1  recovered
    2     42    56     True   True       2    relapse
    """
    rule = RelapseRule() if rule is None else rule
    check_course(records, rule, clear_days)
    _check_options(rule, terminal)
    first = time_to_relapse(records, rule).drop(columns="competing_on")
    refuse_taken(first, RECURRENT_COLUMNS, "relapses")
    origin = origin_days(records, rule)
    days_followed = records.episodes["days_followed"].to_numpy()
    followed = np.maximum(days_followed - origin, 0).astype(np.int32)
    daily, baseline = read_checkins(records, rule, origin)
    units = as_units(daily, followed, rule)
    frame = (origin, followed)
    history = read_contact_history(records, rule, daily, frame)
    relapses = find_successive_relapses(
        (daily, units, baseline), followed, rule, history, int(clear_days)
    )
    out_of_contact = history.out_of_contact_at(followed)
    ends = read_ends(records.episodes, rule, relapses.observed, daily, frame, out_of_contact)
    stretches = _stretches(relapses, ends.ended_by, ends.ended_on)
    kept = (origin >= 0)[stretches["episode"].to_numpy()]
    history_table = _frame(first, stretches[kept], origin >= 0, (terminal, rule.competing))
    text = (
        f"{provenance_of(first).rule} After it a person is in relapse until recovered after "
        f"{clear_days} days known clear since the last use, and can relapse again."
    )
    return relabel(history_table, first, rule=text, clear_days=int(clear_days))


def _check_options(rule: RelapseRule, terminal: object) -> None:
    if rule.of_dropout:
        raise RuleError(
            "Dropout is not a recurrent event: it has one time.",
            found=f"the definition {rule.name}",
            instead="time_to_relapse(records, rule)",
        )
    words = ENDS[1:]
    if (
        not isinstance(terminal, Sequence)
        or isinstance(terminal, str)
        or not all(word in words for word in terminal)
    ):
        raise RuleError(
            f"Terminal ends must be a list of words from {', '.join(words)}.",
            found=f"terminal={as_written(terminal)}",
            instead='terminal=["died"]',
        )


def _stretches(
    relapses: SuccessiveRelapses, ended_by: NDArray[np.int8], ended_on: NDArray[np.int32]
) -> pd.DataFrame:
    """Return the stretches of all episodes, at risk and in relapse, in order of time."""
    code = {end: position for position, end in enumerate(RECURRENT_ENDS)}
    at_risk = relapses.at_risk.assign(at_risk=True)
    at_risk["ended_by"] = np.where(
        at_risk["event"], code["relapse"], ended_by[at_risk["episode"]]
    ).astype(np.int8)

    relapsed = at_risk[at_risk["event"]].reset_index(drop=True)
    episode = relapsed["episode"].to_numpy()
    recovered = relapses.recovered
    last_known = relapses.observed.days[episode]
    # After a relapse on the last day known, a person is in relapse until another known end.
    last = np.where(last_known > relapsed["days"], last_known, ended_on[episode])
    relapsing = relapsed.assign(
        entry=relapsed["days"],
        clear_until=relapsed["days"],
        days=np.where(recovered >= 0, recovered, last).astype(np.int32),
        event=False,
        rests_on_missing=False,
        at_risk=False,
        ended_by=np.where(recovered >= 0, code[RECOVERED], ended_by[episode]).astype(np.int8),
    )
    relapsing = relapsing[relapsing["days"] > relapsing["entry"]]
    stretches = pd.concat([at_risk, relapsing], ignore_index=True)
    place = np.lexsort((stretches["days"], stretches["episode"]))
    stretches = stretches.iloc[place].reset_index(drop=True)
    final = np.zeros(len(stretches), dtype=bool)
    final[ends_of(stretches["episode"].to_numpy())] = True
    own = final & ~stretches["event"].to_numpy()
    stretches["ended_on"] = np.where(own, ended_on[stretches["episode"]], stretches["days"]).astype(
        np.int32
    )
    stretches["end"] = np.where(final, ended_by[stretches["episode"]], -1)
    return stretches


def _frame(
    first: pd.DataFrame,
    stretches: pd.DataFrame,
    started: NDArray[np.bool_],
    words: tuple[Sequence[str], Sequence[str]],
) -> pd.DataFrame:
    """Return the stretches with the covariates of their episodes."""
    row = (np.cumsum(started) - 1)[stretches["episode"].to_numpy()]
    relapses: pd.DataFrame = first.iloc[row].reset_index(drop=True)
    for name in ("entry", "clear_until", "days", "event", "rests_on_missing", "ended_on"):
        relapses[name] = stretches[name].to_numpy()
    relapses["ended_by"] = pd.Categorical.from_codes(
        stretches["ended_by"].to_numpy(),  # type: ignore[arg-type]  # codes are what it takes
        dtype=pd.CategoricalDtype(list(RECURRENT_ENDS)),
    )
    terminal, competing = words
    competes = relapses["ended_by"].isin(list(competing)) & ~relapses["event"]
    relapses["competing_end"] = relapses["ended_by"].where(competes)
    relapses["at_risk"] = stretches["at_risk"].to_numpy()
    relapses["number"] = stretches["number"].to_numpy()
    relapses["terminal"] = np.isin(stretches["end"], [ENDS.index(word) for word in terminal])
    return relapses
