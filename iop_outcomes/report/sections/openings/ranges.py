"""Between what a share lies, by what a missing check-in counts as: from the printed table."""

from __future__ import annotations

from iop_outcomes.report.sections.openings.cells import PrintedTable
from iop_outcomes.report.sections.relapse import COMPARED_RULES
from iop_outcomes.shared.vocabulary import MISSING_RULES

BY, USED, OR = "a missing check-in", " (used here)", ", or "
PLAIN = {
    MISSING_RULES["censor"].short: "people are counted only up to their first missing one",
    MISSING_RULES["use"].short: "every missing check-in counts as use",
    MISSING_RULES["no_use"].short: "every missing check-in counts as no use",
}


def range_by_missing(table: PrintedTable | None, column: str) -> str:
    """Return the least and the greatest share of a day, each with its rule for missing check-ins.

    Empty where not all rules have a share on the day: the ends would not be known. Rules that give
    the same have one row.
    """
    if table is None:
        return ""
    shares: list[tuple[float, str, str]] = []
    rules = 0
    for place in range(len(table.rows)):
        label, cell = (table.text(place, name) for name in (BY, column))
        share = (cell or "").partition(" (")[0]
        if not label or not share.endswith("%"):
            return ""
        names = label.replace(USED, "").split(OR)
        rules += len(names)
        plain = PLAIN.get(names[0], f"a missing check-in {names[0]}")
        shares.append((float(share.removesuffix("%")), share, plain))
    if rules < len(COMPARED_RULES):
        return ""
    least, most = min(shares), max(shares)
    if least[0] == most[0]:
        return ""
    return f"It is from {least[1]}, if {least[2]}, to {most[1]}, if {most[2]}."
