"""Further columns of the episodes in the table of admissions: which are shown, in which groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

from iop_outcomes.errors import RuleError
from iop_outcomes.records.schema import EPISODES
from iop_outcomes.records.suggestions.recognition.language import is_plain_language
from iop_outcomes.report.sections.cohort.declaring import ALL, NOT_RECORDED
from iop_outcomes.shared.messages import as_written, columns_found, values_found
from iop_outcomes.shared.vocabulary import OF_THE_WHOLE_STAY

if TYPE_CHECKING:
    from iop_outcomes.records import Records

INSTEAD = 'served_by = ["age", "sex", "primary_substance"], or others of the episodes'
AGES = ("age", "age_at_admission", "age_at_admit")
USUAL = (AGES, ("sex", "gender"), ("primary_substance",))
BANDS = ("under 18", "18 to 25", "26 to 34", "35 to 49", "50 to 64", "65 and over")
STARTS = (0, 18, 26, 35, 50, 65, 121)  # another number is no age
THERE = {"program": "program", "entry_path": "entry path", "level": "level of care"}
THERE |= {"admission_number": "admission"}
"""The columns that the table shows in every report, with their names in it."""
MOST_WORDS, LONGEST, FEW = 12, 40, 11  # words, letters of one, people who have one
_OF_PERSONS = frozenset(
    re.findall(
        "[a-z]+",
        """
    address clinician client counselor counsellor doctor email facilitator id identifier mail
    member mrn name patient person phone physician provider ssn staff supervisor therapist zip
    """,
    )
)
_SEXES_AND_SUBSTANCES = frozenset(
    re.findall(
        "[a-z]+",
        """
    alcohol amphetamine amphetamines benzodiazepine benzodiazepines binary cannabis cocaine drugs
    female fentanyl hallucinogens heroin inhalants intersex male man marijuana meth methamphetamine
    nicotine no non nonbinary none not opiates opioid opioids or other polysubstance prescription
    recorded sedatives stimulant stimulants tobacco trans transgender unknown use woman yes and
    """,
    )
)

_NAMES_TOO = frozenset(("alta", "art", "case", "day", "key", "mark", "page"))


def served_columns(records: Records, columns: Sequence[str] | None) -> tuple[str, ...]:
    """Return the columns by which the admissions are shown, besides those of every report.

    Parameters
    ----------
    records : Records
        Of all programs of the reports.
    columns : sequence of str or None
        Those that were asked for, which must pass `check_served`. None: an age, a sex and a primary
        substance under their usual names, where these pass it.
    """
    if columns is not None:
        check_served(records, columns)
        return tuple(columns)
    found: list[str] = []
    for names in USUAL:
        here = [name for name in names if name in records.episodes][:1]
        try:
            check_served(records, here)
        except RuleError:
            continue
        found += here
    return tuple(found)


def check_served(records: Records, columns: Sequence[str]) -> None:
    """Refuse columns that a report cannot show of those who were admitted.

    Parameters
    ----------
    records : Records
        Of all programs of the reports.
    columns : sequence of str
        Columns of the episodes.

    Raises
    ------
    RuleError
        There is no such column, it is in the table already, or is known at the end of a stay only;
        it holds dates, identifiers, numbers that are no ages, or words that may be free text or a
        name.
    """
    texts = isinstance(columns, list | tuple) and all(isinstance(one, str) for one in columns)
    if not texts:
        raise RuleError(
            "The columns by which the admissions are shown are a list of names.",
            found=as_written(columns),
            instead=INSTEAD,
        )
    names = [shown_name(one) for one in columns]
    for column, name in zip(columns, names, strict=True):
        if column not in records.episodes:
            raise RuleError(
                "The admissions cannot be shown by a column that the episodes do not have.",
                found=f"{as_written(column)}; {columns_found(records.episodes.columns, column)}",
                instead=INSTEAD,
            )
        if names.count(name) > 1 or column in THERE or name in THERE.values():
            raise RuleError(
                "The table of admissions would show a column twice, or two under one name.",
                found=as_written(column),
                instead=f"columns besides {', '.join(THERE)}, each once",
            )
        _refuse_kind(column, records.episodes[column])
        if column not in AGES:
            _refuse_words(records, column)


def shown_name(column: str) -> str:
    """Return the name of a column as the table shows it."""
    return column.replace("_", " ").strip()


def groups_of(episodes: pd.DataFrame, column: str) -> tuple[pd.Series[str], list[str]]:
    """Return the group of each episode, and the groups in the order of the table.

    Parameters
    ----------
    episodes : pandas.DataFrame
        The episodes.
    column : str
        One that `check_served` lets pass.

    Returns
    -------
    pandas.Series, list of str
        What is missing, and an age that cannot be one, is the group "not recorded".
    """
    values = episodes[column]
    if column in AGES:
        ages = pd.to_numeric(values, errors="coerce")
        bands = pd.cut(ages, STARTS, right=False, labels=list(BANDS))
        words = bands.astype(object).where(bands.notna(), NOT_RECORDED)
        return words, [*BANDS, NOT_RECORDED]
    words = values.astype(object).map({True: "yes", False: "no"} if is_bool_dtype(values) else str)
    words = words.str.replace("_", " ").str.strip().where(values.notna(), NOT_RECORDED)
    return words, sorted(set(words))


def _refuse_kind(column: str, values: pd.Series[Any]) -> None:
    """Refuse what is no group of people at their admission."""
    parts = set(re.findall("[a-z]+", column.lower()))
    identifies = {one.name for one in EPISODES.columns if one.name.endswith("_id")}
    if parts & _OF_PERSONS or column in identifies:
        raise RuleError(
            "A column that may identify or name a person is not shown in a report.",
            found=as_written(column),
            instead=INSTEAD,
        )
    if column in OF_THE_WHOLE_STAY:
        raise RuleError(
            "The admissions are shown by what is known at admission.",
            found=f"{as_written(column)}, which is known at the end of a stay",
            instead=INSTEAD,
        )
    if is_datetime64_any_dtype(values):
        raise RuleError(
            "Dates of single people are not shown in a report.",
            found=as_written(column),
            instead=INSTEAD,
        )
    numbers = is_numeric_dtype(values) and not is_bool_dtype(values)
    if numbers and column not in AGES:
        raise RuleError(
            "Of numbers only an age has groups in the table of admissions.",
            found=f"numbers in {as_written(column)}",
            instead=f"a column with a word for each group; an age is called {' or '.join(AGES)}",
        )
    if column in AGES and not numbers:
        raise RuleError(
            "An age is a number of years.",
            found=f"texts in {as_written(column)}",
            instead="a column of numbers, or one of words with another name",
        )


def _refuse_words(records: Records, column: str) -> None:
    """Refuse words that may be free text, or a name.

    A word that fewer than 11 people have may be of one of them, unless it is a common word for a
    sex, a substance or a status. The words are counted in the message and never written.
    """
    words, different = groups_of(records.episodes, column)
    if len(different) > MOST_WORDS or any(len(word) > LONGEST for word in different):
        raise RuleError(
            f"A column of more than {MOST_WORDS} words, or of long ones, is taken for free text.",
            found=f"{values_found(len(different), len(words))} in {as_written(column)}",
            instead=f"a column of at most {MOST_WORDS} groups in short words",
        )
    people = records.episodes["person_id"].groupby(words, sort=False).nunique()
    doubtful = [word for word in different if people[word] < FEW and not _is_common(word)]
    doubtful += [word for word in different if re.search(r"\d{3}|@", word)]
    if doubtful:
        number = len(set(doubtful))
        raise RuleError(
            "A word that few people have, or one with a longer number, may be a person's.",
            found=f"{number:,} such word{'' if number == 1 else 's'} in {as_written(column)}",
            instead="the same column with rare words as other: replace them before reading",
        )
    if ALL in different:
        raise RuleError(
            f'The word "{ALL}" is that of the total in the table of admissions.',
            found=f"it is a value of {as_written(column)}",
            instead="another word",
        )


def _is_common(word: str) -> bool:
    parts = re.findall(r"[^\W\d_]+", word.lower())
    if parts and set(parts) <= _SEXES_AND_SUBSTANCES:
        return True
    return is_plain_language(word) and not set(parts) & _NAMES_TOO
