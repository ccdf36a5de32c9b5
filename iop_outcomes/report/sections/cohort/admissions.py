"""Who was admitted: by program and by what is known of them at admission."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.linked import TOTAL
from iop_outcomes.disclosure.merging import FINEST, Step
from iop_outcomes.report.model import DraftTable, Kind, Table
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.sections.cohort.declaring import ALL, NOT_RECORDED, declare, with_share
from iop_outcomes.shared.text import SHARE_DECIMALS

NO_REFERRALS = (
    "The records hold the episodes of people who were admitted. How many were referred and not "
    "admitted is not known; a list of all referrals with their days would be needed."
)


def admissions_table(scope: Scope, linked: LinkedCounts, step: Step = FINEST) -> DraftTable:
    """Return the admissions by program, entry path, level and earlier admission."""
    episodes = scope.records.episodes
    admitted = scope.admitted_in(step.quarters)
    earlier = np.where(episodes["admission_number"] > 1, "admitted before", "first admission here")
    views = {
        "program": episodes["program"],
        "entry path": episodes["entry_path"],
        "level of care": episodes["level"],
        "admission": pd.Series(earlier, index=episodes.index),
    }
    if not scope.tells("readmissions"):
        del views["admission"]
    everybody = (ALL, admitted)
    declare(scope, linked, "admissions", [everybody], rank=TOTAL)
    rows, keys = [], []
    for view, values in views.items():
        if values[admitted].notna().any():
            words = values.astype(object).where(values.notna(), NOT_RECORDED).astype(str)
            groups = [
                (word, admitted & (words == word).to_numpy())
                for word in sorted(set(words[admitted]))
            ]
            own_keys = declare(scope, linked, "admissions", groups, view)
            linked.total(("admissions", ALL), own_keys)
            rows += [(view, word.replace("_", " "), int(mask.sum())) for word, mask in groups]
            rows.append((view, ALL, int(admitted.sum())))
            keys += [*own_keys, ("admissions", ALL)]
    if not rows:  # nobody was admitted in a time in which people were there
        rows, keys = [("program", ALL, 0)], [("admissions", ALL)]
    frame = pd.DataFrame(rows, columns=["by", "group", "admitted"])
    whole = float(admitted.sum()) or np.nan
    frame["share"] = (frame["admitted"] / whole).round(SHARE_DECIMALS)
    kinds: dict[str, Kind] = {"admitted": "count", "share": "share"}
    note = ""
    if scope.too_few:
        note = f"Too few to publish, and in no number of this report: {', '.join(scope.too_few)}."
    if scope.pooled:
        note = f"Other programs: {', '.join(scope.pooled)}."
    table = Table("admissions", f"Admissions in {scope.named(step.quarters)}", frame, kinds, note)
    return DraftTable(table, with_share(keys, "admitted", ("admissions", ALL)))
