"""Sessions by service or approach, and relapse after a landmark by the sessions before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.attendance.rule import AttendanceRule, check_rule
from iop_outcomes.attendance.stays import Attendance, read_attendance
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.exposure import landmark
from iop_outcomes.outcome_scores.estimates import share_limits
from iop_outcomes.records import Records, require_records
from iop_outcomes.relapse import RelapseRule
from iop_outcomes.shared.arrays import Booleans, Integers, ratio, sums
from iop_outcomes.shared.checks import check_choice, check_confidence, check_whole
from iop_outcomes.shared.group_codes import NOT_RECORDED
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import format_count, format_level
from iop_outcomes.statistics.proportions import clustered_interval
from iop_outcomes.survival import survival_curves

Kind = Literal["service", "approach"]
DOSES = ("none", "lower", "higher")
CAUTION = (
    "These numbers do not show that sessions are the cause: people who do well attend more often, "
    "and people who are offered more of a service may need it more."
)


@dataclass(frozen=True, eq=False, repr=False)
class DoseAndOutcome(Result):
    """How much of each service or approach was attended, and relapse by this dose.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a service or approach and dose, with the columns that `dose_and_outcome` describes.
    dose : pandas.DataFrame
        One row a service or approach: how many attended it, and how often.
    of : str
        ``service`` or ``approach``.
    day, horizon : int
        The landmark in days since admission, and the days after it within which relapse counts.
    confidence : float
        Confidence level of the limits.
    rule : str
        How the numbers were worked out.
    synthetic : bool
        Whether the records are synthetic.
    """

    table: pd.DataFrame
    dose: pd.DataFrame
    of: str
    day: int
    horizon: int
    confidence: float
    rule: str
    synthetic: bool = False

    @property
    def text(self) -> str:
        """The main numbers for each service or approach, and a caution about their meaning."""
        level = format_level(self.confidence)
        sentences = []
        for _, row in self.dose.iterrows():
            value = row[self.of]
            if pd.isna(row["share"]):
                sentences.append(f"{value}: too few people to show.")
                sentences += self._outcomes(self.table[self.table[self.of] == value])
                continue
            rate = (
                f"; {row['attended']:,.0f} of {row['due']:,.0f} sessions due were attended "
                f"({row['rate']:.0%})"
                if pd.notna(row["rate"])
                else ""
            )
            sentences.append(
                f"{value}: {row['with_any']:,.0f} of {row['episodes']:,.0f} episodes attended it "
                f"({row['share']:.0%}, {level} limits {row['lower']:.0%} to {row['upper']:.0%})"
                f"{rate}."
            )
            sentences += self._outcomes(self.table[self.table[self.of] == value])
        return f"{' '.join(sentences)} {CAUTION} {self.rule}"

    def _outcomes(self, rows: pd.DataFrame) -> list[str]:
        shares = [
            f"{row['dose']} ({_sessions_text(row['sessions_from'], row['sessions_to'])}, n "
            f"{row['episodes']:,.0f}) {row['relapsed']:.0%}"
            for _, row in rows.iterrows()
            if pd.notna(row["relapsed"])
        ]
        if not shares:
            return []
        return [
            f"Relapse within {self.horizon} days after day {self.day} by sessions up to then: "
            f"{'; '.join(shares)}."
        ]

    @property
    def _summary(self) -> str:
        return f"{len(self.dose)} values of {self.of}, landmark day {self.day}"

    @property
    def _caption(self) -> str:
        return f"{CAUTION} {self.rule}"


def dose_and_outcome(
    records: Records,
    of: Kind = "service",
    *,
    day: int = 30,
    horizon: int = 90,
    rule: RelapseRule | None = None,
    attendance: AttendanceRule | None = None,
    confidence: float = 0.95,
) -> DoseAndOutcome:
    """Return how much of each service or approach was attended, and later relapse by this dose.

    Parameters
    ----------
    records : Records
        With attendance and check-ins.
    of : {"service", "approach"}
        Whether sessions are distinguished by service (group, individual, family, skills) or by
        approach (such as CBT or motivational interviewing).
    day : int
        The landmark, in days since admission. The dose is the sessions up to the end of this day.
    horizon : int
        Days after the landmark within which relapse counts.
    rule : RelapseRule, optional
        The definition of relapse, with ``origin="admission"``; by default ``RelapseRule()``.
    attendance : AttendanceRule, optional
        Which services are sessions, and what counts as attended.
    confidence : float
        Confidence level of the limits, between 0 and 1.

    Returns
    -------
    DoseAndOutcome
        Its ``dose`` has one row a service or approach, for all episodes and their whole stays:

        ``service`` or ``approach`` : str
            Sessions without one are ``not recorded``, in the last row.
        ``episodes, with_any`` : int64
            All episodes, and those with an attended session; ``share, lower, upper`` (float64)
            with Wilson's limits, or limits clustered by person if a person has several episodes.
        ``due, attended`` : int64
            Numbers of sessions; ``rate, rate_lower, rate_upper`` (float64) with limits clustered by
            person. The rate is missing if the records do not show absences.
        ``median_sessions`` : float64
            The median number of sessions attended, among episodes with any.
        ``hours, length_not_known`` : float64, int64
            Hours attended, with overlapping sessions counted once, of sessions whose length is
            known (missing if none is); and the number of attended sessions of unknown length.

        Its ``table`` has one row a service or approach and dose, for those still in the program
        and without relapse by the end of the landmark day:

        ``dose`` : str
            ``none``; ``lower`` and ``higher``: up to the median of those with any session, and
            above it.
        ``sessions_from, sessions_to`` : int64
            The smallest and largest number of sessions in this dose; 0 if it has no episodes.
        ``episodes, events, censored`` : int64
            At risk after the landmark; relapses within the horizon; follow-up ended before the
            horizon without relapse.
        ``relapsed, lower, upper`` : float64
            The share with relapse within the horizon, 1 minus the Kaplan-Meier estimate, with
            limits clustered by person if a person has several episodes; missing if follow-up ends
            before the horizon.

    Raises
    ------
    EstimateError
        If no session has a service (or approach), or nobody is at risk after the landmark.
    MissingTableError
        If attendance or check-ins were not read.
    RuleError
        If an option is not valid, or the origin of the rule is not admission.

    Notes
    -----
    The dose counts sessions up to a day that everybody in the table reached. Over the whole stay,
    people who relapse early cannot attend later, so that a comparison would be biased (immortal
    time bias). The comparison is still not causal: people attend because they are well, and a
    service is offered to those who seem to need it. `iop_outcomes.landmark` with `iop_outcomes.cox`
    adjusts for what is recorded at admission, and `iop_outcomes.emulate_strategies` compares
    strategies of attendance. Independent censoring is assumed for people whose check-ins end early.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> result = iop.dose_and_outcome(iop.read_records("data/samples"))
    >>> result.dose["service"].tolist()
    ['group', 'individual', 'family']
    >>> result.table.loc[result.table["service"] == "individual", "dose"].tolist()
    ['none', 'lower', 'higher']
    """
    require_records(records, "Dose and outcome")
    check_choice("of", of, ("service", "approach"))
    records.require("attendance", "dose and outcome")
    records.require("checkins", "relapse after a dose")
    check_whole("day", day, 1, "day=30")
    check_whole("horizon", horizon, 1, "horizon=90")
    check_confidence(confidence)
    relapse = RelapseRule() if rule is None else rule
    if relapse.origin != "admission":
        raise RuleError(
            "The dose counts from admission, so that the rule must count from admission too.",
            found=f'origin="{relapse.origin}"',
            instead='RelapseRule(origin="admission")',
        )
    read = read_attendance(records, check_rule(attendance))
    names, code = _values(read, of)
    dose = _dose_rows(read, names, code, of, confidence)
    frame = landmark(records, day, rule=relapse)
    frame = frame[frame["in_program"].to_numpy(dtype=np.bool_)].reset_index(drop=True)
    if not len(frame):
        raise EstimateError(
            "Nobody is in the program and without relapse after the landmark.",
            found=f"day={day}",
            instead="an earlier day.",
        )
    index = pd.Index(records.episodes["episode_id"].to_numpy())
    place = index.get_indexer(pd.Index(frame["episode_id"].to_numpy()))
    by_then = read.sessions.attended & (read.sessions.day <= day)
    parts = []
    for number, name in enumerate(names):
        had = read.sessions.count(by_then & (code == number))[place]
        parts.append(_outcome_rows(frame, had, day + horizon, confidence).assign(**{of: name}))
    table = pd.concat(parts, ignore_index=True)
    table = table[[of, *(column for column in table.columns if column != of)]]
    text = (
        f"Dose: attended sessions up to day {day}. At risk after that day: people in the "
        f"program and without relapse so far. {read.sessions.rule.text} {relapse.text}"
    )
    return DoseAndOutcome(table, dose, of, day, horizon, confidence, text, records.synthetic)


def _sessions_text(low: int, high: int) -> str:
    return format_count(high, "session") if low == high else f"{low:,.0f} to {high:,.0f} sessions"


def _values(attendance: Attendance, of: Kind) -> tuple[list[str], Integers]:
    """Return the names of services or approaches, and the code of each row (-1 if not counted)."""
    column = attendance.sessions.frame[of]
    rows = attendance.sessions.treatment & (attendance.sessions.due | attendance.sessions.attended)
    named = np.array([*column.cat.categories, None], dtype=object)
    words = named[column.cat.codes.to_numpy()]
    met = {str(word) for word in words[rows] if word is not None}
    if not met:
        raise EstimateError(
            f"No session has {'an approach' if of == 'approach' else 'a service'}.",
            found=f"no value in the column {of} of {int(rows.sum()):,} treatment sessions",
            instead='of="service", or the approach of each session in that column'
            if of == "approach"
            else "the service of each session in that column",
        )
    order = attendance.sessions.rule.services if of == "service" else sorted(met)
    names = [name for name in order if name in met]
    code = np.full(len(words), -1, dtype=np.intp)
    for number, name in enumerate(names):
        code[words == name] = number
    unnamed = rows & np.array([word is None for word in words], dtype=np.bool_)
    if unnamed.any():
        code[unnamed] = len(names)
        names.append(NOT_RECORDED)
    return names, np.where(rows, code, -1)


def _dose_rows(
    attendance: Attendance, names: list[str], code: Integers, of: Kind, confidence: float
) -> pd.DataFrame:
    sessions, size = attendance.sessions, len(names)
    person = attendance.records.episodes["person_id"].cat.codes.to_numpy()
    rate_known = not attendance.records.judgements("attendance_rate")["attendance_rate"].absent
    rows = []
    for number in range(size):
        here = code == number
        came, due = sessions.attended & here, sessions.due & here
        had = sessions.count(came)
        one_group = np.zeros(len(person), dtype=np.int64)
        lower, upper = share_limits(had > 0, person, one_group, 1, confidence)
        low, high = _rate_limits(came, due, sessions.episode, person, confidence)
        minutes = sessions.attended_minutes(np.flatnonzero(came))
        known = ~np.isnan(minutes)
        rows.append(
            {
                "episodes": len(person),
                "with_any": int((had > 0).sum()),
                "share": float((had > 0).mean()) if len(person) else np.nan,
                "lower": lower[0],
                "upper": upper[0],
                "due": int(due.sum()),
                "attended": int(came.sum()),
                "rate": float(ratio(came.sum(), due.sum())) if rate_known else np.nan,
                "rate_lower": low if rate_known else np.nan,
                "rate_upper": high if rate_known else np.nan,
                "median_sessions": float(np.median(had[had > 0])) if (had > 0).any() else np.nan,
                "hours": float(np.nansum(minutes)) / 60 if known.any() else np.nan,
                "length_not_known": int((~known).sum()),
            }
        )
    return pd.DataFrame({of: names, **pd.DataFrame(rows)})


def _rate_limits(
    came: Booleans, due: Booleans, episode: Integers, person: Integers, confidence: float
) -> tuple[float, float]:
    who = person[episode]
    size = int(person.max(initial=0)) + 1
    x, n = sums(who[came], np.ones(int(came.sum())), size), np.bincount(who[due], minlength=size)
    inside = n > 0
    if not inside.any():
        return np.nan, np.nan
    low, high = clustered_interval(
        x[inside],
        n[inside].astype(np.float64),
        np.flatnonzero(inside),
        group=np.zeros(int(inside.sum()), dtype=np.int64),
        groups=1,
        confidence=confidence,
    )
    return float(low[0]), float(high[0])


def _outcome_rows(
    frame: pd.DataFrame, had: Integers, until: float, confidence: float
) -> pd.DataFrame:
    """Return the share with relapse by day `until`, for no, a lower and a higher dose."""
    some = had[had > 0]
    median = np.median(some) if len(some) else 0.0
    band = np.where(had == 0, 0, np.where(had <= median, 1, 2))
    days, event = frame["days"].to_numpy(dtype=np.float64), frame["event"].to_numpy(dtype=np.bool_)
    rows = []
    for place, dose in enumerate(DOSES):
        inside = band == place
        count = int(inside.sum())
        row = {
            "dose": dose,
            "sessions_from": int(had[inside].min()) if count else 0,
            "sessions_to": int(had[inside].max()) if count else 0,
            "episodes": count,
            "events": int((inside & event & (days <= until)).sum()),
            "censored": int((inside & ~event & (days < until)).sum()),
            **dict.fromkeys(("relapsed", "lower", "upper"), np.nan),
        }
        if count:
            at = survival_curves(frame[inside], confidence=confidence).at([until]).iloc[0]
            row |= {
                "relapsed": 1 - at["survival"],
                "lower": 1 - at["upper"],
                "upper": 1 - at["lower"],
            }
        rows.append(row)
    return pd.DataFrame(rows)
