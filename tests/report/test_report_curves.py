"""The curves of a report: on fixed days, with a table of what is drawn, and linked to the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.fixed_days import EndsElsewhere
from iop_outcomes.report.model import Drawing
from iop_outcomes.report.quarterly import make_report, prepared
from iop_outcomes.report.scope import Scope, choose_scope
from iop_outcomes.report.sections import registry
from iop_outcomes.report.sections.ends import stays
from iop_outcomes.report.sections.relapse import first, first_table, relapse_results
from tests.helpers.of_the_sample import records_of_the_sample, report_of_the_sample


@pytest.fixture(scope="module")
def records() -> iop.Records:
    return records_of_the_sample()


@pytest.fixture(scope="module")
def report() -> iop.Report:
    return report_of_the_sample()


def test_ends_are_shown_over_time_with_few_ones_taken_together(
    report: iop.Report, records: iop.Records
) -> None:
    table = report.tables["ends_over_time"]
    assert {"completed", "dropped out", "other ends"} <= set(table["end"])
    assert not {"died", "incarcerated"} & set(table["end"])
    assert set(table["day"]) <= {30, 60, 90, 120, 150, 180, 270, 365, 730}
    assert (table.groupby("end")["incidence"].diff().dropna() >= 0).all()
    year = records.episodes["admit_date"].between("2025-01-01", "2025-12-31")
    kept = year & (records.episodes["program"] != "Old Mill")
    times = iop.time_in_treatment(records)
    times = times[times["episode_id"].isin(records.episodes.loc[kept, "episode_id"])]
    completed = (times["ended_by"] == "completed") & (times["days"] < 90)
    shown = table[(table["end"] == "completed") & (table["day"] == 90)]["incidence"].item()
    assert shown == round(completed.mean(), 2)
    assert "15 episodes followed" not in report.html


def test_the_interval_censored_curve_is_on_days_of_the_curve_of_all(report: iop.Report) -> None:
    table = report.tables["relapse_interval"]
    assert set(table["day"]) <= set(report.tables["relapse"]["day"])
    assert (table["lowest"] <= table["survival"]).all()
    assert (table["survival"] <= table["highest"]).all()
    near = table.merge(report.tables["relapse"], on="day")
    assert (near["survival_x"] - near["survival_y"]).abs().max() < 0.05


ENDS = [
    *("completed", "dropped_out", "terminated", "transferred", "incarcerated", "died", "other"),
    "discharged",
]


def test_what_came_first_is_that_of_the_people_of_the_curve(
    report: iop.Report, records: iop.Records
) -> None:
    table = report.tables["relapse_first"].set_index("came_first")
    days = [int(name.removeprefix("day_")) for name in table]
    assert set(days) <= set(report.tables["relapse"]["day"]) - {0}
    rule = iop.RelapseRule(competing=tuple(ENDS))
    times = iop.time_to_relapse(scope_of(records).records, rule)
    admitted = records.episodes.set_index("episode_id")["admit_date"]
    recent = times["episode_id"].map(admitted).between("2024-10-01", "2026-09-30")
    of_all = iop.cumulative_incidence(times[recent]).at(days)
    by_cause = of_all.groupby("cause", observed=True)["incidence"].first()
    share = table.iloc[:, 0]
    assert share["relapsed"] == round(by_cause["relapse"], 2)
    assert share["completed"] == round(by_cause["completed"], 2)
    others = [cause for cause in by_cause.index[1:] if cause.replace("_", " ") not in share]
    assert share["other ends"] == round(by_cause[others].sum(), 2)
    curve = report.tables["relapse"].set_index("day")["survival"]
    assert share["relapsed"] < 1 - curve[days[0]]


def scope_of(
    records: iop.Records, rule: iop.RelapseRule | None = None, policy: iop.SafePolicy | None = None
) -> Scope:
    return choose_scope(records, "2026Q3", rule, policy)


def test_nothing_of_what_came_first_is_hidden_from_the_program_itself(
    records: iop.Records,
) -> None:
    results = relapse_results(scope_of(records, policy=iop.SafePolicy.internal()))
    assert results is not None
    assert results.first.shown is None
    table = first_table(results.first)
    assert len(table.frame) > 90
    assert {"died", "died_first", "relapse", "relapsed_first", "at_risk"} <= set(table.frame)
    counts = [name for name in table.frame if table.kinds[name] == "count"][2:]
    at_risk, ended = table.frame["at_risk"].to_numpy(), table.frame[counts].sum(axis=1).to_numpy()
    assert (at_risk[1:] + ended[1:] <= at_risk[:-1]).all()  # after the day, as in the other curves
    assert results.first.open is not None
    found = results.first.open.overall.risk_table(table.frame["day"].tolist(), counting="after")
    assert at_risk.tolist() == found["at_risk"].tolist()
    assert "At risk: still followed after the day" in table.note
    assert "taken together" not in table.note


def test_ends_are_those_of_the_rule_where_it_names_its_own() -> None:
    own = iop.RelapseRule(competing=("died", "transferred"))
    assert first.with_ends(own) is own
    assert "Ends of treatment: died, transferred." in first._named(own)
    at_discharge = iop.RelapseRule(origin="discharge")
    assert first.with_ends(at_discharge) is at_discharge
    assert set(first.with_ends(iop.RelapseRule()).competing) == set(ENDS)


def test_it_is_said_why_what_came_first_is_not_shown(records: iop.Records) -> None:
    few = relapse_results(scope_of(records, iop.RelapseRule(competing=("died",))))
    assert few is not None
    assert few.first.sentence == first.TOO_FEW
    scope = scope_of(records)
    untold = Scope(records, scope.period, scope.rule, scope.policy, scope.too_few)
    untold.__dict__["tells"] = lambda *measures: "completion_rate" not in measures
    results = relapse_results(untold)
    assert results is not None
    assert results.first.sentence == first.NO_ENDS
    assert results.first.shown is None


def test_ends_of_all_who_stayed_are_those_that_are_printed_together(records: iop.Records) -> None:
    scope = scope_of(records)
    times = stays.stays(scope)
    assert times is not None
    ended = times.loc[times["event"], "ended_by"]
    shown = iop.protect(iop.cumulative_incidence(times, causes=sorted(set(ended))))
    given = stays.ends_elsewhere(times, shown)
    assert isinstance(given, EndsElsewhere)
    kinds = [kind for some, _ in given.printed for kind in some]
    assert sorted(kinds) == sorted(given.days)
    together = next(some for some, _ in given.printed if len(some) > 1)
    assert {"died", "incarcerated"} <= together
    assert (
        given.through(together, 1e6) == times.loc[times["event"], "ended_by"].isin(together).sum()
    )
    assert stays.ends_elsewhere(None, None) is None
    hidden = stays.ends_elsewhere(times, None)
    assert hidden is not None
    assert (hidden.printed, set(hidden.days)) == ((), set(given.days))


def test_pictures_of_curves_are_begun_before_the_rest_is_counted(
    records: iop.Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StoppedError(Exception):
        """Raised where what is hidden would be asked for."""

    def stop(_: object) -> None:
        raise StoppedError

    begun: list[str] = []

    def early(drawings: Sequence[Drawing]) -> None:
        begun.extend(one.title for one in drawings)

    monkeypatch.setattr(LinkedCounts, "hidden", stop)
    given = prepared(records, "2026Q3")
    with pytest.raises(StoppedError):
        make_report(*given, early=early)
    ends = "How episodes ended, and after how long: admitted in 2025"
    assert begun[:2] == [ends, "Time to relapse"]
    assert "Time to relapse, by program" in begun
    begun.clear()
    left = replace(given[2], leave_out=("relapse",))
    with pytest.raises(StoppedError):
        make_report(*given[:2], left, early=early)
    assert begun == [ends]


def test_pictures_of_trends_are_begun_before_the_signals_are_looked_for(
    records: iop.Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StoppedError(Exception):
        """Raised where the signals would be looked for."""

    def stop(*_: object) -> None:
        raise StoppedError

    begun: list[str] = []

    def early(drawings: Sequence[Drawing]) -> None:
        begun.extend(one.title for one in drawings)

    monkeypatch.setattr(registry, "month_charts", stop)
    monkeypatch.setattr(LinkedCounts, "hidden", lambda _: frozenset())  # which takes time
    given = prepared(records, "2026Q3")
    with pytest.raises(StoppedError):
        make_report(*given, early=early)
    assert {"Admissions by quarter", "Check-in response by month"} <= {*begun}
    begun.clear()
    left = replace(given[2], leave_out=("trends",))
    with pytest.raises(StoppedError):
        make_report(*given[:2], left, early=early)
    assert "Check-in response by month" in begun
    assert "Admissions by quarter" not in begun
