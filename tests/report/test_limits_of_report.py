"""Where a report says or does another thing: the number, the day or the colour on either side."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.errors import ReportError
from iop_outcomes.report import command
from iop_outcomes.report.earlier.reading import NUMBERS, _figures
from iop_outcomes.report.forms import workbook
from iop_outcomes.report.model import Table
from iop_outcomes.report.period import parse_report_period
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections import cohort, signals
from iop_outcomes.report.sections.changes import NO_CHANGE, compare
from iop_outcomes.report.settings import contrast
from iop_outcomes.statistics.differences import difference_interval, rate_ratio_interval
from iop_outcomes.trends.quantities import find_quantity
from iop_outcomes.trends.watching.false_alarms import measured


@pytest.mark.parametrize(
    ("rows", "letters", "whole"),
    [(14, 100, True), (15, 100, False), (1, 1_250, True), (2, 1_250, True), (2, 1_251, False)],
)
def test_a_table_of_14_rows_and_2500_letters_is_on_one_page(
    rows: int, letters: int, whole: bool
) -> None:
    frame = pd.DataFrame({"text": ["x" * letters] * rows})
    assert Table("t", "A table", frame).whole == whole
    one_more = frame.assign(more=["y"] + [""] * (rows - 1))
    assert Table("t", "A table", one_more).whole == (whole and rows * letters < 2_500)


def test_a_chart_of_the_report_signals_by_chance_as_measured_of_months_of_sessions() -> None:
    assert signals._false_alarms() == measured().of_sessions["month", True]


@pytest.mark.parametrize(
    ("months", "words", "said"),
    [
        (
            ["2026-01", "2026-02", "2026-03"],
            ["up", "up", "down"],
            ["up, 2026-01 to 2026-02", "down, 2026-03"],
        ),
        (
            ["2025-12", "2026-01", "2026-03"],
            ["up", "up", "up"],
            ["up, 2025-12 to 2026-01", "up, 2026-03"],
        ),
        (
            ["2026-01", "2026-02", "2026-03"],
            ["up", signals.NO_SIGNAL, "up"],
            ["up, 2026-01", "up, 2026-03"],
        ),
        (["2026-01"], [signals.NO_SIGNAL], []),
    ],
)
def test_months_in_a_row_that_say_the_same_are_one_stretch(
    months: list[str], words: list[str], said: list[str]
) -> None:
    assert signals._stretches(months, words) == said


@pytest.mark.parametrize(
    ("variation", "said"),
    [
        ("", "no signal"),
        ("common cause", "no signal"),
        ("improvement (high)", "better: higher than usual"),
        ("concern (low)", "worse: lower than usual"),
        ("concern (high)", "worse: higher than usual"),
        ("neutral (low)", "changed: lower than usual"),
        ("not random", "changed: other than usual"),
        ("not clear", "not clear"),
        ("too few months", "too few months"),
        ("too few to say", "too few to say"),  # was "changed: other than usual"
    ],
)
def test_a_verdict_in_words(variation: str, said: str) -> None:
    assert signals.said(variation) == said


@pytest.mark.parametrize(
    ("colour", "on_white"),
    [
        ("#ffffff", 1.0),
        ("#000000", 21.0),
        ("#ff0000", 3.998),
        ("#00ff00", 1.372),
        ("#0000ff", 8.592),
        ("#0a0a0a", 19.798),  # 10 of 255 is dark enough for the straight part of the rule
        ("#0b0b0b", 19.683),
        ("#767676", 4.542),
    ],
)
def test_the_contrast_of_a_colour_is_that_of_wcag(colour: str, on_white: float) -> None:
    assert contrast(colour, "#ffffff") == pytest.approx(on_white, abs=0.001)
    assert contrast("#ffffff", colour) == contrast(colour, "#ffffff")


@pytest.mark.parametrize(
    ("text", "months", "each", "repeats", "in_quarters", "by_months", "shorter"),
    [
        ("2026-07", 1, "month", True, False, False, True),
        ("2026Q3", 3, "quarter", True, False, True, True),
        ("2026", 12, "year", True, True, True, False),
        ("2025-10..2026-09", 12, "year", True, True, True, False),
        ("2025-10-02..2026-10-01", 12, "year", True, True, False, False),
        ("2025-11..2026-09", 11, "11 months", False, False, True, True),
        ("2025-09..2026-09", 13, "13 months", False, False, True, False),
        ("2025-07..2026-09", 15, "15 months", False, True, True, False),
        ("2026-01..2026-05", 5, "5 months", False, False, True, True),
        ("2026-01-15..2026-02-14", 1, "1 month", True, False, False, True),
        ("2026-01-15..2026-01-15", 0, "1 day", False, False, False, True),
        ("2026-01-15..2026-02-13", 0, "30 days", False, False, False, True),
        ("2025-10-02..2026-09-30", 0, "364 days", False, False, False, True),
    ],
)
def test_what_a_period_is_made_of(
    text: str,
    months: int,
    each: str,
    repeats: bool,
    in_quarters: bool,
    by_months: bool,
    shorter: bool,
) -> None:
    period = parse_report_period(text)
    assert (period.months, period.each) == (months, each)
    assert (period.repeats, period.in_quarters) == (repeats, in_quarters)
    assert (period.by_months, period.shorter_than_year) == (by_months, shorter)


def test_a_period_is_cut_and_goes_back() -> None:
    year = parse_report_period("2025-10..2026-09")
    assert list(map(str, year.cut(3))) == ["2025Q4", "2026Q1", "2026Q2", "2026Q3"]
    assert len(year.cut(1)) == 12
    days = parse_report_period("2026-01-15..2026-01-24")
    assert (str(days.back(1)), str(days.back(2))) == (
        *("2026-01-05 to 2026-01-14", "2025-12-26 to 2026-01-04"),
    )
    quarter = parse_report_period("2026Q3")
    assert (str(quarter.back(0)), str(quarter.back(3))) == ("2026Q3", "2025Q4")
    assert str(quarter.window(3)) == str(quarter.window(2)) == "2026Q3"
    assert str(quarter.window(4)) == "2026-06 to 2026-09"


@pytest.mark.parametrize(("last", "refused"), [("2025-12-31", False), ("2026-01-01", True)])
def test_a_report_is_about_ten_years_at_most(last: str, refused: bool) -> None:
    text = f"2016-01-01..{last}"
    if refused:
        with pytest.raises(ReportError, match="ten years"):
            parse_report_period(text)
    else:
        assert parse_report_period(text).months == 120


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (0, True),
        (-1, False),
        (10**9 - 1, True),
        (10**9, False),
        (1.5, False),
        (float("nan"), False),
        (float("inf"), False),
        (None, False),
    ],
)
def test_a_count_of_an_earlier_report_is_whole_and_below_a_billion(value: Any, kept: bool) -> None:
    row = dict.fromkeys(NUMBERS, None) | {NUMBERS[0]: value}
    if kept:
        assert _figures(row) == (float(value), *[None] * (len(NUMBERS) - 1))
    else:
        with pytest.raises(ValueError):  # noqa: PT011  (it has no message)
            _figures(row)
    assert _figures({NUMBERS[0]: 1, NUMBERS[1]: 2.0, NUMBERS[2]: 1.5})[:3] == (1.0, 2.0, 1.5)
    for other in (True, "1"):
        with pytest.raises(TypeError):
            _figures({NUMBERS[0]: other})


def counted(value: float, period: str) -> pd.Series:
    return pd.Series({"value": value, "period": period})


@pytest.mark.parametrize(
    ("before", "last", "word"),
    [(100, 200, "higher"), (200, 100, "lower"), (100, 110, ""), (0, 9, "higher"), (0, 1, "")],
)
def test_a_count_is_compared_by_the_interval_of_its_ratio(
    before: int, last: int, word: str
) -> None:
    quantity = find_quantity("admissions")
    low, high = rate_ratio_interval(last, before)
    found = compare(None, quantity, counted(before, "2026Q2"), counted(last, "2026Q3"))  # type: ignore[arg-type]
    text = found.sentence()
    assert found.word == (word or NO_CHANGE)
    ratio = f"ratio {last / before:.2f}, 95% interval {low:.2f} to {high:.2f}" if before else ""
    detail = f"({ratio or f'no ratio to 0, 95% interval from {low:.2f} up'})."
    assert text.endswith(detail)
    assert text.startswith(f"That is {word} than {before}" if word else "No clear change from")
    assert (low > 1, high < 1) == (word == "higher", word == "lower")


@pytest.mark.parametrize(
    ("before", "last", "word"),
    [((50, 100), (80, 100), "higher"), ((80, 100), (50, 100), "lower"), ((50, 100), (55, 100), "")],
)
def test_a_share_is_compared_by_the_interval_of_its_difference(
    before: tuple[int, int], last: tuple[int, int], word: str
) -> None:
    def row(counts: tuple[int, int], period: str) -> pd.Series:
        top, bottom = counts
        numbers = {"numerator": top, "denominator": bottom, "value": top / bottom}
        return pd.Series({**numbers, "period": period})

    low, high = difference_interval(last, before)
    quantity = find_quantity("completion_rate")
    found = compare(None, quantity, row(before, "2026Q2"), row(last, "2026Q3"))  # type: ignore[arg-type]
    text = found.sentence()
    assert found.word == (word or NO_CHANGE)
    points = last[0] - before[0]
    told = f"difference {points:+.1f} points, 95% interval {low * 100:+.1f} to {high * 100:+.1f}"
    assert text.endswith(f"({told}).")


@pytest.mark.parametrize("letters", [31_999, 32_000, 32_001, 40_000])
def test_a_cell_of_a_workbook_holds_32000_letters(letters: int) -> None:
    written: list[str] = []

    class Sheet:
        def write_string(self, row: int, column: int, text: str, look: object) -> None:
            assert (row, column, look) == (1, 2, "look")
            written.append(text)

    workbook._put_text(Sheet(), (1, 2), "x" * letters, "look")  # type: ignore[arg-type]
    whole = letters <= 32_000
    assert written == ["x" * letters if whole else "x" * 31_999 + "…"]


@pytest.mark.parametrize(("height", "scale"), [(32, 1.0), (64, 1.0), (128, 0.5), (200, 0.32)])
def test_a_logo_of_a_workbook_is_at_most_64_points_high(height: int, scale: float) -> None:
    put: list[dict[str, Any]] = []

    class Sheet:
        def insert_image(self, row: int, column: int, picture: BytesIO, look: Any) -> None:
            assert (row, column) == (1, 2)
            put.append(look)

    with BytesIO() as buffer:
        Image.new("RGB", (10, height)).save(buffer, format="png", dpi=(96, 96))
        logo = f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"
    workbook._add_logo(Sheet(), 2, logo)  # type: ignore[arg-type]
    assert put[0]["x_scale"] == put[0]["y_scale"] == pytest.approx(scale, abs=0.001)


@pytest.mark.parametrize(
    ("names", "keep"),
    [
        (["r.pdf", "r.html"], False),
        (["r.pdf", "r.DOCX"], True),
        (["r.pdf", "r.html", "r.docx"], True),
    ],
)
def test_figures_are_kept_for_their_dots_where_a_word_file_is_asked_for(
    names: list[str], keep: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def shared(process: object, *, keep: bool, progress: bool) -> None:
        asked.append(keep)
        raise ReportError("No more is asked here.")

    monkeypatch.setattr(command, "Shared", shared)
    places = [Path(name) for name in names]
    with pytest.raises(ReportError):
        command.write_report(None, None, None, places, None, object())  # type: ignore[arg-type]
    assert asked == [keep]


@pytest.mark.parametrize("names", [["r.pdf", "r.html"], ["r.HTML", "r.docx", "r.xlsx", "r.PDF"]])
def test_what_is_drawn_apart_is_saved_in_each_form(names: list[str], tmp_path: Path) -> None:
    """The page is begun on before the others are written, and nothing is left when it is there."""
    done: list[str] = []

    class Apart:
        def draw(self, drawings: object, *hows: str) -> None:
            assert drawings == ("a picture",)
            done.extend(hows)

        def pictures(self, how: str) -> None:
            done.append(f"wait for {how}")

        def lay_out(self, page: str) -> None:
            assert "on paper" in page
            done.append("page")

        def finish(self) -> bytes:
            done.append("finish")
            return b"a PDF"

    class Made:
        drawings = ("a picture",)

        def page_for_paper(self) -> str:
            return "<html><head></head><body>on paper</body></html>"

        def save(self, place: Path) -> None:
            done.append(place.suffix.lower())
            place.write_bytes(b"not a PDF")

    places = [tmp_path / name for name in names]
    saved = command._save_with(Apart(), Made(), places)  # type: ignore[arg-type]
    assert saved == places
    assert {place.name: place.read_bytes() == b"a PDF" for place in places} == {
        name: name.lower() == "r.pdf" for name in names
    }
    both = [".docx"] * ("r.docx" in names)
    others = [Path(name).suffix.lower() for name in names]
    assert done == [
        *("picture", "narrow", *(["dots"] if both else [])),
        *("wait for picture", "page", "wait for narrow"),
        *(ending for ending in others if ending not in (".pdf", ".docx")),
        *(["wait for dots", *both] if both else []),
        "finish",
    ]


def test_a_share_is_hidden_where_its_whole_is() -> None:
    records = iop.read_records("data/samples", as_of="2026-09-30")
    scope = choose_scope(records, "2026Q3", None, iop.SafePolicy.cms())
    for make, whole, count in (
        (cohort.admissions_table, ("admissions", "all"), "admitted"),
        (cohort.discharge_table, ("discharges", "all"), "discharges"),
        (cohort.sessions_table, ("sessions", "all"), "sessions"),
    ):
        draft = make(scope, LinkedCounts(scope.policy))
        kept = draft.needs[count]
        assert kept[-1] == (whole,)
        assert draft.needs["share"] == [(key, whole) for (key,) in kept]
        hidden = draft.shown(frozenset([whole])).frame
        assert (hidden["share"] == HIDDEN).all()
        gone = [value == HIDDEN for value in hidden[count]]
        assert gone == [one == (whole,) for one in kept]
