"""The treatment sessions of a period by what became of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.linked import DETAIL, TOTAL
from iop_outcomes.disclosure.merging import FINEST, Step
from iop_outcomes.records.schema import ATTENDANCE_STATUSES
from iop_outcomes.report.model import DraftTable, Kind, Table
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.cohort.declaring import ALL, with_share
from iop_outcomes.shared.text import SHARE_DECIMALS


def sessions_table(scope: Scope, linked: LinkedCounts, step: Step = FINEST) -> DraftTable:
    """Return the treatment sessions by what became of them."""
    assert scope.attendance is not None  # else there is no such table
    sessions = scope.attendance.sessions
    rule = sessions.rule
    chosen = sessions.treatment.copy()
    if scope.period is not None:
        chosen &= scope.in_quarters(sessions.frame["date"], step.quarters)
    person, status = scope.person[sessions.episode[chosen]], sessions.status[chosen]
    everybody = len(np.unique(person))
    linked.count(
        ("sessions", ALL), len(status), people=everybody, item=("sessions", ALL), rank=TOTAL
    )
    linked.count(("session people", ALL), everybody, item=("session people", ALL), rank=TOTAL)
    rows = []
    words = [word for code, word in enumerate(ATTENDANCE_STATUSES) if (status == code).any()]
    groups = step.groups(words)
    for word, held in groups.items():
        mask = np.isin(status, [ATTENDANCE_STATUSES.index(one) for one in held])
        count, people = int(mask.sum()), len(np.unique(person[mask]))
        linked.count(("sessions", word), count, people=people, item=("sessions", word))
        linked.count(("session people", word), people, item=("session people", word), rank=DETAIL)
        linked.part(("session people", ALL), ("session people", word))
        linked.at_least(("sessions", word), [("session people", word)])
        if len(held) > 1:  # the kinds of session that are not printed by themselves
            parts = [status == ATTENDANCE_STATUSES.index(one) for one in held]
            for one, part in zip(held, parts, strict=True):
                few = len(np.unique(person[part]))
                linked.count(("sessions", one), int(part.sum()), people=few)
            linked.total(("sessions", word), [("sessions", one) for one in held])
        due = "yes" if set(held) <= set(rule.due) else "no"
        rows.append((word.replace("_", " "), due, count, count / max(len(status), 1), people))
    words = list(groups)
    linked.total(("sessions", ALL), [("sessions", word) for word in words])
    linked.count("session people of each kind", sum(row[-1] for row in rows))
    linked.total("session people of each kind", [("session people", word) for word in words])
    linked.at_least("session people of each kind", [("session people", ALL)])
    rows.append((ALL, "", len(status), 1.0, everybody))
    frame = pd.DataFrame(rows, columns=["session", "due", "sessions", "share", "people"])
    frame["share"] = frame["share"].round(SHARE_DECIMALS)
    kinds: dict[str, Kind] = {"sessions": "count", "share": "share", "people": "count"}
    note = "Due: in the denominator of the attendance rate. People: with at least one such session."
    table = Table(
        "sessions", f"Treatment sessions in {scope.named(step.quarters)}", frame, kinds, note
    )
    needs = with_share(
        [("sessions", word) for word in (*words, ALL)], "sessions", ("sessions", ALL)
    )
    return DraftTable(
        table, needs | {"people": [(("session people", word),) for word in (*words, ALL)]}
    )
