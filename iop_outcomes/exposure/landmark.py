"""Those still at risk on a day, with what was known of them by that day."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.exposure.source import OF_THE_END, Services, Source
from iop_outcomes.records import Records
from iop_outcomes.records.schema import TREATMENT_SERVICES
from iop_outcomes.relapse import RelapseRule
from iop_outcomes.shared.checks import is_number
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.provenance import provenance_of, relabel


def landmark(
    times: Records | pd.DataFrame,
    day: float | Sequence[float],
    *,
    rule: RelapseRule | None = None,
    horizon: float | None = None,
    window: int | None = None,
    services: Services = TREATMENT_SERVICES,
    excused: str = "due",
) -> pd.DataFrame:
    """Return those still at risk after a day, with their attendance as it was known by that day.

    Parameters
    ----------
    times : Records or pandas.DataFrame
        Records, of which `iop_outcomes.time_to_relapse` makes the times; or a frame of times
        (``days``, ``event``, perhaps ``entry``) with columns of your own that were known by the
        day.
    day : float or sequence of float
        The landmark, in days since day 0, chosen before the data are seen; or several, whose rows
        are stacked. Above 0.
    rule : RelapseRule, optional
        With records only: what counts as relapse. Day 0 is the admission or the first session.
    horizon : float, optional
        Rows are censored so many days after their landmark: the window of prediction.
    window : int, optional
        With records only: attendance of the last n days up to the landmark is given too.
    services, excused
        With records only: as for `iop_outcomes.engagement`.

    Returns
    -------
    pandas.DataFrame
        One row for each row of the times and landmark after which it is at risk (entry by the
        landmark, ``days`` after it), landmark by landmark. The columns of the times; days go on
        counting from day 0.

        ``landmark`` : float64
            The day.
        ``entry`` : float64
            The same: at risk from the day after it, so that `iop_outcomes.survival_curves` and
            `iop_outcomes.cox` are conditional on having come so far.
        ``days, event``
            As they were, except for `horizon`. The columns that say how a row ended (``ended_by``
            and others) are left out with a `horizon`, since they may show a later end.

        With records also, each by the end of the landmark:

        ``sessions_due_so_far, sessions_attended_so_far`` : int64
            Treatment sessions since admission.
        ``attendance_rate_so_far`` : float64
            Attended / due; missing if nothing was due or the records hold no absences.
        ``hours_so_far`` : float64
            Hours attended; missing if the length of an attended session is not known.
        ``days_since_contact`` : int64
            Since the last attended service of any kind, or since the admission.
        ``in_program`` : bool
            Not discharged by then.
        ``sessions_due_recent, sessions_attended_recent, attendance_rate_recent, hours_recent``
            With `window`: the same of the last days, the landmark included.

    Raises
    ------
    EstimateError
        If nobody is at risk after a landmark, or the times are not valid.
    RuleError
        If a landmark is not a number above 0, a rule is given with a frame, day 0 is the
        discharge, or the times have a column of a name that is made here.

    Notes
    -----
    A whole-stay attendance rate as a covariate of times since admission compares people by what
    came later: who relapses in the second week cannot attend in the tenth (immortal time). After a
    landmark the question is another one: how do those who came so far differ by what was known of
    them on that day (Anderson, Cain and Gelber 1983, J Clin Oncol 1:710-719). The answer is
    conditional on having come so far and depends on the day.

    Several landmarks stacked, ``cox(..., strata="landmark", cluster="person_id")`` with a `horizon`
    make a model for dynamic prediction (van Houwelingen 2007, Scand J Stat 34:70-85): one
    coefficient for all landmarks, or one that changes with ``"attended * landmark"``. A person has
    a row a landmark, so errors must be by person; `iop_outcomes.cox` takes ``person_id`` by itself.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> month = iop.landmark(records, day=30).dropna(subset=["attendance_rate_so_far"])
    >>> fit = iop.cox(month, "attendance_rate_so_far", strata="in_program")
    >>> fit.table["term"].tolist()
    ['attendance_rate_so_far']
    >>> months = iop.landmark(records, day=[30, 60, 90], horizon=60, window=14)
    >>> months.groupby("landmark").size().index.tolist()
    [30.0, 60.0, 90.0]
    """
    landmarks = _landmarks(day)
    reach = _reach(horizon)
    source = Source.of(
        times, rule, window=window, services=services, excused=excused, purpose="landmark"
    )
    source.refuse_taken("landmark")
    parts = [_at(source, landmark_day, reach) for landmark_day in landmarks]
    frame = pd.concat(parts, ignore_index=True)
    if horizon is not None:
        frame = frame.drop(columns=[name for name in OF_THE_END if name in frame.columns])
    after = ", ".join(f"{landmark_day:g}" for landmark_day in landmarks)
    text = f"Only those at risk after day {after}, by what was known by then."
    if horizon is not None:
        text += f" Censored {horizon:g} days later."
    earlier = provenance_of(source.times)
    return relabel(frame, source.times, rule=f"{earlier.rule} {text}".strip())


def _at(source: Source, day: float, reach: float) -> pd.DataFrame:
    """Return the rows of one landmark."""
    row = np.flatnonzero((source.entry <= day) & (source.days > day))
    if not len(row):
        raise EstimateError(
            "Nobody is at risk after the landmark.",
            found=f"landmark {day:g}, last day {source.days.max():g}",
            instead="an earlier day.",
        )
    known = source.known_by(row, np.full(len(row), day))
    frame = source.times.iloc[row].reset_index(drop=True)
    end = np.minimum(source.days[row], day + reach)
    cut = source.days[row] > day + reach
    followed = frame.drop(columns="entry", errors="ignore").assign(
        landmark=float(day),
        entry=float(day),
        days=end if cut.any() else frame["days"],
        event=source.event[row] & ~cut,
    )
    return pd.concat([followed, known], axis=1)


def _landmarks(day: float | Sequence[float]) -> list[float]:
    asked = list(day) if isinstance(day, (Sequence, np.ndarray)) and len(day) else [day]
    good = all(is_number(day) and np.isfinite(day) and day > 0 for day in asked)
    if isinstance(day, str) or not good or len(set(asked)) < len(asked):
        raise RuleError(
            "A landmark is a number of days above 0, or several that differ.",
            found=f"day={as_written(day)}",
            instead="day=30, or day=[30, 60, 90]",
        )
    return [float(day) for day in asked]  # type: ignore[arg-type]  # numbers by now


def _reach(horizon: float | None) -> float:
    if horizon is None:
        return float("inf")
    if not is_number(horizon) or not horizon > 0:
        raise RuleError(
            "The horizon is a number of days after the landmark, above 0.",
            found=f"horizon={as_written(horizon)}",
            instead="horizon=60",
        )
    return float(horizon)
