"""Reading a mapping from a TOML file, or a dictionary of the same form, section by section.

Each line gives a name or word of the export and then its name or word here::

    [files]
    attendance = ["sessions_*.csv"]

    [options]
    date_order = "day_first"

    [attendance.columns]
    "Session Date" = "date"

    [attendance.words.status]
    "Present" = "attended"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as MappingType
from pathlib import Path
from typing import Any

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.options import (
    read_database,
    read_ids,
    read_options,
    read_thresholds,
)
from iop_outcomes.records.mapping.plan import Mapping
from iop_outcomes.records.mapping.sections import is_pattern, section, short
from iop_outcomes.records.mapping.source_plans import read_sources
from iop_outcomes.records.mapping.tables import (
    read_columns,
    read_combine,
    read_constants,
    read_expected,
    read_link,
    read_ticked,
    read_units,
    read_words,
    require_keys,
)
from iop_outcomes.records.schema import TABLES
from iop_outcomes.records.sources.opening import kind_of, read_bytes, shown
from iop_outcomes.shared.messages import names_asked

_MOST_BYTES = 1 << 22  # largest size of a mapping file
_SECTIONS = ("files", "options", "thresholds", "ids", "database", *TABLES)


def read_mapping(source: str | Path | MappingType[str, Any] | Mapping | None) -> Mapping:
    """Read a mapping from a TOML file or a dictionary of the same form.

    None gives an empty mapping.

    Raises
    ------
    RecordsError
        If the file cannot be read, or has an unknown section, table, option or word.
    """
    if source is None:
        return Mapping()
    if isinstance(source, Mapping):
        return source
    if not isinstance(source, str | Path | MappingType):
        raise RecordsError(
            "The mapping is neither a file nor a dictionary.",
            found=type(source).__name__,
            instead='Write mapping="mapping.toml", or a dictionary of the same form.',
        )
    data = source if isinstance(source, MappingType) else _load(Path(source))
    unknown = [name for name in data if name not in _SECTIONS]
    if unknown:
        raise RecordsError(
            f"The mapping has an unknown section: {names_asked(unknown)}.",
            instead=f"Use one of {', '.join(_SECTIONS)}.",
        )
    options = read_options(data.get("options", {}))
    tables = {name: data.get(name, {}) for name in TABLES}
    for name, given in tables.items():
        require_keys(name, given)
    words = {name: read_words(name, given) for name, given in tables.items()}
    links = {name: read_link(name, given) for name, given in tables.items()}
    sources = {name: read_sources(name, given, words[name]) for name, given in tables.items()}
    expected_every, expected_until = read_expected(tables["checkins"])
    columns = {name: read_columns(name, given) for name, given in tables.items()}
    mapping = Mapping(
        columns={name: ours for name, (ours, _) in columns.items()},
        copies={name: further for name, (_, further) in columns.items()},
        words=words,
        files={
            name: _patterns(name, patterns)
            for name, patterns in section("files", data.get("files", {})).items()
        },
        thresholds=read_thresholds(data.get("thresholds", {})),
        sources={name: plans for name, plans in sources.items() if plans},
        constants={
            name: read_constants(f"{name}.constants", name, given.get("constants", {}), words[name])
            for name, given in tables.items()
        },
        combine={name: read_combine(name, given) for name, given in tables.items()},
        ticked={name: read_ticked(name, given, words[name]) for name, given in tables.items()},
        units={name: read_units(name, given) for name, given in tables.items()},
        links={name: link for name, link in links.items() if link is not None},
        expected_every=expected_every,
        expected_until=expected_until,
        ids=read_ids(data.get("ids", {})),
        database=read_database(data.get("database")),
        **options,
    )
    _one_place_for_files(mapping)
    return mapping


def _one_place_for_files(mapping: Mapping) -> None:
    """Raise RecordsError if both [files] and a source name the files of a table."""
    for table, plans in mapping.sources.items():
        if table in mapping.files and any(plan.files for plan in plans):
            raise RecordsError(
                f"The mapping names the files of {table} twice.",
                found=f"{table} in [files], and file in [[{table}.from]]",
                instead="Remove one of the two.",
            )


def _load(path: Path) -> MappingType[str, Any]:
    name = shown(path)
    if kind_of(path) == "absent":
        raise RecordsError(
            f"There is no mapping file {name}.",
            instead="Give the path of a mapping.toml, or leave `mapping` out.",
        )
    data = read_bytes(path, most=_MOST_BYTES)
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except RecursionError:
        what = "lists or tables nested hundreds deep"
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\((at [^()]*)\)$", str(error))  # the rest may quote the file
        what = f"an error {place[1]}" if place else "an error"
    except UnicodeDecodeError:
        what = "text that is not UTF-8"
    except ValueError:  # Python does not read numbers of more than some thousand digits
        what = "a number of thousands of digits"
    raise RecordsError(
        f"The mapping file {name} cannot be read as TOML.",
        found=what,
        instead='Write lines such as "Their name" = "our name", texts in double quotes, below a '
        "section such as [attendance.columns]; a line that begins with # does nothing.",
    )


def _patterns(table: str, patterns: Any) -> tuple[str, ...]:
    if table not in TABLES:
        raise RecordsError(
            f"The mapping names files of an unknown table: {table}.",
            instead=f"Use one of {', '.join(TABLES)}.",
        )
    listed = [patterns] if isinstance(patterns, str) else patterns
    if not isinstance(listed, list | tuple) or not all(map(is_pattern, listed)):
        raise RecordsError(
            f"The mapping's [files] does not say which files are of {table}.",
            found=short(patterns),
            instead=f'Write {table} = ["sessions_*.csv"]: names of files in the folder.',
        )
    return tuple(listed)
