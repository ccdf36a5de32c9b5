"""Writing of TOML for a mapping: quoted texts, inline tables, one-line comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap

from iop_outcomes.shared.characters import one_line

WIDTH = 100
_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\b": "\\b",
    "\f": "\\f",
}

_OURS = {  # the keys of inline tables
    *(
        "starts_with",
        "contains",
        "matches",
        "is",
        "empty",
        "where",
        "by",
        "columns",
        "headings",
        "becomes",
        "year",
    ),
    *("blank", "separator", "id", "status", "service", "file"),
}


def can_be_written(text: str) -> bool:
    """Return whether a text can be written in TOML; lone surrogates cannot."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def quoted(text: str) -> str:
    """Return a text as a TOML string.

    Examples
    --------
    >>> quoted("No show")
    '"No show"'
    """
    letters = (
        _ESCAPES.get(letter)
        or (f"\\u{ord(letter):04x}" if ord(letter) < 32 or ord(letter) == 127 else letter)
        for letter in text
    )
    return f'"{"".join(letters)}"'


def value(content: object) -> str:
    """Return a text, a number, a list or a table as TOML, on one line."""
    if isinstance(content, bool):
        return "true" if content else "false"
    if isinstance(content, int):
        return str(content)
    if isinstance(content, str):
        return quoted(content)
    if isinstance(content, Mapping):
        inner = ", ".join(
            f"{key(str(name))} = {value(inner_content)}" for name, inner_content in content.items()
        )
        return f"{{ {inner} }}"
    if isinstance(content, Sequence):
        return f"[{', '.join(map(value, content))}]"
    raise TypeError(type(content).__name__)


def key(name: str) -> str:
    """Return a key of an inline table: quoted unless it is a key of mappings."""
    return name if name in _OURS else quoted(name)


def line(name: str, content: object, note: str = "", *, off: bool = False) -> str:
    """Return a line of a mapping with its comment; one that is `off` is itself a comment.

    The name is written as it is; a name of the export must be `quoted` first.
    """
    text = f"{name} = {value(content)}"
    return ("# " if off else "") + text + (f"  # {one_line(note)}" if note else "")


def comment(text: str, first: str = "# ", then: str = "# ") -> list[str]:
    """Return a text as lines of comments."""
    lines = wrap(one_line(text), WIDTH - len(first)) or [""]
    return [(first if number == 0 else then) + part for number, part in enumerate(lines)]
