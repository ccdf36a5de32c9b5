"""The sections of a mapping for all tables: options, thresholds, ids, database."""

from __future__ import annotations

import re
from typing import Any

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.id_rules import ID_RULES
from iop_outcomes.records.mapping.plan import Database
from iop_outcomes.records.mapping.sections import only, section, short, texts
from iop_outcomes.records.schema import TABLES
from iop_outcomes.shared.messages import as_written

DATE_ORDERS = ("month_first", "day_first", "year_first")
MOST_SKIPPED = 10_000  # most lines above a header
_OPTIONS: dict[str, tuple[object, ...] | type] = {
    "date_order": DATE_ORDERS,
    "identical_rows": ("fold", "keep"),
    "skip_lines": int,
    "synthetic": bool,
    "missing": list,
    "two_digit_years": str,
}
_WANTED = {
    "date_order": '"month_first", "day_first" or "year_first" (26-01-05)',
    "identical_rows": '"fold" or "keep"',
    "skip_lines": "a whole number from 0 to 10000",
    "synthetic": "true or false",
    "missing": 'a list of texts, such as [".", "-9"]',
    "two_digit_years": 'the first and the last of 100 years, such as "1970-2069"',
}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_options(value: Any) -> dict[str, Any]:
    """Read ``[options]``: a dictionary by the names of attributes of `Mapping`."""
    options = section("options", value)
    for name, given in options.items():
        allowed = _OPTIONS.get(name)
        if allowed is None:
            raise RecordsError(
                f"The mapping has an unknown option: {name}.",
                instead=f"Use one of {', '.join(_OPTIONS)}.",
            )
        fits = given in allowed if isinstance(allowed, tuple) else type(given) is allowed
        if name == "skip_lines":
            fits = fits and 0 <= given <= MOST_SKIPPED
        elif name == "missing":
            fits = _texts_of_missing(given) is not None
        elif name == "two_digit_years":
            fits = fits and _window(given) is not None
        if not fits:
            raise RecordsError(
                f"The mapping's option {name} has a value that is not valid.",
                found=as_written(given),
                instead=f"Write {_WANTED[name]}.",
            )
    if "missing" in options:
        options["missing"] = _texts_of_missing(options["missing"])
    if "two_digit_years" in options:
        options["two_digit_years"] = _window(options["two_digit_years"])
    return options


def _texts_of_missing(given: Any) -> tuple[str, ...] | None:
    if not isinstance(given, list | tuple):
        return None
    texts = [str(one) if type(one) in (int, float) else one for one in given]
    if not all(isinstance(one, str) and one.strip() for one in texts):
        return None
    return tuple(one.strip() for one in texts)


def _window(given: str) -> tuple[int, int] | None:
    """Return the first and last year of a range of 100 years, or None if it is not one."""
    match = re.fullmatch(r"\s*(\d{4})\s*-\s*(\d{4})\s*", given)
    if match is None or int(match[2]) - int(match[1]) != 99:
        return None
    return int(match[1]), int(match[2])


def read_thresholds(value: Any) -> dict[str, float]:
    """Read ``[thresholds]``: for checks, the share of rows (0 to 1) that can fail."""
    result = {}
    for name, share in section("thresholds", value).items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise RecordsError(
                f"The threshold of {name} is not a share.",
                found=as_written(share),
                instead="Write a number from 0 to 1.",
            )
        result[name] = float(share)
    return result


def read_ids(value: Any) -> dict[str, tuple[str, ...]]:
    """Read ``[ids]``: for identifiers, the differences that are ignored in comparisons."""
    ids = section("ids", value)
    only("[ids]", ids, ("episode_id", "person_id"))
    result = {}
    for name, given in ids.items():
        rules = texts(f"[ids] {name}", given, f'{name} = ["ignore_case"]')
        unknown = [rule for rule in rules if rule not in ID_RULES]
        if unknown:
            raise RecordsError(
                f"The mapping's [ids] {name} has an unknown rule.",
                found=short(unknown[0]),
                instead=f"Use {', '.join(ID_RULES)}.",
            )
        result[name] = rules
    return result


def read_database(value: Any) -> Database | None:
    """Read ``[database]``: the environment variable with the URL, and a query for each table."""
    if value is None:
        return None
    database = section("database", value)
    only("[database]", database, ("url_variable", "queries"))
    variable = database.get("url_variable", "")
    if not isinstance(variable, str) or (variable and not _VARIABLE.fullmatch(variable)):
        raise RecordsError(
            "The mapping's [database] url_variable is not the name of an environment variable.",
            # it may be the URL with its password
            found="a text with other characters" if isinstance(variable, str) else short(variable),
            instead='Write url_variable = "IOP_DATABASE_URL", and put the URL into that variable.',
        )
    queries = section("database.queries", database.get("queries", {}))
    only("[database.queries]", queries, tuple(TABLES))
    for table, query in queries.items():
        if not isinstance(query, str) or not query.strip():
            raise RecordsError(
                f"The mapping's [database.queries] has no query for {table}.",
                found=short(query),
                instead=f'Write {table} = "select ... from ...".',
            )
    if not queries:
        raise RecordsError(
            "The mapping's [database] has no queries.",
            instead='Write [database.queries] and a line a table: episodes = "select ...".',
        )
    return Database(variable, queries)
