"""The definitions of what came first, of symptoms and of daily life, in words."""

from __future__ import annotations

from iop_outcomes.outcome_scores.functioning.domains import DOMAINS
from iop_outcomes.report.counting import Counted
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.outcomes import WHEN

OF_ONE_DAY = "Of several answers on one day their mean counts."
DIFFERENT = "Two answers of one day that differ are no answer."
WHO = (
    "Counted are episodes discharged by the data cut; those not discharged yet and those who died "
    "are left out, but the number discharged beside the scores holds all, as that of the "
    "discharges. A missing answer is never filled in."
)
FIRST = (
    "A person counts by what came first, a relapse or the end of treatment; a relapse found on the "
    "day of the discharge counts as the relapse. An end counts if it came at most {days} days "
    "after the last day of which something is known."
)
MISSED = (
    "A check-in missed before the end stops the follow-up. A check-in missed on the day of the "
    "discharge does not count: the discharge does."
)


AS_SYMPTOMS = "The start, the end and who is counted: as for symptoms."


def outcome_rows(scope: Scope, counted: Counted) -> list[tuple[str, str]]:
    """Return the rows of those of the tables that the report has."""
    rows = []
    if counted.relapse is not None and counted.relapse.first.told:
        missed = f" {MISSED}" if scope.rule.missing == "censor" else ""
        rows.append(("What came first", f"{FIRST.format(days=scope.rule.lost_after)}{missed}"))
    if "symptoms" in counted.drafts:
        rows.append(("Symptoms", f"{WHEN} {OF_ONE_DAY} {WHO}"))
    if "functioning" in counted.drafts:
        shown = set(counted.drafts["functioning"].table.frame["domain"])
        having = "; ".join(
            f"{one.title}: {one.having}" for one in DOMAINS if one.name.replace("_", " ") in shown
        )
        told = "symptoms" in counted.drafts
        when = f"{AS_SYMPTOMS} {DIFFERENT}" if told else f"{WHEN} {DIFFERENT} {WHO}"
        rows.append(("Work, housing and more", f"{having}. {when}"))
    return rows
