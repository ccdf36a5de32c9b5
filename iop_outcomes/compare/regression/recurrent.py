"""Cox models of recurrent events: Andersen-Gill, and Prentice, Williams and Peterson."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.regression.formula import design_of
from iop_outcomes.compare.regression.partial_likelihood import CoxFit, fit_cox
from iop_outcomes.compare.regression.ratios import covariance_table, ratio_table
from iop_outcomes.compare.regression.result import Regression
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.checks import check_choice, check_whole
from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.post_baseline import refuse_post_baseline
from iop_outcomes.shared.provenance import relabel
from iop_outcomes.survival.clusters import Cluster
from iop_outcomes.survival.near_ties import merge_near_ties
from iop_outcomes.survival.person_ids import only_column
from iop_outcomes.survival.recurrence.times import Stretches, read_stretches
from iop_outcomes.survival.times import check_times, holds_numbers, read_flags

MODELS = {
    "andersen_gill": (
        "Andersen-Gill model",
        "A ratio compares the rate of the event among those at risk, whatever events they had "
        "before.",
    ),
    "pwp_total": (
        "Prentice-Williams-Peterson model in total time",
        "A ratio compares the rate of the next event by days since the start, among those at "
        "risk with the same number of events before.",
    ),
    "pwp_gap": (
        "Prentice-Williams-Peterson model in gap time",
        "A ratio compares the rate of the next event by days since the last one ended, among "
        "those at risk with the same number of events before.",
    ),
}
ALIVE = (
    "The rate is among people alive: a death ends the row and is not counted as time without "
    "events."
)


@dataclass(frozen=True, eq=False)
class _Clock:
    """Where each stretch lies on the clock of the model, and its stratum."""

    entry: NDArray[Any]
    days: NDArray[Any]
    stratum: NDArray[np.intp] | None


def recurrent_cox(
    times: pd.DataFrame,
    formula: str | Sequence[str],
    *,
    model: str = "andersen_gill",
    id: str = "episode_id",
    cluster: str | Cluster | None = Cluster.PERSON,
    strata: str | Sequence[str] | None = None,
    number: str | None = None,
    most: int | None = None,
    ties: str = "efron",
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
    small_sample: bool = False,
    allow_post_baseline: bool = False,
) -> Regression:
    r"""Fit a Cox model of recurrent events, with cluster-robust errors.

    Parameters
    ----------
    times : pandas.DataFrame
        What `iop_outcomes.recurrent_relapses` returns, or any frame of stretches at risk, as for
        `iop_outcomes.mean_cumulative_function`. Rows whose ``at_risk`` is False are left out, if
        there is such a column.
    formula : str or sequence of str
        The terms, such as ``"age + program"``, or a list of columns.
    model : {"andersen_gill", "pwp_total", "pwp_gap"}
        - ``"andersen_gill"``: one baseline for all events, by day (Andersen and Gill 1982, Ann
          Stat 10:1100-1120).
        - ``"pwp_total"``: a baseline for each number of event, by day (Prentice, Williams and
          Peterson 1981, Biometrika 68:373-379): those who had fewer before are not at risk of this
          one.
        - ``"pwp_gap"``: the same by days since the person came to be at risk of this one.
    id : str
        The column that identifies the person or episode of a stretch.
    cluster : str, Cluster.PERSON or None
        The column of what is taken as independent; by default ``person_id`` if there is such a
        column, else `id`. None treats each `id` as independent.
    strata : str or sequence of str, optional
        Columns of which each combination has a baseline of its own.
    number : str, optional
        The column with the number of the event that a stretch leads to; by default it is 1 and
        the events of the id before the stretch.
    most : int, optional
        In the models by number: from this number on all events share a baseline, since they are
        few. By default each has its own.
    ties : {"efron", "breslow"}
        How events of one day share their risk set.
    missing_group : {"refuse", "own", "leave_out"}
        How ids without a value of `strata` are handled: refused; a group "not recorded" of their
        own; or left out, and counted in ``rule`` and ``text``.
    confidence : float
        The level of the limits.
    small_sample : bool
        As for `iop_outcomes.cox`: whether errors by cluster are corrected for few clusters.
    allow_post_baseline : bool
        As for `iop_outcomes.cox`: whether columns known only at the end of the stay are allowed.

    Returns
    -------
    Regression
        Its ``se`` is cluster-robust.

    Raises
    ------
    EstimateError
        If the stretches are refused by `iop_outcomes.mean_cumulative_function`, a covariate
        is missing, a number is not a whole number of 1 or more, or the model cannot be fitted.
    RuleError
        If an option or a column is not known, `most` is given without numbers, or `small_sample` is
        asked for where each id is by itself though ``person_id`` repeats.

    Notes
    -----
    The partial likelihood with stretches ``(entry, days]``, and the sandwich of Lin and Wei (1989,
    JASA 84:1074-1078) summed within clusters, as R's ``coxph(Surv(entry, days, event) ~ x,
    cluster = id)``, with ``strata(number)`` and ``Surv(days - entry, event)`` for the models by
    number. Andersen-Gill with these errors models the rate, and makes no assumption about the
    dependence between the events of a person (Lin, Wei, Yang and Ying 2000, JRSS B 62:711-730). The
    models by number compare people with the same number of events before. Reaching that number
    depends on prognosis, so that after the first event the comparison is no longer one of
    randomised groups.

    A death ends the stretches of a person, like censoring. The ratios are then of rates among
    people alive; whether a group has fewer events *a person* also depends on survival:
    `iop_outcomes.compare_recurrence` with ``terminal=``.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.compare.regression.recurrent import recurrent_cox
    >>> times = pd.DataFrame(
    ...     {
    ...         "id": [1, 1, 2, 2, 3, 4, 5, 5, 6, 7],
    ...         "entry": [0, 10, 0, 20, 0, 0, 0, 35, 0, 0],
    ...         "days": [10, 40, 20, 30, 55, 60, 35, 60, 60, 25],
    ...         "event": [1, 0, 1, 1, 0, 0, 1, 0, 0, 0],
    ...         "track": ["day"] * 5 + ["evening"] * 5,
    ...     }
    ... )
    >>> fit = recurrent_cox(times, "track", id="id")
    >>> fit.table[["term", "coefficient", "se"]].round(4)
                       term  coefficient      se
    0  track evening vs day      -1.3494  0.9613
    """
    _check_options(model, most)
    at_risk = settle_groups(_at_risk(times), (strata,), missing_group, id=id)
    stretches = read_stretches(at_risk, None, id=id, cluster=cluster)
    design = design_of(at_risk, formula)
    refuse_post_baseline(design.used, allow_post_baseline, stretches.times.provenance.origin)
    names = design.names
    clusters = stretches.clusters.corrected(small_sample, leverage=True)
    clusters.refuse_fewer(len(names), "term")
    strata_code, strata_names = _strata(at_risk, strata)
    clock = _clock(at_risk, stretches, strata_code, (model, number, most))
    fit = _fitted(design.matrix, clock, replace(stretches, clusters=clusters), (ties, names))
    title, meaning = MODELS[model]
    by_number = [] if model == "andersen_gill" else [_number_text(number, most)]
    return Regression(
        table=ratio_table(
            names,
            fit.coefficient,
            fit.reported,
            model=fit.covariance,
            confidence=confidence,
            clustering=clusters.clustering,
        ),
        n=fit.rows,
        events=fit.events,
        clusters=int(stretches.cluster.max()) + 1,
        strata=(*by_number, *strata_names),
        ties=ties,
        log_likelihood=fit.log_likelihood,
        null_log_likelihood=fit.null_log_likelihood,
        confidence=confidence,
        robust=True,
        model=f"{title} of recurrent events, each row a stretch at risk",
        meaning=f"{meaning} {ALIVE}",
        rule=stretches.times.rule,
        synthetic=stretches.times.synthetic,
        clustering=clusters.clustering,
        covariance=covariance_table({None: fit.reported}, names, clusters.clustering.factor),
        parts=design.parts,
    )


def _fitted(
    matrix: NDArray[np.float64],
    clock: _Clock,
    stretches: Stretches,
    options: tuple[str, list[str]],
) -> CoxFit:
    ties, names = options
    return fit_cox(
        matrix,
        clock.days,
        stretches.times.event,
        entry=clock.entry,
        stratum=clock.stratum,
        cluster=stretches.cluster,
        ties=ties,
        names=names,
        small_sample=bool(stretches.clusters.clustering.small_sample),
    )


def _check_options(model: str, most: int | None) -> None:
    check_choice("model", model, MODELS, instead='model="andersen_gill"')
    if most is None:
        return
    if model == "andersen_gill":
        raise RuleError(
            "The Andersen-Gill model has one baseline for events of every number.",
            found=f"most={as_written(most)}",
            instead='model="pwp_total", or no most=',
        )
    check_whole("most", most, 1)


def _at_risk(times: pd.DataFrame) -> pd.DataFrame:
    if not isinstance(times, pd.DataFrame) or "at_risk" not in times.columns:
        return times
    column = only_column(times, "at_risk", "whether a stretch is at risk")
    at_risk, wrong = read_flags(column)
    if holds_numbers(column):  # a number of people at risk, it may be
        wrong = len(times)
    if wrong:
        raise EstimateError(
            "The column at_risk says of each stretch whether it is, True or False.",
            found=f"{wrong:,} of {len(times):,} values are neither",
            instead='times.drop(columns="at_risk"), if it means something else.',
        )
    return relabel(times[at_risk].reset_index(drop=True), times)


def _strata(
    times: pd.DataFrame, strata: str | Sequence[str] | None
) -> tuple[NDArray[np.intp] | None, list[str]]:
    if strata is None:
        return None, []
    checked = check_times(times, strata)
    return checked.group, list(checked.labels.columns)


def _clock(
    times: pd.DataFrame,
    stretches: Stretches,
    stratum: NDArray[np.intp] | None,
    options: tuple[str, str | None, int | None],
) -> _Clock:
    """Return the entry, the days and the stratum of each stretch by the model."""
    model, name, most = options
    entry, days = stretches.entry, stretches.days
    if model == "andersen_gill":
        return _Clock(entry, days, stratum)
    number = _number_by_events(stretches) if name is None else _number_in_column(times, name)
    if model == "pwp_gap":
        # A stretch may be cut in several, or interrupted: the clock starts with the first.
        start = pd.Series(entry).groupby([stretches.id, number]).transform("min").to_numpy()
        entry, days = merge_near_ties([entry - start, days - start])
    if most is not None:
        number = np.minimum(number, most)
    code = number if stratum is None else stratum * (int(number.max()) + 1) + number
    return _Clock(entry, days, np.asarray(pd.factorize(code, sort=True)[0], dtype=np.intp))


def _number_by_events(stretches: Stretches) -> NDArray[np.intp]:
    """Return 1 and the events of the id before each stretch."""
    place = np.lexsort((stretches.days, stretches.entry, stretches.id))
    event = pd.Series(stretches.times.event[place].astype(np.intp))
    before = event.groupby(stretches.id[place]).cumsum() - event
    number = np.empty(len(place), dtype=np.intp)
    number[place] = before.to_numpy() + 1
    return number


def _number_in_column(times: pd.DataFrame, name: str) -> NDArray[np.intp]:
    column = only_column(times, name, "the number of the event")
    column = pd.to_numeric(column.astype(object), errors="coerce").astype(float)
    wrong = int((~((column >= 1) & (column % 1 == 0))).sum())
    if wrong:
        raise EstimateError(
            "The number of an event is a whole number of 1 or more.",
            found=f"{wrong:,} of {len(times):,} are not",
        )
    return column.to_numpy().astype(np.intp)


def _number_text(number: str | None, most: int | None) -> str:
    name = number or "number of the event"
    return name if most is None else f"{name} ({most} and more as one)"
