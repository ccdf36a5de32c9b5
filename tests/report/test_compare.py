"""A report beside an earlier one: what each printed, what was corrected, and nobody in both."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.cli import main
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.disclosure.system import audit, read_cells
from iop_outcomes.errors import ReportError
from iop_outcomes.records import Records
from iop_outcomes.report.counting import Counted, count_all
from iop_outcomes.report.earlier import beside_section, read_earlier, refuse_unlike, with_earlier
from iop_outcomes.report.earlier.section import UNKNOWN, _shown
from iop_outcomes.report.made import Report
from iop_outcomes.report.period import parse_report_period
from iop_outcomes.report.scope import Scope, choose_scope
from tests.helpers.thirty_a_month import episodes_until

FIRST, SECOND = "2026Q1", "2026Q2"
Document = dict[str, Any]
Change = Callable[[Document], Any]
SECRET = "Maria Keller 1984-05-17"


def read(episodes: pd.DataFrame, day: str) -> Records:
    first = {"episode_id": ["e0"], "date": ["2024-01-08"], "status": ["completed"]}
    return iop.read_records(episodes=episodes, checkins=pd.DataFrame(first), as_of=day)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("earlier") / "2026Q1.json"
    records = read(episodes_until("2026-03-31"), "2026-03-31")
    return iop.quarterly_report(records, FIRST).save(path)


@pytest.fixture(scope="module")
def records() -> Records:
    """Return the records of the next quarter, with three admissions that came late."""
    episodes = episodes_until("2026-06-30")
    late = episodes[episodes["admit_date"] >= "2025-11-01"].head(3)
    late = late.assign(episode_id=list("abc"), person_id=list("abc"))
    return read(pd.concat([episodes, late]), "2026-06-30")


@pytest.fixture(scope="module")
def scope(records: Records) -> Scope:
    return choose_scope(records, parse_report_period(SECOND), None, None)


@pytest.fixture(scope="module")
def counted(scope: Scope) -> Counted:
    return count_all(scope, scope)


@pytest.fixture(scope="module")
def made(records: Records, saved: Path) -> Report:
    return iop.quarterly_report(records, SECOND, compare=saved)


def changed(saved: Path, folder: Path, change: Change) -> Path:
    """Write a changed copy of a saved report."""
    document = json.loads(saved.read_text("utf-8"))
    change(document)
    path = folder / "changed.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def cells_of(*paths: Path) -> list[Any]:
    return [one for path in paths for one in read_cells(path.read_text("utf-8"))]


def test_late_records_are_told_without_it_and_not_with_it(
    records: Records, saved: Path, made: Report, tmp_path: Path
) -> None:
    alone = iop.quarterly_report(records, SECOND).save(tmp_path / "alone.json")
    told = audit(cells_of(saved, alone)).found
    assert 3 in told["low"].tolist()
    assert audit(cells_of(saved, made.save(tmp_path / "beside.json"))).found.empty


def test_each_measure_stands_as_it_was_printed_and_now(made: Report, saved: Path) -> None:
    earlier = read_earlier(saved)[0]
    table = made.tables["beside_earlier"].set_index("measure")
    page = made.tables["measures"].set_index("measure")
    assert table.index.tolist() == page.index.tolist()
    assert table["period"].tolist() == page["period"].tolist()  # none of them is drawn by month
    row = table.loc["Completion rate"]
    top, bottom, value, lower, upper = earlier.rows["completion_rate", row["earlier period"]] or ()
    words = f"{value:.1%} ({top:,.0f} of {bottom:,.0f}; {lower:.1%} to {upper:.1%})"
    assert row["earlier"] == words
    assert row["now"].startswith(f"{page.loc['Completion rate', 'value']:.1%}")
    assert set(table["change"]) <= {
        *("higher", "lower", "no clear change"),
        *("not compared", "the same period"),
    }


def test_the_section_says_beside_what_and_is_not_there_without(made: Report, saved: Path) -> None:
    assert made._document is not None
    sections = {one["name"]: one for one in made._document["sections"]}
    assert FIRST in sections["beside-earlier"]["sentences"][0]
    document = json.loads(saved.read_text("utf-8"))
    assert "beside-earlier" not in [one["name"] for one in document["sections"]]
    assert (made._document["beside_earlier"], document["beside_earlier"]) == (True, False)


def test_a_figure_that_a_few_changed_stands_and_one_that_many_changed_is_listed(
    scope: Scope, counted: Counted, saved: Path
) -> None:
    trend = counted.trends.compared["admissions"]
    known = trend.table[~trend.table["hidden"] & trend.table["complete"]]
    period, number = str(known["period"].iloc[-2]), float(known["numerator"].iloc[-2])
    earlier = read_earlier(saved)[0]

    def printed(value: float) -> Any:
        figures = (value, None, value, value - 5, value + 5)
        return replace(earlier, rows={("admissions", period): figures}, newest={})

    few, many = printed(number - 4), printed(number + 40)
    whole = [trend]
    figures = [
        with_earlier(Ledger(), [one], whole, scope).figures for one in (few, many, printed(number))
    ]
    assert [len(one) for one in figures] == [1, 0, 1]
    assert next(iter(figures[0].values())) == few.rows["admissions", period]
    section = beside_section(scope, counted.trends, [many], {}, "A note.")
    frame = next(one.frame for one in section.tables if one.name == "corrected")
    row = frame[frame["measure"] == "Admissions"].iloc[0]
    assert (row["period"], row["first printed"].split()[0]) == (period, f"{number + 40:,.0f}")
    assert row["now"].split()[0] == f"{number:,.0f}"
    assert section.sentences[-1] == "A note."
    assert (
        "No figure"
        in beside_section(scope, counted.trends, [printed(number)], {}, "").sentences[-1]
    )


def test_corrected_sessions_always_stand(scope: Scope, saved: Path) -> None:
    frame = pd.DataFrame({"period": ["2026-01"], "numerator": [700], "denominator": [900]})
    trend = iop.trend(frame, "attendance_rate", chart="none")
    told = (750.0, 990.0, 0.758, 0.7, 0.8)
    earlier = replace(read_earlier(saved)[0], rows={("attendance_rate", "2026-01"): told})
    assert list(with_earlier(Ledger(), [earlier], [trend], scope).figures.values()) == [told]


def test_a_ledger_that_holds_the_earlier_report_keeps_what_it_has(
    scope: Scope, counted: Counted, saved: Path
) -> None:
    earlier = read_earlier(saved)
    ledger = with_earlier(Ledger(), earlier, counted.trends.all, scope)
    assert ledger.reports == (earlier[0].cells,)
    assert len(with_earlier(ledger, earlier, counted.trends.all, scope).reports) == 1


def test_a_file_without_cells_is_refused_with_what_it_is_and_what_to_do(
    saved: Path, tmp_path: Path
) -> None:
    path = changed(saved, tmp_path, lambda one: one.pop("cells"))
    with pytest.raises(ReportError) as caught:
        read_earlier(path)
    error = caught.value
    assert "holds none of its printed counts" in error.wrong
    assert error.found.endswith(
        f"changed.json: a report of {FIRST} with a data cut of 2026-03-31, without its part `cells`"
    )
    assert f"Make the report of {FIRST} again with this version" in error.instead
    assert "nothing of this report is checked against the earlier one" in error.instead


def test_a_file_whose_cells_leave_printed_figures_out_is_refused(
    saved: Path, tmp_path: Path
) -> None:
    def emptied(document: Document) -> None:
        document["cells"] |= {"counts": [], "sums": [], "shares": []}

    with pytest.raises(ReportError, match="does not agree with itself"):
        read_earlier(changed(saved, tmp_path, emptied))


def test_reports_for_the_programs_own_eyes_stand_beside_each_other_and_no_other_does(
    scope: Scope, saved: Path, tmp_path: Path
) -> None:
    policy, episodes = iop.SafePolicy.internal(), episodes_until("2026-03-31")
    path = iop.quarterly_report(read(episodes, "2026-03-31"), FIRST, policy=policy)
    earlier = read_earlier(path.save(tmp_path / "internal.json"))[0]
    admitted = int((episodes["admit_date"] >= "2026-01-01").sum())
    assert (earlier.rows["admissions", FIRST] or ())[0] == admitted
    assert None not in earlier.rows.values()  # none is hidden
    internal = replace(scope, policy=policy)
    refuse_unlike(internal, [earlier])
    with pytest.raises(ReportError, match="policy of small counts"):
        refuse_unlike(internal, read_earlier(saved))
    with pytest.raises(ReportError, match="policy of small counts"):
        refuse_unlike(scope, [earlier])


def _set(name: str, value: Any) -> Change:
    return lambda one: one.__setitem__(name, value)


def _cell(value: Any) -> Change:
    def change(document: Document) -> None:
        for section in document["sections"]:
            for figure in section["figures"]:
                if figure["table"]["name"] == "trend_completion_rate":
                    rows = figure["table"]["rows"]
                    next(row for row in rows if "known" in row)[1] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set("schema", "another 2"), "not a report that was saved"),
        (_set("schema", [SECRET]), "not a report that was saved"),
        (_set("period", None), "whole time"),
        (_set("period", {"name": SECRET, "first": "x", "last": "y"}), "not complete"),
        (_set("facts", {}), "not complete"),
        (_set("sections", [SECRET]), "not complete"),
        (_set("sections", None), "not complete"),
        (_set("cells", {"format": SECRET}), "not complete"),
        (lambda one: one["cells"]["counts"][0].update(printed=10**30), "not complete"),
        (lambda one: one["cells"]["counts"][0].update(name={"a": SECRET}), "not complete"),
        (lambda one: one["cells"]["sums"].append([[0, 5]]), "not complete"),
        (lambda one: one["cells"]["sums"].append([[10**9, 1]]), "not complete"),
        (lambda one: one["cells"]["shares"].append([0, 1, -1, 2]), "not complete"),
        (_set("cells", []), "not complete"),
        (_set("rules", SECRET), "not complete"),
        (lambda one: one.pop("rules"), "not complete"),
        (_cell(float("nan")), "no JSON file"),
        (_cell(-4), "not complete"),
        (_cell(10**30), "not complete"),
        (_cell(SECRET), "not complete"),
        (_cell([1]), "not complete"),
        (_cell(True), "not complete"),
        (_cell(41.5), "not complete"),
        (_cell(4111), "does not agree with itself"),
    ],
)
def test_a_changed_file_is_refused_and_no_value_of_it_is_named(
    change: Change, said: str, saved: Path, tmp_path: Path
) -> None:
    with pytest.raises(ReportError, match=said) as caught:
        read_earlier(changed(saved, tmp_path, change))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b"[" * 100_000, b"1" * 5_000])
def test_what_is_no_report_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(ReportError, match="earlier report"):
        read_earlier(path)
    for other in (tmp_path, tmp_path / "none.json", "a\0b"):
        with pytest.raises(ReportError, match="earlier report"):
            read_earlier(other)
    with pytest.raises(ReportError, match="as its file"):
        read_earlier([7])  # type: ignore[list-item]


def test_a_truncated_file_is_refused(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_bytes(saved.read_bytes()[:-400])
    with pytest.raises(ReportError, match="cut off"):
        read_earlier(path)


def test_reports_that_cannot_stand_beside_each_other_are_refused(scope: Scope, saved: Path) -> None:
    earlier = read_earlier(saved)[0]
    refuse_unlike(scope, [earlier])
    unlike = {
        "other programs": replace(earlier, programs=("Elsewhere",)),
        "later records": replace(earlier, data_cut="2031-01-01"),
        "policy of small counts": replace(earlier, cells=replace(earlier.cells, threshold=5)),
        "definition of relapse": replace(earlier, rules={**earlier.rules, "relapse": "another"}),
        "another length": replace(earlier, period="2025"),
        "not before this report": replace(earlier, period="2026Q3"),
        "not before it": replace(earlier, period=SECOND),
    }
    for said, one in unlike.items():
        with pytest.raises(ReportError, match=said):
            refuse_unlike(scope, [one])
    with pytest.raises(ReportError, match="policy of small counts"):
        refuse_unlike(scope, [replace(earlier, mark="internal")])
    with pytest.raises(ReportError, match="whole time"):
        refuse_unlike(replace(scope, period=None), [earlier])


def test_other_programs_are_named_in_both_reports(scope: Scope, saved: Path) -> None:
    earlier = read_earlier(saved)[0]
    with pytest.raises(ReportError) as caught:
        refuse_unlike(scope, [replace(earlier, programs=("Riverside", "Else\x07where"))])
    said = "this report is of Center; the earlier one is of Else\\x07where, Riverside"
    assert caught.value.found == said
    many = tuple(f"Program {number}" for number in range(21))  # so many may be people
    with pytest.raises(ReportError) as caught:
        refuse_unlike(scope, [replace(earlier, programs=many)])
    assert caught.value.found == "this report is of Center; the earlier one is of 21 programs"


def test_a_report_is_set_beside_another_once(saved: Path, tmp_path: Path) -> None:
    again = changed(saved, tmp_path, lambda document: document.update(title="Made once more"))
    link = tmp_path / "link.json"
    link.symlink_to(saved)
    for other in (saved, link, again):
        with pytest.raises(ReportError, match="same time and the same programs") as caught:
            read_earlier([saved, other])
        assert other.name in caught.value.found
    assert len(read_earlier([saved])) == 1


def test_a_report_made_once_more_with_its_ledger_is_the_same(
    records: Records, saved: Path, tmp_path: Path
) -> None:
    first = iop.quarterly_report(records, SECOND, compare=saved, ledger=Ledger())
    assert first.ledger is not None
    again = iop.quarterly_report(records, SECOND, compare=saved, ledger=first.ledger)
    one, two = first.save(tmp_path / "1.json"), again.save(tmp_path / "2.json")
    assert one.read_bytes() == two.read_bytes()
    with pytest.raises(ReportError, match="not before it"):
        iop.quarterly_report(records, SECOND, compare=one)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none.json", "the file does not exist"),
        ("", "it is a folder"),
        ("empty.json", "the file is empty"),
        ("cut.json", "no JSON file, or is cut off"),
        ("other.json", "not a report that was saved as JSON"),
    ],
)
def test_a_file_that_is_no_earlier_report_is_named(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "empty.json").touch()
    (tmp_path / "cut.json").write_text('{"schema": ', encoding="utf-8")
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ReportError) as caught:
        read_earlier(tmp_path / name)
    assert said in caught.value.wrong
    assert caught.value.found == str(tmp_path / name)
    assert "Error" not in str(caught.value)


def test_the_command_refuses_a_broken_file_before_it_reads_the_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.json"
    path.write_text("{", encoding="utf-8")
    words = ["report", "no_such_folder", "--quarter", SECOND, "--out", str(tmp_path / "r.json")]
    for more, said in (
        (["--compare", str(path)], "cut off"),
        (["--compare", str(path), "--all-programs"], "not set beside"),
    ):
        monkeypatch.setattr("sys.argv", ["iop-outcomes", *words, *more])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 2
        assert said in capsys.readouterr().err


def test_a_share_without_its_denominator_in_a_changed_file_ends_in_no_traceback() -> None:
    assert _shown((22.0, None, 0.3, 0.2, 0.4), "proportion") == UNKNOWN
    assert _shown((22.0, 74.0, 0.2973, None, None), "proportion") == "29.7% (22 of 74)"
    assert _shown((67.0, None, 67.0, 52.0, 85.0), "episodes") == "67 (52 to 85)"
