"""How many of a cohort came to a first and a fourth session, and how many stayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.attendance.continuity.judged import (
    OUTSIDE,
    ContinuityMeasure,
    Findings,
    judge_visits,
)
from iop_outcomes.attendance.continuity.staying import retention
from iop_outcomes.attendance.continuity.visits import Visits
from iop_outcomes.attendance.stays import Attendance, read_attendance
from iop_outcomes.errors import RuleError
from iop_outcomes.outcome_scores.estimates import counted, share_limits, split_people
from iop_outcomes.records import Records, require_records
from iop_outcomes.records.judgements import Judgements
from iop_outcomes.shared.arrays import Booleans, Integers, ratio
from iop_outcomes.shared.checks import check_confidence, check_whole, is_whole
from iop_outcomes.shared.groups import (
    NOTHING_LEFT_OUT,
    Groups,
    LeftOut,
    MissingGroup,
    group_episodes,
    ungrouped,
)
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import describe_groups, format_count, format_level, format_share

DAYS = (30, 60, 90)
NOT_FOLLOWED = "not yet followed that long"
COUNTS = ("episodes", "not_followed", "not_known", "not_reached", "reached", "reached_all")
_NUMBERS = (*COUNTS[1:], "share", "lower", "upper")


@dataclass(frozen=True, eq=False, repr=False)
class CohortFlow(DrawnResult):
    """How many of those admitted came to a first and fourth session, and were in the program later.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and step, with the columns that `cohort_flow` describes.
    exclusions : pandas.DataFrame
        The episodes that are in no share, by reason, with the columns that `cohort_flow` describes.
    titles : dict of str to str
        The title of each step, in order.
    by : tuple of str
        The columns that define the groups.
    confidence : float
        Confidence level of the limits.
    rule : str
        How the numbers were worked out.
    synthetic : bool
        Whether the records are synthetic.
    left_out : LeftOut
        The number of episodes that were left out because they have no group.
    people : pandas.DataFrame or None
        One row for each row of the table: the number of people in each count. Disclosure control
        needs these numbers; None after `iop_outcomes.protect`.
    """

    table: pd.DataFrame
    exclusions: pd.DataFrame
    titles: dict[str, str]
    by: tuple[str, ...]
    confidence: float
    rule: str
    synthetic: bool = False
    left_out: LeftOut = NOTHING_LEFT_OUT
    people: pd.DataFrame | None = None

    @property
    def text(self) -> str:
        """The counts of each step in sentences, by group."""
        return self.left_out.after(describe_groups(self.table, self.by, self._describe))

    @property
    def _summary(self) -> str:
        by = f", by={', '.join(self.by)}" if self.by else ""
        return f"{len(self.titles)} steps{by}"

    @property
    def _caption(self) -> str:
        return f"From admission on. {self.rule}"

    def _describe(self, rows: pd.DataFrame, name: str) -> str:
        parts = [self._describe_step(row) for _, row in rows.iloc[1:].iterrows()]
        count = rows["episodes"].iloc[0]
        admitted = f"{format_count(count, 'episode')} admitted. " if pd.notna(count) else ""
        return f"{name}{admitted}{' '.join(parts)}"

    def _describe_step(self, row: pd.Series[float]) -> str:
        title = self.titles[str(row["step"])]
        title = title[0].upper() + title[1:]
        apart = [
            f"{row[column]:,.0f} {words}"
            for column, words in (
                ("not_followed", "not yet followed that long"),
                ("not_known", "not known"),
            )
            if pd.notna(row[column]) and row[column]
        ]
        besides = f"; {' and '.join(apart)}" if apart else ""
        if row["why"]:
            return f"{title}: {row['why']}."
        if pd.isna(row["reached"]):
            return f"{title}: too few people to show{besides}."
        if pd.isna(row["share"]):
            return f"{title}: not known for anybody{besides}."
        limits = ""
        if pd.notna(row["lower"]):
            limits = (
                f", {format_level(self.confidence)} interval {format_share(row['lower'])} to "
                f"{format_share(row['upper'])}"
            )
        of = row["reached"] + row["not_reached"]
        return (
            f"{title}: {row['reached']:,.0f} of {of:,.0f} "
            f"({format_share(row['share'])}{limits}){besides}."
        )


def cohort_flow(
    records: Records,
    *,
    by: str | Sequence[str] | None = None,
    first_within: int = 14,
    fourth_within: int = 30,
    days: Sequence[int] = DAYS,
    missing_group: MissingGroup = "own",
    confidence: float = 0.95,
) -> CohortFlow:
    """Return how many of those admitted came to a first and fourth session, and who stayed.

    Parameters
    ----------
    records : Records
        With the attendance table. For one cohort, select it with ``records.where`` first.
    by : str or sequence of str, optional
        Columns of ``records.episodes`` that define groups.
    first_within, fourth_within : int
        The last day, counted from admission, for the first and the fourth day with a session; at
        least 0 and 3.
    days : sequence of int
        The days for which being still in the program is a step, as `iop_outcomes.retention`
        defines it; at least 1.
    missing_group : {"refuse", "own", "leave_out"}
        How episodes without a value of `by` are handled.
    confidence : float
        Confidence level of the limits.

    Returns
    -------
    CohortFlow
        Its ``table`` has one row a group and step (``admitted``, ``first_session``,
        ``fourth_session``, ``day_30`` and so on), with the columns of `by` and:

        ``step`` : str, ``day`` : int64
            The step and its day.
        ``episodes`` : int64
            All admitted: the sum of the next four.
        ``not_followed`` : int64
            Follow-up has not yet reached the day. Episodes whose outcome is known earlier are
            counted here too, because most of them left early.
        ``not_known`` : int64
            Followed to the day, but the step depends on a session without a recorded outcome, or no
            session has one.
        ``not_reached``, ``reached`` : int64
            The others: did not reach the step, and reached it, whatever they did at other steps.
        ``reached_all`` : int64
            Reached this step and every step before it.
        ``share, lower, upper`` : float64
            reached / (reached + not_reached), with Wilson's limits, or limits clustered by person
            if a person has several episodes; missing if this is known for nobody.
        ``why`` : str
            Why the step is not known from the records, and its numbers therefore missing; empty if
            it is known.

        ``exclusions`` has one row for each reason why episodes are in no share: ``step`` (str;
        ``read`` for rows of the export that were set aside when it was read), ``reason`` (str) and
        ``episodes`` (int64). Rows that were set aside are those of the whole export, even after
        ``records.where``.

    Raises
    ------
    MissingTableError
        If no attendance table was read.
    RuleError
        If an option is not valid.

    Notes
    -----
    A visit is a day with an attended treatment session; two sessions on one day are one visit. A
    person can be in the program on day 30 without a fourth visit, so that ``reached`` can rise from
    step to step. ``reached_all`` cannot rise.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> flow = iop.cohort_flow(iop.read_records("data/samples"))
    >>> flow.table[["step", "not_followed", "not_known", "not_reached", "reached"]]
                 step  not_followed  not_known  not_reached  reached
    0        admitted             0          0            0      874
    1   first_session             3          2           16      853
    2  fourth_session            10          0           94      770
    3          day_30            10          0          298      566
    4          day_60            42          0          591      241
    5          day_90            69          0          689      116
    """
    require_records(records, "A cohort's flow")
    records.require("attendance", "the flow of a cohort")
    check_whole("first_within", first_within, 0, "first_within=14")
    check_whole("fourth_within", fourth_within, 3, "fourth_within=30")
    check_confidence(confidence)
    chosen = _check_days(days)
    kept, left_out = ungrouped(records.episodes, by, missing_group, "episode")
    records = records if kept is None else records.subset(kept)
    groups = group_episodes(records.episodes, by, missing_group)
    attendance = read_attendance(records)
    steps = {
        "first_session": (first_within, _visit_by(attendance, 1, first_within), "first_session"),
        "fourth_session": (fourth_within, _visit_by(attendance, 4, fourth_within), "first_session"),
        **{f"day_{day}": (day, retention(attendance, day=day), _declared(day)) for day in chosen},
    }
    person = records.episodes["person_id"].cat.codes.to_numpy()
    everyone = np.ones(len(person), dtype=np.bool_)
    rows, before = (
        [_step_rows(groups, person, "admitted", 0, _admitted(everyone), confidence)],
        everyone,
    )
    for step, (day, measure, _) in steps.items():
        judged = _judged(measure)
        judged["reached_all"] = before & judged["reached"]
        before = judged["reached_all"]
        rows.append(_step_rows(groups, person, step, day, judged, confidence))
    table, people = split_people(_in_order(rows, len(groups)))
    table = _without_unknown(table, records, groups, {s: name for s, (_, _, name) in steps.items()})
    titles = {
        "admitted": "admitted",
        "first_session": f"first session by day {first_within}",
        "fourth_session": f"fourth session by day {fourth_within}",
        **{f"day_{day}": f"in the program on day {day}" for day in chosen},
    }
    return CohortFlow(
        table,
        _exclusions(records, {step: measure for step, (_, measure, _) in steps.items()}),
        titles,
        groups.names,
        confidence,
        left_out.after(_rule_text(first_within, fourth_within, chosen)),
        records.synthetic,
        left_out,
        people,
    )


def _check_days(days: Sequence[int]) -> tuple[int, ...]:
    chosen = tuple(days) if isinstance(days, (tuple, list, range)) else (days,)
    if not chosen or any(not is_whole(day, 1) for day in chosen):
        raise RuleError(
            "The days must be whole numbers of at least 1.",
            found=f"days={as_written(days)}",
            instead="days=(30, 60, 90)",
        )
    return tuple(sorted({int(day) for day in chosen}))


def _rule_text(first: int, fourth: int, days: Sequence[int]) -> str:
    listed = ", ".join(map(str, days))
    return (
        f"Day 0 is the admission. First session: a day with an attended treatment session by day "
        f"{first}; fourth session: a fourth such day by day {fourth}. In the program on day "
        f"{listed}: the stay to the last contact or the discharge, whichever is earlier, reached "
        "it, or the episode is open and its last contact at most 30 days before the end of "
        "follow-up. Each step is judged separately, among those followed to its day."
    )


def _declared(day: int) -> str:
    """Return the measure whose required evidence is checked: the same for every day."""
    return f"retained_{day if day in DAYS else DAYS[-1]}"


def _visit_by(attendance: Attendance, number: int, day: int) -> ContinuityMeasure:
    def search(visits: Visits) -> Findings:
        on = visits.nth(number, 0, day)
        met, over = ~np.isnan(on), visits.seen >= day
        count = visits.count(0, day)
        return Findings(
            met=met, failed=~met & over, over=over, day=on, first_count=count, second_count=count
        )

    return judge_visits(attendance, f"visit_{number}", f"Visit {number} by day {day}.", search)


def _admitted(everyone: Booleans) -> dict[str, Booleans]:
    nobody = ~everyone
    kinds = {"not_followed": nobody, "not_known": nobody, "not_reached": nobody}
    return {**kinds, "reached": everyone, "reached_all": everyone}


def _judged(measure: ContinuityMeasure) -> dict[str, Booleans]:
    over = measure.table["over"].to_numpy(dtype=np.bool_)
    known = measure.table["met"].notna().to_numpy()
    met = measure.table["met"].to_numpy(dtype=np.bool_, na_value=False)
    return {
        "not_followed": ~over,
        "not_known": over & ~known,
        "not_reached": over & known & ~met,
        "reached": over & known & met,
    }


def _step_rows(
    groups: Groups,
    person: Integers,
    step: str,
    day: int,
    kinds: dict[str, Booleans],
    confidence: float,
) -> pd.DataFrame:
    size = len(groups)
    everyone = np.ones(len(person), dtype=np.bool_)
    counts = counted({"episodes": everyone, **kinds}, person, groups.codes, size)
    known = kinds["reached"] | kinds["not_reached"]
    lower, upper = share_limits(
        kinds["reached"][known], person[known], groups.codes[known], size, confidence
    )
    share = ratio(counts["reached"], counts["reached"] + counts["not_reached"])
    if step == "admitted":  # all of them by definition: nothing is estimated
        lower, upper = np.full(size, np.nan), np.full(size, np.nan)
    columns = {"step": [step] * size, "day": np.full(size, day, dtype=np.int64), **counts}
    return groups.beside(
        {**columns, "share": share, "lower": lower, "upper": upper, "why": [""] * size}
    )


def _in_order(steps: list[pd.DataFrame], size: int) -> pd.DataFrame:
    """Return the rows group by group, within a group step by step."""
    table = pd.concat(steps, ignore_index=True)
    place = np.arange(len(table)).reshape(len(steps), size).T.ravel()
    return table.iloc[place].reset_index(drop=True)


def _without_unknown(
    table: pd.DataFrame, records: Records, groups: Groups, measures: dict[str, str]
) -> pd.DataFrame:
    """Return the table without the steps that are not known from the records."""
    judgements = Judgements(records)
    for step, measure in measures.items():
        judged = judgements.by(measure, groups.codes, len(groups))
        reasons = [
            judgement.text if judgement is not None and judgement.absent else ""
            for judgement in judged
        ]
        if not any(reasons):
            continue
        rows = np.flatnonzero((table["step"] == step).to_numpy())
        unknown = rows[[bool(reason) for reason in reasons]]
        table = table.astype(dict.fromkeys(_NUMBERS, np.float64))
        table.loc[unknown, list(_NUMBERS)] = np.nan
        table.loc[rows, "why"] = reasons
    return table


def _exclusions(records: Records, measures: dict[str, ContinuityMeasure]) -> pd.DataFrame:
    """Return the reasons why episodes are in no share, with their numbers."""
    problems = records.problems
    aside = problems[
        (problems["table"] == "episodes") & problems["done"].astype(str).str.startswith("set aside")
    ]
    lines = aside.drop_duplicates(["file", "line"])  # a row with two faults is one row
    exclusions = [
        ("read", str(check), int(count)) for check, count in lines.groupby("check").size().items()
    ]
    for step, measure in measures.items():
        reasons = measure.table.loc[measure.table["met"].isna() | ~measure.table["over"]]
        why = reasons["not_known"].where(reasons["over"], NOT_FOLLOWED)
        exclusions += [
            (step, str(reason), int(n))
            for reason, n in why.value_counts().items()
            if reason != OUTSIDE
        ]
    frame = pd.DataFrame(exclusions, columns=["step", "reason", "episodes"])
    return frame.astype({"episodes": np.int64})
