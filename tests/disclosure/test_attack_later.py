"""Counts that go on growing: what two reports of one program tell of rules, discharges, answers."""

from __future__ import annotations

import pandas as pd
import pytest

from validation.attack_reading import Read
from validation.attack_series import join
from validation.attack_series_reading import One
from validation.attack_series_solving import solve_together
from validation.attack_solving import Solved

HIDDEN = "hidden"
LEFT = "Left: 30 days without contact"
SEEN = "Seen within 7 days after a stay elsewhere"
STARTED = "First to fourth session within 30 days (NIATx)"
FIRST = "2024Q2"
"""The quarter of admission that only the earlier report has."""
BOTH = [str(one) for one in pd.period_range("2024Q3", "2026Q1", freq="Q")]
NEW = "2026Q2"
SOME = dict.fromkeys([FIRST, *BOTH, NEW], 20)
NOBODY_FIRST = SOME | {FIRST: 0}
"""Nobody was admitted in the quarter that the later report no longer has."""
TITLES = {
    "continuity": "Who met which rule",
    "symptoms": "Change of symptoms",
    "functioning": "Work, housing and more, at the start and at discharge",
}


def report_of(
    quarter: str, table: str, row: dict[str, object], admitted: dict[str, int], begin: str = ""
) -> Read:
    """Return a report with one table of those admitted in two years."""
    period = pd.Period(quarter, "Q")
    start, cut = (str(day.date()) for day in (period.start_time, period.end_time))
    quarters = pd.period_range(end=period, periods=8, freq="Q")
    own = quarters.astype(str).tolist()
    trend = pd.DataFrame({"period": own, "numerator": [admitted[one] for one in own]})
    begin = begin or str(quarters[0].start_time.date())
    caption = f"{TITLES[table]}: admissions from {begin} to {cut}"
    words = f"Programs Center Time {quarter} ({start} to {cut}) Data cut {cut} Made"
    tables = {"trend_admissions": trend.assign(status="known"), table: pd.DataFrame([row])}
    return Read(tables, {}, words, (caption,))


def of_rule(rule: str, met: object, of: object) -> tuple[str, dict[str, object]]:
    return "continuity", {"rule": rule, "met": met, "of": of, "share": HIDDEN}


def of_scores(discharged: object, twice: object) -> tuple[str, dict[str, object]]:
    return "symptoms", {"scale": "PHQ-9", "discharged": discharged, "answered_twice": twice}


Row = tuple[str, dict[str, object]]


def told(one: Row, other: Row, admitted: dict[str, int], begin: str = "") -> Solved:
    """Return what the reports of two quarters in a row tell together."""
    reads = [report_of("2026Q1", *one, admitted), report_of(NEW, *other, admitted, begin)]
    return solve_together(join([One.of(read) for read in reads]))


@pytest.mark.parametrize(
    ("met", "admitted", "more"),
    [
        (64, NOBODY_FIRST, 4),
        (72, NOBODY_FIRST, None),  # 12 more
        (60, NOBODY_FIRST, None),  # nobody more
        (64, SOME, None),  # how many of the first quarter met it is not known
    ],
)
def test_how_many_more_met_a_rule_than_the_report_before_says(
    met: int, admitted: dict[str, int], more: int | None
) -> None:
    found = told(of_rule(LEFT, 60, 120), of_rule(LEFT, met, 135), admitted)
    assert found.pinned.get(("more", (LEFT, "met"), 0, 1, *BOTH, NEW)) == more


@pytest.mark.parametrize(
    ("count", "met", "known"),
    [
        ("met", (60, 64), (100, 120)),
        ("not met", (60, 76), (100, 120)),
        ("known", (60, 64), (110, 114)),
    ],
)
def test_each_count_of_a_rule_is_asked(
    count: str, met: tuple[int, int], known: tuple[int, int]
) -> None:
    """4 more met it, 4 more did not, and of 4 more it is known."""
    one, other = (of_rule(LEFT, *some) for some in zip(met, known, strict=True))
    found = told(one, other, NOBODY_FIRST)
    assert found.pinned[("more", (LEFT, count), 0, 1, *BOTH, NEW)] == 4


def test_of_how_many_it_is_not_known_is_asked() -> None:
    """160 came in two years, of 155 it is known, and 22 of them did not meet it."""
    found = told(of_rule(LEFT, 100, 120), of_rule(LEFT, 133, 155), NOBODY_FIRST)
    assert found.pinned["in", (LEFT, "not known"), 1, *BOTH, NEW] == 5
    assert ("in", (LEFT, "not"), 1, *BOTH, NEW) not in found.pinned  # 27 did not, or are not known
    found = told(of_rule(LEFT, 134, 136), of_rule(LEFT, 152, 155), NOBODY_FIRST)
    assert found.pinned["in", (LEFT, "not"), 1, *BOTH, NEW] == 8


@pytest.mark.parametrize(("rule", "is_final"), [(SEEN, True), (STARTED, False)])
def test_what_is_final_is_the_same_in_both(rule: str, *, is_final: bool) -> None:
    """Nobody came in the newest quarter of the first report: 6 of the next one met the rule.

    A first session may be long after the admission: then some of the 6 may have come before.
    """
    admitted = NOBODY_FIRST | {BOTH[-1]: 0}
    found = told(of_rule(rule, 60, 100), of_rule(rule, 66, 120), admitted)
    own = (NEW, ((rule, "met"), NEW))
    assert found.pinned[("more", (rule, "met"), 0, 1, *BOTH, NEW)] == 6
    assert (found.pinned.get(own) == 6) is is_final


def test_how_many_more_were_discharged_or_answered_twice() -> None:
    found = told(of_scores(100, 80), of_scores(107, 86), NOBODY_FIRST)
    assert found.pinned[("more", "discharged", 0, 1, *BOTH, NEW)] == 7
    assert found.pinned[("more", (("symptoms", "PHQ-9"), "answered"), 0, 1, *BOTH, NEW)] == 6
    found = told(of_scores(100, 80), of_scores(115, 95), NOBODY_FIRST)
    assert not [name for name in found.small if isinstance(name, tuple) and name[0] == "more"]


def test_who_did_not_answer_twice_and_who_is_still_there() -> None:
    """132 of 140 were discharged, and 7 of them did not answer twice; 8 are still there."""
    admitted = NOBODY_FIRST | {NEW: 0}
    found = told(of_scores(90, 70), of_scores(132, 125), admitted)
    assert found.pinned["in", "still there", 1, *BOTH, NEW] == 8
    without = ("in", (("symptoms", "PHQ-9"), "did not answer twice"), 1, *BOTH, NEW)
    assert found.pinned[without] == 7


def test_answers_of_daily_life_are_asked_as_those_of_scores() -> None:
    rows: list[Row] = [("functioning", {"domain": "work", "paired": one}) for one in (80, 85)]
    found = told(rows[0], rows[1], NOBODY_FIRST)
    assert found.pinned[("more", (("functioning", "work"), "answered"), 0, 1, *BOTH, NEW)] == 5


def test_a_hidden_row_tells_nothing_and_may_be_zero() -> None:
    hidden = of_rule(LEFT, HIDDEN, HIDDEN)
    found = told(hidden, hidden, NOBODY_FIRST)
    assert not found.small
    assert not found.unanswered


def test_a_table_of_other_days_than_whole_quarters_is_not_tied() -> None:
    found = told(of_rule(LEFT, 60, 120), of_rule(LEFT, 64, 135), NOBODY_FIRST, begin="2024-07-15")
    assert ("more", (LEFT, "met"), 0, 1, *BOTH, NEW) not in found.pinned
