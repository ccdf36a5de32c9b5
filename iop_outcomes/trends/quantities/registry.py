"""The registry: every measure of which a trend can be drawn, by name."""

from __future__ import annotations

import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written
from iop_outcomes.trends.quantities.answers import FUNCTIONING, RESPONSE, SYMPTOMS
from iop_outcomes.trends.quantities.people import (
    ADMISSIONS,
    CENSUS,
    COMPLETION,
    PRIOR_CARE,
    RETENTION,
    TRANSFERS,
    WAITING,
)
from iop_outcomes.trends.quantities.quantity import Quantity
from iop_outcomes.trends.quantities.relapse import RELAPSE_FREE, RELAPSED
from iop_outcomes.trends.quantities.rules import RULES
from iop_outcomes.trends.quantities.sessions import SESSIONS, WEEKS

# The quarterly report has these: its disclosure control knows how they are connected.
REPORTED: dict[str, Quantity] = {
    one.name: one for one in (*SESSIONS, ADMISSIONS, *RETENTION, COMPLETION, RESPONSE)
}
QUANTITIES: dict[str, Quantity] = REPORTED | {
    quantity.name: quantity
    for quantity in (
        *WEEKS,
        CENSUS,
        WAITING,
        PRIOR_CARE,
        TRANSFERS,
        *RULES,
        *RELAPSE_FREE,
        *RELAPSED,
        *SYMPTOMS,
        *FUNCTIONING,
    )
}
_SHOWN = ("name", "title", "numerator", "denominator", "date", "unit", "days_to_mature", "note")


def find_quantity(measure: str | Quantity | None) -> Quantity:
    """Return the measure of that name, or the measure itself.

    Raises
    ------
    RuleError
        If no measure has that name.
    """
    if isinstance(measure, Quantity):
        return measure
    if isinstance(measure, str) and measure in QUANTITIES:
        return QUANTITIES[measure]
    raise RuleError(
        "There is no measure of that name.",
        found=as_written(measure),
        instead=f"one of {', '.join(QUANTITIES)}",
    )


def describe_quantities() -> pd.DataFrame:
    """Return the measures of which a trend can be drawn, with their definitions.

    Returns
    -------
    pandas.DataFrame
        One row a measure:

        ``name, title`` : str
            Its name in code and in pictures.
        ``numerator, denominator`` : str
            What is counted, and out of what; no denominator for a count.
        ``date`` : str
            The date that determines the period of an entry.
        ``unit`` : str
            proportion, episodes, hours, days or points.
        ``days_to_mature`` : int64
            Days after the end of a period after which its value is known.
        ``note, rule`` : str
            Further information; and the whole definition as sentences.
        ``tables`` : str
            The tables needed in addition to the episodes.
        ``chart`` : str
            The usual chart; ``trend(..., chart=...)`` takes another.
        ``improves`` : str
            Which direction is an improvement: up, down or neither.

    Examples
    --------
    >>> import iop_outcomes as iop
    >>> measures = iop.describe_quantities().set_index("name")
    >>> measures.loc["relapse_free_90", ["unit", "tables", "chart", "improves"]].tolist()
    ['proportion', 'checkins', 'xmr', 'up']
    """
    rows = [
        {
            **{name: getattr(quantity, name) for name in _SHOWN},
            "rule": quantity.text,
            "tables": ", ".join(quantity.tables),
            "chart": quantity.chart,
            "improves": quantity.improves,
        }
        for quantity in QUANTITIES.values()
    ]
    return pd.DataFrame(rows)
