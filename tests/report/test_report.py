"""The quarterly report: what it says, what it hides, and what a browser makes of it."""

from __future__ import annotations

import base64
import pickle
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from PIL import Image

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.errors import ReportError
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import model
from iop_outcomes.report.forms.html import facts_of, page_of
from iop_outcomes.report.forms.workbook import workbook
from iop_outcomes.report.model import DraftTable, Kind, Section, Table, write_value
from iop_outcomes.report.programs import program_table
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections import cohort
from iop_outcomes.report.settings import ReportSettings
from iop_outcomes.statistics.differences import (
    clustered_difference,
    difference_interval,
    rate_ratio_interval,
)
from tests.helpers.browser import (
    A4,
    LAPTOP,
    PHONE,
    Opened,
    as_words,
    chromium,
    needs_browser,
    opened,
)
from tests.helpers.of_the_sample import nothing_hidden

SECTIONS = [
    "what-changed",
    "flow",
    "who-came",
    "attendance",
    "engagement",
    "who-stayed",
    "relapse",
    "symptoms",
    "sites",
    "benchmarks",
    "trends",
    "response",
    "cannot-tell",
    "data-quality",
    "definitions",
    "how-to-read",
]


Frames = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def sample() -> Frames:
    """Return the synthetic sample, in which Old Mill has eight episodes only."""
    made = iop.synthetic_records(2026)
    mill = made.episodes["program"].eq("Old Mill")
    last = made.episodes.index[mill][-8:]
    episodes = made.episodes[~mill | made.episodes.index.isin(last)]
    assert episodes["program"].eq("Old Mill").sum() == 8
    tables = {
        name: frame[frame["episode_id"].isin(episodes["episode_id"])]
        for name, frame in (("attendance", made.attendance), ("checkins", made.checkins))
    }
    return {"episodes": episodes, **tables}


@pytest.fixture(scope="module")
def records(sample: Frames) -> iop.Records:
    return iop.read_records(**sample, as_of="2026-09-30")


Drawn = list[tuple[str, Picture]]


@pytest.fixture(scope="module")
def pictures() -> Drawn:
    """Return the pictures of `report`, each with the kind of plot that it is."""
    return []


@pytest.fixture(scope="module")
def report(records: iop.Records, pictures: Drawn) -> iop.Report:
    draw = model.draw_svg

    def noted(plot: Any, result: Any, **options: Any) -> Picture:
        kind = getattr(plot, "func", plot).__name__  # of a partial call, what it calls
        pictures.append((kind, draw(plot, result, **options)))
        return pictures[-1][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "draw_svg", noted)
        made = iop.quarterly_report(records, "2026Q3", prepared_by="The <office> & co")
        assert made.html  # drawn now
    return made


@pytest.fixture(scope="module")
def one_program(sample: Frames) -> Frames:
    """Return the sample of one program, for what does not depend on the number of programs."""
    episodes = sample["episodes"][sample["episodes"]["program"] == "North"]
    tables = {
        name: sample[name][sample[name]["episode_id"].isin(episodes["episode_id"])]
        for name in ("attendance", "checkins")
    }
    return {"episodes": episodes, **tables}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Draw nothing; return the list of what would have been drawn."""
    asked: list[object] = []

    def draw(plot: object, result: object, **options: object) -> Picture:
        asked.append(result)
        return Picture(b"<svg/>", "A picture.", 1, 1)

    monkeypatch.setattr(model, "draw_svg", draw)
    return asked


class Page(HTMLParser):
    """What stands in a page: its elements with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


# the page


def test_the_sections_stand_in_their_order(report: iop.Report) -> None:
    assert [part["id"] for part in Page(report.html).all("section")] == SECTIONS


def test_the_word_file_has_no_figure_that_the_page_lacks(
    report: iop.Report, pictures: Drawn, tmp_path: Path
) -> None:
    """So that what is read out of the page, to attack it, is all that both tell.

    Of each kind of plot the first picture is drawn as dots; the others keep the words of the page.
    """
    drawn, kinds, dot = len(pictures), set[str](), BytesIO()
    Image.new("1", (1, 1)).save(dot, format="png")
    for (kind, wide), drawing in zip(pictures[::2], report.drawings, strict=True):
        if kind in kinds:  # each was drawn wide, and then narrow
            drawing.take("dots", replace(wide, png=dot.getvalue()))
        kinds.add(kind)
    docx = pytest.importorskip("docx", reason="python-docx, the extra [office], is not installed")
    number = re.compile(r"\d(?:[\d,.]*\d)?")
    page = Page(report.html)
    heard = [str(attributes.get("alt")) for attributes in page.all("img")]
    there = set(number.findall(" ".join([*page.words, *heard])))
    word = docx.Document(str(report.save(tmp_path / "r.docx")))
    del pictures[drawn:]  # the same once more, as dots
    texts = [one.text for one in word.paragraphs]
    texts += [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    texts += [one._inline.docPr.get("descr") or "" for one in word.inline_shapes]
    told = set(number.findall(" ".join(texts)))
    assert len(told) > 100
    assert told <= there
    assert 4 <= len(kinds) < len(word.inline_shapes)


def test_the_page_asks_nobody_for_anything(report: iop.Report) -> None:
    page = Page(report.html)
    assert page.all("script") == []
    assert page.all("link") == []
    policy = next(one for one in page.all("meta") if one.get("http-equiv"))
    assert policy["content"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "data", "poster", "style"):
            address = attributes.get(name)
            assert address is None or address.startswith(("#", "data:image/svg+xml;base64,")), tag
        assert not [name for name in attributes if name.startswith("on")]
    assert "@import" not in report.html
    assert "url(" not in report.html


def test_the_pictures_inside_ask_nobody_either(report: iop.Report) -> None:
    for image in Page(report.html).all("img"):
        svg = base64.b64decode(str(image["src"]).partition(",")[2]).decode()
        addresses = re.findall(r'href="([^"]*)"', svg) + re.findall(r"url\(([^)]*)\)", svg)
        assert all(address.startswith("#") for address in addresses)
        assert "<script" not in svg


def test_the_page_can_be_read_without_seeing_it(report: iop.Report) -> None:
    page = Page(report.html)
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == 1
    tables = page.all("table")
    assert len(page.all("caption")) == len(tables) == len(report.tables)
    assert all(head["scope"] in ("col", "row") for head in page.all("th"))
    images = page.all("img")
    assert len(images) == len(page.all("details")) == len(page.all("figcaption"))
    assert all(len(str(image["alt"])) > 60 for image in images)
    identifiers = [attrs["id"] for _, attrs in page.elements if attrs.get("id")]
    assert len(identifiers) == len(set(identifiers))
    targets = {str(link["href"])[1:] for link in page.all("a")}
    assert targets <= set(identifiers)


def _luminance(colour: str) -> float:
    parts = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_the_colours_of_the_page_have_contrast(report: iop.Report) -> None:
    schemes = re.findall(r":root \{([^}]*)\}", report.html)
    named = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", scheme)) for scheme in schemes]
    light, dark = named[0], named[1]
    for scheme in (light, dark):
        for ink in ("ink", "quiet", "accent", "mark"):
            for ground in ("paper", "tint"):
                pair = sorted((_luminance(scheme[ink]), _luminance(scheme[ground])))
                assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5


def test_the_head_says_what_was_read_and_when_and_by_whom(report: iop.Report) -> None:
    words = " ".join(Page(report.html).words)
    for word in ("2026Q3", "2026-09-30", "The <office> & co", "Synthetic data", "iop_outcomes"):
        assert word in words
    assert "<office>" not in report.html
    hashes = report.tables["files"]["sha256"]
    assert len(report.tables["files"]) == 3
    assert all(re.fullmatch(r"([0-9a-f]{64})?", one) for one in hashes)


def test_the_same_records_make_the_same_bytes(
    records: iop.Records, report: iop.Report, pictures: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each kind of plot the first two pictures, wide and narrow, are drawn again."""
    draw, before, count = model.draw_svg, iter(pictures), Counter[str]()

    def again_or_before(plot: Any, result: Any, **options: Any) -> Picture:
        kind, picture = next(before)
        assert kind == getattr(plot, "func", plot).__name__
        count[kind] += 1
        return draw(plot, result, **options) if count[kind] <= 2 else picture

    monkeypatch.setattr(model, "draw_svg", again_or_before)
    again = iop.quarterly_report(records, "2026Q3", prepared_by="The <office> & co")
    assert again.html == report.html
    assert next(before, None) is None
    assert len(count) >= 4
    assert workbook(again.tables) == workbook(report.tables)


def test_pictures_are_drawn_once_when_the_page_is_asked_for(
    one_program: Frames, tmp_path: Path, drawn: list[object]
) -> None:
    records = iop.read_records(**one_program, as_of="2026-09-30")
    # Without protection nothing is searched for, so that it is quick.
    report = iop.quarterly_report(records, "2026Q3", policy=iop.SafePolicy.unprotected())
    report.save(tmp_path / "tables.xlsx")
    assert drawn == []
    for frame in report.tables.values():
        frame.insert(0, "added later", "by the caller")
    assert "by the caller" not in report.html  # the page has tables of its own
    report.save(tmp_path / "page.html")
    assert len(drawn) == 2 * report.html.count("<img ") > 6  # for wide and for narrow pages
    stored = pickle.dumps(report)
    assert pickle.loads(stored).html == report.html
    assert re.findall(rb"SYN-\d+(?:-\d+)?", stored) == []


# privacy


def test_no_name_of_a_person_or_an_episode_is_in_it(
    records: iop.Records, report: iop.Report
) -> None:
    found = set(re.findall(r"SYN-\d+(?:-\d+)?", report.html))
    assert found == set()
    assert records.episodes["episode_id"].str.startswith("SYN-").all()


def test_no_count_in_any_table_is_small(report: iop.Report) -> None:
    counted = {
        "admitted",
        "reached",
        "sessions",
        "people",
        "discharges",
        "numerator",
        "denominator",
        "events",
        "censored",
        "at_risk",
        "rows_kept",
        "rows_set_aside",
        "episodes",
        "episodes_followed",
        "episodes_attending",
        "attended",
        "due",
    }
    seen = 0
    for name, table in report.tables.items():
        for column in counted & set(table.columns):
            values = pd.to_numeric(table[column], errors="coerce")
            seen += int(values.notna().sum())
            assert not values.between(1, 10).any(), (name, column)
    assert seen > 300


def test_a_program_that_is_too_small_is_named_and_in_no_number(
    records: iop.Records, report: iop.Report
) -> None:
    assert "Old Mill (too few to publish)" in report.html
    admissions = report.tables["admissions"]
    assert "Old Mill" not in set(admissions["group"])
    quarter = records.episodes["admit_date"].between("2026-07-01", "2026-09-30")
    others = quarter & records.episodes["program"].ne("Old Mill")
    total = admissions.loc[admissions["group"] == "all", "admitted"]
    assert set(total) == {others.sum()}
    # All rows that were read, less those published, would tell how many it has.
    assert (report.tables["files"]["rows_kept"] == "hidden").all()


def test_a_program_of_whom_no_share_could_be_shown_is_left_out() -> None:
    sizes = {"enough": 60, "small": 21, "edge": 22, "closed": 30}
    program = np.repeat(list(sizes), list(sizes.values()))
    episodes = pd.DataFrame(
        {
            "episode_id": [f"e{number}" for number in range(len(program))],
            "program": program,
            "admit_date": np.where(program == "closed", "2024-02-01", "2026-02-01"),
        }
    )
    checkins = episodes[["episode_id"]].assign(date="2026-03-01", status="completed", used="no")
    records = iop.read_records(episodes=episodes, checkins=checkins, as_of="2026-09-30")
    assert choose_scope(records, "2026Q1", None, None).too_few == ("small",)
    free = iop.SafePolicy.unprotected()
    assert choose_scope(records, "2026Q1", None, free).too_few == ()


def admitted_on(*days: tuple[str, int]) -> list[str]:
    return [day for day, number in days for _ in range(number)]


def test_cohorts_of_one_year_two_years_and_all_begin_on_their_day() -> None:
    # For 2026Q1 the year begins on 2025-04-01, the two years on 2024-04-01.
    programs = {
        "reported": admitted_on(("2026-02-01", 30)),
        "too few in the year, on its first day": admitted_on(
            ("2024-06-01", 30), ("2025-04-01", 21)
        ),
        "none in the year, by a day": admitted_on(("2024-06-01", 30), ("2025-03-31", 21)),
        "too few in two years, on their first day": admitted_on(
            ("2023-01-01", 30), ("2024-04-01", 5)
        ),
        "none in two years, by a day": admitted_on(("2023-01-01", 30), ("2024-03-31", 5)),
        "too few in all": admitted_on(("2022-01-01", 10)),
        "just enough in all": admitted_on(("2022-01-01", 11)),
    }
    episodes = pd.DataFrame(
        [(program, day) for program, days in programs.items() for day in days],
        columns=["program", "admit_date"],
    )
    episodes["episode_id"] = [f"e{number}" for number in range(len(episodes))]
    checkins = episodes[["episode_id"]].assign(date="2026-03-01", status="completed", used="no")
    records = iop.read_records(episodes=episodes, checkins=checkins, as_of="2026-09-30")
    too_few = choose_scope(records, "2026Q1", None, None).too_few
    assert set(too_few) == {name for name in programs if name.startswith("too few")}


def test_a_report_of_too_few_says_so_in_each_section(records: iop.Records) -> None:
    small = iop.quarterly_report(records.where(program="Old Mill"), "2026Q3")
    assert small.html.count("Too few to publish.") == len(SECTIONS) - 3
    assert [part["id"] for part in Page(small.html).all("section")] == SECTIONS
    assert set(small.tables) == {"files", "checks", "definitions", "software"}


@pytest.mark.usefixtures("drawn")
def test_without_protection_it_says_that_it_is_not_for_release(records: iop.Records) -> None:
    two = records.where(program=["North", "Old Mill"])
    free = iop.quarterly_report(two, "2026Q3", policy=iop.SafePolicy.unprotected())
    assert "not for release" in free.html
    assert "Old Mill" in set(free.tables["admissions"]["group"])
    assert not (free.tables["discharges"] == "hidden").any(axis=None)


# the numbers


def test_the_tables_count_what_the_records_hold(records: iop.Records, report: iop.Report) -> None:
    episodes = records.episodes[records.episodes["program"] != "Old Mill"]
    # Of one quarter most reasons would be hidden, so that the table is of two.
    assert "Discharges in 2026Q2 to 2026Q3, by reason" in report.html
    left = episodes[episodes["discharge_date"].between("2026-04-01", "2026-09-30")]
    discharges = report.tables["discharges"].set_index("reason")["discharges"]
    assert discharges["all"] == len(left)
    reasons = left["discharge_reason"].value_counts()
    for reason in ("completed", "dropped_out"):
        assert discharges[reason.replace("_", " ")] == reasons[reason]
    assert discharges["other ends"] == reasons.reindex(["incarcerated", "died", "other"]).sum()
    codes = report.tables["discharges"].set_index("reason")["TEDS_code"]
    assert (codes["completed"], codes["transferred"]) == ("1", "4")
    # All codes of the group: those of which there was one would tell of a few people.
    assert codes["other ends"] == "5, 6, 7, -9"


def test_the_flow_counts_those_followed_long_enough(records: iop.Records) -> None:
    scope = choose_scope(records, "2026Q3", None, iop.SafePolicy.unprotected())
    table = cohort.flow_table(scope, LinkedCounts(scope.policy)).table.frame.set_index("stage")[
        "reached"
    ]
    how = iop.engagement(records)
    admitted = records.episodes["admit_date"].between("2025-07-01", "2026-06-30")
    chosen = how[admitted.to_numpy() & how["retained_90"].notna().to_numpy()]
    assert table["admitted"] == len(chosen)
    assert table["fourth session within 30 days"] == (chosen["fourth_session_day"] <= 30).sum()
    assert table["still in the program after 90 days"] == chosen["retained_90"].sum()
    assert table.is_monotonic_decreasing


def test_the_programs_have_the_shares_of_their_people(records: iop.Records) -> None:
    scope = choose_scope(records, "2026Q3", None, iop.SafePolicy.unprotected())
    table = program_table(scope, LinkedCounts(scope.policy)).table.frame.set_index("program")
    how = iop.engagement(records)
    year = records.episodes["admit_date"].between("2025-10-01", "2026-09-30").to_numpy()
    north = how[year & (how["program"] == "North").to_numpy()]
    rate = north["sessions_attended"].sum() / north["sessions_due"].sum()
    assert table.loc["North", "sessions_attended"] == pytest.approx(rate, abs=0.0005)
    whole = records.episodes["admit_date"].le("2026-06-30").to_numpy()  # quarters, for 30 days
    retained = how[year & whole & (how["program"] == "North").to_numpy()]["retained_30"].mean()
    assert table.loc["North", "retained_30"] == pytest.approx(retained, abs=0.0005)
    hours = north["hours_per_week"].mean()
    assert table.loc["North", "hours_a_week"] == pytest.approx(hours, abs=0.05)


@pytest.mark.usefixtures("drawn")
def test_the_relapse_section_says_its_definition_its_missing_rule_and_what_rests_on_it(
    records: iop.Records,
) -> None:
    rule = iop.RelapseRule(missing="use")
    with nothing_hidden():
        report = iop.quarterly_report(records, "2026Q3", rule=rule)
    section = report.html.partition('id="relapse"')[2].partition("</section>")[0]
    assert "A missing check-in counts as use." in section
    times = iop.time_to_relapse(records, rule)
    recent = records.episodes["admit_date"].between("2024-10-01", "2026-09-30").to_numpy()
    kept = times[recent & (records.episodes["program"] != "Old Mill").to_numpy()]
    share = kept.loc[kept["event"], "rests_on_missing"].mean()
    assert f"{share:.0%} of the events rest on missing data." in section
    assert "counts as use (used here)" in section


NEEDS_NOTHING: dict[str, list[tuple[object, ...]]] = {"not_known": []}


def flow_of(reached: list[int]) -> list[object]:
    """Return the shares that a flow of these counts shows, each count being part of the first."""

    class Scope:
        policy = iop.SafePolicy()

    linked = LinkedCounts(Scope.policy)
    keys = [("flow", str(number)) for number in range(len(reached))]
    for key, count in zip(keys, reached, strict=True):
        linked.count(key, count, item=key)
        if key != keys[0]:
            linked.part(keys[0], key)
    frame = pd.DataFrame({"reached": reached, "share": np.array(reached) / reached[0]})
    needs = {name: [(key,) for key in keys] for name in frame}
    cohort.declare_bounds(linked, keys)
    draft = DraftTable(Table("flow", "Flow", frame.assign(not_known=0)), needs | NEEDS_NOTHING)
    shown = cohort.flow_shown(draft, Scope(), linked, linked.hidden())  # type: ignore[arg-type]
    return shown.frame["share"].tolist()


def test_a_protected_share_can_be_a_bound() -> None:
    assert flow_of([300, 295, 4]) == [1.0, "over 96%", "under 4%"]
    # 1% of 1,100 are 11: a bound of 99% would say that the rest is less than that.
    assert flow_of([1100, 1097]) == [1.0, "over 98%"]


def test_a_bound_is_given_where_more_than_twice_the_threshold_were_admitted() -> None:
    assert flow_of([22, 20]) == [1.0, "hidden"]
    assert flow_of([23, 20]) == [1.0, "over 47%"]


def test_a_bound_is_hidden_before_a_count_that_leaves_no_room_with_it() -> None:
    """Over 96% of 320 are 308 or more. Three reasons that are not 0 would be 10 at most each."""

    class Scope:
        policy = iop.SafePolicy()

    linked = LinkedCounts(Scope.policy)
    reasons = {"away": 3, "ill": 1, "other": 1}
    for name, count in ({"all": 320, "first": 315} | reasons).items():
        linked.count(name, count, item=name)
    linked.total(linked.part("all", "first"), list(reasons))
    cohort.declare_bounds(linked, ["all", "first"])
    hidden = linked.hidden()
    assert hidden == {"first", *reasons, ("bounds", "first")}
    frame = pd.DataFrame({"reached": [320, 315], "share": [1.0, 315 / 320], "not_known": 0})
    needs = {name: [("all",), ("first",)] for name in ("reached", "share")}
    draft = DraftTable(Table("flow", "Flow", frame), needs | NEEDS_NOTHING)
    shown = cohort.flow_shown(draft, Scope(), linked, hidden)  # type: ignore[arg-type]
    assert shown.frame["share"].tolist() == [1.0, "hidden"]


# findings


def test_newcombes_example_of_a_difference() -> None:
    # Newcombe 1998, Statistics in Medicine 17:873-890, table II, method 10: 56/70 and 48/80.
    low, high = difference_interval((56, 70), (48, 80))
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_a_difference_by_people_counts_each_person_once() -> None:
    # Three people attend 2, 3, 4 of 4 and then 1, 2, 3 of 4: each loses exactly one of four, so
    # that nothing varies, however few they are.
    low, high = clustered_difference(([2, 3, 4], [4, 4, 4]), ([1, 2, 3], [4, 4, 4]))
    assert low == pytest.approx(0.25)
    assert high == pytest.approx(0.25)
    # Other people in each period: u = (x - R m) / M has squares (1 + 0 + 1) / 144 twice, and
    # k / (k - 1) = 6 / 5, so that the variance is 6/5 x 4/144 = 1/30.
    x, m = [2, 3, 4, 0, 0, 0], [4, 4, 4, 0, 0, 0]
    y, n = [0, 0, 0, 1, 2, 3], [0, 0, 0, 4, 4, 4]
    low, high = clustered_difference((x, m), (y, n))
    assert (high - low) / 2 == pytest.approx(1.959964 / np.sqrt(30), rel=1e-6)
    assert (high + low) / 2 == pytest.approx(0.25)
    # People of neither period are no people more; two people have limits, one has none.
    more = clustered_difference(([*x, 0, 0], [*m, 0, 0]), ([*y, 0, 0], [*n, 0, 0]))
    assert more == pytest.approx((low, high))
    # Of two people u is 1/16 and -1/16: the variance is 2/1 x 2/256.
    low, high = clustered_difference(([3, 2], [4, 4]), ([2, 2], [4, 4]))
    assert (high - low) / 2 == pytest.approx(1.959964 / 8, rel=1e-6)
    assert np.isnan(clustered_difference(([3], [4]), ([2], [4]))).all()


def test_the_ratio_of_equal_counts_is_one_and_its_limits_are_reciprocal() -> None:
    low, high = rate_ratio_interval(50, 50)
    assert low * high == pytest.approx(1)
    assert low < 1 < high
    assert rate_ratio_interval(20, 0)[1] == np.inf


def test_a_change_is_named_exactly_when_the_interval_leaves_out_zero(report: iop.Report) -> None:
    pattern = r"interval ([+-]\d+\.\d) to ([+-]\d+\.\d)"
    compared = 0
    for row in report.findings.itertuples():
        limits = re.search(pattern, row.text)
        if limits is None:
            continue
        compared += 1
        low, high = float(limits[1]), float(limits[2])
        if row.change in ("higher", "lower"):
            assert (low >= 0) if row.change == "higher" else (high <= 0)
        else:
            assert row.change == "no clear change"
            assert low <= 0 <= high
    assert compared >= 4


def test_a_planted_fall_is_named_and_comes_first(sample: Frames) -> None:
    attendance = sample["attendance"].copy()
    came = attendance["status"] == "attended"
    late = came & (pd.to_datetime(attendance["date"]) >= "2026-07-01")
    half = np.random.default_rng(1).random(len(attendance)) < 0.5
    attendance["status"] = attendance["status"].astype(object)
    attendance.loc[late & half, "status"] = "no_show"
    attendance.loc[late & half, "minutes_attended"] = np.nan
    changed = iop.read_records(
        episodes=sample["episodes"], attendance=attendance, as_of="2026-09-30"
    )
    free = iop.SafePolicy.unprotected()  # quick: nothing is searched for
    findings = iop.quarterly_report(changed, "2026Q3", policy=free).findings
    change = findings.set_index("measure")["change"]
    assert change["attendance_rate"] == "lower"
    assert change["no_show_rate"] == "higher"
    assert set(findings["change"].iloc[:2]) == {"lower", "higher"}


def test_what_is_not_complete_is_not_called_known(report: iop.Report) -> None:
    text = report.findings.set_index("measure")["text"]
    assert "Retained at 30 days in 2026Q2" in text["retained_30"]
    assert "2026Q3 is not complete yet" in text["retained_30"]
    retained = report.tables["trend_retained_90"].set_index("period")
    assert retained.loc["2026Q3", "status"] == "not yet known"
    assert pd.isna(retained.loc["2026Q3", "value"])


# what is missing


@pytest.mark.usefixtures("drawn")
def test_a_missing_table_is_said(one_program: Frames) -> None:
    episodes = {"episodes": one_program["episodes"], "as_of": "2026-09-30"}
    quick = {"quarter": "2026Q3", "policy": iop.SafePolicy.unprotected()}  # nothing is searched for
    without = iop.read_records(attendance=one_program["attendance"], **episodes)
    assert iop.quarterly_report(without, **quick).html.count("there are no check-ins") == 1
    without = iop.read_records(checkins=one_program["checkins"], **episodes)
    html = iop.quarterly_report(without, **quick).html
    assert html.count("there is no attendance table") == 1  # the others point to it
    assert "Retained at 30 days; Retained at 60 days" in html
    assert html.count("What these records cannot tell") > 4
    assert "read_records(" not in html
    assert [part["id"] for part in Page(html).all("section")] == SECTIONS


def test_study_days_leave_out_what_needs_a_calendar_and_say_so() -> None:
    size = 120
    names = [f"e{number}" for number in range(size)]
    random = np.random.default_rng(2)
    episodes = pd.DataFrame({"episode_id": names, "admit_day": 0, "followed_until_day": 200})
    days = np.arange(0, 200, 7)
    checkins = pd.DataFrame(
        {
            "episode_id": np.repeat(names, len(days)),
            "day": np.tile(days, size),
            "status": "completed",
            "used": np.where(random.random(size * len(days)) < 0.05, "yes", "no"),
        }
    )
    records = iop.read_records(episodes=episodes, checkins=checkins, as_of=200)
    report = iop.quarterly_report(records)
    assert report.html.count("study days, without a calendar") == 2
    assert "relapse" in report.tables
    with pytest.raises(ReportError, match="calendar"):
        iop.quarterly_report(records, "2026Q3")


def test_a_quarter_without_admissions_names_those_that_have_some(records: iop.Records) -> None:
    with pytest.raises(ReportError, match="Nobody was in the program") as caught:
        iop.quarterly_report(records, "2015Q1")
    assert "2024Q1" in caught.value.instead
    assert "2026Q3" in caught.value.instead
    for wrong in ("2026-07", "last quarter"):
        with pytest.raises(ReportError):
            iop.quarterly_report(records, wrong)


@pytest.mark.usefixtures("drawn")
def test_a_quarter_that_is_not_over_is_called_partial(one_program: Frames) -> None:
    sample = one_program
    episodes = sample["episodes"][pd.to_datetime(sample["episodes"]["admit_date"]) <= "2026-08-15"]
    kept = sample["attendance"]["episode_id"].isin(episodes["episode_id"])
    attendance = sample["attendance"][
        kept & (pd.to_datetime(sample["attendance"]["date"]) <= "2026-08-15")
    ]
    episodes = episodes.assign(
        discharge_date=pd.to_datetime(episodes["discharge_date"]).where(
            lambda dates: dates <= "2026-08-15"
        )
    ).drop(columns="followed_until")
    partial = iop.read_records(episodes=episodes, attendance=attendance, as_of="2026-08-15")
    free = iop.SafePolicy.unprotected()  # quick: nothing is searched for
    html = iop.quarterly_report(partial, "2026Q3", policy=free).html
    assert "not over at the data cut" in html


# saving


def test_the_file_is_the_page(report: iop.Report, tmp_path: Path) -> None:
    path = report.save(tmp_path / "q3.html")
    assert path.read_text(encoding="utf-8") == report.html
    assert "srcdoc" in report._repr_html_()
    assert "2026Q3" in repr(report)


def test_the_workbook_holds_the_tables_and_no_formula(report: iop.Report, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(report.save(tmp_path / "q3.xlsx"))
    leading = ["findings", "facts", "sheets"]
    assert book.sheetnames == [*leading, *(name[:31] for name in report.tables)]
    sheet = book["discharges"]
    assert [cell.value for cell in sheet[1]] == list(report.tables["discharges"].columns)
    assert sheet.max_row == len(report.tables["discharges"]) + 1
    risky = openpyxl.load_workbook(BytesIO(workbook({"t": pd.DataFrame({"a": ["=1+1", None]})})))
    assert risky["t"]["A2"].data_type == "s"
    assert risky["t"]["A2"].value == "=1+1"
    letters = pd.DataFrame({"a": ["x" * 32_000, "x" * 32_001]})
    cells = openpyxl.load_workbook(BytesIO(workbook({"t": letters})))["t"]
    assert cells["A2"].value == "x" * 32_000
    assert cells["A3"].value == "x" * 31_999 + "…"


def test_other_endings_and_absent_folders_are_refused(report: iop.Report, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"\.html"):
        report.save(tmp_path / "q3.odt")
    with pytest.raises(ReportError, match="folder"):
        report.save(tmp_path / "nowhere" / "q3.html")
    (tmp_path / "taken.html").mkdir()
    with pytest.raises(ReportError, match="cannot be written"):
        report.save(tmp_path / "taken.html")


def test_values_are_written_for_readers() -> None:
    assert write_value(0.5, "share") == "50.0%"
    assert write_value(1.0, "share") == "100%"
    assert write_value(0.87, "whole_share") == "87%"
    assert write_value(-0.004, "points") == "-0.4 points"
    assert write_value(0.019, "points") == "1.9 points"
    assert write_value(-0.0001, "points") == "0.0 points"
    assert write_value(np.nan, "points") == "–"
    assert write_value("hidden", "points") == "hidden"
    assert write_value(1234.0, "count") == "1,234"
    assert write_value(np.nan, "count") == "–"
    assert write_value("hidden", "count") == "hidden"
    assert write_value(36.5, "days") == "36.5"
    assert write_value(36.0, "days") == "36"
    assert write_value(pd.Timestamp("2026-09-30"), "text") == "2026-09-30"


# the browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def shown(report: iop.Report, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """Return the report as a browser holds it."""
    return opened(browser, report.save(tmp_path_factory.mktemp("page") / "q3.html"))


def test_each_trend_leads_to_its_definition_and_no_line_ends_within_a_date(
    report: iop.Report,
) -> None:
    trends = [name for name in report.tables if name.startswith("trend_")]
    leads = '<p class="note">How it is counted: <a href="#definitions">Definitions</a>.</p>'
    assert report.html.count(leads) == len(trends) >= 8
    assert '<span class="date">2026-07-01</span> to <span class="date">2026-09-30</span>' in (
        report.html
    )


@needs_browser
def test_a_browser_shows_it_whole_on_telephone_laptop_and_paper(
    report: iop.Report, shown: Opened
) -> None:
    held, page = shown, shown.page
    assert (held.said, held.asked) == ([], [])
    identifiers = "[...document.querySelectorAll('section')].map((one) => one.id)"
    assert page.evaluate(identifiers) == SECTIONS
    wide = held.pictures()
    assert len(wide) == report.html.count("<img ")
    page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
    assert as_words(held.faults(LAPTOP)) == ""
    assert as_words(held.faults(PHONE)) == ""
    narrow = held.pictures()
    assert all(0.9 < one["scale"] <= 1.5 for one in narrow)  # letters of 8.5 points or so
    assert all(one["source"] != other["source"] for one, other in zip(wide, narrow, strict=True))
    assert as_words(held.faults(A4, "print")) == ""
    assert [one["source"] for one in held.pictures()] == [one["source"] for one in wide]


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_shade_shows_on_which_side_a_table_goes_on(shown: Opened, scheme: Any) -> None:
    page = shown.page
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.emulate_media(media="screen", color_scheme=scheme)
    table = page.query_selector("#what-changed .scroll")
    page.evaluate(
        "document.querySelectorAll('.scroll th, .scroll td').forEach("
        "(one) => { one.style.visibility = 'hidden' })"
    )
    sides = {}
    for place in ("start", "end"):
        page.evaluate(
            "([one, end]) => { one.scrollLeft = end ? one.scrollWidth : 0 }",
            [table, place == "end"],
        )
        with Image.open(BytesIO(table.screenshot())) as picture:
            seen = np.asarray(picture.convert("L"), dtype=np.float64)
        paper = np.median(seen)
        left, right = (np.median(seen[:, edge]) for edge in (slice(0, 2), slice(-2, None)))
        sides[place] = (abs(left - paper) > 25, abs(right - paper) > 25)
    assert sides == {"start": (False, True), "end": (True, False)}
    page.reload()


@needs_browser
def test_long_names_make_no_page_wider_than_it_is(browser: Any, tmp_path: Path) -> None:
    name = "Donaudampfschifffahrtsgesellschaftskapitänsklinik"
    scope: Any = SimpleNamespace(
        records=SimpleNamespace(synthetic=False), policy=iop.SafePolicy.cms()
    )
    numbers = {f"numbers of {place}": [1_234] for place in range(9)}
    table = Table("t", name, pd.DataFrame({"program": [name]} | numbers), {}, name)
    words = Table("w", "Words", pd.DataFrame({"by": ["program"], "group": [name]}))
    long = "Riverside Center for Outpatient Recovery and Family Services, North Campus"
    each = pd.DataFrame({"by": ["program"], "group": [long], "admitted": [38], "share": [0.5]})
    kinds: dict[str, Kind] = {"admitted": "count", "share": "share"}
    served = Table("s", "Served", each, kinds)
    tables = (table, words, served)
    sections = [Section("one", name, (name,), tables, (), (("higher", name, name),))]
    path = tmp_path / "x.html"
    facts = [("Programs", name), ("Data cut", name)]
    path.write_text(page_of(scope, sections, ReportSettings(), name, facts)(), encoding="utf-8")
    held = opened(browser, path)
    for size, media in ((PHONE, "screen"), (LAPTOP, "screen"), (A4, "print")):
        assert as_words(held.faults(size, media)) == ""
    held.faults(PHONE)
    cell = "document.querySelector('tbody th').getBoundingClientRect().width"
    assert held.page.evaluate(cell) < PHONE[0] / 2  # the numbers beside a name are seen too
    share = "document.querySelector('td.share').getBoundingClientRect().right"
    assert held.page.evaluate(share) < PHONE[0]


@needs_browser
def test_axe_finds_nothing_serious_in_it_in_light_and_dark(shown: Opened) -> None:
    shown.load_axe()
    size = {"width": LAPTOP[0], "height": LAPTOP[1]}
    shown.page.set_viewport_size(size)
    shown.page.evaluate("document.querySelectorAll('details').forEach((one, at) => one.open = !at)")
    assert as_words(shown.serious("light")) == ""
    assert as_words(shown.serious("dark", ["color-contrast"])) == ""


@needs_browser
def test_paper_has_the_numbers_behind_pictures_though_they_are_folded_in(shown: Opened) -> None:
    """A page that was printed from a browser had none of them."""
    page = shown.page
    page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = false)")
    page.emulate_media(media="print")
    size = "[...document.querySelectorAll('details table')].map((one) => one.offsetHeight)"
    heights = page.evaluate(size)
    assert len(heights) > 10
    assert min(heights) > 50
    assert as_words(shown.faults(A4, "print")) == ""
    page.emulate_media(media="screen")


@needs_browser
def test_the_browser_tells_of_what_is_wrong_with_a_page(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "asks.html"
    path.write_text(
        '<html lang="en"><title>x</title><img src="http://127.0.0.1:9/x.png">'
        '<script>console.error("no")</script><p style="width: 3000px">wide</p>'
        '<h2 style="position: absolute; top: 0">over</h2><p style="color: #ddd">pale</p>'
    )
    held = opened(browser, path)
    assert held.asked == ["http://127.0.0.1:9/x.png"]
    assert "no" in held.said
    faults = as_words(held.faults(PHONE))
    assert "beyond the side" in faults
    assert "one covers the other" in faults
    held.load_axe()
    assert "color-contrast" in as_words(held.serious("light"))


def test_who_prepared_it_is_shown_if_it_is_stated(report: iop.Report, records: iop.Records) -> None:
    assert "Prepared by" in report.html
    assert "Prepared on" not in report.html
    facts = [name for name, _ in facts_of(choose_scope(records, "2026Q3", None, None), None, None)]
    assert not [name for name in facts if name.startswith("Prepared")]
