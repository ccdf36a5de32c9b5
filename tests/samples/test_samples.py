"""The sample holds what its card says, its truth can be recovered, and its twin's key is right."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.errors import RuleError
from iop_outcomes.samples import Sample, synthetic_records, write_sample

COMMITTED = Path(__file__).parents[2] / "data" / "samples"
CUT = pd.Timestamp("2026-09-30")
CAME = ["attended", "late", "attended_partial"]
ABSENT = ["no_show", "client_cancel", "late_cancel", "excused"]

CHECKS = {
    "row_shape",
    "short_row",
    "bad_date",
    "implausible_date",
    "ambiguous_date",
    "missing_required",
    "unknown_word",
    "repeated_episode",
    "contradictory_session",
    "possible_repeat",
    "signed_again",
    "unknown_episode",
    "episode_set_aside",
    "discharge_before_admission",
    "after_data_cut",
    "before_admission",
    "after_discharge",
    "after_death",
    "bad_number",
    "bad_time",
    "out_of_range",
    "mixed_date_format",
    "excel_serial_date",
    "time_24_00",
    "time_zone",
    "surrounding_spaces",
    "missing_word",
    "exact_duplicate",
    "overlapping_sessions",
    "attended_more_than_scheduled",
    "minutes_when_absent",
    "long_day",
    "readmitted_soon",
    "overlapping_episodes",
    "late_discharge",
    "silent_open_episode",
    "early_check_in",
    "use_on_admission_day",
    "reason_without_date",
    "date_without_reason",
}


@pytest.fixture(scope="module")
def sample() -> Sample:
    return synthetic_records(2026)


def merged(sample: Sample, table: str) -> pd.DataFrame:
    """Rows of a table with the columns of their episodes and days since admission."""
    frame = getattr(sample, table).astype({"episode_id": object})
    truth = sample.truth.episodes[["episode_id", "relapse_day", "days_to_leaving"]]
    rows = frame.merge(sample.episodes, on="episode_id").merge(truth, on="episode_id")
    return rows.assign(day=(rows["date"] - rows["admit_date"]).dt.days)


# The files -------------------------------------------------------------------------------------


def files_of(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the sample of the committed seed was written, to be read only."""
    path = tmp_path_factory.mktemp("sample")
    write_sample(path, seed=2026)
    return path


def test_the_committed_files_are_what_the_seed_writes(folder: Path) -> None:
    written, committed = files_of(folder), files_of(COMMITTED)
    assert sorted(written) == sorted(committed)
    assert [name for name in written if written[name] != committed[name]] == []


def test_another_seed_gives_other_bytes(tmp_path: Path) -> None:
    write_sample(tmp_path, seed=5, messy=False)
    other, committed = files_of(tmp_path), files_of(COMMITTED)
    assert len(other) == 4
    assert all(other[name] != committed[name] for name in other)


def test_all_tables_together_take_at_most_three_megabytes() -> None:
    assert sum(path.stat().st_size for path in COMMITTED.rglob("*.csv")) <= 3_000_000


def test_the_card_says_synthetic_and_gives_the_licence() -> None:
    for card in (COMMITTED / "README.md", COMMITTED / "messy" / "README.md"):
        text = card.read_text(encoding="utf-8")
        assert "synthetic" in text
        assert "CC0" in text


# Reading ---------------------------------------------------------------------------------------


def test_reading_lists_no_problem_in_the_clean_sample(sample: Sample) -> None:
    records = iop.read_records(COMMITTED)
    assert records.problems.empty
    assert records.as_of == CUT
    assert records.synthetic
    assert len(records.attendance) == len(sample.attendance)
    quality = records.quality()
    assert quality.loc[quality["status"] == "failed", ["check", "table"]].to_numpy().tolist() == []


@pytest.mark.parametrize("seed", [2026, 1])
def test_reading_lists_exactly_the_inserted_faults(seed: int, tmp_path: Path) -> None:
    write_sample(tmp_path, seed=seed)
    key = pd.read_csv(tmp_path / "messy" / "answer_key.csv", dtype=str, keep_default_na=False)
    records = iop.read_records(tmp_path / "messy", as_of="2026-09-30")
    done = records.problems["done"].str.extract(f"^({'|'.join(key['done'].unique())})")[0]
    result = records.problems.assign(done=done, line=records.problems["line"].astype(str))
    result = result[list(key)].fillna("").astype(str)
    both = key.merge(result, how="outer", indicator=True)
    assert both[both["_merge"] != "both"].to_numpy().tolist() == []
    assert len(result) == len(key)  # and none twice
    assert set(key["check"]) == CHECKS
    read = records.sources[["rows_kept", "rows_set_aside", "rows_folded"]].sum(axis=1)
    assert read.tolist() == records.sources["rows_read"].tolist()


def test_a_frame_is_read_as_its_file_is(sample: Sample) -> None:
    records = iop.read_records(
        episodes=sample.episodes, attendance=sample.attendance, checkins=sample.checkins
    )
    from_files = iop.read_records(COMMITTED)
    assert records.problems.empty
    assert records.synthetic
    pd.testing.assert_frame_equal(
        records.checkins, from_files.checkins, check_categorical=False, check_dtype=False
    )


# What the tables hold --------------------------------------------------------------------------


def test_identifiers_are_made_up_and_unique(sample: Sample) -> None:
    episodes = sample.episodes
    assert episodes["episode_id"].is_unique
    assert episodes["episode_id"].str.fullmatch(r"SYN-\d{4}-[123]").all()
    assert (episodes["episode_id"].str[:8] == episodes["person_id"]).all()
    assert all(f.attrs["synthetic"] for f in (episodes, sample.attendance, sample.checkins))


def test_nobody_is_seen_outside_their_time(sample: Sample) -> None:
    sessions, checkins = merged(sample, "attendance"), merged(sample, "checkins")
    assert sessions["day"].min() == checkins["day"].min() == 0
    assert max(sessions["date"].max(), checkins["date"].max()) == CUT
    assert (sessions["date"] <= sessions["discharge_date"].fillna(CUT)).all()
    assert (checkins["date"] <= checkins["followed_until"]).all()
    died = sample.episodes[sample.episodes["discharge_reason"] == "died"]
    assert len(died) > 0
    assert (died["followed_until"] == died["discharge_date"]).all()
    assert (checkins["day"] % 7 == 0).all()
    assert checkins["day"].max() == 26 * 7


def test_minutes_fit_the_status(sample: Sample) -> None:
    sessions = sample.attendance
    came, absent = sessions["status"].isin(CAME), sessions["status"].isin(ABSENT)
    assert (sessions["minutes_attended"] <= sessions["minutes_scheduled"]).where(came, True).all()
    assert sessions.loc[came, "minutes_attended"].min() > 0
    assert (sessions.loc[absent, "minutes_attended"] == 0).all()
    assert sessions.loc[~came & ~absent, "minutes_attended"].isna().all()


def test_the_small_program_stays_under_eleven_admissions_a_quarter(sample: Sample) -> None:
    small = sample.episodes[sample.episodes["program"] == "Old Mill"]
    assert small["admit_date"].dt.to_period("Q").value_counts().max() < 11
    assert len(small) > 0


def test_closures_cancel_the_sessions_and_excuse_the_check_ins(sample: Sample) -> None:
    for table, word in (("attendance", "program_cancel"), ("checkins", "not_due")):
        rows = merged(sample, table)
        closed = rows["date"].between("2025-12-22", "2025-12-28")
        assert closed.any()
        assert (rows.loc[closed, "status"] == word).all()
    open_days = merged(sample, "checkins")["date"].between("2025-12-29", "2026-01-31")
    assert (merged(sample, "checkins").loc[open_days, "status"] != "not_due").all()


def test_what_is_asked_monthly_is_asked_monthly(sample: Sample) -> None:
    rows = merged(sample, "checkins")
    monthly = rows["day"] % 28 == 0
    done = rows["status"] == "completed"
    for name in ("phq9", "gad7", "bam_use", "bam_risk", "bam_protective", "employed"):
        assert rows.loc[monthly & done, name].notna().all()
        assert rows.loc[~monthly | ~done, name].isna().all()
    assert rows["bam_version"].eq("likert").equals(rows["bam_use"].notna())
    asked = rows.columns[rows.columns.get_loc("drug_test") : rows.columns.get_loc("person_id")]
    assert rows.loc[~done, asked].isna().all(axis=None)


# What is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "people"), [(-1, 10), (1, 0)])
def test_an_impossible_sample_is_refused(seed: int, people: int) -> None:
    with pytest.raises(RuleError, match="at least one person"):
        synthetic_records(seed, people=people)
