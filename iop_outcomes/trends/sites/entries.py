"""What is compared between sites or over people: counts a row, from records or from a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.records import require_records
from iop_outcomes.records.fitness import NOT_KNOWN
from iop_outcomes.shared.arrays import Booleans, Floats, Integers
from iop_outcomes.shared.groups import Groups, LeftOut, MissingGroup, group_episodes, ungrouped
from iop_outcomes.shared.messages import as_written
from iop_outcomes.trends.quantities import Quantity, find_quantity
from iop_outcomes.trends.staff import describe_lettered, lettered

if TYPE_CHECKING:
    from iop_outcomes.records import Records

COUNTED = ("sessions", "people")
PAIRS = (("numerator", "denominator"), ("observed", "expected"))


@dataclass(frozen=True, eq=False)
class Entries:
    """Counts, a row an episode (of records) or a row of a frame.

    Attributes
    ----------
    frame : pandas.DataFrame
        The episodes, or the rows of the frame, with what a case-mix model may use.
    above, below : numpy.ndarray of float64
        Numerators and denominators, or observed and expected numbers.
    ratio : bool
        Whether they are observed and expected numbers.
    groups : Groups
        The group of each row.
    person : numpy.ndarray of int64 or None
        The person of each row, where rows may be of the same.
    day : numpy.ndarray of datetime64 or None
        The date of each row: of records, of the episode's first entry.
    measure, title : str
        What is counted.
    improves : {"up", "down", "neither"}
        Which direction is an improvement.
    clustered : bool
        Whether a row has several entries of one person (sessions, check-ins).
    rule : str
        What is counted, out of what, by which dates.
    not_known : list of str
        For each group why the measure is not known from the records, or empty.
    left_out : LeftOut
        How many rows without a group were left out.
    synthetic : bool
        Whether the people are synthetic.
    counted : str
        What the denominator counts, in words.
    """

    frame: pd.DataFrame
    above: Floats
    below: Floats
    ratio: bool
    groups: Groups
    person: Integers | None
    day: npt.NDArray[Any] | None
    measure: str
    title: str
    improves: str
    clustered: bool
    rule: str
    not_known: list[str]
    left_out: LeftOut
    synthetic: bool = False
    counted: str = "number counted"

    def rows(self, order: Integers) -> Entries:
        """Return the entries of these rows, in this order."""
        groups = Groups(self.groups.names, self.groups.labels, self.groups.codes[order])
        return replace(
            self,
            frame=self.frame.iloc[order].reset_index(drop=True),
            above=self.above[order],
            below=self.below[order],
            groups=groups,
            person=None if self.person is None else self.person[order],
            day=None if self.day is None else self.day[order],
        )


def entries_of(
    source: Records | pd.DataFrame,
    measure: str | Quantity | None,
    by: str | Sequence[str] | None,
    missing_group: MissingGroup,
    *,
    what: str,
    start: object = None,
    end: object = None,
    names: bool = False,
) -> Entries:
    """Return the entries of records or of a frame; `what` is what they are for, in errors.

    Members of staff are letters unless `names`.

    Raises
    ------
    RuleError
        If the measure has no numerator and denominator of people or sessions, the frame lacks its
        columns, or a date cannot be read.
    EstimateError
        If there is nothing to count.
    """
    if isinstance(source, pd.DataFrame):
        if start is not None or end is not None:
            raise RuleError(
                "start= and end= choose entries of records.",
                found="a frame",
                instead="the rows of that time",
            )
        return _of_frame(source, measure, by, missing_group, what, names)
    span = (_day(start), _day(end))
    return _of_records(source, measure, by, missing_group, what, span, names)


def _of_frame(
    frame: pd.DataFrame,
    measure: object,
    by: Any,
    missing_group: MissingGroup,
    what: str,
    names: bool,
) -> Entries:
    pair = next((pair for pair in PAIRS if set(pair) <= set(frame.columns)), None)
    if pair is None or not frame.columns.is_unique:
        raise RuleError(
            f"{what} needs the columns numerator, denominator or observed, expected, once each.",
            found=", ".join(name for pair in PAIRS for name in pair if name in frame) or "none",
            instead="frame.rename(columns=...), or records and a measure",
        )
    kept, left_out = ungrouped(frame, by, missing_group, "row")
    used = (frame if kept is None else frame[kept]).reset_index(drop=True)
    numbers = []
    for name in pair:
        if not pd.api.types.is_numeric_dtype(used[name].dtype):
            raise RuleError(
                f"The column {name} must hold numbers.",
                found=f"a column of type {used[name].dtype}",
                instead=f'pandas.to_numeric(frame["{name}"]) first',
            )
        numbers.append(used[name].to_numpy(dtype=np.float64, na_value=np.nan))
    if used.empty:
        raise EstimateError(f"{what} needs rows.", found="0 rows")
    missing = np.isnan(numbers[0]) | np.isnan(numbers[1])
    above, below = (np.where(missing, 0.0, number) for number in numbers)
    _check_frame(above, below, pair)
    groups, staff = lettered(group_episodes(used, by, missing_group), names)
    title = measure if isinstance(measure, str) else getattr(measure, "title", "Value")
    person = used.get("person_id")
    day = used.get("date")
    if day is not None and not pd.api.types.is_datetime64_any_dtype(day.dtype):
        day = None
    rule = f"{title}: {pair[0]} / {pair[1]}, summed by unit."
    if missing.any():
        rule += f" {int(missing.sum()):,} of {len(used):,} rows without both numbers left out."
    return Entries(
        frame=used,
        above=above,
        below=below,
        ratio=pair[0] == "observed",
        groups=groups,
        person=None if person is None else pd.factorize(person)[0].astype(np.int64),
        day=None if day is None else day.to_numpy(),
        measure=str(title),
        title=str(title),
        improves="neither",
        clustered=bool(person is not None and person.duplicated().any()),
        rule=f"{rule} {describe_lettered(staff)}".strip(),
        not_known=[""] * len(groups),
        left_out=left_out,
    )


def _check_frame(above: Floats, below: Floats, pair: tuple[str, str]) -> None:
    faults = {
        "a negative number": (above < 0) | (below < 0),
        "an infinite number": np.isinf(above) | np.isinf(below),
    }
    if pair[0] == "numerator":
        faults["a numerator above its denominator"] = above > below
        faults["a number that is not whole"] = (above % 1 != 0) | (below % 1 != 0)
    for words, wrong in faults.items():
        if wrong.any():
            raise RuleError(
                "The numbers do not fit one another.",
                found=f"{int(wrong.sum()):,} of {len(above):,} rows with {words}",
                instead="counts of the same people; observed and expected for ratios above 1",
            )


def _of_records(
    records: Records,
    measure: Any,
    by: Any,
    missing_group: MissingGroup,
    what: str,
    span: tuple[pd.Timestamp | None, pd.Timestamp | None],
    names: bool,
) -> Entries:
    require_records(records, what)
    quantity = find_quantity(measure)
    purpose = f"{what[0].lower()}{what[1:]} of {quantity.name}"
    if quantity.kind not in COUNTED:
        raise RuleError(
            f"{what} needs a measure that is a numerator out of a denominator.",
            found=f"{quantity.name}, which is none",
            instead="a rate such as attendance_rate or retained_90; or a frame",
        )
    records.require_calendar(purpose)
    for table in quantity.tables:
        records.require(table, purpose)
    if records.episodes.empty:
        raise EstimateError(f"{what} needs episodes.", found="0 episodes")
    kept, left_out = ungrouped(records.episodes, by, missing_group, "episode")
    used = records if kept is None else records.subset(kept)
    groups, staff = lettered(group_episodes(used.episodes, by, missing_group), names)
    tally = quantity.tally(used)
    date = np.asarray(tally.date, dtype="datetime64[s]")
    last = np.datetime64(used.as_of, "s") - np.timedelta64(quantity.days_to_mature, "D")
    inside = (date <= last) & _within(date, *span)
    known, reasons = _known(used, quantity, groups)
    inside &= known[0][groups.codes[tally.episode]] & (
        date >= known[1][groups.codes[tally.episode]]
    )
    episode, counts, date = tally.episode[inside], tally.counts[inside], date[inside]
    size = len(used.episodes)
    below = np.bincount(episode, minlength=size)
    above = np.bincount(episode[counts], minlength=size)
    rows = np.flatnonzero(below)
    if not len(rows):
        raise EstimateError(
            f"No entry of {quantity.name} is known.",
            found="0 entries" + (" between start= and end=" if any(span) else ""),
            instead="another measure, or a longer time",
        )
    day = np.full(size, np.datetime64("NaT"), dtype="datetime64[s]")
    order = np.argsort(date, kind="stable")[::-1]  # so that the first entry is written last
    day[episode[order]] = date[order]
    return Entries(
        frame=used.episodes.iloc[rows].reset_index(drop=True),
        above=above[rows].astype(np.float64),
        below=below[rows].astype(np.float64),
        ratio=False,
        groups=Groups(groups.names, groups.labels, groups.codes[rows]),
        person=used.episodes["person_id"].cat.codes.to_numpy().astype(np.int64)[rows],
        day=day[rows],
        measure=quantity.name,
        title=quantity.title,
        improves=quantity.improves,
        clustered=quantity.kind == "sessions",
        rule=f"{_rule(quantity, used, *span)} {describe_lettered(staff)}".strip(),
        not_known=reasons,
        left_out=left_out,
        synthetic=used.synthetic,
        counted=quantity.denominator,
    )


def _known(
    records: Records, quantity: Quantity, groups: Groups
) -> tuple[tuple[Booleans, npt.NDArray[Any]], list[str]]:
    """Return whether the measure of each group is known, since when, and why not."""
    known = np.ones(len(groups), dtype=np.bool_)
    since = np.full(len(groups), np.datetime64("1678-01-01", "s"))
    reasons = [""] * len(groups)
    judged = records.judgements_by(quantity.name, groups.codes, len(groups))
    for place, judgement in enumerate(judged):
        if judgement is None:
            continue
        if judgement.absent:
            known[place], reasons[place] = False, judgement.text
        elif judgement.since is not None:
            since[place] = np.datetime64(judgement.since, "s")
            reasons[place] = f"{NOT_KNOWN}: {judgement.why_published}"
    return (known, since), reasons


def _within(
    date: npt.NDArray[Any], start: pd.Timestamp | None, end: pd.Timestamp | None
) -> Booleans:
    inside = np.ones(len(date), dtype=np.bool_)
    if start is not None:
        inside &= date >= np.datetime64(start, "s")
    if end is not None:
        inside &= date < np.datetime64(end + pd.Timedelta(days=1), "s")
    return inside


def _rule(
    quantity: Quantity, records: Records, start: pd.Timestamp | None, end: pd.Timestamp | None
) -> str:
    cut = pd.Timestamp(records.as_of).date().isoformat()
    first = "" if start is None else f" from {start.date().isoformat()}"
    last = "" if end is None else f" to {end.date().isoformat()}"
    span = f" Entries{first}{last}." if first or last else ""
    waits = f" {quantity.days_to_mature} days or more before" if quantity.days_to_mature else " to"
    return f"{quantity.text}{span} Entries dated{waits} the data cut {cut}."


def _day(value: object) -> pd.Timestamp | None:
    if value is None:
        return None
    try:
        day = pd.Timestamp(value)  # type: ignore[arg-type]  # or it raises
    except (ValueError, TypeError):
        day = pd.NaT  # type: ignore[assignment]  # a date that is none
    if pd.isna(day):
        raise RuleError(
            "This is no date.", found=as_written(value), instead='start="2026-01-01"'
        ) from None
    return day.tz_localize(None).normalize()
