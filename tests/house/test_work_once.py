"""What a report and a sensitivity table read and check, each once: the numbers of calls held."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from lifelines import KaplanMeierFitter

import iop_outcomes as iop
from iop_outcomes.attendance.sessions import read_sessions
from iop_outcomes.plots.layout.export import Picture, draw_svg
from iop_outcomes.relapse.course.observation import last_contacts
from iop_outcomes.relapse.ends import read_discharges
from iop_outcomes.relapse.evidence import origin_days, read_checkins
from iop_outcomes.relapse.first_event import apply_rule
from iop_outcomes.relapse.times import times_under
from iop_outcomes.survival.times import check_groups, check_times
from iop_outcomes.use.pattern_array import encode

COUNTED = (
    *(check_times, check_groups, read_sessions, times_under, apply_rule),
    *(origin_days, read_checkins, last_contacts, read_discharges),
)


@pytest.fixture(scope="module")
def sample() -> Any:
    return iop.read_records("data/samples")


def put_in_place(function: Any, other: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every module of the package that holds a function hold another."""
    for name, module in list(sys.modules.items()):
        if name.startswith("iop_outcomes"):
            for attribute, value in list(vars(module).items()):
                if value is function:
                    monkeypatch.setattr(module, attribute, other)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the calls of each function, however a module has imported it."""
    number: Counter[str] = Counter()

    def counting(function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **options: Any) -> Any:
            number[function.__name__] += 1
            return function(*given, **options)

        return counted

    for function in COUNTED:
        put_in_place(function, counting(function), monkeypatch)
    fit = counting(KaplanMeierFitter.fit)
    monkeypatch.setattr(KaplanMeierFitter, "fit", fit)
    return number


def test_a_sensitivity_table_reads_and_checks_once_what_its_cells_share(calls, sample):
    table = iop.sensitivity(sample, by="track").table
    cells = len(table) // 2
    assert cells == 36
    assert calls == {
        "check_groups": 1,  # 144 checks of times and groups before
        **dict.fromkeys(("origin_days", "read_checkins", "last_contacts", "read_discharges"), 1),
        "apply_rule": cells,
    }


def test_cells_that_differ_in_day_0_or_evidence_are_read_apart(calls, sample):
    rules = {
        "a": iop.RelapseRule(),
        "b": iop.RelapseRule(origin="discharge"),
        "c": iop.RelapseRule(origin="discharge", evidence="drug_test"),
        "d": iop.RelapseRule(refused="use"),
    }
    iop.sensitivity(sample, definitions=rules, missing=["use", "no_use"])
    assert calls["read_checkins"] == len(rules)
    assert calls["check_groups"] == 2  # by day 0: who has none is not counted
    assert calls["apply_rule"] == 2 * len(rules)


def test_use_patterns_are_read_once_for_all_cells(monkeypatch, sample):
    number: Counter[str] = Counter()

    def counted(*given: Any) -> Any:
        number["encode"] += 1
        return encode(*given)

    put_in_place(encode, counted, monkeypatch)
    iop.sensitivity(iop.use_patterns(sample, weeks=12), horizon=56)
    assert number["encode"] == 1


def test_a_report_reads_sessions_and_check_ins_once_and_checks_each_set_of_times_once(
    calls, sample, monkeypatch
):
    picture = Picture(b"<svg></svg>", "", 1, 1)  # pictures are drawn of what was counted
    put_in_place(draw_svg, lambda *_, **__: picture, monkeypatch)
    iop.quarterly_report(sample, "2026Q3")
    assert calls == {
        # of all, of the cohort of the picture by week, and of a whole year as it was known on the
        # day on which everybody had been followed long enough (how episodes ended)
        "read_sessions": 3,
        # curves of all, by program, by missing rule; how stays ended; between two check-ins, and on
        # check-in dates beside it; what came first, as times to relapse and up to other ends
        "check_times": 8,
        "times_under": 4,  # the four rules for missing check-ins, one of them the report's own
        "apply_rule": 4,
        **dict.fromkeys(("origin_days", "read_checkins", "last_contacts", "read_discharges"), 1),
    }
    assert calls["fit"] == 0  # a report does not wait for lifelines
