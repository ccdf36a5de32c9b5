"""How many rows and events each group has, beside its estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.survival.times import CheckedTimes

MADE = {"n", "events", "estimate", "se", "lower", "upper", "cause"}


def with_sizes(groups: pd.DataFrame, times: CheckedTimes) -> pd.DataFrame:
    """Return the table of the groups with the numbers of rows and of events before the estimate."""
    place = len(times.labels.columns)
    number = len(times.labels)
    groups.insert(place, "n", np.bincount(times.group, minlength=number))
    groups.insert(place + 1, "events", np.bincount(times.group[times.event], minlength=number))
    return groups


def refuse_column_names(names: list[str]) -> None:
    """Refuse group columns named as a column of the result."""
    taken = [str(name) for name in names if name in MADE]
    if taken:
        raise RuleError(
            f"A group column cannot be named {', '.join(taken)}: the result has such a column.",
            instead=f'times.rename(columns={{"{taken[0]}": "group"}})',
        )
