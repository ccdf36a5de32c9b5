"""All measures with the evidence that they need. Add a measure or a piece of evidence here.

The limits were chosen for this library; they have no published source. In outpatient treatment some
sessions are always missed. If fewer than 1 in 100 sessions of an export are absences, absences are
not recorded, even if one or two occur; if fewer than 3 in 100, probably not all are recorded. The
same holds for missed check-ins. If fewer than one tenth of the rows, lengths, reasons or links are
present, they are not representative of the others, and measures that need them are not known. If
fewer than nine tenths are present (eight tenths of rows), a text says that a part is missing.
"""

from __future__ import annotations

from iop_outcomes.records.fitness.answers import ClearAnswers, EpisodesAnswered, SilenceRecorded
from iop_outcomes.records.fitness.evidence import (
    EpisodesCovered,
    Filled,
    PlausibleLengths,
    TableRead,
    Words,
    WordsKnown,
)
from iop_outcomes.records.fitness.hours import AttendedLengths, SeveralServices
from iop_outcomes.records.fitness.measure import Evidence, Measure
from iop_outcomes.records.fitness.stays import (
    DropoutTold,
    LeavingRecorded,
    PeopleLeave,
    PersonsIdentified,
    PriorStaysDated,
    ReasonsVary,
    StaysKnown,
    StaysListed,
)
from iop_outcomes.records.fitness.time import TimeCovered
from iop_outcomes.records.schema import ABSENT, ATTENDED

HARDLY, SELDOM = 0.01, 0.03  # shares of rows: hardly any, and few
_ABSENCES = (*ABSENT, "excused")
_DUE = (*ATTENDED, *_ABSENCES)
_NEEDS_ABSENCES = "the sessions that were due and not attended, each as a row with its status"

OUTCOMES = Words(
    *("attendance", "status", _DUE, (*_DUE, "unrecorded")),
    none="no session has a recorded outcome",
    few="hardly any session has a recorded outcome",
    part="only a part of the sessions have a recorded outcome",
    needed="the outcome of the sessions",
    least=0.1,
    usual=0.8,
)
ABSENCES = Words(
    *("attendance", "status", _ABSENCES, _DUE),
    none="no absence is recorded",
    few="hardly any absence is recorded",
    part="few absences are recorded",
    needed=_NEEDS_ABSENCES,
    least=HARDLY,
    usual=SELDOM,
    everywhere=True,
)
CAME = Words(
    *("attendance", "status", ATTENDED, _DUE),
    none="no session is recorded as attended",
    few="hardly any session is recorded as attended",
    part="few sessions are recorded as attended",
    needed="the sessions that were attended, each as a row with its status",
    least=HARDLY,
    usual=SELDOM,
    everywhere=True,
)
NO_SHOWS = Words(
    *("attendance", "status", ("no_show",), _DUE),
    none="no session is recorded as missed without notice",
    few="hardly any session is recorded as missed without notice",
    part="few sessions are recorded as missed without notice",
    needed=_NEEDS_ABSENCES,
    least=HARDLY,
    usual=SELDOM,
)
MISSED = Words(
    *("checkins", "status", ("missed",), ("completed", "missed")),
    none="no check-in is recorded as missed",
    few="hardly any check-in is recorded as missed",
    part="few check-ins are recorded as missed",
    needed="the check-ins that were due and not completed, each as a row with the status missed; "
    'or their schedule, in the mapping: [checkins] expected_every = "7 days"',
    least=HARDLY,
    usual=SELDOM,
    everywhere=True,
)
SILENCE = SilenceRecorded(MISSED)
COMPLETED = Words(
    *("checkins", "status", ("completed",), ("completed", "missed")),
    none="no check-in is recorded as completed",
    few="hardly any check-in is recorded as completed",
    part="few check-ins are recorded as completed",
    needed="the check-ins that were completed, each as a row with its answers",
    least=HARDLY,
    usual=SELDOM,
    everywhere=True,
)
LENGTHS = Filled(
    *("attendance", ("minutes_attended", "minutes_scheduled"), ATTENDED),
    what="{} attended sessions have a length",
    needed="the length of the sessions, in minutes_attended or minutes_scheduled",
)
REASONS = Filled(
    *("episodes", ("discharge_reason",), ()),
    what="{} discharges have a reason",
    needed="the reason of each discharge",
)
GROUPS_NAMED = Filled(
    *("attendance", ("group_id",), ATTENDED),
    what="{} attended group sessions have a group_id",
    needed="the group or the session of each group service, in group_id",
    services=("group", "skills"),
)
APPROACHES = Filled(
    *("attendance", ("approach",), ATTENDED),
    what="{} attended sessions have an approach",
    needed="the approach of each session, in approach",
)
PATHS = Filled(
    *("episodes", ("entry_path",), ()),
    what="{} discharged episodes have an entry path",
    needed="where each person came from, in entry_path: direct, step_down or after_relapse",
)
ANSWERS = Filled(
    *("checkins", ("used", "use_days", "drug_test"), ("completed",)),
    what="{} completed check-ins say whether there was use",
    needed="what each check-in says of use: used, use_days or drug_test",
    usual=0.5,
)
# Without a discharge, weeks with no hours are counted up to the data cut.
WEEKS_END = PeopleLeave(least=0.8, usual=0.9, counted=False)
_SESSIONS = (TableRead("attendance"), EpisodesCovered("attendance"), OUTCOMES, CAME)
STATUSES = WordsKnown("attendance", "status")
WHOLE_TIME = TimeCovered("attendance")
_DOSE = (
    *(WHOLE_TIME, LENGTHS, PlausibleLengths(), WEEKS_END),
    *(AttendedLengths(), SeveralServices()),
)
_COMPLETION = (PeopleLeave(), ReasonsVary(), REASONS)
_LEFT = (DropoutTold(), PeopleLeave(counted=False), REASONS)
_CHECK_INS = (TableRead("checkins"), EpisodesCovered("checkins"), COMPLETED)

_PHQ9 = EpisodesAnswered("a PHQ-9 score", ("phq9",), "phq9_")
_GAD7 = EpisodesAnswered("a GAD-7 score", ("gad7",), "gad7_")
_WORK = EpisodesAnswered("an answer on work or school", ("employed", "in_school"))
_HOUSING = EpisodesAnswered("an answer on housing", ("stable_housing",))
_ARRESTS = EpisodesAnswered("an answer on arrests", ("arrests",))
_SOCIAL = EpisodesAnswered("an answer on social connection", ("social_connection",))
_MEETINGS = EpisodesAnswered("a number of mutual-help meetings", ("mutual_help_meetings",))
_RECOVERY = EpisodesAnswered("a BARC-10 score", ("barc10",))
_LISTED = (TableRead("attendance"), EpisodesCovered("attendance", least=0.5))


def _more(name: str, title: str, *evidence: Evidence) -> Measure:
    """Return a measure that is not in the quarterly report."""
    return Measure(name, title, evidence, reported=False)


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("admissions", "Admissions", (TableRead("episodes"),)),
        Measure(
            "readmissions",
            "Admissions of people admitted before",
            (PersonsIdentified(), StaysListed()),
        ),
        Measure("attendance_rate", "Attendance rate", (*_SESSIONS, ABSENCES, STATUSES), main=True),
        Measure(
            "no_show_rate",
            "No-show rate",
            (*_SESSIONS, NO_SHOWS, ABSENCES, STATUSES),
            main=True,
        ),
        Measure(
            "first_session",
            "First and fourth session",
            (*_LISTED, OUTCOMES, CAME, WHOLE_TIME),
        ),
        Measure("hours", "Hours attended a week", (*_SESSIONS, *_DOSE)),
        Measure("weeks_at_dose", "Weeks at dose", (*_SESSIONS, *_DOSE)),
        *(
            Measure(
                f"retained_{days}",
                f"Retained at {days} days",
                (TableRead("attendance"), StaysKnown(_DUE), WHOLE_TIME, LeavingRecorded()),
                main=True,
            )
            for days in (30, 60, 90)
        ),
        Measure("completion_rate", "Completion rate", _COMPLETION, main=True),
        Measure("length_of_stay", "Length of stay", (PeopleLeave(),)),
        Measure("check_in_response", "Check-in response", (*_CHECK_INS, MISSED), main=True),
        Measure("relapse", "Relapse", (*_CHECK_INS, ANSWERS, ClearAnswers(), SILENCE), main=True),
        Measure(
            "relapse_missing_rules",
            "Rules for missing check-ins",
            (*_CHECK_INS, ANSWERS, ClearAnswers(), MISSED),
        ),
        *(
            Measure(name, title, (TableRead("checkins"), PeopleLeave(), evidence))
            for name, title, evidence in (
                ("phq9_completed", "PHQ-9 at intake and discharge", _PHQ9),
                ("phq9_better", "PHQ-9 better by 5 points", _PHQ9),
                ("gad7_better", "GAD-7 better by 4 points", _GAD7),
                ("work_or_school", "In work or school at discharge", _WORK),
                ("stable_housing", "In stable housing at discharge", _HOUSING),
            )
        ),
    )
}
# Not in the quarterly report.
MEASURES |= {
    measure.name: measure
    for measure in (
        _more("hours_per_week", "Hours a week", *_SESSIONS, *_DOSE),
        _more("unrecorded_share", "Sessions without a recorded outcome", *_LISTED),
        _more("census", "Census", TableRead("episodes"), PeopleLeave()),
        _more("waiting_days", "Days to the first session", *_LISTED, OUTCOMES, CAME, WHOLE_TIME),
        _more("transfer_rate", "Transfer rate", PeopleLeave(), REASONS),
        _more("shared_sessions", "Sessions shared in groups", *_SESSIONS, GROUPS_NAMED),
        *(
            _more(name, title, *_SESSIONS, *evidence, WHOLE_TIME, *_CHECK_INS, ANSWERS)
            for name, title, evidence in (
                ("dose_by_service", "Dose and outcome by service", ()),
                ("dose_by_approach", "Dose and outcome by approach", (APPROACHES,)),
            )
        ),
        _more(
            "days_from_prior_care",
            "Days from prior care to the first session",
            *(*_SESSIONS, WHOLE_TIME, PriorStaysDated()),
        ),
        _more(
            "stay_by_entry_path",
            "Time in treatment by entry path",
            *(TableRead("attendance"), StaysKnown(_DUE), WHOLE_TIME, PATHS),
        ),
        *(
            _more(name, title, *_SESSIONS, WHOLE_TIME)
            for name, title in (
                ("iet_style", "Engaged (IET style)"),
                ("washington_circle", "Engaged (Washington Circle)"),
                ("va_continuity", "Continuity of care (VA)"),
                ("first_to_fourth_session", "First to fourth session"),
            )
        ),
        *(
            _more(name, title, *_SESSIONS, WHOLE_TIME, *_LEFT)
            for name, title in (
                *(
                    (f"dropout_by_gap_{days}", f"Dropout by {days} days without contact")
                    for days in (14, 30, 60, 90)
                ),
                ("dropout_by_missing_weeks_4", "Dropout by four weeks"),
            )
        ),
        *(
            _more(
                f"followed_up_{days}",
                f"Seen within {days} days of a prior stay",
                *_SESSIONS,
                WHOLE_TIME,
                PriorStaysDated(),
            )
            for days in (7, 30)
        ),
        _more(
            "dropout_by_absences_3", "Dropout by three absences", *_SESSIONS, ABSENCES, WHOLE_TIME
        ),
        _more(
            "minimum_dose_9",
            "Minimum dose",
            *(*_SESSIONS, *_DOSE, PeopleLeave()),
        ),
        *(
            _more(
                f"{name}_{days}", title.format(days), *_CHECK_INS, ANSWERS, ClearAnswers(), SILENCE
            )
            for name, title in (
                ("relapse_free", "Relapse-free at {} days"),
                ("relapsed", "Relapsed by {} days"),
            )
            for days in (30, 60, 90)
        ),
        *(
            _more(name, title, TableRead("checkins"), PeopleLeave(), evidence)
            for name, title, evidence in (
                ("phq9_change", "Change of PHQ-9", _PHQ9),
                ("gad7_change", "Change of GAD-7", _GAD7),
                ("no_arrests", "No arrests at discharge", _ARRESTS),
                ("social_connection", "Social connection at discharge", _SOCIAL),
                ("mutual_help", "Mutual-help meetings at discharge", _MEETINGS),
                ("recovery_capital", "Recovery capital at discharge", _RECOVERY),
            )
        ),
    )
}
