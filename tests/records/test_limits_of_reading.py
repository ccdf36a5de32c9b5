"""Where the readers of files change their way: the number, or the line, on either side."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import pytest

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources import delimited, opening
from iop_outcomes.records.sources.coded import Raw
from iop_outcomes.records.sources.delimited import as_text, read_delimited
from iop_outcomes.records.sources.json_lines import read_json_lines
from iop_outcomes.records.sources.layout import Layout
from iop_outcomes.records.sources.quotes import LineCounter
from iop_outcomes.records.sources.workbooks import xlsb
from iop_outcomes.records.sources.workbooks.contents import SheetContents, place_of

LINES = [f"E{n:03d},2026-01-{n % 28 + 1:02d},attended" for n in range(60)]
TEXT = "\n".join(["episode_id,date,status", *LINES]) + "\n"


def rows_of(raw: Raw) -> list[str]:
    every = [column.text(range(len(raw.lines))) for column in raw.columns.values()]  # type: ignore[arg-type]
    return [",".join(map(str, row)) for row in zip(*every, strict=True)]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let blocks be small, and nothing be read line by line."""

    def by_line(*_: object) -> Raw:
        raise AssertionError("read line by line")

    monkeypatch.setattr(delimited, "_read_by_line", by_line)
    monkeypatch.setattr(delimited, "BLOCK", 256)
    monkeypatch.setattr(opening, "BLOCK", 256)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("name", ["attendance.csv", "attendance.csv.gz"])
@pytest.mark.parametrize("cut", [0, 1])
def test_a_plain_file_of_many_blocks_is_read_at_once(tmp_path: Path, name: str, cut: int) -> None:
    data = TEXT.encode()[: len(TEXT) - cut]  # also without the last line end
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    raw = read_delimited(tmp_path / name, Layout())
    assert rows_of(raw) == LINES
    assert raw.lines.tolist() == list(range(2, 62))


@pytest.mark.usefixtures("at_once")
def test_lines_above_the_header_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Title\nA,\n" + TEXT, encoding="utf-8")
    raw = read_delimited(tmp_path / "a.csv", Layout(header_row=2, header_rows=2))
    assert list(raw.columns) == ["A episode_id", "A date", "A status"]
    assert raw.lines.tolist() == list(range(4, 64))


@pytest.mark.parametrize(
    ("head", "above", "size", "names"),
    [
        ("a,b\n1,2", 0, 1, ["a", "b"]),
        ("a,b\n", 0, 1, []),  # no row
        ("a,b", 0, 1, []),  # no line end
        ("T\na,b\n1,2", 1, 1, ["a", "b"]),
        ("T\na,b\n", 1, 1, []),
        ("T\na,b", 1, 1, []),
        ("T\nU\nV\na,b\n1,2", 3, 1, ["a", "b"]),
        ("T\nU\nV\na,b", 3, 1, []),
        ("x,y\na,b\n1,2", 0, 2, ["x a", "y b"]),
        ("x,y\na,b\n", 0, 2, []),
        ("x,y\na,b", 0, 2, []),
        ("T\nU\nx,y\na,b\nc,d\n1,2", 2, 3, ["x a c", "y b d"]),
        ("T\nU\nx,y\na,b\nc,d", 2, 3, []),
        ("\ufeffa;b\r\n1;2\r\n", 0, 1, ["a", "b"]),
        ("a,b\r1,2\r3,4\r\n5,6\n", 0, 1, []),  # line ends of old Macintoshes
        ("a,b\n1,2\n3,\r", 0, 1, ["a", "b"]),  # the block ends between two letters of a line end
        ('"a\nb",c\n1,2', 0, 1, []),  # a quote that does not close
        ('"T"\na,b\n1,2', 1, 1, []),
        ("a\x00,b\n1,2", 0, 1, []),
    ],
)
def test_a_plain_header_is_one_line_a_row_with_a_line_below(
    head: str, above: int, size: int, names: list[str]
) -> None:
    layout = Layout(header_row=above + 1, header_rows=size)
    found, _ = delimited._plain_header(head.encode(), layout, "a.csv")
    assert found.names == names


@pytest.mark.parametrize(
    ("lines", "rows", "first", "opens", "one"),
    [
        (11, 10, 2, [], True),
        (11, 9, 2, [], False),
        (11, 11, 2, [], False),
        (1_001, 1_000, 2, [], True),  # Python keeps one object for each number up to 256 only
        (13, 10, 4, [], True),
        (11, 10, 2, [1], True),  # above the first row
        (11, 10, 2, [2], False),
        (11, 10, 2, [11], False),
    ],
)
def test_every_line_is_a_row(
    lines: int, rows: int, first: int, opens: list[int], one: bool
) -> None:
    counter = LineCounter(",")
    counter.lines, counter.opens = lines, opens
    assert delimited._one_row_a_line(rows, counter, first) == one
    for name in ("given_up", "old_ends", "nul"):
        odd = LineCounter(",")
        odd.lines = lines
        setattr(odd, name, True)
        assert not delimited._one_row_a_line(rows, odd, first)


@pytest.mark.parametrize(
    ("text", "encoding", "read_as"),
    [
        ("Zoë,1\n", "utf-8", ""),
        ("Zoë,1\n", "cp1252", "Windows-1252"),
        ("Zoë\x81,1\n", "latin-1", "Latin-1"),
        ("Zoë,1\n", "utf-16", "UTF-16"),
        ("Zoë,1\n", "utf-32", "UTF-32"),
        ("id,day\nA,1\n", "utf-16-le", "UTF-16"),
        ("id,day\nA,1\n", "utf-16-be", "UTF-16"),
        ("iд,дд\n", "utf-16-le", ""),  # of 12 bytes 3 are 0: just a quarter, too few to be sure
        ("id,дд\n", "utf-16-le", "UTF-16"),  # of 12 bytes 4
        ("iд,дд\n", "utf-16-be", ""),
        ("id,дд\n", "utf-16-be", "UTF-16"),
    ],
)
def test_the_encoding_of_text_is_recognised_by_its_bytes(
    text: str, encoding: str, read_as: str
) -> None:
    read, found = as_text(text.encode(encoding), "a.csv")
    assert found == read_as
    assert (read.removeprefix("\ufeff") == text) == (read_as != "" or encoding == "utf-8")


@pytest.mark.parametrize(
    ("lines", "nested", "once"), [(1, 1, False), (4, 2, False), (4, 3, True), (6, 3, False)]
)
def test_what_is_met_in_more_than_half_of_the_lines_is_listed_once(
    tmp_path: Path, lines: int, nested: int, once: bool
) -> None:
    written = [f'{{"id": "E{n}", "note": {[n] if n < nested else n}}}' for n in range(lines)]
    (tmp_path / "a.jsonl").write_text("\n".join(written), encoding="utf-8")
    remarks = read_json_lines(tmp_path / "a.jsonl").remarks
    assert [one.check for one in remarks] == ["nested_value"] * (1 if once else nested)
    assert [one.line for one in remarks] == ([0] if once else list(range(1, nested + 1)))
    assert remarks[0].message.startswith(f"{nested} rows: the value is itself a list") == once


def record(kind: int, content: bytes = b"") -> bytes:
    """Return a record of a binary workbook: its numbers have seven bits a byte."""
    of_kind = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(content)
    of_size = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
    return of_kind + of_size + content


def test_a_binary_sheet_says_where_its_cells_are_and_which_are_merged() -> None:
    row = struct.pack("<I", 4) + bytes(13)  # the fifth
    number = struct.pack("<II", 27, 0) + bytes(8)  # column AB
    error = struct.pack("<II", 2, 0) + b"\x17"
    text = struct.pack("<II", 1, 0) + struct.pack("<I", 1) + "x".encode("utf-16-le")
    empty = struct.pack("<II", 40, 0) + struct.pack("<I", 0)
    rich = struct.pack("<II", 3, 0) + b"\x00" + struct.pack("<I", 1) + "y".encode("utf-16-le")
    merged = struct.pack("<4I", 6, 9, 2, 27)
    data = (
        *(record(129), record(0, row), record(5, number), record(3, error), record(6, text)),
        *(record(6, empty), record(62, rich), record(1, number), record(200, bytes(300))),
        record(176, merged),
    )
    sheet = xlsb._sheet(b"".join(data), "a.xlsb")
    assert sheet == SheetContents(
        *(4, 5, 28), exact={5: {3: "#REF!"}}, unseen=1, merged=[(7, 10, 3, "C7:AB10")]
    )


@pytest.mark.parametrize(("most", "refused"), [(3, True), (4, False)])
def test_a_binary_sheet_with_too_many_values_is_refused(
    monkeypatch: pytest.MonkeyPatch, most: int, refused: bool
) -> None:
    monkeypatch.setattr(xlsb, "MOST_VALUES", most)
    cell = record(5, struct.pack("<II", 0, 0) + bytes(8))
    data = record(0, struct.pack("<I", 0) + bytes(13)) + 4 * cell
    if refused:
        with pytest.raises(RecordsError, match="contains more"):
            xlsb._sheet(data, "a.xlsb")
    else:
        assert xlsb._sheet(data, "a.xlsb").values == 4


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_the_size_of_a_record_has_seven_bits_a_byte(size: int) -> None:
    parts, left = [], size
    while True:
        parts.append(left & 0x7F | (0x80 if left >> 7 else 0))
        left >>= 7
        if not left:
            break
    data = b"\x05" + bytes(parts) + bytes(size) + b"\xb0\x01\x00"
    assert [(kind, len(content)) for kind, content in xlsb._records(data)] == [(5, size), (176, 0)]


def test_a_text_of_a_binary_sheet_is_read_by_its_length() -> None:
    content = b"\xee" + struct.pack("<I", 2) + "ab".encode("utf-16-le") + b"\xee"
    assert xlsb._text(content, 1) == ("ab", 9)
    assert xlsb._text(b"\xee" + b"\xff" * 4 + b"\xee", 1) == ("", 5)


@pytest.mark.parametrize(
    ("column", "letters"),
    [(1, "A"), (26, "Z"), (27, "AA"), (52, "AZ"), (53, "BA"), (702, "ZZ"), (703, "AAA")],
)
def test_place_of_gives_the_letters_of_a_column(column: int, letters: str) -> None:
    assert place_of(5, column) == f"{letters}5"
