"""Curves of relapse of two reports in a row: what one counts more than the other is people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import ProtectedCurves, protect_curves
from iop_outcomes.disclosure.declared import Key
from iop_outcomes.disclosure.fixed_days.fewer import Fewer, on_fewer_days
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.disclosure.system import PrintedCells, audit, join
from iop_outcomes.disclosure.system.attack import fits
from iop_outcomes.disclosure.system.quarters.not_final import NEWLY_KNOWN
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.relapse.read_once import EvidenceReader
from iop_outcomes.relapse.rule import MissingRule
from iop_outcomes.relapse.times import times_under
from iop_outcomes.report import Report, model
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.quarters import COHORTS
from iop_outcomes.report.sections.relapse.beside import Beside
from iop_outcomes.report.sections.relapse.declared_curves import (
    CURVE,
    FOLLOWED,
    GONE,
    OR_FOLLOWED,
    PrintedCurve,
    cells_of_curve,
    of_curve,
    without_curves,
)
from validation.attack_curve_pairs import pairs, solve_pairs
from validation.attack_programs import RULES, Case, population, records_up_to
from validation.attack_reading import Read
from validation.attack_saving import as_read, as_saved
from validation.attack_series_reading import One
from validation.attack_series_solving import solve_together
from validation.disclosure_attack import beside, ledger_of
from validation.shown_share import one_program

QUARTERS = ("2025Q1", "2025Q2")
USED = ("rule", "censor")
DAYS = (30, 90, 180)


def answered(quarter: str) -> iop.Records:
    """Return records of a program whose people all answer, so that a curve is a plain share."""
    made = population(1, 192)
    checkins = made.checkins.drop(columns=["drug_test", "substance"])
    missing = checkins["used"].isna()
    checkins["status"] = checkins["status"].astype(str).mask(missing, "completed")
    checkins["used"] = checkins["used"].mask(missing, False)
    checkins["use_days"] = checkins["use_days"].mask(missing, 0.0)
    episodes = made.episodes.assign(program="Center")
    end = pd.Period(quarter, "Q").end_time.normalize()
    return records_up_to(episodes, made.attendance, checkins, end)


def series(patch: pytest.MonkeyPatch) -> list[Report]:
    patch.setattr(model, "draw_svg", lambda *_, **__: Picture(b"<svg/>", "A.", 1, 1))
    made, kept = list[Report](), Ledger()
    for quarter in QUARTERS:
        made.append(beside(Case(answered(quarter), quarter, RULES[0]), kept))
        kept = ledger_of(made[-1])
    return made


@pytest.fixture(scope="module")
def safe() -> list[Report]:
    with pytest.MonkeyPatch.context() as patch:
        return series(patch)


@pytest.fixture(scope="module")
def leaky() -> list[Report]:
    """The same reports, the second one not judged by what its curves tell beside the first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Beside, "safe", lambda _, curve: curve)
        return series(patch)


def told(made: list[Report]) -> int:
    found = solve_pairs([One.of(as_read(one)) for one in made])
    assert found
    return sum(len(one.small) for one in found.values())


def test_two_curves_tell_how_many_newly_admitted_relapsed_where_they_are_not_judged(
    leaky: list[Report],
) -> None:
    assert told(leaky) > 0
    found = audit([one.cells for one in leaky if one.cells is not None]).found
    assert any("newly known" in cell and CURVE in cell for cell in found["cell"])


def test_a_report_beside_an_earlier_one_tells_none(safe: list[Report]) -> None:
    assert told(safe) == 0
    assert len(audit([one.cells for one in safe if one.cells is not None]).found) == 0
    assert len(audit([cells for one in safe for cells in as_saved(one)]).found) == 0


def test_what_is_left_out_is_said_and_the_first_report_has_all(
    safe: list[Report], leaky: list[Report]
) -> None:
    days = [[*one.tables["relapse"]["day"]] for one in (*safe, *leaky)]
    assert days[0] == days[2]
    assert set(days[1]) < set(days[3])
    pages = [as_read(one).words for one in safe]
    assert "beside those of an earlier report" in pages[1]
    assert "beside those of an earlier report" not in pages[0]


def test_the_report_made_once_more_is_the_same(
    safe: list[Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "draw_svg", lambda *_, **__: Picture(b"<svg/>", "A.", 1, 1))
    again = beside(Case(answered(QUARTERS[1]), QUARTERS[1], RULES[0]), ledger_of(safe[1]))
    pd.testing.assert_frame_equal(again.tables["relapse"], safe[1].tables["relapse"])


def test_a_ledger_knows_what_was_printed_of_curves(safe: list[Report]) -> None:
    cells = safe[0].cells
    assert cells is not None
    own = of_curve(cells, USED)
    people = int(safe[0].tables["relapse"]["at_risk"].iloc[0])
    assert own.counts[CURVE, *USED, "n"] == people
    assert [value for value in own.counts.values() if value is not None] == [people]
    days = [day for day in safe[0].tables["relapse"]["day"] if day]
    pairs_of_days = len(days) * (len(days) + 1) // 2  # and day 0; those after it of both days
    assert len(own.shares) == 2 * len(days) + 2 * pairs_of_days - len(days)
    rest = without_curves(cells)
    assert len(rest.counts) < len(cells.counts)
    assert not any(CURVE in str(key) for key in rest.counts)


def report(quarter: str, people: int, risk: int, survival: float) -> One:
    """Return what two curves of a rule say that has a point on day 30."""
    rows = pd.DataFrame({"day": [0, 30], "at_risk": [people, risk], "survival": [1.0, survival]})
    begun = pd.DataFrame({"period": ["2024Q1"], "numerator": [20]})
    read = Read({"relapse": rows, "trend_admissions": begun}, {}, "")
    return One(read, "Center", quarter, pd.Period(quarter, "Q").end_time.normalize())


def test_the_second_attacker_finds_a_planted_count() -> None:
    (puzzle,) = pairs([report("2025Q1", 99, 85, 0.89), report("2025Q2", 104, 90, 0.86)]).values()
    assert any(
        name[0] == "newly" for name in solve_together(puzzle).small if isinstance(name, tuple)
    )


def true_cells(quarter: str, missing: MissingRule) -> PrintedCells:
    """Return what a curve with all days tells, with the true number of each count."""
    scope = choose_scope(one_program(9, 300, quarter), quarter, None, None)
    rule = iop.RelapseRule(missing=missing)
    times = times_under(rule, EvidenceReader(scope.records))
    inside = scope.records.episodes.loc[scope.two_years, "episode_id"]
    times = times[times["episode_id"].isin(inside)]
    event = times["event"].astype(bool)
    own = times[["episode_id"]].assign(day=times["days"].astype(float), ended=event)
    admitted = scope.records.episodes.set_index("episode_id")["admit_date"]
    came = pd.PeriodIndex(own["episode_id"].astype(str).map(admitted), freq="Q")
    curve = PrintedCurve(("rule", missing), dict.fromkeys(DAYS, 0.5), 5, own)
    cells = cells_of_curve(scope, curve)

    def true(key: Key) -> int:
        assert isinstance(key, tuple)
        if key[0] == CURVE and key[-1] == "n":
            return len(own)
        inside = np.ones(len(own), dtype=np.bool_)
        if key[0] == COHORTS:
            inside = came == pd.Period(key[1], "Q")
            key = key[2:]
        kind, start, end = key[3:6]
        left = inside & (own["day"] > end).to_numpy()
        inside &= (~own["ended"] if kind == GONE else own["ended"]).to_numpy()
        after = (own["day"] > start) | (start == 0)  # some are followed to day 0 only
        between = inside & after & (own["day"] <= end)
        counted = {FOLLOWED: left, OR_FOLLOWED: left | between}.get(str(kind), between)
        return int(counted.sum())

    return replace(cells, counts={key: true(key) for key in cells.counts}, shares=[], least={})


@pytest.mark.parametrize("missing", ["censor", "use", "no_use", "last_value"])
def test_what_is_declared_of_curves_holds_of_the_true_numbers(missing: MissingRule) -> None:
    made = [true_cells(quarter, missing) for quarter in ("2025Q2", "2025Q3", "2025Q4", "2026Q1")]
    joined = join(made)
    assert fits(joined)
    assert not [name for name in joined.counts if isinstance(name, tuple) and name[0] == "changed"]
    assert any(isinstance(name, tuple) and name[0] == NEWLY_KNOWN for name in joined.counts)


def curves() -> ProtectedCurves:
    random = np.random.default_rng(5)
    days = random.integers(1, 200, 300)
    times = pd.DataFrame(
        {"person_id": [f"P{n}" for n in range(300)], "days": days, "event": days % 2 == 0}
    )
    return protect_curves(iop.survival_curves(times), iop.SafePolicy.cms())


def test_limits_are_worked_out_again_from_the_days_that_are_left() -> None:
    whole = curves()
    days = [int(day) for day in whole.table["day"] if day]
    assert len(days) > 2
    base = int(whole.sizes["base"].iloc[0])
    same = on_fewer_days(whole, [Fewer(tuple(days), base, {})])
    pd.testing.assert_frame_equal(same.table, whole.table)
    assert same.text == whole.text
    last = days[-1:]
    less = on_fewer_days(whole, [Fewer(tuple(last), base, {})])
    assert less.table["day"].tolist() == [0, *last]
    assert less.sizes["through"].tolist() == last
    coarse = on_fewer_days(whole, [Fewer(tuple(days), 20, dict.fromkeys(days, 31))])
    assert set(coarse.table["at_risk"].iloc[1:]) == {40}
    none = on_fewer_days(whole, [Fewer(tuple(days), 0, {})])
    assert none.table["at_risk"].iloc[1:].isna().all()
    assert none.table["upper"].iloc[1:].isna().all()
    gone = on_fewer_days(whole, [Fewer((), base, {})])
    assert gone.table.empty
    assert gone.sizes.empty


def test_curves_by_program_are_left_out_where_their_sizes_tell_of_a_few() -> None:
    """Two years less the year are those admitted before; beside an earlier report those since."""
    records = one_program(1, 300, "2025Q2")
    scope = choose_scope(records, "2025Q2", None, None)
    times = records.episodes[["episode_id"]].assign(program="North")
    assert not Beside(scope).sizes_tell(times)
    admitted = records.episodes["admit_date"]
    in_year = admitted >= "2024-07-01"
    few = times[in_year.to_numpy() | (admitted.rank(method="first") <= 10).to_numpy()]
    assert Beside(scope).sizes_tell(few)
    new = (admitted >= "2025-04-01").to_numpy()
    few = times[~new | (new & (new.cumsum() <= 10))]
    assert not Beside(scope).sizes_tell(few)
    size = (CURVE, "program", "North", "n")
    earlier = PrintedCells(11, "2025Q1", "2025-03-31", ("Center",), {size: 200})
    assert Beside(scope, [earlier]).sizes_tell(few)
    assert not Beside(scope, [earlier]).sizes_tell(times)
