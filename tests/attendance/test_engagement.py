from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.attendance import AttendanceRule, attendance_by_week, engagement
from iop_outcomes.errors import MissingTableError, RuleError
from iop_outcomes.records import Records, read_records
from iop_outcomes.records.schema import ATTENDANCE_STATUSES, SERVICES

CAME = ("attended", "attended_partial", "late")


def table(text: str) -> pd.DataFrame:
    """Read a small text table; a dash is an empty cell."""
    return pd.read_csv(StringIO(text), sep=r"\s+", dtype=str).replace("-", "")


def read(episodes: str, attendance: str, *, as_of: int = 400) -> Records:
    """Read records with study days; sessions of one day are distinguished by their row."""
    sessions = table(attendance)
    if "group_id" not in sessions:
        sessions["group_id"] = [f"g{row}" for row in range(len(sessions))]
    return read_records(episodes=table(episodes), attendance=sessions, as_of=as_of)


ONE = """
episode_id admit_day discharge_day
A          0         27
"""


def one(attendance: str, **options: Any) -> pd.Series[Any]:
    """Return the engagement of one episode: admitted on day 0, discharged on day 27."""
    return engagement(read(ONE, attendance), **options).iloc[0]


# --- sessions ---------------------------------------------------------------------------------

EVERY_STATUS = "episode_id day service status minutes_scheduled\n" + "\n".join(
    f"A {day} group {status} 60" for day, status in enumerate(ATTENDANCE_STATUSES)
)


def test_every_status_has_its_place() -> None:
    row = one(EVERY_STATUS)
    assert row["sessions_attended"] == 3  # attended, attended_partial, late
    assert row["sessions_due"] == 7  # and no_show, late_cancel, client_cancel, excused
    assert row["attendance_rate"] == 3 / 7
    kinds = [
        "no_shows",
        "late_cancellations",
        "client_cancellations",
        "excused",
        "program_cancellations",
        "not_scheduled",
        "sessions_unrecorded",
    ]
    assert row[kinds].tolist() == [1] * 7
    assert one(EVERY_STATUS, rule=AttendanceRule(excused="not_due"))["attendance_rate"] == 3 / 6


def test_only_treatment_services_are_sessions() -> None:
    text = "episode_id day service status minutes_scheduled\n" + "\n".join(
        f"A {day} {service} attended 60" for day, service in enumerate((*SERVICES, "-"))
    )
    row = one(text)
    assert row["sessions_attended"] == 5  # group, individual, family, skills, and not recorded
    assert row["hours_attended"] == 5
    assert row["last_contact_day"] == 7
    assert one(text, rule=AttendanceRule(services=("drug_test",)))["sessions_attended"] == 2


def test_nothing_due_has_no_rate() -> None:
    row = one("episode_id day service status\nA 3 group program_cancel\nA 4 group unrecorded")
    assert row["sessions_due"] == 0
    assert np.isnan(row["attendance_rate"])
    assert np.isnan(row["hours_attended"])  # not 0: nobody wrote down whether the person came
    assert row["weeks_unknown"] == row["weeks_in_program"] == 4
    assert np.isnan(row["share_of_weeks_at_dose"])
    assert np.isnan(row["stay_to_last_contact"])
    assert np.isnan(row["longest_gap_days"])


def test_an_episode_without_a_row_is_there_with_zero_sessions_and_an_unknown_stay() -> None:
    records = read(
        "episode_id admit_day discharge_day\nB 0 27\nA 0 27",
        "episode_id day status\nA 1 attended",
    )
    rows = engagement(records)
    assert rows["episode_id"].tolist() == ["B", "A"]  # the order of the episodes
    assert rows["sessions_due"].tolist() == [0, 1]
    assert rows["stay_to_last_contact"].tolist()[1] == 1
    assert np.isnan(rows["stay_to_last_contact"][0])
    assert rows["stay_to_discharge"].tolist() == [27, 27]


# --- hours and weeks --------------------------------------------------------------------------


def test_minutes_are_filled_from_the_schedule_only_for_a_whole_session() -> None:
    row = one("""
        episode_id day service status           minutes_scheduled minutes_attended
        A          0   group   attended         180               150
        A          1   group   attended         180               -
        A          2   group   attended_partial 180               45
        A          3   group   attended_partial 180               -
        A          4   group   late             180               -
        A          5   group   attended         -                 -
        A          6   group   no_show          180               -
    """)
    assert row["hours_attended"] == (150 + 180 + 45) / 60
    assert row["sessions_without_minutes"] == 3
    assert row["hours_per_week"] == row["hours_attended"] / 4


def test_hours_are_missing_where_no_minutes_are_known_and_zero_where_nobody_came() -> None:
    assert np.isnan(one("episode_id day status\nA 1 late")["hours_attended"])
    row = one("episode_id day status\nA 1 no_show")
    assert row["hours_attended"] == 0
    assert row["hours_per_week"] == 0


def test_where_no_minutes_are_kept_nobody_s_hours_are_known() -> None:
    episodes = "episode_id admit_day discharge_day\nA 0 27\nB 0 27"
    result = engagement(read(episodes, "episode_id day status\nA 1 late\nB 1 no_show"))
    assert result["hours_attended"].isna().all()
    assert result["weeks_unknown"].tolist() == result["weeks_in_program"].tolist() == [4, 4]
    assert result["share_of_weeks_at_dose"].isna().all()


def test_overlapping_minutes_count_once() -> None:
    row = one("""
        episode_id day service start_time status   minutes_scheduled minutes_attended
        A          0   group   09:00      attended 180               180
        A          0   skills  11:00      attended 120               120
    """)
    assert row["hours_attended"] == 4  # 9 to 13 o'clock


def test_weeks_count_from_admission_and_only_when_whole() -> None:
    # discharged on day 20: weeks 0-6, 7-13, 14-20 lie within the stay; on day 19 two do
    text = "episode_id day status minutes_attended\n" + "\n".join(
        f"A {day} attended 180" for day in (0, 3, 6, 7, 9, 14, 16, 18)
    )
    expected = {20: (3, 2, 2 / 3, 24 / 3), 19: (2, 1, 1 / 2, 15 / 2)}
    for discharge, (weeks, at_dose, share, hours) in expected.items():
        episodes = f"episode_id admit_day discharge_day\nA 0 {discharge}"
        row = engagement(read(episodes, text)).iloc[0]
        assert row["weeks_in_program"] == weeks
        assert row["weeks_at_dose"] == at_dose
        assert row["share_of_weeks_at_dose"] == share
        assert row["hours_per_week"] == hours
    row = engagement(read("episode_id admit_day discharge_day\nA 0 20", text), dose_hours=6).iloc[0]
    assert row["weeks_at_dose"] == 3


def test_an_open_episode_has_the_weeks_that_were_followed() -> None:
    row = engagement(
        read("episode_id admit_day\nA 10", "episode_id day status\nA 11 attended", as_of=36)
    ).iloc[0]
    assert row["weeks_in_program"] == 3  # 26 days since admission, so days 0 to 20
    assert np.isnan(row["stay_to_discharge"])


def test_a_stay_of_less_than_a_week_has_hours_but_no_hours_a_week() -> None:
    row = engagement(
        read(
            "episode_id admit_day discharge_day\nA 0 5",
            "episode_id day status minutes_attended\nA 0 attended 180",
        )
    ).iloc[0]
    assert row["hours_attended"] == 3
    assert row["weeks_in_program"] == 0
    assert np.isnan(row["hours_per_week"])
    assert np.isnan(row["share_of_weeks_at_dose"])


def test_a_week_is_unknown_only_if_what_is_not_known_could_change_it() -> None:
    row = one("""
        episode_id day status           minutes_scheduled minutes_attended
        A          0   attended         180               180
        A          1   attended         180               180
        A          2   attended         180               180
        A          3   late             180               -
        A          7   attended         180               180
        A          8   attended         180               180
        A          9   unrecorded       180               -
        A          14  attended         180               180
        A          15  attended_partial 180               -
        A          16  no_show          180               -
        A          21  attended         180               180
        A          22  unrecorded       -                 -
    """)
    # at dose by what is known; unknown (6 + 3 could be 9); below (3 + 3 cannot); unknown
    assert row["weeks_at_dose"] == 1
    assert row["weeks_unknown"] == 2
    assert row["share_of_weeks_at_dose"] == 1 / 2


# --- contacts and stays -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "gap"),
    [((0, 3, 27), 24), ((9, 15), 12), ((14, 20), 14), ((5,), 22), ((0, 0, 27, 27), 27)],
)
def test_the_longest_gap_runs_from_admission_to_the_end(days: tuple[int, ...], gap: int) -> None:
    text = "episode_id day status\n" + "\n".join(f"A {day} attended" for day in days)
    assert one(text)["longest_gap_days"] == gap


def test_somebody_who_never_came_was_away_for_the_whole_stay() -> None:
    row = one("episode_id day status\nA 3 no_show\nA 5 no_show")
    assert row["longest_gap_days"] == 27
    assert row["stay_to_last_contact"] == 0
    assert np.isnan(row["last_contact_day"])
    assert np.isnan(row["first_session_day"])


def test_first_and_fourth_session_pass_over_absences_and_other_services() -> None:
    row = one("""
        episode_id day service    status
        A          0   assessment attended
        A          2   group      attended
        A          2   skills     attended
        A          4   group      no_show
        A          5   group      late
        A          9   individual attended_partial
        A          12  group      attended
    """)
    days = ["first_session_day", "fourth_session_day", "days_first_to_fourth"]
    assert row[days].tolist() == [2, 9, 7]
    row = one("episode_id day status\nA 2 attended\nA 3 attended\nA 4 attended")
    assert row["first_session_day"] == 2
    assert np.isnan(row["fourth_session_day"])
    assert np.isnan(row["days_first_to_fourth"])


def test_the_stay_ends_with_the_last_contact_recorded() -> None:
    row = one("""
        episode_id day service   status
        A          8   group     attended
        A          11  drug_test attended
        A          11  group     unrecorded
        A          13  group     unrecorded
        A          15  group     no_show
    """)
    assert row["last_contact_day"] == row["stay_to_last_contact"] == 11
    assert row["unrecorded_after_last_contact"] == 1
    assert row["stay_to_discharge"] == 27


# discharge: - is open; contact: the last day seen, - for a no-show only, ? for nothing recorded
RETENTION = """
why                                discharge contact cut retained
stayed_to_the_day                  70        30      400 yes
last_seen_the_day_before           70        29      400 no
paperwork_earns_nothing            200       12      400 no
left_before                        29        29      400 no
left_early_but_not_yet_long_enough 5         5       29  not_known
left_early_and_long_enough         5         5       30  no
open_and_seen_since                -         31      31  yes
open_not_yet_long_enough           -         29      29  not_known
open_with_a_session_next_week      -         27      31  yes
open_and_silent_for_thirty_days    -         25      55  yes
open_and_silent_for_longer         -         25      56  no
open_and_never_came                -         -       30  no
closed_and_never_came              40        -       400 no
open_and_nothing_recorded          -         ?       400 not_known
closed_late_and_nothing_recorded   40        ?       400 not_known
closed_early_and_nothing_recorded  20        ?       400 not_known
"""


@pytest.mark.parametrize(
    ("why", "discharge", "contact", "cut", "answer"), table(RETENTION).to_numpy().tolist()
)
def test_retained_at_30_days(why: str, discharge: str, contact: str, cut: str, answer: str) -> None:
    session = {"": "1 no_show", "?": "1 unrecorded"}.get(contact, f"{contact} attended")
    records = read(
        f"episode_id admit_day discharge_day\nA 0 {discharge or '-'}",
        f"episode_id day status\nA {session}",
        as_of=int(cut),
    )
    expected = {"yes": True, "no": False, "not_known": pd.NA}[answer]
    assert engagement(records)["retained_30"].tolist() == [expected], why


def test_silence_is_counted_as_asked() -> None:
    records = read("episode_id admit_day\nA 0", "episode_id day status\nA 25 attended", as_of=50)
    assert engagement(records, no_contact_days=25)["retained_30"].tolist() == [True]
    assert engagement(records, no_contact_days=24)["retained_30"].tolist() == [False]


# --- errors -----------------------------------------------------------------------------------


def test_what_cannot_be_asked_is_refused() -> None:
    checkins = table("episode_id day status\nA 3 completed")
    without = read_records(episodes=table(ONE), checkins=checkins, as_of=400)
    with pytest.raises(MissingTableError, match="attendance"):
        engagement(without)
    with pytest.raises(MissingTableError, match="attendance"):
        attendance_by_week(without)
    records = read(ONE, EVERY_STATUS)
    for options in (
        {"rule": "due"},
        {"dose_hours": 0},
        {"no_contact_days": -1},
    ):
        with pytest.raises(RuleError):
            engagement(records, **options)
    for options in ({"weeks": 0}, {"weeks": 2.5}, {"by": "colour"}, {"by": "person_id"}):
        with pytest.raises(RuleError):
            attendance_by_week(records, **options)


# --- week by week -----------------------------------------------------------------------------

THREE = """
episode_id person_id program admit_day discharge_day followed_until_day
A          P         North   0         9             -
B          Q         North   0         -             -
C          R         South   0         -             12
"""
SESSIONS = """
episode_id day status
A          0   attended
A          8   no_show
B          1   late
B          7   attended
B          8   excused
B          9   program_cancel
B          15  unrecorded
B          20  client_cancel
C          2   late_cancel
C          9   attended
"""


def test_week_by_week_by_hand() -> None:
    result = attendance_by_week(read(THREE, SESSIONS, as_of=20), weeks=4)
    columns = ["week", "episodes_followed", "episodes", "episodes_attending", "due", "attended"]
    # C was followed for one whole week; week 4 lies after the cut for everybody
    assert result.table[columns].to_numpy().tolist() == [
        [1, 3, 3, 2, 3, 2],
        [2, 2, 2, 1, 3, 1],
        [3, 2, 1, 0, 1, 0],
        [4, 0, 0, 0, 0, 0],
    ]
    kinds = ["no_show", "cancelled", "excused", "unrecorded", "not_due"]
    assert result.table[kinds].to_numpy().tolist() == [
        [0, 1, 0, 0, 0],
        [1, 0, 1, 0, 1],
        [0, 1, 0, 1, 0],
        [0, 0, 0, 0, 0],
    ]
    np.testing.assert_array_equal(result.table["rate"], [2 / 3, 1 / 3, 0, np.nan])
    assert "In week 1, 66.7% of the sessions due were attended (2 of 3)" in result.text
    assert "week 3, 0.0%" in result.text
    assert "Of 2 episodes followed through week 3, 0 attended in that week." in result.text
    alone = attendance_by_week(read(THREE, SESSIONS, as_of=20).where(episode_id="A"), weeks=3)
    assert alone.table["episodes_followed"].tolist() == [1, 1, 1]
    assert "Of 1 episode followed through week 3, 0 attended in that week." in alone.text


def test_groups_add_up_to_the_whole() -> None:
    records = read(THREE, SESSIONS, as_of=20)
    whole = attendance_by_week(records, weeks=3).table
    parts = attendance_by_week(records, weeks=3, by="program").table
    assert parts["program"].tolist() == ["North"] * 3 + ["South"] * 3
    counts = whole.columns.difference(["rate", "lower", "upper"])
    summed = parts.groupby("week", as_index=False)[list(counts.drop("week"))].sum()
    pd.testing.assert_frame_equal(summed[counts], whole[counts], check_dtype=False)
    assert "North: In week 1" in attendance_by_week(records, by="program").text


def test_nobody_drops_out_of_sight_whose_group_is_not_recorded() -> None:
    episodes = "episode_id admit_day track\nA 0 day\nB 0 -"
    records = read(episodes, "episode_id day status\nA 1 attended\nB 1 no_show")
    result = attendance_by_week(records, weeks=1, by="track").table
    assert result[["track", "due", "attended"]].to_numpy().tolist() == [
        ["day", 1, 1],
        ["not recorded", 1, 0],
    ]


def test_a_result_shows_itself() -> None:
    result = attendance_by_week(read(THREE, SESSIONS, as_of=20), weeks=3, by=["program"])
    assert repr(result) == "<AttendanceByWeek: 3 weeks, by=program>"
    assert "<caption>Attendance by week since admission." in result._repr_html_()
    assert result.by == ("program",)
    assert "unrecorded ones are neither attended nor absent" in result.rule


# --- against a plain version, and what must not matter ----------------------------------------


def plainly(records: Records, dose_hours: float) -> list[dict[str, Any]]:
    """Engagement as the docstring says it, one episode and one row at a time."""
    sessions = records.attendance.assign(episode_id=records.attendance["episode_id"].astype(str))
    came = [
        _plain_minutes(row)
        for row in sessions.to_dict("records")
        if row["status"] in CAME and row["service"] not in ("assessment", "drug_test", "other")
    ]
    minutes_kept = not came or any(value is not None for value in came)
    return [
        _plain_episode(
            episode,
            sessions[sessions["episode_id"] == episode["episode_id"]].to_dict("records"),
            int(records.as_of) - int(episode["admit_day"]),  # type: ignore[arg-type]
            dose_hours,
            minutes_kept,
        )
        for episode in records.episodes.to_dict("records")
    ]


def _plain_episode(
    episode: dict[str, Any],
    rows: list[dict[str, Any]],
    cut: int,
    dose_hours: float,
    minutes_kept: bool,
) -> dict[str, Any]:
    discharge = episode["days_to_discharge"]
    is_open = discharge != discharge
    end = episode["days_followed"] if is_open else discharge
    treatment = [row for row in rows if row["service"] not in ("assessment", "drug_test", "other")]
    recorded = [
        row
        for row in treatment
        if row["status"] not in ("program_cancel", "not_scheduled", "unrecorded")
    ]
    came = [row for row in recorded if row["status"] in CAME]
    contacts = sorted(row["day"] for row in rows if row["status"] in CAME)
    end = max([end, *contacts]) if is_open else end
    told = any(
        row["status"] not in ("program_cancel", "not_scheduled", "unrecorded") for row in rows
    )
    minutes = [_plain_minutes(row) for row in came]
    known = [value for value in minutes if value is not None]
    at, unknown, hours = 0, 0, 0.0
    weeks = int(end + 1) // 7
    for week in range(weeks):
        least, most = 0.0, 0.0
        for row in treatment:
            if row["day"] // 7 != week:
                continue
            if row["status"] == "unrecorded":
                most += _scheduled(row)
            elif row["status"] in CAME:
                value = _plain_minutes(row)
                least += value or 0.0
                most += _scheduled(row) if value is None else value
        hours += least / 60
        at += least >= dose_hours * 60
        unknown += bool(not recorded or least < dose_hours * 60 <= most)
    gaps = np.diff([0, *contacts, end])
    stay = None if not told else min([contacts[-1] if contacts else 0, end])
    have_hours = bool(recorded) and (bool(known) or not came) and minutes_kept
    if not have_hours:
        at, unknown = 0, weeks
    days = [row["day"] for row in came]
    return {
        "sessions_due": len(recorded),
        "sessions_attended": len(came),
        "sessions_unrecorded": sum(row["status"] == "unrecorded" for row in treatment),
        "hours_attended": sum(known) / 60 if have_hours else np.nan,
        "sessions_without_minutes": len(came) - len(known),
        "hours_per_week": hours / weeks if have_hours and weeks else np.nan,
        "weeks_at_dose": at,
        "weeks_unknown": unknown,
        "share_of_weeks_at_dose": at / (weeks - unknown) if weeks > unknown else np.nan,
        "longest_gap_days": max(gaps) if told else np.nan,
        "days_first_to_fourth": days[3] - days[0] if len(days) >= 4 else np.nan,
        "stay_to_last_contact": np.nan if stay is None else stay,
        "retained_30": _plain_retained(30, is_open, end, stay, contacts, cut),
        "retained_90": _plain_retained(90, is_open, end, stay, contacts, cut),
    }


def _scheduled(row: dict[str, Any]) -> float:
    scheduled = row["minutes_scheduled"]
    return float("inf") if scheduled != scheduled else max(scheduled - _overlap(row), 0)


def _overlap(row: dict[str, Any]) -> float:
    return float(row["minutes_overlapping"])


def _plain_minutes(row: dict[str, Any]) -> float | None:
    minutes = row["minutes_attended"]
    if minutes != minutes and row["status"] == "attended":
        minutes = row["minutes_scheduled"]
    return None if minutes != minutes else max(minutes - _overlap(row), 0)


def _plain_retained(
    day: int, is_open: bool, end: float, stay: float | None, contacts: list[int], cut: int
) -> bool | None:
    if cut < day:
        return None
    if is_open:
        if end < day or stay is None:
            return None
        return bool(stay >= day or (contacts and end - contacts[-1] <= 30))
    if end < day:
        return False
    return None if stay is None else bool(stay >= day)


MINUTES = st.sampled_from(["", "45", "90", "180"])
SESSION = st.fixed_dictionaries(
    {
        "episode_id": st.sampled_from("ABC"),
        "day": st.integers(0, 120),
        "start_time": st.sampled_from(["", "09:00", "10:30"]),
        "service": st.sampled_from(["group", "group", "individual", "assessment", ""]),
        "status": st.sampled_from(ATTENDANCE_STATUSES + 4 * ("attended",)),
        "minutes_scheduled": MINUTES,
        "minutes_attended": MINUTES,
    }
)
EPISODE = st.fixed_dictionaries(
    {
        "discharge_day": st.one_of(st.just(""), st.integers(0, 120)),
        "followed_until_day": st.one_of(st.just(""), st.integers(0, 120)),
    }
)


def generated(episodes: list[dict[str, Any]], sessions: list[dict[str, Any]]) -> Records:
    """Read three episodes and their sessions, each with a group of its own."""
    frame = pd.DataFrame(episodes).astype(str)
    frame.insert(0, "episode_id", list("ABC"))
    frame.insert(1, "person_id", list("PQP"))
    frame.insert(2, "admit_day", "0")
    rows = pd.DataFrame(sessions, columns=["episode_id", "day"] if not sessions else None)
    rows = rows.astype(str).assign(group_id=[f"g{row}" for row in range(len(rows))])
    if not sessions:
        rows = rows.assign(status=[])
    return read_records(episodes=frame, attendance=rows, as_of=120)


several = st.lists(SESSION, min_size=1, max_size=25)


def unknown_measures(records: Records) -> list[str]:
    """Return the columns of engagement that are not known from the records."""
    judged = records.judgements()
    names = ["attendance_rate", "retained_30", "retained_60", "retained_90"]
    return [name for name in names if judged[name].absent]


@settings(max_examples=10, deadline=None)
@given(st.lists(EPISODE, min_size=3, max_size=3), several, st.sampled_from([3.0, 6.0, 9.0]))
def test_it_equals_the_plain_version(
    episodes: list[dict[str, Any]], sessions: list[dict[str, Any]], dose: float
) -> None:
    records = generated(episodes, sessions)
    result = engagement(records, dose_hours=dose)
    expected = pd.DataFrame(plainly(records, dose), dtype=object)
    left_out = unknown_measures(records)
    assert result[left_out].isna().all(axis=None)
    for name in expected.columns.difference(left_out):
        if name.startswith("retained"):
            answers = [None if answer is pd.NA else answer for answer in result[name]]
            assert answers == expected[name].tolist(), name
        else:
            np.testing.assert_allclose(
                result[name].to_numpy(dtype=float),
                expected[name].to_numpy(dtype=float),
                rtol=1e-12,
                err_msg=name,
            )


@settings(max_examples=10, deadline=None)
@given(st.lists(EPISODE, min_size=3, max_size=3), several, st.randoms())
def test_neither_row_order_nor_the_names_of_people_matter(
    episodes: list[dict[str, Any]], sessions: list[dict[str, Any]], random: Any
) -> None:
    records = generated(episodes, sessions)
    rows = [dict(row, group_id=f"g{place}") for place, row in enumerate(sessions)]
    random.shuffle(rows)
    frame = pd.DataFrame(episodes).astype(str)
    frame.insert(0, "episode_id", list("ABC"))
    frame.insert(1, "person_id", ["x", "y", "x"])
    frame.insert(2, "admit_day", "0")
    other = read_records(episodes=frame, attendance=pd.DataFrame(rows).astype(str), as_of=120)
    pd.testing.assert_frame_equal(
        engagement(records).drop(columns="person_id"),
        engagement(other).drop(columns="person_id"),
    )
    pd.testing.assert_frame_equal(
        attendance_by_week(records, weeks=18).table, attendance_by_week(other, weeks=18).table
    )


@settings(max_examples=10, deadline=None)
@given(st.lists(EPISODE, min_size=3, max_size=3), several, st.integers(0, 120))
def test_a_session_that_the_program_cancelled_changes_nothing_else(
    episodes: list[dict[str, Any]], sessions: list[dict[str, Any]], day: int
) -> None:
    cancelled = {
        **dict.fromkeys(sessions[0], ""),
        "episode_id": "B",
        "day": day,
        "service": "group",
        "status": "program_cancel",
    }
    first, second = generated(episodes, sessions), generated(episodes, [*sessions, cancelled])
    before, after = engagement(first), engagement(second)
    changed = "program_cancellations"
    others = before.columns.difference(
        [changed, *unknown_measures(first), *unknown_measures(second)]
    )
    pd.testing.assert_frame_equal(before[others], after[others])
    difference = (after[changed] - before[changed]).tolist()
    in_stay = episodes[1]["discharge_day"] == "" or day <= episodes[1]["discharge_day"]
    assert difference == [0, int(in_stay), 0]


@settings(max_examples=10, deadline=None)
@given(st.lists(EPISODE, min_size=3, max_size=3), several)
def test_who_stayed_longer_stayed_shorter_too_and_the_parts_make_the_whole(
    episodes: list[dict[str, Any]], sessions: list[dict[str, Any]]
) -> None:
    records = generated(episodes, sessions)
    rows = engagement(records)
    for longer, shorter in (("retained_90", "retained_60"), ("retained_60", "retained_30")):
        stayed = rows[longer].fillna(False).astype(bool)
        assert rows.loc[stayed, shorter].all()
    weekly = attendance_by_week(records, weeks=30).table
    known = weekly[weekly["episodes"].notna()]  # else the records do not show who left
    assert not (known["episodes_attending"] > known["episodes"]).any()
    assert (known["episodes"] <= known["episodes_followed"]).all()
    if weekly["not_known"].eq("").all():
        parts = weekly[["attended", "no_show", "cancelled", "excused"]].sum(axis=1)
        assert (parts == weekly["due"]).all()
    assert weekly["attended"].sum() <= rows["sessions_attended"].sum()


def test_a_file_cut_in_two_gives_the_same(tmp_path: Path) -> None:
    episodes, sessions = table(THREE), table(SESSIONS)
    sessions.to_csv(tmp_path / "whole.csv", index=False)
    sessions[:4].to_csv(tmp_path / "first.csv", index=False)
    sessions[4:].to_csv(tmp_path / "second.csv", index=False)
    files = [[tmp_path / "whole.csv"], [tmp_path / "second.csv", tmp_path / "first.csv"]]
    whole, cut = (
        engagement(read_records(episodes=episodes, attendance=paths, as_of=20)) for paths in files
    )
    pd.testing.assert_frame_equal(whole, cut)


def test_the_records_are_left_as_they_were() -> None:
    records = read(THREE, SESSIONS, as_of=20)
    before = [frame.copy(deep=True) for frame in (records.episodes, records.attendance)]
    result = engagement(records)
    attendance_by_week(records, by="program")
    result["program"] = "another"
    pd.testing.assert_frame_equal(records.episodes, before[0])
    pd.testing.assert_frame_equal(records.attendance, before[1])


def test_the_columns_and_their_types_are_those_promised() -> None:
    result = engagement(read(THREE, SESSIONS, as_of=20))
    assert result.index.equals(pd.RangeIndex(3))
    assert [str(result[f"retained_{day}"].dtype) for day in (30, 60, 90)] == ["boolean"] * 3
    counts = ["sessions_due", "no_shows", "weeks_in_program", "weeks_at_dose", "weeks_unknown"]
    assert {str(result[name].dtype) for name in counts} == {"int64"}
    assert "at least 9 hours" in result.attrs["rule"]
