"""The section on data quality: what was read, what was set aside, which checks failed."""

from __future__ import annotations

import pandas as pd

from iop_outcomes.disclosure import hide_small_counts
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.report.model import Kind, Table
from iop_outcomes.report.scope import Scope

ROWS = ["rows_kept", "rows_set_aside", "rows_folded"]


def sources_table(scope: Scope) -> Table:
    """Return the rows of each file; a file is named by its table, for its name may hold a name."""
    sources = scope.records.sources
    number = sources.groupby("table", sort=False).cumcount() + 1
    frame = pd.DataFrame(
        {"table": sources["table"], "file": number, "rows_read": sources["rows_read"]}
    )
    frame[ROWS] = sources[ROWS]
    told_apart = [_tells_small_programs(scope)] * len(frame)
    shown = hide_small_counts(
        frame, scope.policy, counts=ROWS, row_total="rows_read", also=told_apart
    )
    shown["sha256"] = sources["sha256"].fillna("").astype(str)
    kinds: dict[str, Kind] = dict.fromkeys(["rows_read", *ROWS], "count")
    kinds |= {"sha256": "code", "file": "count"}
    note = (
        "Rows read are rows kept, set aside and exact duplicates folded into one. The SHA-256 "
        "tells whether a file is the same, to the byte."
    )
    return Table("files", "What was read", shown, kinds, note)


def checks_table(scope: Scope) -> Table:
    """Return the checks that something failed, summed over the columns of a table."""
    checks = scope.records.quality()
    failed = checks[checks["rows_failed"] > 0]
    keys = ["group", "check", "table", "column"]
    frame = failed[[*keys, "rows_looked_at", "rows_failed", "share", "status", "meaning"]]
    frame = frame.sort_values(keys).reset_index(drop=True)
    small = scope.policy.hides_fraction(
        frame["rows_failed"].to_numpy(), frame["rows_looked_at"].to_numpy()
    )
    frame = frame.astype({"rows_looked_at": object, "rows_failed": object, "share": object})
    frame.loc[small, ["rows_looked_at", "rows_failed", "share"]] = HIDDEN
    kinds: dict[str, Kind] = {"rows_looked_at": "count", "rows_failed": "count", "share": "share"}
    note = (
        f"{_status_counts(checks)} Only checks that met something are listed. A check on a column "
        "that is not there, or holds nothing, is not applicable: it has not passed."
    )
    return Table("checks", "Checks that met something", frame, kinds, note)


def summary(scope: Scope) -> str:
    """Return how many rows were set aside, if that may be told."""
    aside = int(scope.records.sources["rows_set_aside"].sum())
    read = int(scope.records.sources["rows_read"].sum())
    if _tells_small_programs(scope):
        return (
            "The numbers of rows are hidden: they would tell how many the programs left out have."
        )
    if aside == 0:
        return f"No row of {read:,} was set aside."
    if bool(scope.policy.hides_fraction(aside, read)):
        return f"A few of {read:,} rows were set aside: fewer than {scope.policy.threshold}."
    return f"{aside:,} of {read:,} rows were set aside ({aside / read:.1%})."


def _tells_small_programs(scope: Scope) -> bool:
    """Say whether all rows, less the published ones, would give a small count away."""
    left_out = scope.records.episodes["program"].astype(str).isin(scope.too_few)
    return bool(scope.policy.hides(int(left_out.sum())))


def _status_counts(checks: pd.DataFrame) -> str:
    counts = checks["status"].value_counts()
    parts = [
        f"{counts.get(status, 0):,} {status}" for status in ("passed", "failed", "not applicable")
    ]
    return f"Of {len(checks):,} checks: {', '.join(parts)}."
