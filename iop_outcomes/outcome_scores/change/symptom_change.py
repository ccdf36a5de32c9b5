"""Records in, the change of scores from intake out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.outcome_scores.change.flags import flag_rows
from iop_outcomes.outcome_scores.change.over_time import slope_rows, trajectory_rows
from iop_outcomes.outcome_scores.change.paired import (
    ANY_CHANGE,
    Pairs,
    Regressing,
    change_rows,
    intake_rows,
    share_rows,
)
from iop_outcomes.outcome_scores.change.result import SymptomChange
from iop_outcomes.outcome_scores.estimates import split_people
from iop_outcomes.outcome_scores.instruments import Change, Instrument, Scale, find_instrument
from iop_outcomes.outcome_scores.instruments.registry import missing_text
from iop_outcomes.outcome_scores.moments import (
    FOLLOW_UP_WINDOW,
    INTAKE_TEXT,
    LONGEST,
    Answers,
    At,
    Moment,
    refuse_nobody,
)
from iop_outcomes.outcome_scores.options import as_names
from iop_outcomes.outcome_scores.scoring import ReadItems, read_items, scores_of
from iop_outcomes.records import Records, require_records
from iop_outcomes.shared.checks import check_confidence, check_whole, is_number
from iop_outcomes.shared.groups import MissingGroup, group_episodes, ungrouped
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.text import format_count

CAUTION = (
    "People are admitted when they are at their worst, so that a part of every fall is regression "
    "to the mean; by_intake shows how much of it could be, and no group without treatment is here."
)


def symptom_change(
    records: Records,
    instrument: str | Instrument,
    *,
    at: At = "discharge",
    window: int = FOLLOW_UP_WINDOW,
    by: str | Sequence[str] | None = None,
    scales: str | Sequence[str] | None = None,
    missing: str = "complete",
    items: Mapping[str, str] | None = None,
    every: int = 28,
    through: int = 182,
    reliability: float | None = None,
    population_mean: float | None = None,
    missing_group: MissingGroup = "own",
    confidence: float = 0.95,
) -> SymptomChange:
    r"""Return how the scores of an instrument change from intake.

    Parameters
    ----------
    records : Records
        With the check-ins.
    instrument : str or Instrument
        Its name (`instruments` lists them), or one that `read_instrument` has read.
    at : "discharge" or int
        When the later score is: the last one after intake until 14 days after the discharge, of
        episodes that were discharged; or the one nearest to n days after admission, of
        episodes followed that long.
    window : int
        How many days from that day the score may be.
    by : str or sequence of str, optional
        Columns of ``records.episodes`` that define groups.
    scales : str or sequence of str, optional
        The scales; by default all.
    missing, items
        As for `instrument_scores`.
    every, through : int
        The trajectory has a mean every n days, to that day; slopes use the scores to it.
    reliability : float, optional
        The correlation of two scores without a true change (0 to 1, 1 left out), for the reliable
        change index and for regression to the mean; by default a published one, else the
        correlation in these records.
    population_mean : float, optional
        The mean that scores regress to; by default that at intake in these records.
    missing_group : {"refuse", "own", "leave_out"}
        How episodes without a value of `by` are handled.
    confidence : float
        Confidence level of the limits.

    Returns
    -------
    SymptomChange
        Its ``table`` has a row a group and scale:

        - ``episodes``, ``with_intake``, ``paired`` (int64): of which the later score is due; with a
          score at intake; with both. ``intake_rate``, ``paired_rate`` with ``paired_lower`` and
          ``paired_upper`` (Wilson): the completion of the instrument, of the episodes;
        - ``intake_mean``, ``intake_sd``, ``last_mean``, ``change``, ``lower``, ``upper``: of those
          with both, last minus first, limits by Student's t with a person's episodes together;
        - ``days_between``: mean days between the two; ``intake_mean_unpaired``: the mean at intake
          of those without a later score, who are often those who left;
        - ``not_known``: why a number is missing; empty where none is.

        ``shares``: for each rule of change with its source, of how many it can be asked
        (``paired``), how many are ``better``, ``same`` and ``worse``, the shares with limits, and
        the bounds ``better_if_none`` and ``better_if_all``, if of those without a later score
        nobody or everybody were better. ``slopes``: points in 30 days within episodes of two scores
        or more, with limits robust to a person's episodes. ``trajectory``: by day, ``followed``,
        ``answered``, the mean of those, and of those with a score at intake, ``paired``, their mean
        then, and their change. ``by_intake`` and ``flags``: see Notes.

    Raises
    ------
    EstimateError
        If the check-ins hold nothing of the instrument, or nobody can have a later score yet.
    MissingTableError
        If the check-ins were not read.
    RuleError
        If an option is not known, or the check-ins hold another version.

    Notes
    -----
    **Change.** Only pairs count: means of all who answered then and of all who answered now are
    means of different people. People without a later score are counted, and never filled in.

    **Regression to the mean.** With correlation :math:`\rho` of two scores of one person without a
    true change, people whose first score has mean :math:`\bar x` have an expected second score
    nearer to the mean :math:`\mu`: a change of :math:`-(1 - \rho)(\bar x - \mu)` (Barnett, van der
    Pols and Dobson 2005, Int J Epidemiol 34:215-220). ``by_intake`` gives it beside the change seen
    in each band at intake, as ``by_regression_alone``. It is a caution and no correction: with
    :math:`\mu` the mean of these records it is 0 over all people, and the part of the fall of all
    that comes from being admitted at the worst is known only with a `population_mean`. Where the
    correlation is that of these records it is lowered by true differences in change,
    and the number is an upper limit.

    **Reliable change.** With `reliability` the rule ``reliable_change`` is added:
    :math:`1.96 \sqrt 2\, s \sqrt{1 - \rho}` points, s the standard deviation at intake (Jacobson
    and Truax 1991, J Consult Clin Psychol 59:12-19).

    **Flagged items**, such as item 9 of the PHQ-9, are counted by themselves in ``flags``, by
    episode; `flagged_answers` lists them.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> change = iop.symptom_change(iop.read_records("data/samples"), "phq9", at=84)
    >>> change.table[["episodes", "with_intake", "paired"]]
       episodes  with_intake  paired
    0       793          764     690
    """
    asked = find_instrument(instrument)
    require_records(records, f"The change of {asked.title}")
    moment, chosen = Moment.checked(at, window), _scales(asked, scales)
    check_confidence(confidence)
    check_whole("every", every, 7, "every=28")
    check_whole("through", through, 1, "through=182")
    if through > LONGEST or every > LONGEST:
        raise RuleError(
            f"A trajectory goes over at most {LONGEST:,} days.",
            found=f"every={as_written(every)}, through={as_written(through)}",
            instead="every=28, through=182",
        )
    _check_reliability(reliability, population_mean)
    kept, left_out = ungrouped(records.episodes, by, missing_group, "episode")
    records = records if kept is None else records.subset(kept)
    read = read_items(records, asked, items)
    scores = scores_of(records, asked, read, missing)
    groups = group_episodes(records.episodes, by, missing_group)
    refuse_nobody(moment.due(records), moment)
    parts: dict[str, list[pd.DataFrame]] = {}
    for scale in chosen:
        of_scale = (scores["scale"] == scale.name).to_numpy(dtype=bool)
        answers = Answers.of_scores(scores[of_scale])
        pairs = Pairs.of(answers, records, moment, groups)
        regressing = Regressing.of(pairs, scale, reliability, population_mean)
        rules = [*scale.changes, *_reliable(pairs, reliability), ANY_CHANGE]
        for name, rows in (
            ("table", change_rows(pairs, scale, confidence)),
            ("shares", share_rows(pairs, scale, rules, confidence)),
            ("slopes", slope_rows(answers, records, scale, groups, through, confidence)),
            ("by_intake", intake_rows(pairs, scale, regressing, confidence)),
            (
                "trajectory",
                trajectory_rows(answers, records, scale, groups, every, through, confidence),
            ),
        ):
            parts.setdefault(name, []).append(rows)
    parts["flags"] = [flag_rows(records, asked, read, moment, groups, confidence)]
    frames = {name: split_people(_by_group(rows, groups.names)) for name, rows in parts.items()}
    return SymptomChange(
        **{name: frame for name, (frame, _) in frames.items()},
        instrument=asked.title,
        titles={scale.name: scale.title for scale in chosen},
        lower_is_better={scale.name: scale.better == "lower" for scale in chosen},
        moment=moment.name,
        by=groups.names,
        confidence=confidence,
        rule=left_out.after(_rule(asked, moment, missing, read, scores)),
        synthetic=records.synthetic,
        left_out=left_out,
        people={name: people for name, (_, people) in frames.items()},
    )


def _scales(instrument: Instrument, scales: str | Sequence[str] | None) -> list[Scale]:
    if scales is None:
        return list(instrument.scales)
    names = as_names("scales", scales, "scales=None for all")
    if not names:
        raise RuleError("At least one scale is needed.", instead="scales=None for all")
    return instrument.scales_named(names)


def _check_reliability(reliability: float | None, population_mean: float | None) -> None:
    if reliability is not None and not (is_number(reliability) and 0 <= reliability < 1):
        raise RuleError(
            "A reliability is a correlation from 0 to below 1.",
            found=f"reliability={as_written(reliability)}",
            instead="reliability=0.8",
        )
    if population_mean is not None and not (
        is_number(population_mean) and np.isfinite(population_mean)
    ):
        raise RuleError(
            "The population mean is a number.",
            found=f"population_mean={as_written(population_mean)}",
            instead="population_mean=3.0",
        )


def _reliable(pairs: Pairs, reliability: float | None) -> list[Change]:
    """Return the rule of the reliable change index, if there is a reliability to work it out."""
    known = pairs.first[pairs.with_first]
    spread = float(known.std(ddof=1)) if len(known) > 1 else 0.0
    if reliability is None or spread == 0:
        return []
    points = 1.96 * float(np.sqrt(2 * (1 - reliability))) * spread
    source = f"Jacobson and Truax 1991, with reliability {reliability:g} as given"
    return [Change("reliable_change", "points", points, source)]


def _by_group(parts: list[pd.DataFrame], names: tuple[str, ...]) -> pd.DataFrame:
    """Put the scales of each group under one another."""
    whole = pd.concat(parts, ignore_index=True)
    if not names or len(parts) == 1:
        return whole.reset_index(drop=True)
    place = whole.groupby(list(names), sort=False, dropna=False).ngroup()
    return whole.iloc[np.argsort(place.to_numpy(), kind="stable")].reset_index(drop=True)


def _rule(
    instrument: Instrument, moment: Moment, missing: str, read: ReadItems, scores: pd.DataFrame
) -> str:
    how = (
        missing_text(instrument)
        if missing == "complete"
        else f"Scales are prorated from {instrument.prorate_from:.0%} of their items on."
    )
    parts = [instrument.text, INTAKE_TEXT, moment.text, how]
    if read.wrong:
        parts.append(f"{format_count(read.wrong, 'answer')} not of the instrument left missing.")
    apart = int((scores["difference"].fillna(0).abs() > 1e-6).sum())
    if apart:
        parts.append(
            f"{format_count(apart, 'recorded total')} differ from the items, which count; "
            "instrument_scores lists them."
        )
    if prorated := int(scores["prorated"].sum()):
        parts.append(f"{format_count(prorated, 'score')} prorated.")
    return " ".join([*parts, instrument.note, CAUTION] if instrument.note else [*parts, CAUTION])
