"""What a program sets for its own reports: a small TOML file, checked key by key."""

from __future__ import annotations

import datetime
import re
import tomllib
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from iop_outcomes.disclosure.merging import Ladders
from iop_outcomes.errors import RuleError
from iop_outcomes.shared.characters import one_line, printable
from iop_outcomes.shared.checks import is_number
from iop_outcomes.shared.messages import as_written
from iop_outcomes.trends.quantities import REPORTED

if TYPE_CHECKING:
    from iop_outcomes.records import Records

USUAL = "report.toml"
LARGEST_LOGO = 200_000  # bytes: it is part of every report
PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
PAPER = {"accent": ("#ffffff", "#f3f5f7"), "accent_dark": ("#17191c", "#212429")}
CONTRAST = 4.5  # WCAG 2.2, 1.4.3
Value = TypeVar("Value")
ALL = "all"  # what the row of all programs together is called in the tables of a report
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class ReportSettings:
    """What is in a `report.toml`; what is not set is left as it is.

    Attributes
    ----------
    title, prepared_by, prepared_on : str or None
        As they are to be at the top; `prepared_on` as 2026-10-05.
    logo : str or None
        The picture as a data address.
    colours : mapping of str to str
        ``accent`` and ``accent_dark``, as #005a92.
    programs : mapping of str to str
        The name of a program in the records -> its name in the report.
    targets : mapping of str to float
        Measure -> target, a share from 0 to 1; a number of people has none.
    served_by : tuple of str or None
        Columns of the episodes by which the admissions are shown, besides those of every report;
        None for the usual ones.
    order, leave_out : tuple of str
        The names of sections: those that come first, after the first page unless it is among
        them, and those that are left out.
    titles : mapping of str to str
        The name of a section -> its title.
    ladders : Ladders or None
        How periods and groups are merged where too many rows would hold a small count; None for the
        usual ladders.
    file : str
        What the report says of the file that they were read from; empty if there was none.
    """

    title: str | None = None
    prepared_by: str | None = None
    prepared_on: str | None = None
    logo: str | None = None
    colours: Mapping[str, str] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, float] = field(default_factory=dict)
    served_by: tuple[str, ...] | None = None
    order: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    ladders: Ladders | None = None
    file: str = ""


@dataclass(frozen=True)
class _Place:
    """Where a value is: what an error names."""

    file: str
    key: str

    def error(self, wrong: str, found: object = None, instead: str = "") -> RuleError:
        found_text = found if isinstance(found, str) else "" if found is None else as_written(found)
        return RuleError(f"{self.file}, {self.key}: {wrong}", found=found_text, instead=instead)

    def under(self, key: str) -> _Place:
        return _Place(self.file, f"{self.key}.{printable(key)}" if self.key else printable(key))


def read_settings(path: str | Path, sections: Sequence[str]) -> ReportSettings:
    """Read a `report.toml`.

    Parameters
    ----------
    path : str or pathlib.Path
        The file. A logo that it names is beside it.
    sections : sequence of str
        The names of the sections that there are.

    Returns
    -------
    ReportSettings
        Checked; whether the programs are in the records is checked when these are known.

    Raises
    ------
    RuleError
        The file cannot be read, or a key or value is not one that is known. It names file and key.
    """
    path = Path(path)
    name = printable(path.name)
    try:
        content = path.read_bytes()
        held = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise RuleError(
            f"The settings of the report cannot be read: {name}.",
            found=error.strerror or type(error).__name__,
            instead="the path of a report.toml",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleError(
            f"{name} is no TOML file.",
            found=str(error)[:200],
            instead='lines as: title = "Outcomes of our program"',
        ) from None
    settings = settings_of(held, sections, _Place(name, ""), path.parent)
    # Not its name, which may hold one of a person; the digest shows whether two are the same.
    return replace(settings, file=f"{USUAL} (SHA-256 {sha256(content).hexdigest()[:12]})")


def settings_of(
    held: Mapping[str, Any], sections: Sequence[str], place: _Place, folder: Path
) -> ReportSettings:
    """Return the settings that a file holds, each checked."""
    known = ["title", "prepared_by", "prepared_on", "logo", "served_by"]
    tables = ["colours", "programs", "targets", "sections", "ladders"]
    _only(held, [*known, *tables], place)
    parts = {name: _table(held.get(name, {}), place.under(name)) for name in tables}
    colours, targets, own = (parts[name] for name in ("colours", "targets", "sections"))
    _only(colours, list(PAPER), place.under("colours"))
    _only(own, ["order", "leave_out", "titles"], place.under("sections"))
    at = place.under("sections")
    titles = _table(own.get("titles", {}), at.under("titles"))
    _only(titles, sections, at.under("titles"))
    programs = _each(parts["programs"], _line, place.under("programs"))
    again = [name for name in programs.values() if [*programs.values()].count(name) > 1]
    if again:
        raise place.under("programs").error(
            "Two programs would have one name, and could not be distinguished.",
            again[0],
            "another name for each",
        )
    return ReportSettings(
        title=_if_set(held, "title", _line, place),
        prepared_by=_if_set(held, "prepared_by", _line, place),
        prepared_on=_if_set(held, "prepared_on", _day, place),
        logo=_if_set(held, "logo", lambda value, at: _logo(value, at, folder), place),
        colours=_each(colours, _colour, place.under("colours")),
        programs=programs,
        targets=checked_targets(targets, place.under("targets")),
        served_by=_if_set(held, "served_by", _columns, place),
        order=_names(own.get("order", []), sections, at.under("order")),
        leave_out=_names(own.get("leave_out", []), sections, at.under("leave_out")),
        titles=_each(titles, _line, at.under("titles")),
        ladders=_ladders(parts["ladders"], place.under("ladders")) if "ladders" in held else None,
    )


def _ladders(held: Mapping[str, Any], place: _Place) -> Ladders:
    """Return the ladders of a file: the usual ones with some replaced, each a list of steps."""
    for name, steps in held.items():
        at = place.under(name)
        if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
            raise at.error("This must be steps.", steps, f"[[{at.key}]] above each step")
        for step in steps:
            if not isinstance(step.get("every", ""), str):
                raise at.under("every").error("This must be a text.", step["every"], '"year"')
            groups = _table(step.get("together", {}), at.under("together"))
            for group, words in groups.items():
                if not isinstance(words, list) or not all(isinstance(one, str) for one in words):
                    raise at.under("together").error(
                        "A group holds words.", {group: words}, '"other ends" = ["died", "other"]'
                    )
    try:
        return Ladders.of(held)
    except RuleError as error:
        raise place.error(error.wrong, error.found, error.instead) from None


def _only(held: Mapping[str, Any], known: Sequence[str], place: _Place) -> None:
    for key in held:
        if key not in known:
            raise place.under(key).error(
                "There is no such key.", instead=f"one of {', '.join(known)}"
            )


def _table(value: object, place: _Place) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise place.error("This must be a table.", value, f"[{place.key}] on a line of its own")
    return value


def _if_set(
    held: Mapping[str, Any], key: str, read: Callable[[object, _Place], Value], place: _Place
) -> Value | None:
    return read(held[key], place.under(key)) if key in held else None


def _each(
    held: Mapping[str, Any], read: Callable[[object, _Place], Value], place: _Place
) -> dict[str, Value]:
    return {key: read(value, place.under(key)) for key, value in held.items()}


def _line(value: object, place: _Place) -> str:
    if not isinstance(value, str) or not value.strip():
        raise place.error("This must be a text.", value, 'a text between quotes: "..."')
    return one_line(value.strip())


def _day(value: object, place: _Place) -> str:
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    try:
        if isinstance(value, str):
            return datetime.date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise place.error("This must be a date.", value, "a date as 2026-10-05")


def _colour(value: object, place: _Place) -> str:
    if not isinstance(value, str) or not re.fullmatch("#[0-9a-fA-F]{6}", value):
        raise place.error(
            "A colour is written as # and six digits or letters from a to f.",
            value,
            'a colour as "#005a92"',
        )
    grounds = PAPER[place.key.rpartition(".")[2]]
    least = min(contrast(value, ground) for ground in grounds)
    if least < CONTRAST:
        word = "lighter" if place.key.endswith("dark") else "darker"
        raise place.error(
            "Words in this colour could not be read on the page.",
            f"{value}, contrast {least:.1f}",
            f"a {word} colour, with a contrast of {CONTRAST} or more",
        )
    return value.lower()


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, relative luminance), 1 to 21."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def checked_targets(targets: Mapping[str, Any], place: _Place | None = None) -> dict[str, float]:
    """Return the targets of measures, or raise RuleError.

    Parameters
    ----------
    targets : mapping
        Measure -> target.
    place : _Place, optional
        Where they are. Default: in a `ReportSettings` that was made in a program.
    """
    place = place or _Place("ReportSettings", "targets")
    _only(targets, list(REPORTED), place)
    return _each(targets, _target, place)


def _target(value: object, place: _Place) -> float:
    shares = [name for name, quantity in REPORTED.items() if quantity.kind != "count"]
    if place.key.rpartition(".")[2] not in shares:
        # The report has it by month, by quarter and by year: a target of one is none of the others.
        raise place.error(
            "A number of people depends on the length of the time, and has no target that holds "
            "for all times of the report.",
            value,
            f"a target for one of {', '.join(shares)}",
        )
    if not is_number(value) or not 0 <= value <= 1:
        raise place.error(
            "The target of this measure must be a share.", value, "a share from 0 to 1, as 0.75"
        )
    return float(value)


def _names(value: object, sections: Sequence[str], place: _Place) -> tuple[str, ...]:
    instead = f"a list with some of {', '.join(sections)}"
    if not isinstance(value, list):
        raise place.error("This must be a list of sections.", value, instead)
    for name in value:
        if name not in sections:
            raise place.error("There is no such section.", name, instead)
    if len(set(value)) < len(value):
        raise place.error("A section is named twice.", instead=instead)
    return tuple(value)


def _columns(value: object, place: _Place) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise place.error(
            "This must be a list of columns of the episodes.", value, '["age", "primary_substance"]'
        )
    return tuple(value)


def _logo(value: object, place: _Place, folder: Path) -> str:
    path = folder / _line(value, place)
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise place.error("The logo cannot be read.", problem, "a file beside this one") from None
    kind = next((kind for start, kind in PICTURES.items() if content.startswith(start)), None)
    if kind is None:
        raise place.error(
            "The logo is no picture of a kind that is known.",
            printable(path.suffix) or "no ending",
            "a PNG or JPEG file",
        )
    if len(content) > LARGEST_LOGO:
        raise place.error(
            "The logo is too large to be part of every report.",
            f"{len(content):,} bytes",
            f"a file of at most {LARGEST_LOGO:,} bytes",
        )
    return f"data:{kind};base64,{b64encode(content).decode('ascii')}"


def given_over(settings: ReportSettings, **given: Any) -> ReportSettings:
    """Return the settings with what was given beside them, which goes before."""
    held = {one.name: getattr(settings, one.name) for one in fields(settings)}
    return ReportSettings(**held | {name: one for name, one in given.items() if one is not None})


def with_program_names(records: Records, names: Mapping[str, str]) -> Records:
    """Return the records with the names that programs have in the report.

    Raises
    ------
    RuleError
        There is no such program, a new name is that of another one, or a program is called as the
        row of all of them is.
    """
    column = records.episodes["program"]
    held = [str(name) for name in column.cat.categories]
    unknown = [name for name in names if name not in held]
    if unknown:
        raise RuleError(
            f"There is no program {printable(unknown[0])}, which the settings of the report name.",
            found=", ".join(held),
            instead="[programs] with names of the records on the left",
        )
    new = [names.get(name, name) for name in held]
    if len(set(new)) < len(new):
        raise RuleError(
            "Two programs would have one name, and could not be distinguished.",
            instead="[programs] with another name for each",
        )
    used = {names.get(name, name) for name in column.unique().astype(str)}
    if ALL in used:
        raise RuleError(
            f'A program is called "{ALL}", as the row of all programs together is in a report.',
            found=", ".join(sorted(used)),
            instead=f'in the settings (report.toml): [programs] and "{ALL}" = "another name"',
        )
    if not names:
        return records
    episodes = records.episodes.assign(program=column.cat.rename_categories(new))
    return replace(records, episodes=episodes)
