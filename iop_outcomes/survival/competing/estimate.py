"""Times in, cumulative incidence of competing ends out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.shared.groups import MissingGroup, settle_groups
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival.at_risk import Daily, count_days
from iop_outcomes.survival.clusters import Cluster, Clusters
from iop_outcomes.survival.competing.aalen_johansen import aalen_johansen, incidence_limits
from iop_outcomes.survival.competing.causes import Causes, read_causes
from iop_outcomes.survival.competing.clustered_errors import clustered_errors
from iop_outcomes.survival.competing.result import ESTIMATES, CumulativeIncidence
from iop_outcomes.survival.curves.estimate import curves_of, refuse_names
from iop_outcomes.survival.curves.weighted import Weighting, curve_steps, moves_of, read_weighting
from iop_outcomes.survival.labels import stacked
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.running_products import Spans

ANY_END = "an end by any of the causes"
NAMES = ("cause", *ESTIMATES, "naive", "excess", "end", "counted_as")


def cumulative_incidence(
    times: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    end: str = "ended_by",
    *,
    causes: Sequence[Any] | None = None,
    cluster: str | Cluster | None = Cluster.PERSON,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
) -> CumulativeIncidence:
    r"""Estimate the cumulative incidence of each of several competing causes.

    Parameters
    ----------
    times : pandas.DataFrame
        What `iop_outcomes.time_to_relapse` returns, or any frame with ``days`` (number, 0 or
        more), the column `end`, ``event`` (bool or 0/1; not needed with `causes`) and, where
        observation began after day 0, ``entry`` (number, before ``days``). Where it has the
        columns ``competing_end`` and ``competing_on``, as those of `time_to_relapse`, an end named
        there came first, on that day, whatever was seen after it.
    by : str or sequence of str, optional
        Columns whose values define the groups.
    end : str
        The column that says how each row ended.
    causes : sequence, optional
        The values of `end` that compete; every other end censors. A cause may have no events: its
        incidence is then 0, with the exact upper limit, and ``rule`` says so. By default the ends
        of the rows with the event, then those that the column ``competing_end`` names, as
        `time_to_relapse` writes it by ``RelapseRule.competing``; in a frame without that column
        died, incarcerated and transferred, where they occur.
    cluster : str, Cluster.PERSON or None
        The column that identifies clusters, for standard errors and limits.
        By default ``person_id`` if the frame has that column and a value of it is in several
        rows; None treats rows as independent. ``text`` says which, with the numbers of clusters and
        rows.
    missing_group : {"refuse", "own", "leave_out"}
        How rows without a value of `by` are handled: refused; a group "not recorded" of their own;
        or left out, and counted in ``rule`` and ``text``.
    confidence : float
        The level of the pointwise limits.

    Returns
    -------
    CumulativeIncidence
        With ``table``, ``at``, ``naive``, ``ends`` (how many had each end, and whether it is a
        cause or censored) and ``plot``.

    Raises
    ------
    EstimateError
        If an event has no cause, nobody has the event and `causes` are not given, or the times are
        refused by `iop_outcomes.survival_curves`.
    RuleError
        If a column is not there or has a name of the table's, or a cause looks like a misspelt word
        of `end`.

    Notes
    -----
    **What competes by default.** Death makes relapse impossible. After incarceration or a transfer
    (mostly to a higher level of care; the export does not record the direction) relapse is no
    longer observed in this setting. Both are related to the illness and are outcomes in themselves,
    so censoring by them would not be independent. The incidence of relapse is therefore the
    proportion who relapse before any of the three. Completion, dropping out, termination, other and
    unrecorded discharges, missed check-ins and the end of follow-up end *observation*: relapse
    after them is still of interest, so they are censored, and independent censoring is assumed.
    This is doubtful for people who drop out. To count such an end as an outcome instead, say so in
    the rule of the times, ``RelapseRule(competing=("died", "dropped_out"))``; or list it in
    `causes` where nothing was seen after it. Every end that is not listed censors, and ``ends``
    shows which. An end of rows with the event counts on those rows only.

    A death, arrest or transfer before the relapse is found ends the row, even if there are
    check-ins after it (`iop_outcomes.survival_curves` still counts with them), or are missed.
    It is on its own day, some days after the last day known clear: that there was no relapse in
    between is assumed, and `iop_outcomes.time_to_relapse` calls an episode lost where the two are
    further apart than ``lost_after``. A relapse found at the first check-in after a transfer counts
    as after it, though it may have been the reason.

    **The estimate.** :math:`F_k(t) = \sum_{u \le t} S(u-) d_k(u) / n(u)`, with S the
    Kaplan-Meier estimate of no end by any cause (Aalen and Johansen 1978, Scand J Stat
    5:141-150). Events of different causes on one day are tied; none is moved. The
    standard error is the sum of multinomial (Greenwood) variances of each day's events; without
    late entry this is the infinitesimal jackknife, and R's
    ``survfit(Surv(days, factor(end)) ~ group)$std.err``; with late entry R's jackknife also
    includes covariances between days, and differs slightly. The limits are symmetric in
    :math:`\log(-\log F)` (R's ``conf.type = "log-log"``; its default is ``"log"``). While there are
    no events of the cause they go from 0 to the exact binomial upper limit for no events among
    people with known status. With clusters the errors are the infinitesimal jackknife by cluster,
    and clusters are counted in place of people. Late entry as in `iop_outcomes.survival_curves`:
    those who enter on a day later than 0 are at risk from the day after.

    Examples
    --------
    >>> import pandas as pd
    >>> from iop_outcomes.survival.competing.estimate import cumulative_incidence
    >>> times = pd.DataFrame(
    ...     {
    ...         "days": [10, 20, 20, 30, 40],
    ...         "event": [True, False, True, False, True],
    ...         "ended_by": ["relapse", "died", "relapse", "completed", "relapse"],
    ...     }
    ... )
    >>> incidence = cumulative_incidence(times)
    >>> incidence.at(20)[["cause", "at_risk", "events", "incidence"]]
         cause  at_risk  events  incidence
    0  relapse        4       1        0.4
    1     died        4       1        0.2
    """
    normal_quantile(confidence)
    times = settle_groups(times, (by,), missing_group)
    by_cause = read_causes(times, by, end, causes)
    names = list(by_cause.times.labels.columns)
    refuse_names(names, NAMES)
    return _estimate(by_cause, names, read_weighting(times, None, cluster), confidence)


def _estimate(
    by_cause: Causes, names: list[str], weighting: Weighting, confidence: float
) -> CumulativeIncidence:
    whole = by_cause.times
    ends = count_days(
        whole.days, whole.group, len(whole.labels), by_cause.code + 1, len(by_cause.names) + 1
    )
    counted_ends = _count_ends(by_cause)
    counted = f"{whole.rule} {_what_counts(by_cause, counted_ends)}"
    overall = curves_of(
        replace(whole, rule=f"{counted} The event is {ANY_END}."),
        curve_steps(whole, weighting, confidence, "log-log"),
        confidence,
        weighting=weighting,
        event=ANY_END,
    )
    known = _known(by_cause, weighting.clusters)
    return CumulativeIncidence(
        table=_table(by_cause, ends, overall.table, (weighting, known), confidence),
        ends=counted_ends,
        overall=overall,
        causes=by_cause.names,
        by=tuple(names),
        confidence=confidence,
        rule=f"{counted} Aalen-Johansen estimate{weighting.text}, {format_level(confidence)} "
        "limits.",
        synthetic=by_cause.times.synthetic,
        provenance=by_cause.times.provenance,
        clustering=weighting.clusters.clustering,
        _known=known,
    )


def _known(by_cause: Causes, clusters: Clusters) -> tuple[Spans, ...] | None:
    """Return until when it is known of the clusters of each group whether they have ended."""
    if clusters.code is None:
        return None
    times = by_cause.times
    entry = np.zeros(len(times.days)) if times.entry is None else times.entry
    until = np.where(by_cause.code >= 0, np.inf, times.days)
    rows = times.rows_by_group
    return tuple(Spans.of(clusters.code[own], entry[own], until[own]) for own in rows)


def _table(
    by_cause: Causes,
    ends: Daily,
    overall: pd.DataFrame,
    alike: tuple[Weighting, tuple[Spans, ...] | None],
    confidence: float,
) -> pd.DataFrame:
    """Return the table, from the counts of each day and those at risk on it."""
    at_risk, causes = overall["at_risk"].to_numpy(), len(by_cause.names)
    dtype = pd.CategoricalDtype(list(by_cause.names))
    weighting, spans = alike
    rows = by_cause.times.rows_by_group if weighting.robust else []
    parts = []
    for group in range(len(by_cause.times.labels)):
        own = ends.own(group)
        events = np.ascontiguousarray(ends.counts[own, 1:].T)
        incidence, error = aalen_johansen(at_risk[own], events)
        ended = events.sum(axis=0)
        known = at_risk[own] + np.cumsum(ended) - ended  # to the day: at risk, or ended before
        if spans is not None:
            moves = moves_of(by_cause.times, weighting, rows[group], ends.day[own])
            error = clustered_errors(at_risk[own], events, moves, by_cause.code[rows[group]])
            known = spans[group].at(ends.day[own])
        known = np.where(ends.day[own] > 0, known, np.inf)
        lower, upper = incidence_limits(incidence, error, confidence, known)
        values = zip(ESTIMATES, (incidence, error, lower, upper), strict=True)
        part = {
            "cause": np.repeat(np.arange(causes), events.shape[1]),
            "day": np.tile(ends.day[own], causes),
            "at_risk": np.tile(at_risk[own], causes),
            "events": events.ravel(),
        }
        parts.append(part | {name: value.ravel() for name, value in values})
    table = stacked(parts, by_cause.times.labels)
    codes = table["cause"].to_numpy()
    table["cause"] = pd.Categorical.from_codes(codes, dtype=dtype)  # type: ignore[arg-type]  # takes arrays
    return table


def _count_ends(by_cause: Causes) -> pd.DataFrame:
    """Return how many of each group ended how, and as what it counts."""
    words = [*map(str, by_cause.ends.categories), "not recorded"]
    place = np.where(by_cause.ends.codes < 0, len(words) - 1, by_cause.ends.codes).astype(np.intp)
    roles = [*by_cause.names, "censored"]
    role = np.where(by_cause.code < 0, len(roles) - 1, by_cause.code)
    cell = (by_cause.times.group * len(words) + place) * len(roles) + role
    place, cells = pd.factorize(cell, sort=True)
    number = np.bincount(place)
    group, rest = np.divmod(cells, len(words) * len(roles))
    counted = pd.DataFrame(
        {
            "end": [words[number] for number in rest // len(roles)],
            "counted_as": [roles[number] for number in rest % len(roles)],
            "n": number,
        }
    )
    return pd.concat([by_cause.times.labels.iloc[group].reset_index(drop=True), counted], axis=1)


def _what_counts(by_cause: Causes, ends: pd.DataFrame) -> str:
    censoring = dict.fromkeys(ends.loc[ends["counted_as"] == "censored", "end"])
    text = f"Competing: {', '.join(by_cause.names)}; censored: {', '.join(censoring) or 'none'}."
    nobody = [
        name for place, name in enumerate(by_cause.names) if not (by_cause.code == place).any()
    ]
    if nobody:
        text += f" No event of {', '.join(nobody)}."
    return text.replace("_", " ")
