"""Columns known only at the end of a stay, which must not explain times from its beginning."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.vocabulary import OF_THE_WHOLE_STAY

MOST_NAMED = 5
AFTER_THE_STAY = "discharge"


def refuse_post_baseline(used: Iterable[str], allowed: bool, origin: str) -> None:
    """Refuse a model of times that uses a column known only at the end of the stay.

    Parameters
    ----------
    used : iterable of str
        The columns of the formula.
    allowed : bool
        Whether the caller allows such columns.
    origin : str
        The name of day 0. If it is ``discharge`` the whole stay is known, and nothing is refused.

    Raises
    ------
    RuleError
        If a column has the name of one that is known only at the end of a stay
        (`iop_outcomes.shared.vocabulary.OF_THE_WHOLE_STAY`), or `allowed` is not a bool.

    Notes
    -----
    Columns are recognised by their names, because a merge or a file keeps these. A column that was
    calculated from one of them and has another name is not recognised.
    """
    if not isinstance(allowed, (bool, np.bool_)):
        raise RuleError(
            "allow_post_baseline must be True or False.", found=f"a {type(allowed).__name__}"
        )
    late = sorted({name for name in used if name in OF_THE_WHOLE_STAY})
    if not late or allowed or origin == AFTER_THE_STAY:
        return
    named = ", ".join(late[:MOST_NAMED])
    more = f" and {len(late) - MOST_NAMED} more" if len(late) > MOST_NAMED else ""
    raise RuleError(
        "A covariate known only at the end of the stay cannot explain times from its beginning: "
        "people who have the event early cannot attend for long, so that it looks as if little "
        "attendance had caused the event (immortal time).",
        found=f"{named}{more}",
        instead="iop.landmark(records, day=30), those still at risk on a day with their "
        'attendance by then; iop.start_stop(records, every="week"), attendance so far; '
        "iop.emulate_strategies(records, ...), the effect of keeping to an attendance; or, if the "
        "column was known on day 0 (days count from the discharge, say), "
        "allow_post_baseline=True.",
    )
