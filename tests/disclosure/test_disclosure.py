"""What may leave: nothing small can be seen, and nothing small can be subtracted out."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iop_outcomes as iop
from iop_outcomes.attendance import AttendanceByWeek
from iop_outcomes.disclosure import (
    hidden_cells,
    hide_nested_counts,
    hide_small_counts,
    protect_family,
)
from iop_outcomes.disclosure.curve_parts import Parts, PublishedCounts
from iop_outcomes.disclosure.fixed_days.limits import printed_limits
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.provenance import Provenance, label
from iop_outcomes.trends import Trend
from validation.curve_rules import draw

CMS = iop.SafePolicy.cms()
RULE = "Relapse is the first use after admission; a missing check-in counts as use."


def make_times(groups: dict[str, int], seed: int = 3) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    parts = []
    for name, size in groups.items():
        event = np.ceil(random.weibull(0.8, size) * 150)
        end = random.integers(40, 400, size)
        parts.append(
            pd.DataFrame(
                {"program": name, "days": np.minimum(event, end).astype(int), "event": event <= end}
            )
        )
    times = pd.concat(parts, ignore_index=True)
    return label(times, Provenance(RULE, "relapse", "admission"))


# the policy


def test_one_to_ten_are_hidden_and_zero_is_shown() -> None:
    assert CMS.hides(range(13)).tolist() == [False] + [True] * 10 + [False] * 2
    assert not CMS.hides(np.nan)


def test_a_share_is_hidden_with_its_small_numerator_complement_or_denominator() -> None:
    hidden = CMS.hides_fraction([5, 95, 0, 4, 50, 0], [100, 100, 100, 8, 100, 0])
    assert hidden.tolist() == [True, True, False, True, False, False]


def test_a_quantile_needs_enough_people_on_either_side() -> None:
    assert not CMS.shows_quantile(21)
    assert CMS.shows_quantile(22)
    assert not CMS.shows_quantile(43, 0.25)
    assert CMS.shows_quantile(44, 0.75)


@pytest.mark.parametrize("threshold", [0, -1, 2.5, True, "11"])
def test_a_threshold_is_a_whole_number(threshold: object) -> None:
    with pytest.raises(RuleError, match="smallest count"):
        iop.SafePolicy(threshold=threshold)  # type: ignore[arg-type]


# tables of counts


def test_a_small_cell_takes_the_smallest_other_with_it() -> None:
    table = pd.DataFrame({"a": [20, 4, 30, 12]}, index=["x", "y", "z", "w"])
    table.loc["all"] = table.sum()
    shown = hide_small_counts(table, counts=["a"], total_row="all")
    assert shown["a"].tolist() == [20, "hidden", 30, "hidden", 66]


def test_hidden_cells_come_to_the_threshold() -> None:
    # 3 and 4 are two hidden cells, but their sum of 7 would be known: a third one goes.
    table = pd.DataFrame({"a": [3, 4, 50, 60, 117]})
    assert hidden_cells(table, counts=["a"], total_row=4)["a"].tolist() == [True] * 3 + [False] * 2


def test_hidden_cells_that_come_to_their_own_number_are_not_each_one() -> None:
    # A zero would be shown: eleven hidden cells that come to 11 are 1 each.
    table = pd.DataFrame({"a": [100] + [1] * 11 + [111]})
    assert hidden_cells(table, counts=["a"], total_row=12)["a"].tolist() == [True] * 12 + [False]
    # 7 and 4 come to 11, so that neither could be 11: a third one goes.
    table = pd.DataFrame({"a": [7, 4, 50, 61]})
    assert hidden_cells(table, counts=["a"], total_row=3)["a"].tolist() == [True] * 3 + [False]
    table = pd.DataFrame({"a": [8, 4, 50, 62]})
    assert hidden_cells(table, counts=["a"], total_row=3)["a"].tolist() == [True] * 2 + [False] * 2


def test_a_total_that_is_small_is_hidden_with_its_parts_and_zero_stays() -> None:
    table = pd.DataFrame({"yes": [5], "no": [0], "all": [5]})
    shown = hide_small_counts(table, counts=["yes", "no"], row_total="all")
    assert shown.iloc[0].tolist() == ["hidden", 0, "hidden"]


def test_what_is_worked_out_from_a_count_goes_with_it_and_the_input_stays() -> None:
    table = pd.DataFrame({"n": [4, 40], "share": [0.1, 0.9]})
    before = table.copy()
    shown = hide_small_counts(table, counts=["n"], derived={"share": "n"})
    assert shown["share"].tolist() == ["hidden", 0.9]
    pd.testing.assert_frame_equal(table, before)


def test_primary_and_secondary_cells_bear_the_same_word() -> None:
    table = pd.DataFrame({"n": [4, 12, 40, 56]})
    shown = hide_small_counts(table, counts=["n"], total_row=3)
    assert shown["n"].tolist() == ["hidden", "hidden", 40, 56]


def test_totals_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(RuleError, match="sum of its parts"):
        hide_small_counts(pd.DataFrame({"a": [1], "b": [3]}), counts=["a"], row_total="b")
    with pytest.raises(RuleError, match="not in the table"):
        hide_small_counts(pd.DataFrame({"a": [1]}), counts=["c"])
    with pytest.raises(RuleError, match="index label"):
        hide_small_counts(pd.DataFrame({"a": [1]}), counts=["a"], total_row="all")
    with pytest.raises(RuleError, match="derived"):
        hide_small_counts(pd.DataFrame({"a": [1]}), counts=["a"], derived={"b": "a"})


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=2, max_size=6),
    st.integers(2, 15),
)
def test_no_line_of_a_table_gives_a_small_cell_away(rows: list[list[int]], threshold: int) -> None:
    table = pd.DataFrame(rows, columns=["a", "b", "c"])
    table["all"] = table.sum(axis=1)
    table.loc["all"] = table.sum()
    policy = iop.SafePolicy(threshold)
    hidden = hidden_cells(
        table, policy, counts=["a", "b", "c"], row_total="all", total_row="all"
    ).to_numpy()
    values = table.to_numpy()
    assert hidden[policy.hides(values)].all()
    for lines, masks in ((values, hidden), (values.T, hidden.T)):
        for line, mask in zip(lines, masks, strict=True):
            if not mask.any():
                continue
            assert mask.sum() >= 2
            if not mask[-1]:
                gone = line[:-1][mask[:-1]]
                assert gone.sum() - ((gone > 0).sum() - 1) >= threshold


def test_nested_counts_do_not_give_the_steps_between_them_away() -> None:
    assert hide_nested_counts([150, 146, 130, 130, 8, 0]).tolist() == [
        False,
        True,
        False,
        False,
        True,
        False,
    ]


@given(st.lists(st.integers(0, 300), min_size=1, max_size=8))
def test_no_two_shown_stages_differ_by_a_small_count(counts: list[int]) -> None:
    falling = np.sort(counts)[::-1]
    shown = falling[~hide_nested_counts(falling)]
    assert all(not CMS.hides(a - b) for a, b in combinations(shown.tolist(), 2))
    assert not CMS.hides(shown).any()


# survival curves


@settings(max_examples=10, deadline=None)
@given(st.integers(12, 400), st.integers(0, 10_000), st.integers(2, 20))
def test_a_protected_curve_has_enough_events_between_its_days(
    size: int, seed: int, threshold: int
) -> None:
    policy = iop.SafePolicy(threshold)
    curves = iop.survival_curves(make_times({"A": size}, seed))
    protected = iop.protect(curves, policy)
    table = protected.table
    assert list(table.columns) == ["day", "at_risk", "survival", "lower", "upper"]
    if table.empty:
        return
    risk = curves.risk_table(table["day"].tolist())
    assert (risk["events"].diff().iloc[1:] >= threshold).all()
    assert (risk["at_risk"] >= threshold).all()
    truth = curves.at(table["day"].tolist())
    np.testing.assert_array_equal(table["survival"], truth["survival"].round(2))
    base = protected.sizes["base"].item()
    assert table["at_risk"].iloc[0] == size
    if base == 0:
        assert table["at_risk"].iloc[1:].isna().all()
        assert table[["lower", "upper"]].iloc[1:].isna().all(axis=None)
    else:
        later = table["at_risk"].iloc[1:]
        assert ((later % base == 0) | (later == threshold)).all()
        assert (later >= threshold).all()
        assert ((table["at_risk"] - risk["at_risk"]).iloc[1:].abs() <= base / 2).all()


@pytest.mark.parametrize(("left", "printed"), [(11, 11), (12, 11), (13, 15), (30, 30)])
def test_no_number_at_risk_is_printed_as_a_small_one(left: int, printed: int) -> None:
    days = [*range(1, 61), *[200] * left]
    times = pd.DataFrame({"days": days, "event": [True] * 60 + [False] * left})
    curves = iop.survival_curves(label(times, Provenance(RULE, "relapse", "admission")))
    table = iop.protect(curves).table
    assert table["at_risk"].tolist()[-1] == printed, table


def test_a_small_program_is_shown_at_day_180() -> None:
    # The rule that needed 11 ends of follow-up between two days showed 0.7 days of 80 people.
    for seed in range(4):
        times = draw(80, np.random.default_rng(seed))
        assert iop.protect(iop.survival_curves(times)).table["day"].iloc[-1] == 180


def test_a_standard_error_that_gives_the_number_at_risk_back_does_not_leave() -> None:
    # n = S (1 - S) / se^2 while nobody is censored.
    times = pd.DataFrame({"days": np.arange(90) + 1, "event": True})
    curves = iop.survival_curves(times)
    at = curves.at(60).iloc[0]
    assert at["survival"] * (1 - at["survival"]) / at["se"] ** 2 == pytest.approx(90)
    shown = iop.protect(curves)
    assert "se" not in shown.table.columns
    assert "se" not in shown.at([60]).columns
    few = iop.protect(iop.survival_curves(times.head(5)))
    assert list(few.table.columns) == list(shown.table.columns)


def test_limits_are_those_of_the_printed_figures_and_near_the_exact_ones() -> None:
    curves = iop.survival_curves(make_times({"A": 600}))
    table = iop.protect(curves).table
    again = printed_limits(table["at_risk"], table["survival"], table["survival"], 0.95)
    for name, limits in zip(("lower", "upper"), again, strict=True):
        np.testing.assert_array_equal(table[name], limits.round(2))
        exact = curves.at(table["day"].tolist())[name]
        assert (table[name] - exact).abs().max() < 0.02


def test_the_days_are_fixed_and_no_event_is_dated() -> None:
    protected = iop.protect(iop.survival_curves(make_times({"A": 600})))
    assert set(protected.table["day"]) <= {0, 30, 60, 90, 120, 150, 180, 270, 365}
    assert {30, 90, 180} <= set(protected.table["day"])
    at = protected.at([30, 31, 90])
    assert at["survival"].notna().tolist() == [True, False, True]
    short = make_times({"A": 600}).assign(days=lambda frame: frame["days"] // 10 + 1)
    assert set(iop.protect(iop.survival_curves(short)).table["day"]) <= {0, 7, 14, 21, 28, 42}


def test_small_groups_are_gone_and_said_to_be() -> None:
    curves = iop.survival_curves(make_times({"A": 200, "B": 150, "C": 9}), by="program")
    protected = iop.protect(curves)
    assert protected.sizes["program"].tolist() == ["A", "B"]
    assert set(protected.table["program"]) == {"A", "B"}
    assert protected.left_out == 1
    assert "too few" in protected.text
    assert "C" not in protected.risk_table([0, 30])["program"].tolist()


def test_groups_are_shown_on_days_that_most_of_them_can_show() -> None:
    curves = iop.survival_curves(make_times({"A": 200, "B": 150}), by="program")
    shown = iop.protect(curves).table
    days = [set(rows["day"]) for _, rows in shown.groupby("program")]
    assert len(days[0] & days[1]) >= 3


def test_numbers_at_risk_are_whole_where_days_are_not_published() -> None:
    protected = iop.protect(iop.survival_curves(make_times({"A": 200, "B": 150}), by="program"))
    for found in (protected.risk_table([0, 1, 5000]), protected.at([0, 1, 5000])):
        assert found["at_risk"].dtype == "Int64"
        assert found["at_risk"].isna().any()
        assert found["at_risk"].notna().any()
        assert ".0<" not in found[["program", "day", "at_risk"]].to_html()


def test_a_whole_less_its_groups_leaves_no_few_events() -> None:
    times = make_times({"A": 200, "B": 150, "C": 60})
    by_program = iop.survival_curves(times, by="program")
    whole, groups = protect_family(iop.survival_curves(times), by_program, CMS)
    assert len(whole.table) > 3
    curves = iop.survival_curves(times)
    seen = curves.risk_table(whole.table["day"].tolist())["events"].to_numpy(dtype=float)
    for name, rows in groups.table.groupby("program"):
        counts = by_program.risk_table(rows["day"].tolist())
        reached = counts[counts["program"] == name].set_index("day")["events"]
        seen -= [reached[reached.index <= day].max() for day in whole.table["day"]]
    assert not CMS.hides(np.abs(seen)).any()


def test_a_whole_with_a_few_people_more_than_its_groups_is_not_beside_all_of_them() -> None:
    times = make_times({"A": 200, "B": 150, "C": 9})
    whole, groups = protect_family(
        iop.survival_curves(times), iop.survival_curves(times, by="program"), CMS
    )
    shown = groups.sizes["program"].tolist()
    assert whole.table.empty or not {"A", "B"} <= set(shown)


def test_a_few_who_come_after_the_last_published_day_count_too() -> None:
    # No published day counts them, but the size of the whole, less those of A and B, would be 9.
    times = make_times({"A": 200, "B": 150}).assign(entry=0)
    late = pd.DataFrame({"program": "C", "entry": 450, "days": range(460, 469), "event": False})
    more = pd.concat([times, late], ignore_index=True)
    whole, groups = protect_family(
        iop.survival_curves(more), iop.survival_curves(more, by="program"), CMS
    )
    assert whole.table.empty or not {"A", "B"} <= set(groups.sizes["program"])


def shown_events(size: int, events: dict[int, int]) -> PublishedCounts:
    """Return a published curve with so many events through each day."""
    through = np.array(list(events.values()))
    counts = {"events": through, "entered": 0 * through + size}
    return PublishedCounts(np.array(list(events), dtype=float), counts)


def through(events: int, entered: int) -> dict[str, int]:
    return {"events": events, "entered": entered}


def test_a_day_of_the_whole_is_not_a_few_short_of_the_next_days_of_its_groups() -> None:
    # 44 by day 42, and by day 60 those of A and B are 30 and 20: six come between.
    parts = Parts([shown_events(80, {0: 0, 30: 12, 60: 30}), shown_events(80, {0: 0, 60: 20})])
    start = [(0.0, through(0, 160))]
    assert parts.discloses(42, through(44, 160), start, 160, CMS)
    assert not parts.discloses(42, through(38, 160), start, 160, CMS)
    # With a group that is not published the next day of all is not known.
    assert not parts.discloses(42, through(44, 200), [(0.0, through(0, 200))], 200, CMS)


def test_between_two_days_of_the_whole_a_group_does_not_leave_a_few() -> None:
    # 20 between days 30 and 60, of whom A shows 14 between 35 and 55: six are left.
    a = shown_events(80, {0: 0, 35: 15, 55: 29})
    days = [(0.0, through(0, 160)), (30.0, through(30, 160))]
    assert Parts([a]).discloses(60, through(50, 160), days, 160, CMS)
    assert not Parts([a]).discloses(60, through(56, 160), days, 160, CMS)
    # Shown on day 30 it leaves what comes after its last day; shown on day 60, before its next.
    b = shown_events(80, {0: 0, 30: 15, 50: 29})
    assert Parts([b]).discloses(60, through(50, 160), days, 160, CMS)
    c = shown_events(80, {0: 0, 40: 15, 60: 29})
    assert Parts([c]).discloses(60, through(50, 160), days, 160, CMS)


def test_events_on_the_first_day_and_late_entries_are_counted() -> None:
    days = [0] * 12 + list(range(1, 90))
    times = pd.DataFrame({"days": days, "event": True})
    table = iop.protect(iop.survival_curves(times)).table
    assert table["at_risk"].iloc[0] == 101
    assert table["survival"].iloc[0] == 1
    late = pd.DataFrame({"days": range(10, 100), "event": True, "entry": [0] * 85 + [5] * 5})
    assert iop.protect(iop.survival_curves(late)).table.empty  # five came late
    many = late.assign(entry=[0] * 60 + [5] * 30)
    shown = iop.protect(iop.survival_curves(many))
    assert shown.sizes["base"].tolist() == [0]


def test_a_median_is_read_along_the_lines_and_a_mean_never() -> None:
    times = pd.DataFrame({"days": np.repeat([20, 50, 80, 200], [30, 30, 20, 20]), "event": True})
    protected = iop.protect(iop.survival_curves(times))
    table = protected.table.set_index("day")["survival"]
    assert table.loc[[30, 60, 180]].tolist() == [0.7, 0.4, 0.2]
    assert protected.median()["median"].item() == 50
    with pytest.raises(EstimateError, match="restricted mean"):
        protected.restricted_mean(90)
    assert "FixedCounts" not in repr(protected)
    assert "<caption>" in protected._repr_html_()


def test_without_protection_each_day_is_there_with_its_counts() -> None:
    curves = iop.survival_curves(make_times({"A": 50, "B": 40}), by="program")
    open_ = iop.protect(curves, iop.SafePolicy.unprotected())
    assert len(open_.table) >= len(curves.table)
    assert "not hidden" in open_.rule
    days = [0, 0.5, *range(1, 400, 7), 5_000]
    risk, found = open_.risk_table(days), curves.risk_table(days)
    for name in ("at_risk", "events", "censored"):
        assert risk[name].tolist() == found[name].tolist()
    at, exact = open_.at(days), curves.at(days)
    assert list(at.columns) == list(open_.at(days[:1]).columns)
    assert at["at_risk"].tolist() == found["at_risk"].tolist()
    later = at["day"] > 0
    for name in ("events", "censored"):
        assert at[name][later].tolist() == exact[name][later].tolist()
    for name in ("survival", "lower", "upper"):
        np.testing.assert_array_equal(at[name][later], exact[name][later])


# trends and weeks


def make_trend(numerator: list[float], denominator: list[float]) -> Trend:
    size = len(numerator)
    table = pd.DataFrame(
        {
            "period": [f"2026-{month:02d}" for month in range(1, size + 1)],
            "start": pd.Timestamp("2026-01-01"),
            "end": pd.Timestamp("2026-01-31"),
            "numerator": numerator,
            "denominator": denominator,
            "value": np.array(numerator) / np.array(denominator),
            "lower": 0.1,
            "upper": 0.9,
            "complete": True,
        }
    )
    return Trend(table, "m", "Measure", "proportion", "month", (), 0.95, "Measure: a / b.")


def test_a_period_is_hidden_with_its_counts_and_limits() -> None:
    trend = make_trend([5, 95, 50, 0, 4], [100, 100, 100, 100, 8])
    protected = iop.protect(trend)
    assert protected.table["hidden"].tolist() == [True, True, False, False, True]
    gone = protected.table.loc[
        protected.table["hidden"], ["numerator", "denominator", "value", "lower", "upper"]
    ]
    assert gone.isna().all(axis=None)
    assert trend.table["value"].notna().all()
    assert "1 to 10" in protected.rule


def test_a_count_without_a_denominator_is_hidden_by_itself() -> None:
    trend = make_trend([5, 11], [np.nan, np.nan])
    assert iop.protect(trend).table["hidden"].tolist() == [True, False]


def make_weeks(**columns: list[int]) -> AttendanceByWeek:
    size = len(columns["episodes_followed"])
    table = pd.DataFrame({"week": range(1, size + 1), **columns})
    for name in ("no_show", "cancelled", "excused", "unrecorded", "not_due"):
        table[name] = 0
    table["rate"] = table["attended"] / table["due"]
    table["lower"], table["upper"] = 0.1, 0.9
    return AttendanceByWeek(table, (), 0.95, "Sessions.")


def test_a_week_hides_people_and_sessions_apart() -> None:
    weeks = make_weeks(
        episodes_followed=[200, 195, 150, 150],
        episodes=[200, 190, 146, 100],
        episodes_attending=[180, 170, 100, 5],
        due=[600, 500, 400, 300],
        attended=[500, 400, 300, 15],
    )
    table = iop.protect(weeks).table
    # 195 after 200 discloses five; 146 of 150 discloses four who had gone; five came in week 4.
    assert table["episodes_followed"].isna().tolist() == [False, True, False, False]
    assert table["episodes"].isna().tolist() == [False, True, True, False]
    assert table["episodes_attending"].isna().tolist() == [False, False, False, True]
    assert table["rate"].isna().tolist() == [False, False, False, True]
    assert table["hidden"].tolist() == [False, True, True, True]


def test_those_in_the_program_who_did_not_come_are_not_a_few() -> None:
    # Followed 200, in the program 150, of whom 146 came: each large, and four of them did not.
    weeks = make_weeks(
        episodes_followed=[200], episodes=[150], episodes_attending=[146], due=[600], attended=[500]
    )
    shown = iop.protect(weeks).table.iloc[0]
    assert shown["episodes_followed"] == 200
    assert np.isnan(shown[["episodes", "episodes_attending"]].astype(float)).any()
    enough = make_weeks(
        episodes_followed=[200], episodes=[150], episodes_attending=[139], due=[600], attended=[500]
    )
    assert not iop.protect(enough).table["hidden"].any()


def test_counts_with_a_few_between_them_are_not_shown_on_either_side_of_an_equal_one() -> None:
    # 155 were followed, 150 of them in the program, all of whom came: whichever of the last two is
    # shown, and the first, tell of at most five.
    weeks = make_weeks(
        episodes_followed=[155], episodes=[150], episodes_attending=[150], due=[600], attended=[500]
    )
    shown = iop.protect(weeks).table.iloc[0]
    assert shown[["episodes", "episodes_attending"]].tolist() == [150, 150]
    assert np.isnan(shown["episodes_followed"])


def test_a_hundred_sessions_that_a_few_people_missed_are_hidden() -> None:
    weeks = make_weeks(
        episodes_followed=[200], episodes=[180], episodes_attending=[160], due=[600], attended=[500]
    )
    assert not iop.protect(weeks).table["hidden"].any()
    behind = weeks.table.assign(attended=160, absent=5)  # people, no longer sessions
    shown = iop.protect(replace(weeks, people=behind)).table.iloc[0]
    assert shown[["due", "attended", "rate", "lower", "upper"]].isna().all()
    assert shown["episodes_attending"] == 160


def test_what_has_no_rule_is_refused() -> None:
    with pytest.raises(RuleError, match="cannot be protected"):
        iop.protect(pd.DataFrame())  # type: ignore[call-overload]


def test_protecting_twice_is_protecting_once() -> None:
    protected = iop.protect(iop.survival_curves(make_times({"A": 100})))
    assert iop.protect(protected) is protected


def test_a_hundred_sessions_of_a_few_people_are_hidden() -> None:
    days = pd.date_range("2026-07-01", "2026-08-31", freq="D")
    episodes = pd.DataFrame({"episode_id": ["a", "b"], "admit_date": "2026-07-01"})
    rows = pd.MultiIndex.from_product([["a", "b"], days], names=["episode_id", "date"])
    attendance = rows.to_frame(index=False)
    attendance["status"] = np.where(np.arange(len(attendance)) % 2, "attended", "no_show")
    records = iop.read_records(episodes=episodes, attendance=attendance)
    trend = iop.trend(records, "attendance_rate")
    assert trend.table["denominator"].tolist() == [62, 62]
    shown = iop.protect(trend)
    assert shown.table["hidden"].all()
    assert shown.table[["numerator", "denominator", "value", "lower"]].isna().all(axis=None)
    assert shown.people is None
