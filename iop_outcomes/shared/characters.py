"""Characters that a page, a picture or a terminal can show, and how others are written."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Control characters (except line ends and tabs), lone surrogates, and code points that Unicode
# assigns to no character: XML allows none or few of them, and no font draws them. Also characters
# that change the direction of writing, because a name could reverse the numbers next to it.
_NONE = "".join(chr(plane * 0x10000 + end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069"
    f"\ud800-\udfff\ufdd0-\ufdef{_NONE}]"
)
_CONFUSING = re.compile("[\x00\ud800-\udfff]")
_BREAKS = re.compile("[\t\n\r\x85\u2028\u2029]+")


def printable(text: str) -> str:
    """Return `text` with each character that a page cannot show written as its code point."""
    if _UNPRINTABLE.search("".join({*text})) is None:  # a page has few different characters
        return text
    return _UNPRINTABLE.sub(lambda match: code_point(match[0]), text)


def has_confusing_character(values: Iterable[object]) -> bool:
    """Return whether pandas (2.3) may treat two different texts among the values as equal.

    This happens with a lone surrogate, which UTF-8 cannot encode, and with NUL, at which pandas
    ends a text.
    """
    every = list(values)
    try:
        text = "".join(every)  # type: ignore[arg-type]  # other types are left out below
    except TypeError:
        text = "".join([value for value in every if isinstance(value, str)])
    return "\0" in text or (not text.isascii() and _CONFUSING.search(text) is not None)


def confusing_characters_written(text: str) -> str:
    """Return `text` with each lone surrogate and each NUL written as its code point."""
    return _CONFUSING.sub(lambda match: code_point(match[0]), text)


def one_line(text: str) -> str:
    """Return `text` printable and on one line: line ends and tabs become a space."""
    return printable(_BREAKS.sub(" ", text))


def code_point(letter: str) -> str:
    r"""Return a character as its code point, in Python notation: ``\x07``, ``\ufffe``."""
    number = ord(letter)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
