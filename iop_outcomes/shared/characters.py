"""Letters that a page, a picture or a terminal can hold, and how the others are written."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Control characters (line ends and tabs apart), lone surrogates, and the code points that Unicode
# keeps for no character: XML holds none or few of them, and no font draws them. And those that turn
# the direction of writing: a name could turn the numbers beside it.
_NONE = "".join(chr(plane * 0x10000 + end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069"
    f"\ud800-\udfff\ufdd0-\ufdef{_NONE}]"
)
_CONFUSING = re.compile("[\x00\ud800-\udfff]")
_BREAKS = re.compile("[\t\n\r\x85\u2028\u2029]+")


def printable(text: str) -> str:
    """Return `text` with each character that no page can hold written as its number."""
    if _UNPRINTABLE.search("".join({*text})) is None:  # a page has few different letters
        return text
    return _UNPRINTABLE.sub(lambda match: code_point(match[0]), text)


def has_confusing_letter(values: Iterable[object]) -> bool:
    """Tell whether pandas (2.3) may take a text among the values for another one.

    So it does with half of a pair that stands for one letter, which UTF-8 cannot write, and with
    NUL, at which it ends a text.
    """
    every = list(values)
    try:
        text = "".join(every)  # type: ignore[arg-type]  # the others are left out below
    except TypeError:
        text = "".join([value for value in every if isinstance(value, str)])
    return "\0" in text or (not text.isascii() and _CONFUSING.search(text) is not None)


def confusing_letters_written(text: str) -> str:
    """Return `text` with each lone surrogate and each NUL written as its number."""
    return _CONFUSING.sub(lambda match: code_point(match[0]), text)


def one_line(text: str) -> str:
    """Return `text` printable and on one line: line ends and tabs are a space."""
    return printable(_BREAKS.sub(" ", text))


def code_point(letter: str) -> str:
    r"""Return a character as its number, as Python writes it: ``\x07``, ``\ufffe``."""
    number = ord(letter)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
