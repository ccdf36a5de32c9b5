"""The domains of functioning as data, after SAMHSA's national outcome measures, and their states.

Abstinence, retention and access, the other national outcomes, are measured elsewhere
(`time_to_relapse`, `engagement`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.outcome_scores.instruments import Scale
from iop_outcomes.outcome_scores.moments import Answers
from iop_outcomes.outcome_scores.options import as_names, as_pairs
from iop_outcomes.records import Records
from iop_outcomes.shared.arrays import Floats
from iop_outcomes.shared.checks import is_number
from iop_outcomes.shared.messages import as_written, names_asked


@dataclass(frozen=True)
class Domain:
    """A part of life that a person has, or has not.

    Attributes
    ----------
    name, title : str
        In tables, and in pictures.
    having : str
        What it is to have it, in words.
    columns : tuple of str
        The columns of the check-ins.
    kind : {"yes", "none", "some", "from"}
        Having it is a yes in any of the columns; a count of 0; a count of 1 or more; or a score
        from `cut` on.
    cut : float or None
        The score of ``from``; without it only the change of the score is given.
    """

    name: str
    title: str
    having: str
    columns: tuple[str, ...]
    kind: Literal["yes", "none", "some", "from"]
    cut: float | None = None

    @property
    def scale(self) -> Scale:
        """The score of a domain that is one."""
        return Scale(self.name, self.title, "higher", column=self.columns[0])

    def answered_columns(self, records: Records) -> list[str]:
        """Return the columns of it that hold anything in a completed check-in."""
        rows = completed(records, *self.columns)
        return [name for name in self.columns if name in rows and rows[name].notna().any()]

    def values(self, records: Records) -> Floats:
        """Return 1 (has it), 0 or missing for each completed check-in; of a score the score."""
        rows = completed(records, *self.columns)
        parts = [
            rows[name].to_numpy(dtype=np.float64, na_value=np.nan)
            for name in self.answered_columns(records)
        ]
        if not parts:
            return np.full(len(rows), np.nan)
        if self.kind != "yes":
            return parts[0]
        table = np.column_stack(parts)
        any_yes = (table == 1).any(axis=1)
        all_no = (table == 0).all(axis=1)
        return np.where(any_yes, 1.0, np.where(all_no, 0.0, np.nan))

    def answers(self, records: Records, *, state: bool = True) -> Answers:
        """Return the states by episode and day; with ``state=False`` the scores."""
        rows, values = completed(records, "episode_id", "day"), self.values(records)
        if state:
            values = self._state(values)
        return Answers.of(
            rows["episode_id"].cat.codes.to_numpy().astype(np.int64),
            rows["day"].to_numpy().astype(np.int64),
            values,
            state=state,
        )

    def _state(self, values: Floats) -> Floats:
        if self.kind == "yes":
            return values
        if self.kind == "none":
            has = values == 0
        elif self.kind == "some":
            has = values >= 1
        elif self.cut is None:
            return np.full(values.shape, np.nan)
        else:
            has = values >= self.cut
        return np.where(np.isfinite(values), has.astype(np.float64), np.nan)


DOMAINS = (
    Domain(
        "work_or_school",
        "Work or school",
        "in paid work, in school or in training",
        ("employed", "in_school"),
        "yes",
    ),
    Domain("stable_housing", "Stable housing", "in stable housing", ("stable_housing",), "yes"),
    Domain("no_arrests", "No arrests", "no arrest since the last check-in", ("arrests",), "none"),
    Domain(
        "social_connection",
        "Social connection",
        "in contact with family or friends who support recovery",
        ("social_connection",),
        "yes",
    ),
    Domain(
        "mutual_help",
        "Mutual-help meetings",
        "one meeting or more since the last check-in",
        ("mutual_help_meetings",),
        "some",
    ),
    Domain(
        "recovery_capital", "Recovery capital", "BARC-10 of 47 or more", ("barc10",), "from", 47
    ),
    Domain("quality_of_life", "Quality of life", "", ("quality_of_life",), "from"),
)


def completed(records: Records, *columns: str) -> pd.DataFrame:
    """Return those of the columns that the check-ins have, of completed ones."""
    rows = (records.checkins["status"] == "completed").to_numpy(dtype=bool)
    return records.checkins.loc[rows, [name for name in columns if name in records.checkins]]


def choose(
    domains: str | Sequence[str] | None, cuts: Mapping[str, float] | None
) -> tuple[Domain, ...]:
    """Return the domains asked for, with cuts of your own; RuleError if one is not known."""
    known = {domain.name: domain for domain in DOMAINS}
    all_of = ", ".join(known)
    names = list(known) if domains is None else as_names("domains", domains, f"some of {all_of}")
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise RuleError(
            "There is no domain of functioning of that name.",
            found=names_asked(unknown) if unknown else "an empty list",
            instead=f"one of {all_of}",
        )
    chosen = {name: known[name] for name in names}
    for name, cut in as_pairs("cuts", cuts, 'cuts={"quality_of_life": 60}').items():
        if name not in known or known[name].kind != "from" or not is_number(cut):
            raise RuleError(
                "A cut is a score of recovery_capital or quality_of_life.",
                found=f"cuts={as_written(dict(cuts or {}))}",
                instead='cuts={"quality_of_life": 60}',
            )
        if name in chosen:
            having = f"{known[name].title} of {cut:g} or more"
            chosen[name] = replace(known[name], cut=float(cut), having=having)
    return tuple(chosen.values())
