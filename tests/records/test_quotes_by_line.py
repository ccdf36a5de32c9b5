"""The quotes of each line, counted over arrays as they are one line at a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.records.sources import delimited
from iop_outcomes.records.sources.layout import Layout
from iop_outcomes.records.sources.quotes import LineCounter, cut_line

LINES = st.lists(st.text('ab,"\t', max_size=8), max_size=12)


@settings(deadline=None, max_examples=150)
@given(lines=LINES, block=st.integers(1, 40))
def test_a_file_s_lines_are_judged_as_each_is_by_itself(lines: list[str], block: int) -> None:
    counter = LineCounter(",")
    data = "\n".join(lines).encode()
    for start in range(0, len(data), block):
        counter.take(data[start : start + block])
    counter.end()
    cuts = {number: cut_line(line, ",") for number, line in enumerate(lines, start=1)}
    assert counter.opens == [number for number, cut in cuts.items() if cut.open]
    assert counter.strays == [n for n, cut in cuts.items() if cut.stray and not cut.open]
    assert counter.lines == (len(lines) if lines and lines[-1] else max(len(lines) - 1, 0))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("note", ["x", '"a, b"'])
def test_a_file_of_one_plain_line_a_row_is_not_read_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, note: str
) -> None:
    path = tmp_path / "checkins.csv"
    path.write_bytes((f"id,note{end}" + f"1,{note}{end}" * 3).encode())

    def refuse(*_: object) -> None:
        raise AssertionError("read line by line")

    monkeypatch.setattr(delimited, "_read_by_line", refuse)
    assert len(delimited.read_delimited(path, Layout()).lines) == 3
