"""Records in, functioning at admission, discharge and follow-up out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from iop_outcomes.errors import EstimateError
from iop_outcomes.outcome_scores.change.paired import Pairs, change_rows
from iop_outcomes.outcome_scores.estimates import (
    clustered_means,
    counted,
    counts_of,
    people_only,
    share_limits,
    split_people,
)
from iop_outcomes.outcome_scores.functioning.domains import Domain, choose
from iop_outcomes.outcome_scores.functioning.first_gain import gain_rows, no_gains
from iop_outcomes.outcome_scores.functioning.result import Functioning
from iop_outcomes.outcome_scores.moments import FOLLOW_UP_WINDOW, INTAKE_TEXT, Moment
from iop_outcomes.records import Records, require_records
from iop_outcomes.shared.arrays import ratio
from iop_outcomes.shared.checks import check_confidence
from iop_outcomes.shared.groups import MissingGroup, group_episodes, ungrouped

FOLLOW_UP = 180


def functioning(
    records: Records,
    *,
    by: str | Sequence[str] | None = None,
    domains: str | Sequence[str] | None = None,
    cuts: Mapping[str, float] | None = None,
    follow_up: int = FOLLOW_UP,
    window: int = FOLLOW_UP_WINDOW,
    missing_group: MissingGroup = "own",
    confidence: float = 0.95,
) -> Functioning:
    """Return work, housing, arrests and more, from admission to discharge and to follow-up.

    Parameters
    ----------
    records : Records
        With the check-ins.
    by : str or sequence of str, optional
        Columns of ``records.episodes`` that define groups.
    domains : str or sequence of str, optional
        ``work_or_school``, ``stable_housing``, ``no_arrests``, ``social_connection``,
        ``mutual_help``, ``recovery_capital``, ``quality_of_life``; by default all.
    cuts : mapping of str to float, optional
        The score from which recovery capital (47 by default) or quality of life (none by default,
        since its scale is the program's own) counts as had.
    follow_up, window : int
        The day of the follow-up, and how many days from it an answer may be.
    missing_group : {"refuse", "own", "leave_out"}
        How episodes without a value of `by` are handled.
    confidence : float
        Confidence level of the limits.

    Returns
    -------
    Functioning
        Its ``table`` has a row a group, domain and moment (discharge, day 180):

        - ``episodes``, ``with_start``, ``paired`` (int64): of which the later answer is due; with
          an answer at admission; with both;
        - ``gained, kept, lost, never`` (int64): of those with both, by what they had before and
          after; they add up to ``paired``;
        - ``share_start``, ``share_end``, ``difference``, ``lower``, ``upper``: of those with both,
          limits of the paired difference by Student's t with a person's episodes together;
        - ``gained_share`` of those who had it not, ``kept_share`` of those who had it, each with
          ``_lower`` and ``_upper``;
        - ``lowest``, ``highest``: the share of all due that has it at the moment, if nobody or
          everybody without an answer then has it;
        - ``not_known``: why a number is missing; empty where none is.

        ``scores`` has the change of the scores among the domains, ``first_gain`` the cumulative
        incidence of the first gain by day; `time_to_gain` gives the times behind it.

    Raises
    ------
    EstimateError
        If the check-ins hold no answer to any of the domains.
    MissingTableError
        If the check-ins were not read.
    RuleError
        If an option or domain is not known.

    Notes
    -----
    A person has work or school if either was recorded, and has neither only if all that the
    export records of them is no. Two answers of one day that differ are no answer. Arrests and
    meetings count since the last check-in, so that check-ins far apart say less. An answer that is
    missing is never filled in: people who do not answer are often those who do worse, and
    ``lowest`` and ``highest`` say how far that could go.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> life = iop.functioning(iop.read_records("data/samples"), domains="work_or_school")
    >>> life.table[["moment", "paired", "gained", "kept", "lost", "never"]]
          moment  paired  gained  kept  lost  never
    0  discharge     676      48   293    12    323
    1    day 180     427      83   163    31    150
    """
    require_records(records, "Functioning")
    records.require("checkins", "functioning")
    chosen = choose(domains, cuts)
    moments = (Moment.checked("discharge", window), Moment.checked(follow_up, window))
    check_confidence(confidence)
    return _of_domains(records, chosen, moments, by, missing_group, confidence)


def functioning_without_gain(
    records: Records, by: str | Sequence[str] | None = None
) -> Functioning:
    """Return `functioning` of all domains with no row of `first_gain`, for its tables alone."""
    require_records(records, "Functioning")
    records.require("checkins", "functioning")
    days = ("discharge", FOLLOW_UP)
    moments = tuple(Moment.checked(one, FOLLOW_UP_WINDOW) for one in days)
    return _of_domains(records, choose(None, None), moments, by, gain=False)


def _of_domains(
    records: Records,
    chosen: tuple[Domain, ...],
    moments: tuple[Moment, ...],
    by: str | Sequence[str] | None = None,
    missing_group: MissingGroup = "own",
    confidence: float = 0.95,
    *,
    gain: bool = True,
) -> Functioning:
    if not any(domain.answered_columns(records) for domain in chosen):
        raise EstimateError(
            "The check-ins hold no answer to any domain of functioning: nothing is known of it.",
            found=f"nothing in {', '.join(name for domain in chosen for name in domain.columns)}",
            instead="check-ins with one of these columns, or a mapping to them",
        )
    kept, left_out = ungrouped(records.episodes, by, missing_group, "episode")
    records = records if kept is None else records.subset(kept)
    groups = group_episodes(records.episodes, by, missing_group)
    rows, scores, gains = [], [], [no_gains(groups)]
    for place, domain in enumerate(chosen):
        answers = domain.answers(records)
        for second, moment in enumerate(moments):
            pairs = Pairs.of(answers, records, moment, groups)
            part = _rows(pairs, domain, moment, bool(domain.answered_columns(records)), confidence)
            rows.append(part.assign(_order=np.arange(len(groups)), _place=place * 2 + second))
            if domain.kind == "from" and domain.answered_columns(records):
                pairs = Pairs.of(domain.answers(records, state=False), records, moment, groups)
                changes = change_rows(pairs, domain.scale, confidence)
                changes.insert(len(groups.names) + 1, "moment", moment.name)
                scores.append(changes)
        gains += [gain_rows(records, domain, groups, confidence)] if gain else []
    whole = pd.concat(rows, ignore_index=True).sort_values(["_order", "_place"], kind="stable")
    table, people = split_people(whole.drop(columns=["_order", "_place"]))
    score_table, score_people = split_people(
        pd.concat(scores, ignore_index=True) if scores else pd.DataFrame()
    )
    having = "; ".join(f"{domain.title}: {domain.having}" for domain in chosen if domain.having)
    rule = f"{having}. {INTAKE_TEXT} {' '.join(moment.text for moment in moments)}"
    return Functioning(
        table,
        score_table,
        pd.concat([part for part in gains if len(part)] or gains[:1], ignore_index=True),
        titles={domain.name: domain.title for domain in chosen},
        moments=tuple(moment.name for moment in moments),
        by=groups.names,
        confidence=confidence,
        rule=left_out.after(rule),
        synthetic=records.synthetic,
        left_out=left_out,
        people={"table": people, "scores": score_people},
    )


def _rows(
    pairs: Pairs, domain: Domain, moment: Moment, answered: bool, confidence: float
) -> pd.DataFrame:
    groups, codes, size = pairs.groups, pairs.groups.codes, len(pairs.groups)
    both = pairs.paired
    before, after = pairs.first == 1, pairs.last == 1
    where, who = codes[both], pairs.person[both]
    moved = clustered_means((pairs.last - pairs.first)[both], who, where, size, confidence)
    kinds = {
        "episodes": pairs.due,
        "with_start": pairs.with_first,
        "paired": both,
        "gained": both & ~before & after,
        "kept": both & before & after,
        "lost": both & before & ~after,
        "never": both & ~before & ~after,
    }
    counts = counted(kinds, pairs.person, codes, size)
    episodes, paired = counts["episodes"], counts["paired"]
    columns: dict[str, object] = {
        "domain": [domain.name] * size,
        "moment": [moment.name] * size,
        **counts,
        "share_start": ratio(counts["kept"] + counts["lost"], paired),
        "share_end": ratio(counts["kept"] + counts["gained"], paired),
        "difference": moved.mean,
        "lower": moved.lower,
        "upper": moved.upper,
    }
    for name, of in (("gained", both & ~before), ("kept", both & before)):
        low, high = share_limits(after[of], pairs.person[of], codes[of], size, confidence)
        columns[f"{name}_share"] = ratio(counts[name], counts_of(of, codes, size))
        columns[f"{name}_lower"], columns[f"{name}_upper"] = low, high
    ends = {
        "with_it": pairs.due & after,
        "unknown": pairs.due & ~np.isfinite(pairs.last),
        "with_it_unpaired": pairs.due & after & ~both,
        "without_it_unpaired": pairs.due & np.isfinite(pairs.last) & ~after & ~both,
    }
    at_end = counted(ends, pairs.person, codes, size)
    with_it, unknown = at_end["with_it"], at_end["unknown"]
    columns["lowest"] = ratio(with_it, episodes) if answered else np.full(size, np.nan)
    columns["highest"] = ratio(with_it + unknown, episodes) if answered else np.full(size, np.nan)
    columns |= people_only(at_end, tuple(ends))
    columns["not_known"] = [
        _reason(domain, answered, *numbers)
        for numbers in zip(episodes, columns["with_start"], paired, strict=True)  # type: ignore[call-overload]  # arrays
    ]
    return groups.beside(columns)


def _reason(domain: Domain, answered: bool, episodes: int, first: int, paired: int) -> str:
    if not answered:
        return f"the check-ins hold nothing in {' or '.join(domain.columns)}"
    if domain.kind == "from" and domain.cut is None:
        return "a score without a cut; see scores, or give cuts"
    if not episodes:
        return "no episode has come so far"
    if not first:
        return "nobody answered at admission"
    return "" if paired else "nobody answered both times"
