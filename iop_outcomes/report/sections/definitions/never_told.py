"""What records of a program never tell, whatever is in them: of these records only what is true."""

from __future__ import annotations

from iop_outcomes.report.scope import Scope

WHY = (
    "Records say what happened, and not why: why people left early, or stayed, or why a "
    "number changed, is not in them."
)
NO_COMPARISON = (
    "There is no group to compare with. What would have become of the same people without the "
    "program is not known."
)
AFTERWARDS = (
    "What happens after the last day of a person's follow-up is in no number. Of those who left it "
    "is mostly not known how they are today."
)
NO_ANSWER = "How those fared who did not answer a check-in is not known."
ONCE = (
    "Whose scores were taken once only, such as people who came once, are in no change of symptoms."
)
CHECKINS = "checkins"
SCORES = ("phq9", "gad7", "bam")  # how their columns begin


def never_told(scope: Scope) -> tuple[str, ...]:
    """Return what no records of this kind tell, a sentence each.

    That people did not answer, and that scores were not taken again, is said where check-ins, and
    scores, are recorded.
    """
    said = [WHY, NO_COMPARISON, AFTERWARDS]
    if CHECKINS in scope.records.tables:
        said.append(NO_ANSWER)
        if any(str(name).startswith(SCORES) for name in scope.records.checkins.columns):
            said.append(ONCE)
    return tuple(said)
