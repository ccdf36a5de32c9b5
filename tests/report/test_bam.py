"""The Brief Addiction Monitor in the table of symptoms: three rows of one version, or a reason."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import iop_outcomes as iop
from iop_outcomes.disclosure.system import attack
from iop_outcomes.outcome_scores.versions import NO_KNOWN_VERSION, NOT_RECORDED, SEVERAL_VERSIONS
from iop_outcomes.report.counting import Counted, count_all
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.outcomes import why_no_scores
from iop_outcomes.report.sections.scores.scales import BAM_TITLES, LOWER, LOWER_BUT, OUTSIDE
from tests.helpers.of_the_sample import report_of_the_sample
from tests.report.test_internal_report import section_of
from tests.report.test_true_reasons import CUT, check_ins
from tests.report.test_true_reasons import people as some_people

USE, RISK, PROTECTIVE = BAM_TITLES.values()
PHQ9 = "Depression (PHQ-9)"
LIKERT = {"bam_use": 3, "bam_risk": 9, "bam_protective": 14, "bam_version": "likert"}


def people() -> pd.DataFrame:
    """Return 80 people, of whom 60 have left."""
    frame = some_people(80)
    frame.loc[60:, ["discharge_date", "discharge_reason"]] = None
    return frame


def records(answered: int = 60, **columns: object) -> iop.Records:
    """Return these people, so many of whom answered twice."""
    frame = people()
    return iop.read_records(
        episodes=frame, checkins=check_ins(frame, answered, **columns), as_of=CUT
    )


def count(made: iop.Records) -> Counted:
    scope = choose_scope(made, "2026Q3", None, None)
    return count_all(scope, scope)


def table(made: iop.Records) -> tuple[pd.DataFrame, str]:
    found = count(made).table("symptoms")
    return found.frame.set_index("scale"), found.note


def test_the_three_subscales_are_rows_as_that_of_depression_is() -> None:
    frame, note = table(records(phq9=12, **LIKERT))
    assert list(frame.index) == [PHQ9, USE, RISK, PROTECTIVE]
    assert frame["answered_twice"].eq(60).all()
    assert frame["mean_at_intake"].tolist() == [12, 3, 9, 14]
    assert note.startswith(LOWER_BUT)
    assert "with answers from 0 to 4, which asks about the last 30 days" in note
    assert "not used" not in note
    _, note = table(records(phq9=12, **LIKERT | {"bam_version": "BAM-IOP"}))
    assert "which asks about the last 7 days" in note


def test_nothing_is_said_of_it_where_it_was_not_filled_in() -> None:
    frame, note = table(records(phq9=12))
    assert list(frame.index) == [PHQ9]
    assert note.startswith(LOWER)
    assert not note.startswith(LOWER_BUT)
    assert "BAM" not in note


@pytest.mark.parametrize(
    ("version", "why"),
    [(None, NOT_RECORDED), ("short form", NO_KNOWN_VERSION), ("mixed", SEVERAL_VERSIONS)],
)
def test_what_is_of_no_version_or_of_several_is_left_out_with_the_reason(
    version: str | None, why: str
) -> None:
    made = records(phq9=12, **LIKERT | {"bam_version": version})
    if version == "mixed":
        first = made.checkins["date"] < "2026-07-01"
        words = np.where(first, "likert", "BAM-R")
        rows = made.checkins.assign(bam_version=words)
        made = iop.read_records(episodes=people(), checkins=rows, as_of=CUT)
    frame, note = table(made)
    assert list(frame.index) == [PHQ9]
    assert note.startswith(LOWER)
    assert note.endswith(f" Scores of the BAM are not used: {why}.")


def test_a_score_that_is_outside_of_the_version_is_no_score_of_it() -> None:
    _, note = table(records(phq9=12, **LIKERT | {"bam_risk": 90}))
    assert note.endswith(f" Scores of the BAM are not used: {OUTSIDE}.")


def test_what_a_few_filled_in_is_not_named() -> None:
    frame = people()
    rows = check_ins(frame, 60, phq9=12)
    few = check_ins(frame, 5, bam_use=3)["bam_use"]
    made = iop.read_records(episodes=frame, checkins=rows.assign(bam_use=few), as_of=CUT)
    assert "BAM" not in table(made)[1]


def test_without_any_row_it_is_said_why_the_scores_are_not_used() -> None:
    scope = choose_scope(records(**LIKERT | {"bam_version": None}), "2026Q3", None, None)
    assert why_no_scores(scope).endswith(f"Scores of the BAM are not used: {NOT_RECORDED}.")


def test_an_earlier_version_of_people_before_the_two_years_changes_nothing() -> None:
    before = some_people(20, "2023-04-03").assign(
        discharge_date="2023-07-20", discharge_reason="completed"
    )
    before["episode_id"] = before["person_id"] = [f"B{number}" for number in range(20)]
    days = ("2023-04-05", "2023-07-18")
    early = pd.concat([before[["episode_id"]].assign(date=day) for day in days])
    early = early.assign(status="completed", used="no", bam_use=200, bam_version="BAM-R")
    frame = people()
    both = pd.concat([check_ins(frame, 60, **LIKERT), early])
    made = iop.read_records(episodes=pd.concat([frame, before]), checkins=both, as_of=CUT)
    assert list(table(made)[0].index) == [USE, RISK, PROTECTIVE]


def test_numbers_that_differ_by_a_few_people_are_not_both_shown_and_what_was_there_stays() -> None:
    """Of 60 people 55 answered on the BAM, and as many on work: PHQ-9 comes first."""
    frame = people()
    rows = check_ins(frame, 60, phq9=12)
    fewer = check_ins(frame, 55, **LIKERT)
    for name in LIKERT:
        rows[name] = fewer[name]
    made = iop.read_records(episodes=frame, checkins=rows, as_of=CUT)
    shown, note = table(made)
    assert list(shown.index) == [PHQ9]
    assert all(title in note.partition("Not in the table: ")[2] for title in (USE, RISK))
    work = check_ins(frame, 48, employed="yes")["employed"].astype(object)
    later = work.index >= len(frame)
    turned = pd.Series(np.where(later & (work.index % 2 == 0), "no", work), work.index)
    rows = rows.drop(columns="phq9").assign(employed=turned.where(work.notna()))
    made = count(iop.read_records(episodes=frame, checkins=rows, as_of=CUT))
    assert made.table("functioning").frame["paired"].tolist() == [48]
    assert "symptoms" not in made.drafts


@pytest.mark.parametrize("where", ["intake", "end", "both"])
def test_a_mean_that_tells_how_few_have_any_points_is_not_shown(where: str) -> None:
    """Of 60 people six have one point: 60 times the mean of 0.1 is 6."""
    frame = people()
    rows = check_ins(frame, 60, **LIKERT)
    some = rows["episode_id"].isin([f"A{number}" for number in range(6)])
    end = rows["date"] == "2026-07-18"
    value = {"intake": np.where(end, 4, 1), "end": np.where(end, 1, 4), "both": 1}[where]
    low = {"intake": np.where(end, 4, 0), "end": np.where(end, 0, 4), "both": 0}[where]
    rows["bam_use"] = pd.Series(np.where(some, value, low), rows.index).where(
        rows["bam_use"].notna()
    )
    made = iop.read_records(episodes=frame, checkins=rows, as_of=CUT)
    assert USE not in table(made)[0].index
    assert RISK in table(made)[0].index
    internal = choose_scope(made, "2026Q3", None, iop.SafePolicy.internal())
    assert USE in list(count_all(internal, internal).table("symptoms").frame["scale"])
    safe = iop.protect(iop.symptom_change(made, "bam_likert"))
    assert safe.table.set_index("scale")["hidden"].tolist() == [True, False, False]


def test_the_counts_are_declared_by_quarter_and_nothing_follows() -> None:
    made = count(iop.read_records("data/samples"))
    for scale in ("use", "risk", "protective"):
        name = f"bam_likert {scale}"
        assert ("symptoms", name, "paired") in made.linked
        quarters = [key for key in made.linked.names if isinstance(key, tuple) and name in key]
        assert len([key for key in quarters if "paired" in key]) >= 8
    assert attack(made.cells).empty


def test_the_report_of_the_sample_has_them_with_their_source() -> None:
    report = report_of_the_sample()
    frame = report.tables["symptoms"].set_index("scale")
    assert list(frame.index)[-3:] == [USE, RISK, PROTECTIVE]
    assert frame.loc[USE, "change"] < 0 < frame.loc[PROTECTIVE, "change"]
    methods = report.tables["methods"].set_index("what")
    assert "Cacciola" in methods.loc["BAM"].iloc[0]
    assert "BAM is the Brief Addiction Monitor" in str(section_of(report, "symptoms"))
