"""Where texts are read in another way, or a column is doubted: the number on either side."""

from __future__ import annotations

import numpy as np
import pytest

from iop_outcomes.records.parsing.dates import date_texts
from iop_outcomes.records.parsing.durations import duration, read_minutes
from iop_outcomes.records.parsing.half_swapped import half_swapped
from iop_outcomes.records.parsing.numbers import covariate_kind, is_error
from iop_outcomes.records.schema import TABLES

IN_FEBRUARY = [f"2026-{month:02d}-03" for month in range(1, 13) if month != 3]
ABOVE_12 = [f"{day}/03/2026" for day in range(13, 32)]


def swapped(real: list[str], texts: list[str]) -> bool:
    every = [*real, *texts]
    return half_swapped(date_texts(every), np.arange(len(every)))


# (12/31)^5 (19/31)^4 is 0.00123, and with one more of either it is below 0.001.
@pytest.mark.parametrize(
    ("real", "texts", "found"),
    [(5, 4, False), (5, 5, True), (6, 4, True), (7, 1, True), (7, 0, False), (0, 19, False)],
)
def test_half_swapped_dates_are_reported_below_a_chance_of_1_in_1000(
    real: int, texts: int, found: bool
) -> None:
    assert swapped(IN_FEBRUARY[:real], ABOVE_12[:texts]) == found
    assert swapped([*IN_FEBRUARY[:real], *IN_FEBRUARY[:real]], ABOVE_12[:texts]) == found


def test_a_date_that_cannot_be_swapped_or_a_text_of_both_orders_shows_that_none_is() -> None:
    assert swapped(IN_FEBRUARY[:7], ABOVE_12[:5])
    assert not swapped([*IN_FEBRUARY[:7], "2026-03-13"], ABOVE_12[:5])
    assert not swapped(IN_FEBRUARY[:7], [*ABOVE_12[:5], "05/03/2026"])


# The swapped dates are on average twice as far from 13 May as the dates themselves and seven days
# more, or an eighth of a day less or more.
@pytest.mark.parametrize(
    ("real", "found"),
    [
        ("01-12 02-08 03-06 06-01 06-03 06-12 07-01 08-12", True),
        ("03-10 05-10 06-02 06-08 07-03 08-01 08-07 08-11", True),
        ("01-01 02-10 02-11 03-09 04-11 05-12 06-08 09-10", False),
    ],
)
def test_dates_that_lie_clearly_nearer_as_they_stand_are_not_swapped(
    real: str, found: bool
) -> None:
    assert swapped([f"2026-{day}" for day in real.split()], ["13/05/2026"]) == found


@pytest.mark.parametrize(
    ("texts", "counts", "unit", "proposed"),
    [
        (["8"], [3], "minutes", "hours"),
        (["8.5"], [3], "minutes", None),
        (["480"], [3], "minutes", None),
        (["480.5"], [3], "minutes", ""),
        (["1799"], [3], "minutes", ""),
        (["1800"], [3], "minutes", "seconds"),
        (["0.5"], [3], "minutes", "hours"),
        (["0.49"], [3], "minutes", ""),  # 706 minutes, if these were days
        (["0.3334"], [3], "minutes", ""),  # 480.1
        (["0.3333"], [3], "minutes", "days"),
        (["0.0209"], [3], "minutes", "days"),
        (["0.0208"], [3], "minutes", ""),  # 29.95
        (["8"], [3], "hours", None),
        (["8.1"], [3], "hours", ""),  # 8.1 minutes would be few
        (["30"], [3], "hours", "minutes"),
        (["3", "180"], [3, 3], "minutes", "hours"),  # the lower of the two in the middle
        (["3", "180"], [3, 4], "minutes", None),
        (["0", "3"], [9, 1], "minutes", "hours"),  # of those above 0
        (["0"], [9], "minutes", None),
        (["3 h"], [9], "minutes", None),
    ],
)
def test_a_median_that_is_not_a_session_length_is_listed(
    texts: list[str], counts: list[int], unit: str, proposed: str | None
) -> None:
    column = TABLES["attendance"].column("minutes_scheduled")
    assert column is not None
    parsed = read_minutes(column, texts, np.array(counts), unit)
    said = [done for check, _, done in parsed.of_all if check == "unit_of_length"]
    if proposed is None:
        assert said == []
        return
    assert len(set(said)) == 1
    assert said[0].endswith(f'= "{proposed}"' if proposed else "which unit it is")


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("2 days, 03:04:30", 2 * 1440 + 184.5),
        ("P1DT2H3M30S", 1440 + 123.5),
        ("PT1,5H", 90),
        ("1 d 2 h 3 min 30 s", 1440 + 123.5),
        ("1 h 1 d", None),
        ("0 min", 0),
        ("", None),
    ],
)
def test_a_length_in_several_units_is_their_sum_or_none(text: str, minutes: float | None) -> None:
    assert duration(text) == (None if minutes is None else pytest.approx(minutes))


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ({"1": 19, "refused": 1}, "whole"),
        ({"1": 18, "refused": 1}, "name"),
        ({"1": 5, "none": 5}, "whole"),
        ({"1": 4, "none": 5}, "name"),
        ({"1": 1, "n/a": 9, "": 9}, "whole"),
        ({"1.5": 2, "2": 2}, "number"),
        ({"none": 3}, "name"),
        ({str(2**63 - 1): 1}, "whole"),
        ({str(2**63): 1}, "name"),
        ({"0.5": 1, str(2**53 - 1): 1}, "number"),
        ({"0.5": 1, str(2**53): 1}, "name"),
        ({"1": 19, "A1": 1}, "name"),
        ({"007": 19}, "name"),
    ],
)
def test_a_column_is_of_numbers_from_half_and_with_one_other_word_in_twenty(
    rows: dict[str, int], kind: str
) -> None:
    found, codes = covariate_kind(list(rows), np.array(list(rows.values())))
    assert found == kind
    assert codes.tolist() == [text == "A1" and kind == "name" for text in rows]


@pytest.mark.parametrize(
    ("text", "error"), [("##", False), ("###", True), ("#N/A", True), ("#1#", False), ("", False)]
)
def test_marks_of_a_narrow_column_are_errors(text: str, error: bool) -> None:
    assert is_error(text) == error
