"""Reading of queries of a database, in chunks, as coded text.

A query gives the same records as a CSV export of its rows. Error messages of a database are not
passed on, because they can contain values of rows or the password in the address.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.cells import cell_text
from iop_outcomes.records.sources.coded import Coded, Raw, narrow
from iop_outcomes.records.sources.headings import headings
from iop_outcomes.shared.characters import confusing_characters_written, one_line

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

CHUNK = 20_000  # rows fetched at a time
# Types of which equal cells have the same text: not decimals (1.0 and 1.00), not floats (NaN).
_PLAIN_KINDS = {str, int, bool, datetime.date, datetime.datetime, datetime.time}
_EXACT_FLOAT = 2.0**53  # whole numbers from here on may have been rounded
_READING = ("select", "with", "values", "table", "(")  # the first word of a query that only reads
_OF_THE_QUERY = (  # errors in the query, whose text contains no value of a row
    "UndefinedTable",
    "UndefinedColumn",
    "UndefinedFunction",
    "SyntaxError",
    "InsufficientPrivilege",
)


def is_address(source: object) -> bool:
    """Return whether a source is the address of a database: ``postgresql+psycopg://host/name``."""
    if isinstance(source, str):
        scheme = source.split("://", 1)[0]
        return "://" in source and scheme.replace("+", "").replace("_", "").isalnum()
    return type(source).__module__.split(".")[0] == "sqlalchemy"


def address_in(variable: str) -> str:
    """Return the address in an environment variable.

    Raises
    ------
    RecordsError
        If the variable is not set.
    """
    address = os.environ.get(variable, "").strip()
    if not address:
        raise RecordsError(
            f"The environment variable {one_line(variable)[:80]}, which the mapping names for the "
            "address of the database, is not set.",
            instead=f"Set it, for example {one_line(variable)[:80]}="
            "postgresql+psycopg://user:password@host/database.",
        )
    return address


def read_queries(source: str | URL | Engine, queries: Mapping[str, str]) -> dict[str, Raw]:
    """Read a query for each table from a database, all from the same state of it.

    Parameters
    ----------
    source : str, sqlalchemy.URL or sqlalchemy.Engine
        The address of the database, or an engine.
    queries : dict of str to str
        For each table a query that only reads.

    Returns
    -------
    dict of str to Raw
        The rows of each query; its ``file`` is ``"database: attendance"``, and its ``lines`` count
        the rows from 1.

    Raises
    ------
    RecordsError
        If SQLAlchemy or the driver is not installed, the database cannot be reached, or a query
        fails or could change the database.

    Notes
    -----
    Rows come in chunks of 20,000, and only codes and distinct texts are kept of a chunk: memory
    grows with the distinct texts, and with at most four bytes a cell. On PostgreSQL and SQLite all
    queries see one state of the database. Nothing is ever committed, and on PostgreSQL the
    transaction is read-only.
    """
    for table, query in queries.items():
        _only_reads(table, query)
    with _connected(source) as connection:
        return {table: _read(connection, table, query) for table, query in queries.items()}


def _only_reads(table: str, query: str) -> None:
    word = query.lstrip().lower()
    if not word.startswith(_READING):
        raise RecordsError(
            f"The mapping's query of {table} does not begin as a query that only reads.",
            instead='Write "select ... from ...".',
        )


@contextmanager
def _connected(source: str | URL | Engine) -> Iterator[Connection]:
    engine, own = _engine(source)
    try:
        with _errors_without_values("The database cannot be reached."), engine.connect() as raw:
            connection = raw
            if engine.dialect.name == "postgresql":
                connection = raw.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            elif engine.dialect.name == "sqlite":
                raw.exec_driver_sql("BEGIN")  # for a select the driver begins no transaction
            yield connection
    finally:
        if own:
            engine.dispose()


def _engine(source: str | URL | Engine) -> tuple[Engine, bool]:
    """Return an engine for an address, and whether it was made here."""
    try:
        import sqlalchemy
    except ImportError:
        raise RecordsError(
            "Reading a database needs SQLAlchemy, which is not installed.",
            instead='Install it: python -m pip install "iop-outcomes[sql]", and the driver of the '
            "database, for example psycopg for PostgreSQL.",
        ) from None
    if isinstance(source, sqlalchemy.Engine):
        return source, False
    try:
        return sqlalchemy.create_engine(source), True
    except ImportError as error:
        raise RecordsError(
            "The driver of the database is not installed.",
            found=f"no module {error.name}" if error.name else "",
            instead="Install it with pip: psycopg for PostgreSQL, pymysql for MySQL, pyodbc for "
            "SQL Server.",
        ) from None
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise RecordsError(
            "The address of the database cannot be read.",
            found=type(error).__name__,
            instead="Write it as postgresql+psycopg://user:password@host:5432/database, or as "
            "sqlite:///path/to/file.db.",
        ) from None


@contextmanager
def _errors_without_values(wrong: str) -> Iterator[None]:
    """Raise errors of a database as RecordsError without quoted values of rows or a password."""
    import sqlalchemy

    try:
        yield
    except sqlalchemy.exc.SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise RecordsError(
            wrong,
            found=_driver_text(cause),
            instead="Check the address and the queries of the mapping.",
        ) from None


def _driver_text(cause: BaseException) -> str:
    """Return the message of a database if it concerns the query only, otherwise the error type."""
    kind = type(cause).__name__
    text = one_line(str(cause).split("\n", 1)[0])
    of_sqlite = type(cause).__module__.startswith("sqlite3") and (
        text.startswith(("no such", "unable to open", "file is not a database"))
        or "syntax error" in text
    )
    return f"{kind}: {text[:200]}" if kind in _OF_THE_QUERY or of_sqlite else kind


def _read(connection: Connection, table: str, query: str) -> Raw:
    file = f"database: {table}"
    with _errors_without_values(f"The query of {table} failed."):
        streaming = connection.execution_options(
            stream_results=True,
            max_row_buffer=CHUNK,
            no_parameters=True,  # a percent sign in the query marks no parameter
        )
        result = streaming.exec_driver_sql(query)
        titles = [confusing_characters_written(str(name)) for name in list(result.keys())]
        header = headings(titles, file)
        columns = [_Column() for _ in header.names]
        rows = 0
        for chunk in result.partitions(CHUNK):
            rows += len(chunk)
            for column, cells in zip(columns, zip(*chunk, strict=True), strict=True):
                column.add(cells)
    coded = {name: column.coded() for name, column in zip(header.names, columns, strict=True)}
    lines = np.arange(1, rows + 1, dtype=np.int32)
    return Raw(file, coded, lines, remarks=header.remarks(0), repeated=header.repeated)


class _Column:
    """A column that is read in chunks, as codes and distinct texts."""

    def __init__(self) -> None:
        self.codes: list[npt.NDArray[np.int32]] = []
        # The code of each cell, by type too: 1, 1.0 and True are equal, but have different texts.
        self.cells: dict[tuple[type, Any], int] = {}
        self.texts: dict[str, int] = {}
        self.floats = False

    def add(self, cells: Sequence[Any]) -> None:
        """Add the cells of a chunk; cells of a single type are added at once."""
        kinds = set(map(type, cells)) - {type(None)}
        if len(kinds) == 1 and kinds <= _PLAIN_KINDS:
            self._add_at_once(cells, kinds.pop())
            return
        try:
            pairs = list(zip(map(type, cells), cells, strict=True))
            fresh = [pair for pair in dict.fromkeys(pairs) if pair not in self.cells]
        except TypeError:  # a list or a dictionary, as of JSON
            cells = [cell_text(_plain(cell)) for cell in cells]
            pairs = [(str, cell) for cell in cells]
            fresh = [pair for pair in dict.fromkeys(pairs) if pair not in self.cells]
        for kind, cell in fresh:
            self.floats |= kind is float
            self._code(kind, cell)
        codes = self.cells
        self.codes.append(np.fromiter((codes[pair] for pair in pairs), np.int32, len(pairs)))

    def _add_at_once(self, cells: Sequence[Any], kind: type) -> None:
        array = np.empty(len(cells), dtype=object)
        array[:] = cells
        codes, distinct = pd.factorize(array)
        known = [self._code(kind, cell) for cell in distinct]
        if (codes < 0).any():
            known.append(self._code(type(None), None))  # the code -1 is the last
        self.codes.append(np.array(known, dtype=np.int32)[codes])

    def _code(self, kind: type, cell: Any) -> int:
        code = self.cells.get((kind, cell))
        if code is None:
            text = confusing_characters_written(cell_text(_plain(cell)))
            code = self.cells[kind, cell] = self.texts.setdefault(text, len(self.texts))
        return code

    def coded(self) -> Coded:
        """Return the whole column."""
        words = np.empty(len(self.texts), dtype=object)
        words[:] = list(self.texts)
        codes = np.concatenate(self.codes) if self.codes else np.zeros(0, dtype=np.int32)
        return Coded(narrow(codes, len(words)), words, _EXACT_FLOAT if self.floats else np.inf)


def _plain(cell: Any) -> Any:
    return bytes(cell) if isinstance(cell, memoryview) else cell
