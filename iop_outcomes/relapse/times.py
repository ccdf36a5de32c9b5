"""Time to relapse: one row an episode, with the time known without relapse and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.records.covariates import covariates, refuse_taken
from iop_outcomes.relapse.course.observation import check_sources
from iop_outcomes.relapse.ends import ENDS
from iop_outcomes.relapse.read_once import EvidenceReader
from iop_outcomes.relapse.rule import ORIGINS, RelapseRule
from iop_outcomes.shared.provenance import Provenance, label
from iop_outcomes.use.origins import died_in_treatment

if TYPE_CHECKING:
    from iop_outcomes.records import Records

TIME_COLUMNS = (
    "entry",
    "clear_until",
    "days",
    "event",
    "ended_by",
    "ended_on",
    "competing_end",
    "competing_on",
    "rests_on_missing",
)
NOT_STARTED = {
    "admission": "no day of admission",
    "first_session": "no attended session",
    "discharge": "no discharge",
}


def time_to_relapse(records: Records, rule: RelapseRule | None = None) -> pd.DataFrame:
    """Return the time to relapse or censoring of each episode, and how it ended.

    Parameters
    ----------
    records : Records
        With the check-ins; with the attendance too if the rule counts from the first session.
    rule : RelapseRule, optional
        What counts as relapse; by default first use after admission, a missing check-in
        censoring.

    Returns
    -------
    pandas.DataFrame
        One row an episode that reached the origin, in the order of ``records.episodes``:

        - ``episode_id``, ``person_id``, ``program``, and the covariates of the episode, without
          its dates, its length and what was known only later (``discharge_reason`` is there
          when the origin is the discharge);
        - ``entry`` (int32): the day from which the episode is under observation, 0;
        - ``clear_until`` (int32): the last day known clear; for an event, before the use that
          counts began, so that the relapse lies in ``(clear_until, days]``; 0 if none, or where
          the definition counts from a later day only, the day before that;
        - ``days`` (int32): days after the origin to the relapse, or else the last day on which
          the definition is known not to have been met; 0 if nothing is known after the origin;
        - ``event`` (bool): relapse, or what the definition is of;
        - ``ended_by`` (category): ``relapse``; ``missed_check_in`` (a missing one, under
          ``missing="censor"``); a reason of discharge, ``died`` among them (``discharged`` if
          none is recorded), after which no check-in was due or, if it competes with relapse,
          none is known; ``no_check_in`` (none was due after the origin); ``end_of_follow_up``; or
          ``lost`` (at the end of the follow-up out of contact for more than ``lost_after`` days),
          which includes a competing discharge more than ``lost_after`` days after the last day
          known;
        - ``ended_on`` (int32): the day of what ``ended_by`` names: of the relapse; of the discharge
          or the death, if that is later than ``days``; of any other end ``days``;
        - ``competing_end`` (category): the reason of a discharge that competes with relapse by
          the rule and came before one was found, whether or not check-ins went on after it, or
          were missed; missing where there is none. ``competing_on`` (float64): its day;
        - ``rests_on_missing`` (bool): an event that counts a missing check-in or week as use.

        Labels (rule, event, day 0, synthetic) are in the attributes
        (`iop_outcomes.shared.provenance`); no number depends on them. For this version ``attrs``
        also holds the values of the version before, which are not read here: ``rule``,
        ``definition``, ``origin``, ``missing``, ``evidence``, ``refused``, ``competing`` (a list),
        ``not_started`` (episodes left out), ``died_in_treatment`` (those of them left out since
        with origin ``"discharge"`` they have none) and ``synthetic``.

    Raises
    ------
    MissingTableError
        If the check-ins, or the attendance that the rule needs, were not read.
    RuleError
        If `records` are no records or `rule` is no rule, the episodes carry a covariate with the
        name of one of these columns, a column that the rule names is not there, or no check-in
        names a substance that counts.

    Notes
    -----
    A check-in shows use, no use, or nothing (missed, or completed with neither a report nor a
    valid test, or with a test refused, as the rule says); not due is none of these. Of several on
    one day use counts first, then no use.

    First use: the event is the first check-in that shows use, on its day. Otherwise the episode
    is censored at the last check-in that is clear under the rule.

    k of n weeks: week 1 is the 7 days after the origin. A week shows use if any check-in in it
    does, else no use if one shows that, else it is missing; weeks before and between the check-ins
    are missing too, unless a check-in says that none was due: such a week counts as a week without
    use. The event is on the last day of the week that completes the count, in a window that may be
    cut short by either end of the observation. Otherwise the episode is censored at the last day of
    the last week that is known. No day is after the end of the follow-up. Published definitions
    count weeks in the same way; their own papers, and the columns of `iop_outcomes.outcomes` with
    ``compatible=True``, put the event elsewhere (at the first week of the window, or shifted by a
    constant) and censor later.

    A discharge that competes with relapse came first if it lies before the day of the relapse.
    Without a relapse it counts if it lies on or before the last day known, or at most
    ``lost_after`` days after it. A check-in missed later does not change this: people in jail miss
    check-ins. Only under ``missing="censor"`` a check-in missed before it has ended what is known.
    A discharge after the end of the follow-up is not used.

    X:BOT: the same with 4 weeks from week 3 on (whose last day is day 21); or the 7th of 7 days
    in a row, of which the first is day 21 or later, each with a check-in that shows use, if that
    is earlier and not after what is known.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> episodes = pd.DataFrame({"episode_id": ["a", "b"], "admit_date": ["2026-01-05"] * 2})
    >>> checkins = pd.DataFrame(
    ...     {
    ...         "episode_id": ["a", "a", "b"],
    ...         "date": ["2026-01-12", "2026-01-19", "2026-01-12"],
    ...         "status": "completed",
    ...         "used": ["no", "yes", "no"],
    ...     }
    ... )
    >>> records = iop.read_records(episodes=episodes, checkins=checkins, as_of="2026-01-31")
    >>> iop.time_to_relapse(records)[["clear_until", "days", "event", "ended_by"]]
       clear_until  days  event          ended_by
    0            7    14   True           relapse
    1            7     7  False  end_of_follow_up
    """
    rule = RelapseRule() if rule is None else rule
    check_sources(records, rule)
    return times_under(rule, EvidenceReader(records))


def times_under(rule: RelapseRule, reader: EvidenceReader) -> pd.DataFrame:
    """Return `time_to_relapse` under a rule; several rules share what is read of the records."""
    records, evidence = reader.records, reader.of(rule)
    first_event, ends = evidence.under(rule)
    refuse_taken(records.episodes, TIME_COLUMNS, "times")
    times = covariates(records.episodes, without=rule.known_later)
    times["entry"] = np.int32(0)
    times["clear_until"] = first_event.clear_until
    times["days"] = first_event.days
    times["event"] = first_event.event
    times["ended_by"] = pd.Categorical.from_codes(
        ends.ended_by,  # type: ignore[arg-type]  # an array of codes is what it takes
        dtype=pd.CategoricalDtype(list(ENDS)),
    )
    times["ended_on"] = ends.ended_on
    times["competing_end"] = ends.competing_end
    times["competing_on"] = ends.competing_on
    times["rests_on_missing"] = first_event.rests_on_missing
    times = times[evidence.started].reset_index(drop=True)
    text, counts = left_out(records, rule, evidence.started)
    text += reader.silence(rule)
    return label_times(times, records, rule, rule.text + text, counts)


def label_times(
    frame: pd.DataFrame,
    records: Records,
    rule: RelapseRule,
    text: str,
    counts: dict[str, int],
    *,
    without: str = "",
) -> pd.DataFrame:
    """Label what a rule made of records, and return it.

    Parameters
    ----------
    text : str
        The rule, with who is left out.
    counts : dict of str to int
        Numbers that an earlier version wrote beside the rule.
    without : str
        Who is left out, for an error where nobody remains.
    """
    provenance = Provenance(
        rule=text,
        event=rule.event,
        origin=ORIGINS[rule.origin],
        synthetic=records.synthetic,
        left_out=without,
    )
    earlier = {"rule": text, **_options_of(rule), **counts, "synthetic": records.synthetic}
    return label(frame, provenance, **earlier)


def _options_of(rule: RelapseRule) -> dict[str, str | list[str]]:
    """Return the options of a rule that an earlier version wrote; nothing reads them."""
    return {
        "definition": rule.name,
        "origin": rule.origin,
        "missing": rule.missing,
        "evidence": rule.evidence,
        "refused": rule.refused,
        "competing": list(rule.competing),
    }


def left_out(
    records: Records, rule: RelapseRule, started: NDArray[np.bool_]
) -> tuple[str, dict[str, int]]:
    """Return which episodes have no day 0, as the end of the rule and as numbers."""
    died = int(died_in_treatment(records, rule.origin).sum())
    number = int((~started).sum())
    text = ""
    for count, what in (
        (number - died, f"with {NOT_STARTED[rule.origin]} left out."),
        (died, "that ended in death left out: no discharge alive."),
    ):
        if count:
            text += f" {count:,} {'episode' if count == 1 else 'episodes'} {what}"
    return text, {"not_started": number, "died_in_treatment": died}
