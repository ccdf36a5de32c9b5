"""With whom each person was in a group: by hand, against a slow version, and as a cluster."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import EstimateError, RuleError


def made(rows: list[tuple[str, str, str]], **columns: object) -> iop.Records:
    """Records of rows (episode, date, group), all attended; episode B2 is person B's second."""
    attendance = pd.DataFrame(rows, columns=["episode_id", "date", "group_id"])
    attendance = attendance.assign(service="group", status="attended", **columns)
    ids = sorted(set(attendance["episode_id"]))
    episodes = pd.DataFrame(
        {
            "episode_id": ids,
            "person_id": [one[0] for one in ids],
            "admit_date": ["2026-03-01" if one == "B2" else "2026-01-01" for one in ids],
            "discharge_date": ["2026-02-20" if one == "B" else None for one in ids],
        }
    )
    return iop.read_records(episodes=episodes, attendance=attendance, as_of="2026-06-30")


SIX = [
    *(("A", "2026-01-05", "crimson"), ("B", "2026-01-05", "crimson"), ("C", "2026-01-05", "blue")),
    *(("A", "2026-01-06", "crimson"), ("B", "2026-01-06", "crimson"), ("D", "2026-01-06", "blue")),
    *(("A", "2026-01-07", "blue"), ("C", "2026-01-07", "blue"), ("D", "2026-01-08", "blue")),
    ("B2", "2026-03-02", "green"),
    ("E", "2026-03-02", "green"),
    ("F", "2026-03-03", "green"),
]


def test_sessions_peers_and_clusters_by_hand() -> None:
    result = iop.shared_sessions(made(SIX))
    table = result.table.set_index("episode_id")
    assert table["group_sessions"].to_dict() == {
        "A": 3,
        "B": 2,
        "B2": 1,
        "C": 2,
        "D": 2,
        "E": 1,
        "F": 1,
    }
    assert table["peers"].to_dict() == {"A": 2, "B": 1, "B2": 1, "C": 1, "D": 0, "E": 1, "F": 0}
    assert table.loc["A", "most_shared"] == 2
    assert table.loc["A", "mean_size"] == 2.0
    assert (table.loc["A", "main_group"], table.loc["A", "main_group_share"]) == ("crimson", 2 / 3)
    # of the others on 6 January (B) all were there on the 5th; of those on the 7th (C) nobody
    assert table.loc["A", "same_peers"] == 0.5
    assert np.isnan(table.loc["F", "same_peers"])
    # B and B2 are one person, who joins E to A, B and C
    assert table["treated_together"].to_dict() == {
        "A": 0,
        "B": 0,
        "B2": 0,
        "C": 0,
        "D": 1,
        "E": 0,
        "F": 2,
    }
    assert sorted(result.sessions["size"]) == [1, 1, 1, 1, 2, 2, 2, 2]


def test_two_sessions_shared_join_fewer_people_than_one() -> None:
    table = iop.shared_sessions(made(SIX), at_least=2).table.set_index("episode_id")
    assert table.loc["A", "treated_together"] == table.loc["B2", "treated_together"]
    assert table["treated_together"].nunique() == 5


def test_group_ids_that_stand_on_one_day_name_sessions_and_no_groups() -> None:
    rows = [(who, day, f"{group} {day}") for who, day, group in SIX]
    table = iop.shared_sessions(made(rows)).table
    assert table["main_group"].isna().all()
    assert table["main_group_share"].isna().all()
    usual = iop.shared_sessions(made(SIX)).table
    pd.testing.assert_series_equal(table["treated_together"], usual["treated_together"])


def test_the_share_of_the_most_frequent_facilitator() -> None:
    led = ["x", "x", None, "y", "x", *[None] * 7]
    table = iop.shared_sessions(made(SIX, facilitator=led)).table.set_index("episode_id")
    assert table.loc["A", "main_facilitator_share"] == 0.5  # of two sessions with one recorded
    assert table.loc["B", "main_facilitator_share"] == 1.0
    assert np.isnan(table.loc["F", "main_facilitator_share"])


@pytest.fixture(scope="module")
def sample() -> iop.Records:
    drawn = iop.synthetic_records(people=60, seed=3)
    return iop.read_records(
        episodes=drawn.episodes, attendance=drawn.attendance, checkins=drawn.checkins
    )


def test_shared_sessions_as_a_slow_version_counts_them(sample: iop.Records) -> None:
    rows = sample.attendance
    rows = rows[
        (rows["service"] == "group")
        & rows["status"].isin(["attended", "attended_partial", "late"])
        & rows["group_id"].notna()
    ]
    rows = rows.merge(sample.episodes[["episode_id", "person_id", "program"]], on="episode_id")
    there: dict[tuple[object, ...], set[str]] = {}
    for row in rows.itertuples():
        session = (row.program, row.group_id, row.date, row.start_time)
        there.setdefault(session, set()).add(str(row.person_id))
    shared: dict[tuple[str, str], int] = {}
    for row in rows.itertuples():
        for peer in there[(row.program, row.group_id, row.date, row.start_time)]:
            if peer != str(row.person_id):
                key = (str(row.episode_id), peer)
                shared[key] = shared.get(key, 0) + 1
    result = iop.shared_sessions(sample)
    quick = {(one.episode_id, one.peer_id): one.shared for one in result.pairs.itertuples()}
    assert quick == shared
    assert sorted(result.sessions["size"]) == sorted(map(len, there.values()))


def test_errors_by_those_treated_together_are_those_of_their_clusters(sample: iop.Records) -> None:
    shared = iop.shared_sessions(sample)
    times = iop.time_to_relapse(sample).merge(
        shared.table[["episode_id", "treated_together"]], on="episode_id"
    )
    curves = iop.survival_curves(times, cluster="treated_together")
    assert curves.clustering.clusters == times["treated_together"].nunique()
    assert "With fewer than 50 clusters" in curves.text
    alone = iop.survival_curves(times, cluster=None)
    pd.testing.assert_series_equal(curves.table["survival"], alone.table["survival"])
    assert not np.allclose(curves.table["se"], alone.table["se"])


def test_row_order_changes_nothing() -> None:
    usual = iop.shared_sessions(made(SIX))
    turned = iop.shared_sessions(made(SIX[::-1]))
    pd.testing.assert_frame_equal(usual.table, turned.table)
    pd.testing.assert_frame_equal(usual.pairs, turned.pairs)


def test_it_names_people_and_is_never_published() -> None:
    result = iop.shared_sessions(made(SIX))
    with pytest.raises(RuleError, match="shows individual people"):
        iop.protect(result)
    assert "crimson" not in result._repr_html_() + repr(result)


def test_without_groups_it_says_so() -> None:
    rows = [(who, day, None) for who, day, _ in SIX]
    with pytest.raises(EstimateError, match="do not show who was in a group together"):
        iop.shared_sessions(made(rows))
    with pytest.raises(RuleError, match="at_least"):
        iop.shared_sessions(made(SIX), at_least=0)
