"""One's own instrument, from a TOML file; every error is a sentence that names the key."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from iop_outcomes.errors import RuleError
from iop_outcomes.outcome_scores.instruments.instrument import (
    PRORATE_FROM,
    Band,
    Change,
    Instrument,
    Item,
    Scale,
)
from iop_outcomes.shared.checks import is_number, is_whole
from iop_outcomes.shared.messages import as_written, names_asked

_TOP = (
    *("name", "title", "version", "recall_days", "source", "licence", "note"),
    *("items", "low", "high", "words", "reversed", "flagged", "stems", "prorate_from", "scales"),
)
_SCALE = ("title", "items", "better", "low", "high", "column", "combine", "bands", "changes")
_EXAMPLE = """name = "sleep"
title = "Sleep scale"
source = "Our own, 2026"
licence = "Ours"
items = 3
low = 0
high = 4

[scales.total]
better = "lower\""""


def read_instrument(path: str | Path) -> Instrument:
    """Read an instrument of your own from a TOML file.

    Parameters
    ----------
    path : str or pathlib.Path
        The file. It has ``name``, ``title``, ``source`` and ``licence``; ``items`` (how many, or a
        list of their labels) with ``low`` and ``high``, and ``words`` for answers in words; and a
        table ``[scales.NAME]`` for each score, with ``better = "lower"`` or ``"higher"`` and, where
        they apply, ``items``, ``combine``, ``column``, ``bands`` and ``changes``.

    Returns
    -------
    Instrument

    Raises
    ------
    RuleError
        If the file is not there or not TOML, or a key is missing, not known, or holds something
        else than it should.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from iop_outcomes.outcome_scores.instruments.own_file import read_instrument
    >>> text = '''
    ... name = "sleep"
    ... title = "Sleep scale"
    ... source = "Our own, 2026"
    ... licence = "Ours"
    ... items = ["falling asleep", "waking", "rest"]
    ... low = 0
    ... high = 4
    ... words = {never = 0, sometimes = 2, always = 4}
    ... reversed = ["3"]
    ... [scales.total]
    ... better = "lower"
    ... bands = [{from = 0, label = "good"}, {from = 6, label = "poor"}]
    ... changes = [{name = "3_points", kind = "points", amount = 3, source = "Our own"}]
    ... '''
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "sleep.toml"
    ...     _ = file.write_text(text, encoding="utf-8")
    ...     own = read_instrument(file)
    >>> own.scales[0].items, own.scales[0].high
    (('1', '2', '3'), 12.0)
    """
    content = _content(path)
    _only(content, _TOP, "")
    items = _items(content)
    scales = content.get("scales")
    if not isinstance(scales, dict) or not scales:
        raise _wrong("scales", scales, "a table for each score", "[scales.total]")
    return Instrument(
        _text(content, "name", ""),
        _text(content, "title", ""),
        _text(content, "version", "", optional=True),
        _whole(content, "recall_days"),
        tuple(_scale(name, table, items) for name, table in scales.items()),
        items,
        _texts(content, "reversed", ""),
        _texts(content, "flagged", ""),
        _texts(content, "stems", ""),
        _number(content, "prorate_from", "", PRORATE_FROM),
        source=_text(content, "source", ""),
        licence=_text(content, "licence", ""),
        note=_text(content, "note", "", optional=True),
    )


def _content(path: str | Path) -> dict[str, Any]:
    if not isinstance(path, str | Path):
        raise RuleError(
            "An instrument is read from a file.",
            found=as_written(path),
            instead='read_instrument("own.toml")',
        )
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise RuleError(
            "The file of the instrument cannot be opened.",
            found=error.strerror or "no such file",
            instead="the path of a TOML file that is there",
        ) from None
    except UnicodeDecodeError:
        raise RuleError(
            "The file of the instrument is not UTF-8.", instead="save it as UTF-8."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise RuleError(
            "The file of the instrument is not TOML.", found=str(error), instead=_EXAMPLE
        ) from None


def _items(content: dict[str, Any]) -> tuple[Item, ...]:
    items = content.get("items", 0)
    if is_whole(items, 0):
        labels = [f"item {number}" for number in range(1, items + 1)]
    elif isinstance(items, list) and all(isinstance(label, str) for label in items):
        labels = items
    else:
        raise _wrong("items", items, "a number of items or a list of labels", "items = 9")
    words = content.get("words", {})
    if not isinstance(words, dict) or not all(is_number(value) for value in words.values()):
        raise _wrong("words", words, "answers with numbers", "words = {never = 0, always = 4}")
    if not labels:
        return ()
    low, high = _number(content, "low", ""), _number(content, "high", "")
    if not low < high:
        raise _wrong("low", low, "below high", f"low = 0 and high = {max(high, 1):g}")
    outside = [word for word, value in words.items() if not low <= value <= high]
    if outside:
        raise RuleError(
            f"In the file of the instrument words holds {names_asked(outside)}, whose number is "
            "not between low and high.",
            instead=f"numbers from {low:g} to {high:g}",
        )
    number_of_word = tuple((word.strip().lower(), float(value)) for word, value in words.items())
    return tuple(
        Item(str(number), label, low, high, number_of_word)
        for number, label in enumerate(labels, 1)
    )


def _scale(name: str, table: object, items: tuple[Item, ...]) -> Scale:
    place = f"scales.{name}."
    if not isinstance(table, dict):
        raise _wrong(f"scales.{name}", table, "a table", f"[scales.{name}]")
    _only(table, _SCALE, place)
    numbers = _texts(table, "items", place) or (
        () if "column" in table and not items else tuple(item.number for item in items)
    )
    combine = _text(table, "combine", place, optional=True) or "sum"
    low, high = _limits(table, place, items, len(numbers), combine)
    return Scale(
        name,
        _text(table, "title", place, optional=True) or name,
        _text(table, "better", place),  # type: ignore[arg-type]  # checked by its class
        numbers,
        low,
        high,
        _text(table, "column", place, optional=True),
        combine,  # type: ignore[arg-type]  # checked by its class
        tuple(_band(band, place) for band in _tables(table, "bands", place)),
        tuple(_change(change, place) for change in _tables(table, "changes", place)),
    )


def _limits(
    table: dict[str, Any], place: str, items: tuple[Item, ...], count: int, combine: str
) -> tuple[float | None, float | None]:
    """Return the limits of a score: as written, or those that follow from its items."""
    limits: list[float | None] = []
    for key in ("low", "high"):
        if key in table:
            limits.append(_number(table, key, place))
            continue
        of_item = getattr(items[0], key) if items else None
        times = 1 if combine == "mean" else count
        limits.append(None if of_item is None else of_item * times)
    return limits[0], limits[1]


def _band(table: dict[str, Any], place: str) -> Band:
    _only(table, ("from", "label"), f"{place}bands.")
    return Band(_number(table, "from", f"{place}bands."), _text(table, "label", f"{place}bands."))


def _change(table: dict[str, Any], place: str) -> Change:
    where = f"{place}changes."
    _only(table, ("name", "kind", "amount", "source"), where)
    return Change(
        _text(table, "name", where),
        _text(table, "kind", where),  # type: ignore[arg-type]  # checked by its class
        _number(table, "amount", where),
        _text(table, "source", where),
    )


def _only(table: dict[str, Any], known: tuple[str, ...], place: str) -> None:
    unknown = [f"{place}{key}" for key in table if key not in known]
    if unknown:
        raise RuleError(
            f"The file of the instrument has a key that is not known: {names_asked(unknown)}.",
            instead=f"one of {', '.join(known)}",
        )


def _tables(table: dict[str, Any], key: str, place: str) -> list[dict[str, Any]]:
    tables = table.get(key, [])
    if not isinstance(tables, list) or not all(
        isinstance(table_entry, dict) for table_entry in tables
    ):
        raise _wrong(place + key, tables, "a list of tables", f"{key} = [{{...}}]")
    return tables


def _text(table: dict[str, Any], key: str, place: str, *, optional: bool = False) -> str:
    value = table.get(key, "" if optional else None)
    if not isinstance(value, str) or not (optional or value.strip()):
        raise _wrong(place + key, value, "a text", f'{key} = "..."')
    return value


def _texts(table: dict[str, Any], key: str, place: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(
        isinstance(one, str) or is_whole(one) for one in value
    ):
        raise _wrong(place + key, value, "a list of texts", f'{key} = ["1", "2"]')
    return tuple(str(one) for one in value)


def _number(table: dict[str, Any], key: str, place: str, default: float | None = None) -> float:
    value = table.get(key, default)
    if not is_number(value):
        raise _wrong(place + key, value, "a number", f"{key} = 0")
    return float(value)


def _whole(table: dict[str, Any], key: str) -> int:
    value = table.get(key, 0)
    if not is_whole(value, 0):
        raise _wrong(key, value, "a whole number of days", f"{key} = 30")
    return int(value)


def _wrong(key: str, value: object, needed: str, instead: str) -> RuleError:
    return RuleError(
        f"In the file of the instrument {key} has to be {needed}.",
        found=f"{key} is missing" if value is None else f"{key} = {as_written(value)}",
        instead=instead,
    )
