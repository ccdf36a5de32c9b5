"""The fonts and the width of a text, and what is written for letters that no font has."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iop_outcomes.shared.characters import code_point, one_line, printable

if TYPE_CHECKING:
    from matplotlib.font_manager import FontEntry

BASE = "DejaVu Sans"  # comes with matplotlib, so that pictures look the same everywhere
NOT_FONTS = ("Last Resort",)  # draw a box for every letter
# Fonts that systems bring along for letters which the base does not hold; others are searched next.
KNOWN = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "SimHei",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "Arial Unicode MS",
    "Segoe UI",
)
ON_SCREEN = 1.09  # so much wider small letters are at 72 dots an inch, where each is whole dots
INSTEAD = (
    "This computer has no font for some letters of the names: they are written as code points, "
    "such as \\u5317. The alternative text has the full names."
)


def drawable(text: str) -> str:
    """Return `text` with each letter that no font of this computer holds written as its number."""
    text = printable(text)
    odd = _beyond_base(text)
    if not odd:
        return text
    unknown = odd - _covered(odd)
    return "".join(_instead(letter) if letter in unknown else letter for letter in text)


def drawable_name(name: str) -> str:
    """Return a name as it can be drawn, on one line."""
    return drawable(one_line(name))


def is_drawn_whole(texts: Iterable[str]) -> bool:
    """Whether each letter of the texts is in some font of this computer."""
    odd = _beyond_base("".join(texts))
    shown = {letter for letter in odd if _instead(letter)}
    return shown <= _covered(odd)


def families(text: str) -> list[str]:
    """Return the names of the fonts that draw `text`, the base first."""
    return [BASE, *_fallbacks(frozenset(_beyond_base(text)))]


def width_of(text: str, size: float, bold: bool = False) -> float:
    """Return how wide `text` can become on one line, in points: the widths of its letters."""
    return ON_SCREEN * size * sum(_width(letter, bold) for letter in drawable(text))


@lru_cache(maxsize=8192)
def _width(letter: str, bold: bool) -> float:
    """Return how far a letter moves on, as a part of the size of the font."""
    from matplotlib.font_manager import FontProperties, findfont, get_font
    from matplotlib.ft2font import LoadFlags

    name = families(letter)[-1]
    weight = "bold" if bold and are_bold([name]) else "normal"
    font = get_font(findfont(FontProperties(family=name, weight=weight)))
    font.set_size(100.0, 72.0)
    return font.load_char(ord(letter), flags=LoadFlags.NO_HINTING).linearHoriAdvance / 6_553_600


def are_bold(names: list[str]) -> bool:
    """Whether each of the fonts has a bold face; matplotlib complains of one that has none."""
    return all(_is_bold(name) for name in names)


@lru_cache(maxsize=512)
def _is_bold(name: str) -> bool:
    from matplotlib.font_manager import fontManager

    weights = [str(entry.weight) for entry in fontManager.ttflist if entry.name == name]
    return bool({"bold", "heavy", "semibold", "black", "600", "700", "800", "900"} & {*weights})


def shortened(name: str, width: float, size: float, bold: bool = False) -> str:
    """Return `name` as wide as `width` points at most: the middle of a longer one is left out."""
    if width_of(name, size, bold) <= width:
        return name
    kept, too_many = 2, len(name)
    while kept + 1 < too_many:
        middle = (kept + too_many) // 2
        if width_of(_without_middle(name, middle), size, bold) <= width:
            kept = middle
        else:
            too_many = middle
    return _without_middle(name, kept)


def _without_middle(name: str, kept: int) -> str:
    end = kept // 3
    return f"{name[: kept - end].rstrip()}…{name[len(name) - end :].lstrip()}"


def wrapped(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Break `text` into lines of at most `width` points, at spaces where there are any."""
    lines = []
    for part in text.splitlines():
        line = ""
        for word in part.split():
            longer = f"{line} {word}" if line else word
            if width_of(longer, size, bold) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *whole, line = _pieces(word, width, size, bold)
            lines += whole
        if line:
            lines.append(line)
    return lines


def _pieces(word: str, width: float, size: float, bold: bool) -> list[str]:
    """Break a word that is wider than a line."""
    pieces = []
    while len(word) > 1 and width_of(word, size, bold) > width:
        ends = range(len(word) - 1, 1, -1)
        fit = next((end for end in ends if width_of(word[:end], size, bold) <= width), 1)
        pieces.append(word[:fit])
        word = word[fit:]
    return [*pieces, word]


def _instead(letter: str) -> str:
    """Return what is written for a letter that no font holds: nothing for one that is not seen."""
    unseen = unicodedata.category(letter) == "Cf" or 0xFE00 <= ord(letter) <= 0xFE0F
    return "" if unseen else code_point(letter)


def _beyond_base(text: str) -> set[str]:
    letters = set(text)
    if all(letter < "\x7f" for letter in letters):
        return set()
    return {letter for letter in letters if ord(letter) not in _base_letters() and letter != "\n"}


@lru_cache(maxsize=1)
def _base_letters() -> frozenset[int]:
    """Return what the base holds in each weight that is drawn."""
    from matplotlib.font_manager import FontProperties, findfont

    weights = [FontProperties(family=BASE, weight=weight) for weight in ("normal", "bold")]
    normal, bold = (_letters_of(findfont(font)) for font in weights)
    return normal & bold


def base_files() -> dict[tuple[str, str], Path]:
    """Return the files of the base: its weight and slant -> the file of the font."""
    from matplotlib.font_manager import FontProperties, findfont

    fonts = {
        ("normal", "normal"): FontProperties(family=BASE),
        ("bold", "normal"): FontProperties(family=BASE, weight="bold"),
        ("normal", "oblique"): FontProperties(family=BASE, style="oblique"),
    }
    return {face: Path(findfont(font)) for face, font in fonts.items()}


@lru_cache(maxsize=512)
def _letters_of(path: str) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    try:
        return frozenset(get_font(path).get_charmap())
    except (OSError, RuntimeError):  # a file that is no font, or one of another kind
        return frozenset()


def _covered(letters: set[str]) -> set[str]:
    """Return those of the letters that the fonts of this computer hold."""
    held: set[int] = set()
    for path in _fallbacks(frozenset(letters)).values():
        held |= _letters_of(path)
    return {letter for letter in letters if ord(letter) in held}


@lru_cache(maxsize=512)
def _fallbacks(letters: frozenset[str]) -> dict[str, str]:
    """Return the fonts beside the base that hold the letters: the name of each, and its file."""
    # Fonts draw what they like for letters of private use, and nothing for those not seen.
    missing = {
        ord(letter)
        for letter in letters
        if _instead(letter) and unicodedata.category(letter) != "Co"
    }
    paths: dict[str, str] = {}
    if not missing:
        return paths
    for name, path in _candidates().items():
        if held := missing & _letters_of(path):
            paths[name] = path
            missing -= held
            if not missing:
                break
    return paths


@lru_cache(maxsize=1)
def _candidates() -> dict[str, str]:
    """Return the fonts of this computer: the name and the file of each, known ones first."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    listed = {entry.fname for entry in fontManager.ttflist}
    for path in sorted(findSystemFonts()):
        if path not in listed:  # installed after matplotlib made its list
            _add(fontManager, path)
    files: dict[str, str] = {}
    for entry in sorted(fontManager.ttflist, key=_plainest_first):
        if not entry.name.startswith(NOT_FONTS):
            files.setdefault(entry.name, entry.fname)
    order = sorted(files, key=lambda name: (name not in KNOWN, "Sans" not in name, name))
    ranked = [name for name in KNOWN if name in files]
    return {name: files[name] for name in [*ranked, *order]}


def _plainest_first(entry: FontEntry) -> tuple[bool, bool, str]:
    return entry.style != "normal", str(entry.weight) not in ("400", "normal"), entry.fname


def _add(manager: Any, path: str) -> None:
    if Path(path).suffix.lower() not in (".ttf", ".otf", ".ttc"):
        return
    try:
        manager.addfont(path)
    except (OSError, RuntimeError):  # no font that matplotlib reads
        return
