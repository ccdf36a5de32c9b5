"""Names that hold what no page can: reports, workbooks and notebooks stay whole."""

from __future__ import annotations

import pickle
from html.parser import HTMLParser
from io import BytesIO
from zipfile import ZipFile

import openpyxl
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.report.forms.workbook import workbook
from iop_outcomes.report.sections.findings import Findings
from iop_outcomes.shared.characters import code_point, one_line, printable
from iop_outcomes.shared.text import table_html

HOSTILE = ("A\x01b <i>", "\ufffeC & c", "D\ud800", "E\0\x1b[31m", "F\u202eabc\U0001ffff")


def test_what_no_page_can_hold_is_written_as_its_number() -> None:
    assert printable("a\tb\nc\r 北京 é") == "a\tb\nc\r 北京 é"
    assert printable("\x00\x1f\x7f\x9f\ufdd0\uffff\U0010ffff") == (
        "\\x00\\x1f\\x7f\\x9f\\ufdd0\\uffff\\U0010ffff"
    )
    assert one_line("a\r\n\tb\u2028c\x01") == "a b c\\x01"
    assert code_point("\ud800") == "\\ud800"
    for number in [*range(0x20), 0x7F, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF, 0x2FFFE]:
        assert printable(chr(number)).isprintable() or chr(number) in "\t\n\r"


def test_a_workbook_holds_every_name() -> None:
    markup = "<r><t>written as it is</t></r>"
    names = [*HOSTILE, "_x0041_", "=1+1", "x" * 40_000, markup]
    content = workbook({"t": pd.DataFrame({"na\x02me": names, "n": range(len(names))})})
    sheet = openpyxl.load_workbook(BytesIO(content))["t"]
    results = [row[0].value for row in sheet.iter_rows(min_row=2)]
    assert sheet["A1"].value == "na\\x02me"
    assert results[:5] == [printable(name) for name in HOSTILE]
    assert results[5] == "_x0041_"
    with ZipFile(BytesIO(content)) as parts:  # Excel would read the code as the letter A
        assert b"<t>_x005F_x0041_</t>" in parts.read("xl/sharedStrings.xml")
    assert results[6] == "=1+1"
    assert len(results[7]) <= 32_767
    assert results[8] == f"{markup} "
    assert content == workbook({"t": pd.DataFrame({"na\x02me": names, "n": range(len(names))})})


def test_a_report_of_such_programs_is_a_whole_page() -> None:
    sample = iop.synthetic_records(11)
    old = {name: number for number, name in enumerate(sample.episodes["program"].unique())}
    number = sample.episodes["program"].astype(str).map(old)
    program = [HOSTILE[place % len(HOSTILE)] for place in number]
    records = iop.read_records(
        episodes=sample.episodes.assign(program=program), attendance=sample.attendance
    )
    report = iop.quarterly_report(records, title="Q\ud800\x00\n3", prepared_by="Who\x07")
    report.html.encode("utf-8")
    HTMLParser().feed(report.html)
    assert printable(report.html) == report.html
    assert "A\\x01b &lt;i&gt;" in report.html
    assert report.title == "Q\\ud800\\x00 3"
    repr(report).encode("utf-8")
    openpyxl.load_workbook(BytesIO(workbook(report.tables)))


def test_tables_in_notebooks_hold_every_name() -> None:
    html = table_html(pd.DataFrame({"program": [*HOSTILE], "n": [1.0, 729.0, 3, 4, 5]}), "T\x01")
    assert printable(html) == html
    assert "<td>729</td>" in html


def findings() -> Findings:
    rows = [["m", "Rate", "higher", "Rate in 2026Q3: 70% <b>."], ["n", "Stay", "lower", "Stay: 3."]]
    return Findings(rows, columns=["measure", "title", "change", "text"])


def test_findings_show_themselves_as_sentences_and_stay_a_frame() -> None:
    result = findings()
    assert isinstance(result, pd.DataFrame)
    assert repr(result) == str(result) == "- Rate in 2026Q3: 70% <b>.\n- Stay: 3."
    html = result._repr_html_()
    assert html is not None
    assert html.startswith("<ul><li><strong>higher</strong>: Rate in 2026Q3: 70% &lt;b&gt;.</li>")
    assert repr(result[result["change"] == "lower"]) == "- Stay: 3."
    assert result.set_index("measure")["text"]["n"] == "Stay: 3."
    assert repr(pickle.loads(pickle.dumps(result))) == repr(result)
    assert "title" in repr(result[["title"]])
    assert "<table" in str(result[["title"]]._repr_html_())
    assert "nothing to compare" in repr(result.iloc[:0])
    with pytest.raises(KeyError):
        result["what"]
