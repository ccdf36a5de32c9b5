"""Which headings of a file may be a column that is not there, for the message that says so.

Nothing is read by it: what a heading is, the mapping says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from iop_outcomes.records.schema import Table
from iop_outcomes.shared.messages import may_be_named

MAP = " iop-outcomes map proposes a whole mapping (in Python suggest_mapping)."
_LIKELY = 0.75  # from which score a heading is a synonym of a column
_SHORTEST = 4  # letters of a synonym that is named: Dia and Von are names of people, too
_MOST = 3  # headings that are named for one column


def likely_headings(table: Table, missing: Sequence[str], headings: Iterable[str]) -> str:
    """Return a sentence on headings that may be missing columns; empty if there are none.

    A heading is named only if it consists of words that are no person's name, or is a name of the
    column in the list of synonyms; "Mark", which is a weaker one, is a person's as well.
    """
    from iop_outcomes.records.suggestions.recognition.language import (
        STRONG,
        heading_score,
        is_plain_language,
        list_meaning,
    )

    every = list(headings)
    pairs = []
    for column in missing:
        known = table.column(column)
        ours = column if known is None else known.name
        scores = {
            name: score
            for name in every
            if (score := heading_score(table.name, ours, name)) >= _LIKELY
            and (may_be_named(name) or (score == STRONG and len(name) >= _SHORTEST))
        }
        best = max(scores.values(), default=0.0)
        alike = [name for name, score in scores.items() if score == best][:_MOST]
        if alike:
            pairs.append(f'{" or ".join(map(_quoted, alike))} = "{column}"')
    plain = [name for name in every if may_be_named(name) or is_plain_language(name)]
    lists = [name for name in plain if table.name == "attendance" and list_meaning(name)]
    text = f" Perhaps {', '.join(pairs)}." if pairs else ""
    if "episode_id" in missing and len(lists) > 1:
        text += (
            f" Perhaps {', '.join(lists)} hold lists of people: [[attendance.from]] lists "
            "(docs/mapping.md) makes a row of each person."
        )
    return text


def _quoted(name: str) -> str:
    return f'"{name}"'
