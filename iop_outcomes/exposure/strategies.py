"""Strategies of attendance compared on records: the frames of the target trial, made from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from iop_outcomes.compare.strategies import Strategy, StrategyComparison, compare_strategies
from iop_outcomes.compare.strategies.strategy import check_strategies
from iop_outcomes.errors import RuleError
from iop_outcomes.exposure.source import Services, Source
from iop_outcomes.records import Records, require_records
from iop_outcomes.records.schema import TREATMENT_SERVICES
from iop_outcomes.relapse import RelapseRule
from iop_outcomes.shared.messages import as_written
from iop_outcomes.survival.clusters import Cluster

MEASURED = ("hours", "sessions_attended", "sessions_due", "attendance_rate")
HISTORY = (
    "C(period)",
    "attended_last_week",
    "absences_last_week",
    "attended_before",
    "absences_before",
)


def emulate_strategies(
    records: Records,
    strategies: Sequence[Strategy],
    *,
    day: float,
    covariates: str | Sequence[str] = (),
    grace: int = 0,
    rule: RelapseRule | None = None,
    truncate: float | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    services: Services = TREATMENT_SERVICES,
    excused: str = "due",
    confidence: float = 0.95,
    resamples: int = 500,
    seed: int = 0,
    progress: bool = False,
) -> StrategyComparison:
    """Compare sustained strategies of attendance on records, as a target trial would.

    Parameters
    ----------
    records : Records
        With attendance and check-ins.
    strategies : sequence of Strategy
        Two or more, of ``hours``, ``sessions_attended`` or ``attendance_rate`` (attended / due) in
        each of the first weeks; week 1 is the days 0 to 6.
    day : float
        The day of the differences, chosen before the data are seen: at the earliest some days after
        the last week of the strategies.
    covariates : str or sequence of str
        Terms known on day 0 that affect both attendance and relapse, as a formula
        (``"age + program"``) or a list of columns of the episodes. Added to what was attended
        before each week.
    grace : int
        In how many weeks a person may do otherwise and still keep to a strategy, unless the
        strategy says. The first week is often short, as admissions are on any day of it.
    rule : RelapseRule, optional
        What counts as relapse; day 0 is the admission or the first session.
    truncate, cluster, confidence, resamples, seed, progress
        As for `iop_outcomes.compare_strategies`.
    services, excused
        As for `iop_outcomes.engagement`.

    Returns
    -------
    StrategyComparison
        With ``table``, ``curves``, ``weights``, ``protocol``, ``text`` and ``plot()``.

    Raises
    ------
    MissingTableError
        If a table was not read.
    RuleError
        If a strategy is about something else, or as for `iop_outcomes.compare_strategies`.
    EstimateError
        As for `iop_outcomes.compare_strategies`.

    Notes
    -----
    The estimate is that of `iop_outcomes.compare_strategies`. The model of going on has the week,
    sessions attended and missed in the week before and in all weeks before, and the covariates. A
    week after the discharge has 0 hours: those discharged early deviate from "at least", without
    a probability, since nobody discharged could have gone on. A rate in a week without a session
    due, and hours with a session of unknown length, are not known; such a week ends no clone.

    Relapse is known at check-ins, on its day or later; a person who has begun to use may attend
    less before it is recorded. Such reverse causation remains where check-ins are far apart.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> half = iop.Strategy("half or more", at_least=0.5, column="attendance_rate", weeks=3)
    >>> less = iop.Strategy("less", less_than=0.5, column="attendance_rate", weeks=3)
    >>> emulation = iop.emulate_strategies(
    ...     records, [half, less], day=35, covariates="age + program", grace=1, resamples=100
    ... )
    >>> emulation.protocol["element"].tolist()[:3]
    ['eligibility', 'strategies', 'assignment']
    """
    require_records(records, "A comparison of strategies")
    wanted = check_strategies(strategies, grace)
    strange = sorted({strategy.column for strategy in wanted} - set(MEASURED))
    if strange:
        raise RuleError(
            "A strategy of attendance is about something that weeks of records hold.",
            found=f"column={as_written(strange[0])}",
            instead=", ".join(MEASURED),
        )
    source = Source.of(
        records, rule, window=None, services=services, excused=excused, purpose="strategy"
    )
    weeks = weeks_of(source, max(strategy.weeks for strategy in wanted))
    own = [name for name in weeks.columns if name != "episode_id"]
    taken = [name for name in (*own, "period") if name in source.times.columns]
    if taken:
        raise RuleError(
            "The episodes have a column of a name that weeks of attendance have.",
            found=", ".join(taken),
            instead="another name, in the export or in mapping.toml.",
        )
    return compare_strategies(
        source.times,
        weeks,
        wanted,
        day=day,
        formula=_formula(covariates),
        possible="in_program",
        truncate=truncate,
        cluster=cluster,
        confidence=confidence,
        resamples=resamples,
        seed=seed,
        progress=progress,
    )


def weeks_of(source: Source, weeks: int) -> pd.DataFrame:
    """Return the first weeks of each row of times from records: one row a row and week.

    Parameters
    ----------
    source : Source
        Made from records.
    weeks : int
        How many weeks.

    Returns
    -------
    pandas.DataFrame
        ``episode_id``; ``day``: the last day of the week; ``sessions_due, sessions_attended,
        attendance_rate, hours`` in it; ``attended_last_week, absences_last_week, attended_before,
        absences_before``: sessions in the week before and in all before it; ``in_program``: not
        discharged before its first day.
    """
    if source.attendance is None:
        raise RuleError("Weeks of attendance are made from records.", found="a frame of times")
    rows = len(source.times)
    row = np.repeat(np.arange(rows), weeks)
    week = np.tile(np.arange(1, weeks + 1), rows)
    table = source.attendance.weeks(source.episode[row], week)
    table.insert(0, "day", 7 * week - 1)
    table.insert(0, "episode_id", source.times["episode_id"].to_numpy()[row])
    return table


def _formula(covariates: str | Sequence[str]) -> str:
    if isinstance(covariates, str):
        terms = [covariates] if covariates.strip() else []
    else:
        terms = [f"`{name}`" for name in covariates]
    return " + ".join([*HISTORY, *terms])
