"""The names of a formula's terms for a reader: a value beside that which it is compared with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from iop_outcomes.shared.messages import Term

_NUMBERED = re.compile(r"\[(?P<level>[^\[\]]*)\](?=:|$)")
_RAW = re.compile(r"poly\(.*\braw ?= ?True\b.*\)$")
_MARKS = 0xF0000  # private characters stand for what is named already


def term_names(called: Sequence[str], coded: Mapping[str, Any]) -> list[str]:
    """Return the names of terms.

    Parameters
    ----------
    called : sequence of str
        The names that formulaic gives: ``"program[T.Evening]"``, ``"age:program[Day]"``.
    coded : mapping of str
        Its ``encoder_state``: how each part of the formula was made columns.

    Returns
    -------
    list of str
        ``"program Evening vs Day"``, ``"age:program Day"``; a term of several columns, such as a
        spline, has the number of each. Names that hold values are `Term`, so that messages can
        leave these out.
    """
    values = _values(coded)
    return [_name(name, values) for name in called]


def _values(coded: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return what formulaic writes for each value, what a reader sees, and of which part.

    The longest first, since the name of one column can end in that of another.
    """
    labels = []
    for part, (_, state) in coded.items():
        contrasts = state.get("contrasts")
        if contrasts is None:
            continue
        column = re.sub(r"^C\((`?)(\w[^`(),]*)\1\)$", r"\2", part)
        levels = list(contrasts.levels)
        against = _reference(contrasts)
        for level in levels:
            labels.append((f"{part}[T.{level}]", f"{column} {level} vs {against}", column))
            labels.append((f"{part}[{level}]", f"{column} {level}", column))
    return sorted(labels, key=lambda one: -len(one[0]))


def _reference(contrasts: Any) -> object:
    """Return the value that others are compared with."""
    from formulaic.transforms.contrasts import SASContrasts
    from formulaic.utils.sentinels import UNSET

    base = getattr(contrasts.contrasts, "base", UNSET)
    if base is not UNSET:
        return base
    return contrasts.levels[-1 if isinstance(contrasts.contrasts, SASContrasts) else 0]


def _name(name: str, values: Sequence[tuple[str, str, str]]) -> str:
    marked = name
    for place, (written, _, _) in enumerate(values):
        if written in marked:
            marked = marked.replace(written, chr(_MARKS + place))
    numbered = ":".join(_numbered(part) for part in marked.split(":"))
    name_text = bare = numbered
    for place, (_, value, column) in enumerate(values):
        name_text = name_text.replace(chr(_MARKS + place), value)
        bare = bare.replace(chr(_MARKS + place), column)
    return name_text if bare == name_text == name else Term(name_text, _NUMBERED.sub("", bare))


def _numbered(part: str) -> str:
    """Return a part with its number after a space; the powers of raw polynomials count from 1."""

    def label_of(match: re.Match[str]) -> str:
        level = match["level"]
        raw = level.isdigit() and _RAW.match(part[: match.start()])
        return f" {int(level) + 1}" if raw else f" {level}"

    return _NUMBERED.sub(label_of, part)
