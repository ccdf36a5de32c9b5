"""Records out of a database: the same as from a CSV export of the same rows."""

from __future__ import annotations

import contextlib
import csv
import datetime
import decimal
import io
import sqlite3
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import iop_outcomes as iop
from iop_outcomes.cli import app
from iop_outcomes.errors import RecordsError, RuleError
from iop_outcomes.records.sources import sql
from iop_outcomes.records.sources.cells import cell_text
from iop_outcomes.shared.characters import confusing_characters_written
from tests.helpers import postgres

SAMPLE = Path(__file__).parents[2] / "data" / "samples"
TABLES = ("episodes", "attendance", "checkins")
QUERIES = {table: f"select * from {table}" for table in TABLES}
TYPES = {
    "admit_date": "date",
    "discharge_date": "date",
    "prior_discharge_date": "date",
    "date": "date",
    "start_time": "time",
    "minutes_scheduled": "integer",
    "minutes_attended": "numeric(6, 2)",
    "craving": "double precision",
    "used": "boolean",
    "phq9": "smallint",
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed")
    if postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres.server() as started:
        yield started


@pytest.fixture(scope="module")
def rows() -> dict[str, pd.DataFrame]:
    """Return the first 120 episodes of the sample and what belongs to them, as text."""
    frames = {table: pd.read_csv(SAMPLE / f"{table}.csv", dtype=str) for table in TABLES}
    first = frames["episodes"]["episode_id"].head(120)
    return {name: frame[frame["episode_id"].isin(first)] for name, frame in frames.items()}


@pytest.fixture(scope="module")
def from_csv(
    rows: dict[str, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> iop.Records:
    folder = tmp_path_factory.mktemp("csv")
    for name, frame in rows.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return iop.read_records(folder)


@pytest.fixture(scope="module")
def filled(address: str, rows: dict[str, pd.DataFrame]) -> str:
    """Return the address of a PostgreSQL with the rows in typed columns."""
    import psycopg

    with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as connection:
        for name, frame in rows.items():
            columns = ", ".join(f'"{column}" {TYPES.get(column, "text")}' for column in frame)
            connection.execute(f"create table {name} ({columns})")
            with connection.cursor().copy(f"copy {name} from stdin (format csv)") as copy:
                copy.write(frame.to_csv(index=False, header=False))
    return address


@pytest.fixture
def file(rows: dict[str, pd.DataFrame], tmp_path: Path) -> Path:
    path = tmp_path / "clinic.db"
    with sqlite3.connect(path) as connection:
        for name, frame in rows.items():
            frame.to_sql(name, connection, index=False)
    connection.close()
    return path


def same(left: iop.Records, right: iop.Records) -> None:
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(left, table), getattr(right, table))
    assert left.as_of == right.as_of
    assert len(left.problems) == len(right.problems)
    kept = ["table", "rows_read", "rows_kept", "rows_set_aside", "rows_folded"]
    pd.testing.assert_frame_equal(left.sources[kept], right.sources[kept])


def test_typed_columns_of_postgresql_give_the_records_of_the_csv(
    filled: str, from_csv: iop.Records
) -> None:
    records = iop.read_records(filled, mapping={"database": {"queries": QUERIES}})
    same(records, from_csv)
    assert records.sources["file"].tolist() == [f"database: {table}" for table in TABLES]


def test_a_query_sees_nothing_of_what_another_session_writes_meanwhile(filled: str) -> None:
    import psycopg

    plain = filled.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("create table moving (a int)")
        connection.execute("insert into moving values (1)")
        with sql._connected(filled) as reading:
            before = sql._read(reading, "attendance", "select a from moving")
            connection.execute("insert into moving values (2)")
            after = sql._read(reading, "attendance", "select a from moving")
    assert len(before.lines) == len(after.lines) == 1


def test_a_query_of_postgresql_that_writes_is_refused_by_the_database(filled: str) -> None:
    query = "with made as (insert into episodes default values returning *) select * from made"
    with pytest.raises(RecordsError, match="The query of episodes failed"):
        sql.read_queries(filled, {"episodes": query})
    count = sql.read_queries(filled, {"episodes": "select count(*) as n from episodes"})
    assert count["episodes"].columns["n"].words.tolist() == ["120"]


def test_an_error_of_postgresql_shows_no_value_of_a_row(filled: str) -> None:
    query = "select cast(episode_id as integer) as episode_id from episodes"
    with pytest.raises(RecordsError) as caught:
        sql.read_queries(filled, {"episodes": query})
    assert "SYN-" not in str(caught.value)
    assert "InvalidTextRepresentation" in str(caught.value)


def test_a_wrong_name_in_a_query_is_named(filled: str) -> None:
    with pytest.raises(RecordsError, match='relation "sessions" does not exist'):
        sql.read_queries(filled, {"attendance": "select * from sessions"})


def test_a_database_that_is_not_there_is_said_without_its_password() -> None:
    pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed")
    address = "postgresql+psycopg://someone:secret@127.0.0.1:1/clinic"
    with pytest.raises(RecordsError, match="cannot be reached") as caught:
        sql.read_queries(address, {"episodes": "select 1"})
    assert "secret" not in str(caught.value)


def test_sqlite_gives_the_records_of_the_csv(file: Path, from_csv: iop.Records) -> None:
    same(
        iop.read_records(f"sqlite:///{file}", mapping={"database": {"queries": QUERIES}}), from_csv
    )


def test_an_engine_is_read_too_and_stays_open(file: Path, from_csv: iop.Records) -> None:
    import sqlalchemy

    engine = sqlalchemy.create_engine(f"sqlite:///{file}")
    same(iop.read_records(engine, mapping={"database": {"queries": QUERIES}}), from_csv)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from episodes").scalar() == 120
    engine.dispose()


def mapping_file(folder: Path) -> Path:
    lines = ["[database]", 'url_variable = "CLINIC_DATABASE"', "[database.queries]"]
    lines += [f'{table} = "{query}"' for table, query in QUERIES.items()]
    path = folder / "mapping.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_address_comes_from_the_variable_that_the_mapping_names(
    file: Path, from_csv: iop.Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLINIC_DATABASE", f"sqlite:///{file}")
    same(iop.read_records(mapping=mapping_file(tmp_path)), from_csv)
    same(iop.read_records(mapping_file(tmp_path)), from_csv)


def test_a_variable_that_is_not_set_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLINIC_DATABASE", raising=False)
    with pytest.raises(RecordsError, match="CLINIC_DATABASE"):
        iop.read_records(mapping=mapping_file(tmp_path))


def test_the_command_line_reads_a_database_by_its_mapping_and_takes_no_address(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLINIC_DATABASE", f"sqlite:///{file}")
    done = CliRunner().invoke(app, ["check", str(mapping_file(tmp_path)), "--quiet"])
    assert done.exit_code == 0, done.output
    assert "120 episodes" in done.output
    with pytest.raises(RuleError, match="not taken from the command line"):
        CliRunner().invoke(
            app, ["check", f"sqlite:///{file}"], catch_exceptions=False, standalone_mode=False
        )


def test_an_address_without_queries_is_refused(file: Path) -> None:
    with pytest.raises(RecordsError, match=r"\[database.queries\]"):
        iop.read_records(f"sqlite:///{file}")


@pytest.mark.parametrize("query", ["drop table episodes", "update episodes set a = 1", "", "  "])
def test_a_query_that_does_not_read_is_refused(file: Path, query: str) -> None:
    with pytest.raises(RecordsError, match="only reads"):
        sql.read_queries(f"sqlite:///{file}", {"episodes": query})


def test_a_with_that_writes_changes_nothing_in_sqlite(file: Path) -> None:
    query = "with x as (select 1) delete from episodes returning *"
    with contextlib.suppress(RecordsError):
        sql.read_queries(f"sqlite:///{file}", {"episodes": query})
    with sqlite3.connect(file) as connection:
        assert connection.execute("select count(*) from episodes").fetchone() == (120,)
    connection.close()


def test_a_percent_sign_and_a_colon_of_a_query_stand_for_themselves(file: Path) -> None:
    raw = sql.read_queries(f"sqlite:///{file}", {"episodes": "select '50% :x' as a"})["episodes"]
    assert raw.columns["a"].words.tolist() == ["50% :x"]


def test_cells_that_are_equal_and_not_the_same_stay_apart(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'one.db'}"
    query = "select 1 as a union all select 1.5 union all select '1' union all select null"
    raw = sql.read_queries(address, {"episodes": query})["episodes"]
    column = raw.columns["a"]
    assert column.words[column.codes].tolist() == ["1", "1.5", "1", ""]


def test_a_large_query_is_read_in_chunks(tmp_path: Path) -> None:
    """The rows as Python objects would take some 90 bytes each; the codes take one to four."""
    path = tmp_path / "large.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table a (x text, y integer)")
        numbers = ((f"word {number % 50}", number % 90) for number in range(200_000))
        connection.executemany("insert into a values (?, ?)", numbers)
    connection.close()
    tracemalloc.start()
    raw = sql.read_queries(f"sqlite:///{path}", {"attendance": "select * from a"})["attendance"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(raw.lines) == 200_000
    assert peak < 16e6
    text = raw.columns["x"].text(raw.lines - 1)
    assert text[51] == "word 1"


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecordsError, match="driver"):
        sql.read_queries("mssql+pyodbc://host/name", {"episodes": "select 1"})


def test_the_csv_of_a_query_and_the_query_are_one_text(file: Path) -> None:
    """What a spreadsheet export of the query would hold is what is read."""
    with sqlite3.connect(file) as connection:
        cursor = connection.execute("select * from attendance limit 50")
        text = io.StringIO()
        csv.writer(text).writerows(cursor.fetchall())
    connection.close()
    raw = sql.read_queries(
        f"sqlite:///{file}", {"attendance": "select * from attendance limit 50"}
    )["attendance"]
    columns = [column.text(raw.lines - 1) for column in raw.columns.values()]
    written = io.StringIO()
    csv.writer(written).writerows(zip(*columns, strict=True))
    assert written.getvalue() == text.getvalue()


CELLS = st.one_of(
    st.none(),
    st.sampled_from(["", "a", "1", "é"]),
    st.integers(-2, 2),
    st.sampled_from([2**70, 2**53]),
    st.booleans(),
    st.sampled_from([1.0, 1.5, float("nan")]),
    st.sampled_from([datetime.date(2026, 1, 5), datetime.datetime(2026, 1, 5, 9, 30)]),
    st.sampled_from([decimal.Decimal("1.0"), decimal.Decimal("1.00"), b"a", [1]]),
)
KINDS = [
    st.lists(st.one_of(st.none(), cells), max_size=6)
    for cells in (st.text(max_size=2), st.integers(), st.booleans(), st.dates(), st.times())
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.lists(CELLS, max_size=6), *KINDS), max_size=4))
def test_cells_are_coded_as_each_by_itself(chunks: list[list[Any]]) -> None:
    column = sql._Column()
    for chunk in chunks:
        column.add(tuple(chunk))
    coded = column.coded()
    written = [cell_text(cell) for chunk in chunks for cell in chunk]
    assert coded.words[coded.codes].tolist() == [
        confusing_characters_written(one) for one in written
    ]
    assert len(set(coded.words.tolist())) == len(coded.words)
