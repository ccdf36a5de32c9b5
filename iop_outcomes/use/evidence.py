"""What the check-ins show of use on each day of an episode, and which substances count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written, values_found

if TYPE_CHECKING:
    from iop_outcomes.records import Records

Sources = Literal["either", "self_report", "drug_test"]
Disagreement = Literal["use", "drug_test", "self_report", "mixed"]
Others = Literal["no_use", "nothing"]
Refused = Literal["missing", "use", "as_reported"]
States = npt.NDArray[np.int8]

# In ascending order: if several check-ins are on one day, the highest counts. A refused test is
# above unknown and below a result, until it is combined with the report.
NOTHING, NOT_DUE, MISSING, REFUSAL, CLEAR, MIXED, USE = np.arange(-1, 6, dtype=np.int8)

SOURCES = {
    "either": "self-report or drug test",
    "self_report": "self-report",
    "drug_test": "drug test",
}
DISAGREEMENTS = {
    "use": "use by either is use",
    "drug_test": "where the two disagree on a day, the test is used",
    "self_report": "where the two disagree on a day, the report is used",
    "mixed": "a day on which the two disagree is mixed",
}
OTHERS = {"no_use": "shows no use", "nothing": "shows nothing"}
REFUSED = {
    "missing": "a refused test is missing unless use is reported",
    "use": "a refused test counts as use",
    "as_reported": "with a refused test, the report is used",
}
_TEST_STATES = {"positive": USE, "mixed": MIXED, "negative": CLEAR, "refused": REFUSAL}
_BETWEEN = re.compile(r"[;,/|+]")


@dataclass(frozen=True)
class UseRule:
    """What shows use, and of which substances.

    Attributes
    ----------
    sources : {"either", "self_report", "drug_test"}
        Which sources are used. Self-report is ``used``, or ``use_days`` above 0.
    disagreement : {"use", "drug_test", "self_report", "mixed"}
        With ``"either"``, the value of a day on which report and test disagree.
    substances : tuple of str
        The substances that count, as ``checkins.substance`` names them; empty: all.
    prescribed : str or None
        A column of the episodes with the substances prescribed to the person, which do not count.
    others : {"no_use", "nothing"}
        What a check-in that shows use of other substances only shows of those that count.
    refused : {"missing", "use", "as_reported"}
        The value of a day on which a drug test was refused and no test has a result: missing,
        unless use is reported; use, as for a positive test; or the report.
    """

    sources: Sources = "either"
    disagreement: Disagreement = "use"
    substances: tuple[str, ...] = ()
    prescribed: str | None = None
    others: Others = "no_use"
    refused: Refused = "missing"

    def __post_init__(self) -> None:
        """Refuse words that are not options."""
        for name, value, options in (
            ("sources", self.sources, SOURCES),
            ("disagreement", self.disagreement, DISAGREEMENTS),
            ("others", self.others, OTHERS),
            ("refused", self.refused, REFUSED),
        ):
            if value not in options:
                raise RuleError(
                    f"The {name} of use is one of {', '.join(options)}.",
                    found=f"{name}={as_written(value)}",
                    instead=f'{name}="{next(iter(options))}"',
                )

    @property
    def text(self) -> str:
        """The rule as the end of a sentence."""
        text = f"by {SOURCES[self.sources]}"
        if self.sources == "either":
            text += f" ({DISAGREEMENTS[self.disagreement]})"
        if refusal := refusal_text(self.refused, self.sources):
            text += f"; {refusal}"
        if self.substances:
            text += f"; of {', '.join(self.substances)} only"
        if self.prescribed is not None:
            text += f"; prescribed substances ({self.prescribed}) do not count"
        if self.substances or self.prescribed is not None:
            text += f"; use of another substance {OTHERS[self.others]}"
        return text


def refusal_text(refused: str, sources: str) -> str:
    """Return how a refused test counts, as the end of a sentence; empty if tests are not used."""
    if sources == "self_report":
        return ""
    if sources == "drug_test" and refused != "use":
        return "a refused test is missing"
    return REFUSED[refused]


@dataclass(frozen=True, eq=False)
class UseDays:
    """What the check-ins show: one entry for each episode and day with a check-in, sorted.

    Attributes
    ----------
    episode : numpy.ndarray of int
        The row of the episode in ``records.episodes``.
    day : numpy.ndarray of int32
        Days since admission.
    state : numpy.ndarray of int8
        NOT_DUE, MISSING, CLEAR, MIXED or USE.
    """

    episode: npt.NDArray[np.intp]
    day: npt.NDArray[np.int32]
    state: States


def substance_names(substances: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the substances that count as a tuple; empty: all."""
    if substances is None:
        return ()
    return (substances,) if isinstance(substances, str) else tuple(substances)


def read_use_days(records: Records, rule: UseRule) -> UseDays:
    """Return what each day with a check-in shows, up to the end of each episode's follow-up.

    If several check-ins are on a day, use counts before mixed, mixed before no use, and no use
    before unknown. Then test and report are combined by the rule.
    """
    checkins = records.checkins
    counts = _counts(records, rule)
    state_of_others = CLEAR if rule.others == "no_use" else NOTHING
    if rule.sources == "drug_test":
        days = read_days(records, _test_states(checkins, counts, rule))
        state = np.where(days.state == REFUSAL, MISSING, days.state)
        days = UseDays(days.episode, days.day, state)
    elif rule.sources == "self_report":
        days = read_days(records, _report_states(checkins, counts, state_of_others))
    else:
        tests = read_days(records, _test_states(checkins, counts, rule))
        reports = read_days(records, _report_states(checkins, counts, state_of_others))
        days = _together(tests, reports, rule)
    if rule.others == "no_use":
        return days
    some = days.state != NOTHING
    return UseDays(days.episode[some], days.day[some], days.state[some])


def read_days(records: Records, states: States) -> UseDays:
    """Return the highest state of each episode and day, given one state a check-in.

    A check-in that was missed or not due counts as such, whatever else it contains. Rows after the
    end of the follow-up are left out.
    """
    checkins = records.checkins
    states = states.copy()
    states[has_word(checkins["status"], ("missed",))] = MISSING
    states[has_word(checkins["status"], ("not_due",))] = NOT_DUE
    episode = checkins["episode_id"].cat.codes.to_numpy().astype(np.intp)
    day = checkins["day"].to_numpy()
    inside = day <= records.episodes["days_followed"].to_numpy()[episode]
    if not inside.all():
        episode, day, states = episode[inside], day[inside], states[inside]
    new = np.append(True, (episode[1:] != episode[:-1]) | (day[1:] != day[:-1]))[: len(day)]
    if not new.all():
        first = np.flatnonzero(new)
        states = np.maximum.reduceat(states, first)
        episode, day = episode[first], day[first]
    return UseDays(episode, day, states)


def has_word(column: pd.Series[Any], words: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which values of a category column are one of `words`."""
    # Looked up by category, not by row; the last place is for code -1, missing.
    answer = np.append(column.cat.categories.isin(words), False)
    marked: npt.NDArray[np.bool_] = answer[column.cat.codes.to_numpy()]
    return marked


def _together(tests: UseDays, reports: UseDays, rule: UseRule) -> UseDays:
    refusal = tests.state == REFUSAL
    known = np.where(refusal, MISSING, tests.state)
    shown = np.maximum(known, reports.state)
    if rule.refused == "missing":
        shown = np.where(refusal & (shown < MIXED), MISSING, shown)
    if rule.disagreement != "use":
        both = (tests.state >= CLEAR) & (reports.state >= CLEAR)
        disagree = both & (tests.state != reports.state)
        mixed = np.full_like(shown, MIXED)
        by = {"drug_test": tests.state, "self_report": reports.state, "mixed": mixed}
        shown = np.where(disagree, by[rule.disagreement], shown)
    return UseDays(tests.episode, tests.day, shown)


def _test_states(checkins: pd.DataFrame, counts: npt.NDArray[np.bool_], rule: UseRule) -> States:
    column = checkins["drug_test"]
    table = np.full(len(column.cat.categories) + 1, MISSING, dtype=np.int8)
    for place, word in enumerate(column.cat.categories):
        table[place] = _TEST_STATES.get(word, MISSING)
    states: States = table[column.cat.codes.to_numpy()]
    other, unknown = (CLEAR, MISSING) if rule.others == "no_use" else (NOTHING, NOTHING)
    states[(states == REFUSAL) & ~counts] = unknown  # a test of another substance
    if rule.refused == "use":
        states[states == REFUSAL] = USE
    states[(states > CLEAR) & ~counts] = other
    return states


def _report_states(checkins: pd.DataFrame, counts: npt.NDArray[np.bool_], other: np.int8) -> States:
    used, use_days = checkins["used"], checkins["use_days"].to_numpy()
    use = used.fillna(False).to_numpy(dtype=bool) | (use_days > 0)
    clear = (~used).fillna(False).to_numpy(dtype=bool) | (use_days == 0)
    states = np.where(use, np.where(counts, USE, other), np.where(clear, CLEAR, MISSING))
    return states.astype(np.int8)


def _counts(records: Records, rule: UseRule) -> npt.NDArray[np.bool_]:
    """Return for each row whether use shown by it is of a substance that counts.

    A row without a substance counts, because it may be of a substance that counts.
    """
    checkins = records.checkins
    if not rule.substances and rule.prescribed is None:
        return np.ones(len(checkins), dtype=bool)
    episode = checkins["episode_id"].cat.codes.to_numpy()
    substance = checkins["substance"].cat
    named = [_parts(name) for name in substance.categories]
    known = set().union(*named)
    wanted = {name.strip().casefold() for name in rule.substances}
    if wanted and not wanted & known:
        raise RuleError(
            "No check-in names a substance that counts.",
            found=f"substances={as_written(list(rule.substances))}; the check-ins hold "
            f"{values_found(len(substance.categories), len(checkins))}",
            instead='words of records.checkins["substance"].unique().',
        )
    prescribed, levels = _prescribed(records, rule.prescribed)
    table = np.ones((len(named) + 1, len(levels) + 1), dtype=bool)
    for row, parts in enumerate(named):
        counted = parts & wanted if wanted else parts
        for place, level in enumerate([*levels, set()]):
            table[row, place] = bool(counted - level)
    marked: npt.NDArray[np.bool_] = table[substance.codes.to_numpy(), prescribed[episode]]
    return marked


def _prescribed(records: Records, name: str | None) -> tuple[npt.NDArray[np.intp], list[set[str]]]:
    if name is None:
        return np.full(len(records.episodes), -1, dtype=np.intp), []
    episodes = records.episodes
    if name not in episodes.columns or not isinstance(episodes[name].dtype, pd.CategoricalDtype):
        raise RuleError(
            "`prescribed` must be a column of the episodes that contains names of substances.",
            found=f"prescribed={as_written(name)}",
            instead='prescribed="medication", with values such as "buprenorphine" '
            'or "methadone; buprenorphine".',
        )
    column = episodes[name].cat
    return column.codes.to_numpy().astype(np.intp), [_parts(text) for text in column.categories]


def _parts(text: object) -> set[str]:
    return {part.strip().casefold() for part in _BETWEEN.split(str(text))} - {""}
