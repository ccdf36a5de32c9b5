"""The section on data quality: what was read, what was set aside, which checks failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts, SafePolicy
from iop_outcomes.disclosure.declared import CELL, DETAIL, TOTAL, Key
from iop_outcomes.records.data_cut import without_what_happened
from iop_outcomes.report.model import DraftTable, Hidden, Item, Kind, Table
from iop_outcomes.report.period import QUARTER
from iop_outcomes.report.scope import Scope
from iop_outcomes.shared.messages import may_be_named
from iop_outcomes.shared.text import SHARE_DECIMALS, format_share

ROWS = ["rows_kept", "rows_set_aside", "rows_folded"]
READ = "rows_read"
DIGEST = "sha256"
DIGEST_NOTE = (
    " It is hidden where a number of its rows is: a digest of a small file tells what is in it to "
    "whoever tries."
)
SENTENCE = ("rows", "sentence")
MOST_FILES = 20  # of a table that are listed one by one; the rows of each are counts to protect
SUMMED = "all of them"


def sources_table(scope: Scope, linked: LinkedCounts) -> DraftTable:
    """Return the rows of each file; a file is named by its table, for its name may hold a name."""
    frame = _files(scope.records.sources)
    needs: dict[str, list[tuple[Item, ...]]] = {name: [] for name in (READ, *ROWS)}
    for row, counts in enumerate(frame[[READ, *ROWS]].to_dict("records")):
        for name, count in counts.items():
            key = ("files", row, name)
            linked.count(key, count, item=key, rank=TOTAL if name == READ else CELL)
            needs[str(name)].append((key,))
        linked.total(("files", row, READ), [("files", row, name) for name in ROWS])
    for name in (READ, *ROWS):
        _sum_up(linked, frame["table"], name)
    needs[DIGEST] = _digest_needs(scope.records.sources, frame)
    kinds: dict[str, Kind] = dict.fromkeys([READ, *ROWS], "count")
    kinds |= {DIGEST: "code", "file": "count"}
    note = (
        "Rows read are rows kept, set aside and exact duplicates folded into one. The SHA-256 "
        "tells whether a file is the same, to the byte."
    )
    if scope.policy.threshold > 1 and any(needs[DIGEST]):
        note += DIGEST_NOTE
    if frame[DIGEST].eq(SUMMED).any():
        note += f" Of a table read from more than {MOST_FILES} files the sum is given."
    return DraftTable(Table("files", "What was read", frame, kinds, note), needs)


def _digest_needs(sources: pd.DataFrame, frame: pd.DataFrame) -> list[tuple[Item, ...]]:
    """Return for each row the numbers of rows of its file, which may be read as several tables.

    Whoever tries contents of a small file by their digests has its rows, with their dates.
    """
    items: dict[str, list[Item]] = {}
    for row, (table, digest) in enumerate(zip(frame["table"], frame[DIGEST], strict=True)):
        own = [digest]
        if digest == SUMMED:
            own = sources.loc[sources["table"] == table, DIGEST].fillna("").astype(str).tolist()
        for one in dict.fromkeys(own):
            items.setdefault(one, []).extend(("files", row, name) for name in (READ, *ROWS))
    return [() if one in ("", SUMMED) else tuple(items[one]) for one in frame[DIGEST]]


def _files(sources: pd.DataFrame) -> pd.DataFrame:
    """Return a row a file, or a row for all files of a table where they are many."""
    rows: list[pd.DataFrame] = []
    for table, own in sources.groupby("table", sort=False):
        number = np.arange(1, len(own) + 1)
        part = pd.DataFrame({"table": str(table), "file": number, READ: own[READ].to_numpy()})
        part[ROWS] = own[ROWS].to_numpy()
        part[DIGEST] = own[DIGEST].fillna("").astype(str).to_numpy()
        if len(own) > MOST_FILES:
            sums = part[[READ, *ROWS]].sum()
            part = part.iloc[:1].assign(file=len(own), sha256=SUMMED, **sums)
        rows.append(part)
    return pd.concat(rows, ignore_index=True)


def _sum_up(linked: LinkedCounts, tables: pd.Series[str], name: str) -> None:
    """Declare the rows of each table, and of all tables; the sentence gives two of those."""
    counts_shown = name in (READ, "rows_set_aside")
    keys: dict[str, list[Key]] = {table: [] for table in tables}
    for row, table in enumerate(tables):
        keys[table].append(("files", row, name))
    for table, parts in keys.items():
        linked.count(("rows", table, name), sum(linked.value(key) for key in parts))
        linked.total(("rows", table, name), parts)
    whole = ("rows", "all", name)
    linked.count(
        whole,
        sum(linked.value(("rows", table, name)) for table in keys),
        item=SENTENCE if counts_shown else None,
        rank=DETAIL,
    )
    linked.total(whole, [("rows", table, name) for table in keys])


def checks_table(scope: Scope, linked: LinkedCounts) -> DraftTable:
    """Return the checks that something failed, summed over the columns of a table."""
    checks = scope.records.quality()
    failed = checks[checks["rows_failed"] > 0]
    keys = ["group", "check", "table", "column"]
    frame = failed[[*keys, "rows_looked_at", "rows_failed", "share", "status", "meaning"]]
    frame = frame.sort_values(keys).reset_index(drop=True)
    frame["share"] = frame["share"].round(SHARE_DECIMALS)
    for row, (looked_at, met) in enumerate(
        zip(frame["rows_looked_at"], frame["rows_failed"], strict=True)
    ):
        key = ("checks", row)
        linked.count((*key, "rows_looked_at"), looked_at, item=key, rank=DETAIL)
        linked.count((*key, "rows_failed"), met, item=key, rank=DETAIL)
        linked.part((*key, "rows_looked_at"), (*key, "rows_failed"))
    _link_checks(scope, linked, frame)
    known = frame["column"].eq("") | frame["column"].map(may_be_named)
    frame["column"] = frame["column"].where(known, "another column")
    kinds: dict[str, Kind] = {"rows_looked_at": "count", "rows_failed": "count", "share": "share"}
    note = (
        f"{_status_counts(checks)} Only checks that some row failed are listed. A check is passed "
        "if no more rows fail it than its limit allows. A check on a column that is not there, or "
        "holds nothing, is not applicable: it has not passed."
    )
    needs = [(("checks", row),) for row in range(len(frame))]
    table = Table("checks", "Checks that some rows failed", frame, kinds, note)
    return DraftTable(table, dict.fromkeys(["rows_looked_at", "rows_failed", "share"], needs))


def _link_checks(scope: Scope, linked: LinkedCounts, frame: pd.DataFrame) -> None:
    """Declare that rows looked at are among those read, and what a check did among all so treated.

    Checks of one table look at rows that differ by those in which a value is missing, or that an
    earlier check has set aside: any two of these numbers may be subtracted.
    """
    for table, rows in frame.groupby("table", sort=False):
        counts = [("checks", row, "rows_looked_at") for row in rows.index]
        counts += [("rows", table, name) for name in (READ, "rows_kept")]
        counts = sorted((key for key in counts if key in linked), key=linked.value)
        for smaller, larger in pairwise(counts):
            linked.part(larger, smaller)
        for name, done in (("rows_set_aside", "set aside"), ("rows_folded", "folded")):
            _link_done(scope, linked, (str(table), name, done), rows)


def _link_done(
    scope: Scope, linked: LinkedCounts, what: tuple[str, str, str], rows: pd.DataFrame
) -> None:
    """Declare that the rows which checks set aside, or folded, are among all such rows."""
    table, name, done = what
    problems = scope.records.problems
    of_table = problems[(problems["table"] == table) & problems["done"].str.startswith(done)]
    whole = ("rows", table, name)
    checks = set(of_table["check"])
    keys = [("checks", row, "rows_failed") for row in rows.index[rows["check"].isin(checks)]]
    if whole not in linked:
        return
    if keys and sum(linked.value(key) for key in keys) == linked.value(whole):
        linked.total(whole, keys)
        return
    for key in keys:
        if linked.value(key) <= linked.value(whole):
            linked.part(whole, key)


def withhold_rows(scope: Scope, linked: LinkedCounts, drafts: list[DraftTable]) -> None:
    """Hide all numbers of rows if those of the programs left out are few in some table.

    The rows that were read, less those that the report is about, would disclose how many these
    have. So they would tell who was admitted since, where the records go on for three months or
    more: reports of these months may print what leaves a few.
    """
    if _tells_small_programs(scope) or _goes_on(scope):
        linked.withhold(SENTENCE)
        for draft in drafts:
            for needs in draft.needs.values():
                for items in needs:
                    for item in items:
                        linked.withhold(item)


def summary(scope: Scope, hidden: Hidden) -> str:
    """Return how many rows were set aside, if that may be disclosed."""
    aside = int(scope.records.sources["rows_set_aside"].sum())
    read = int(scope.records.sources[READ].sum())
    if _tells_small_programs(scope):
        return (
            "The numbers of rows are hidden: they would tell how many the programs left out have."
        )
    if _goes_on(scope):
        return (
            f"The numbers of rows are hidden: the records go on for three months or more after the "
            f"{scope.word}, and they would tell how many came since."
        )
    if SENTENCE in hidden:
        return "How many rows were set aside is hidden: it is a small count, or would tell of one."
    if aside == 0:
        return f"No row of {read:,} was set aside."
    return f"{aside:,} of {read:,} rows were set aside ({format_share(aside / read)})."


def _goes_on(scope: Scope) -> bool:
    """Say whether the records go on for three months or more after the period of the report."""
    if scope.period is None or scope.policy.threshold == 1:
        return False
    after = scope.period.last + pd.Timedelta(days=1)
    return pd.Timestamp(scope.records.as_of) >= after + pd.DateOffset(
        months=QUARTER
    ) - pd.Timedelta(days=1)


def _tells_small_programs(scope: Scope) -> bool:
    """Say whether the programs left out have a small count of episodes, sessions or check-ins."""
    episodes = scope.records.episodes
    left_out = episodes["program"].astype(str).isin(scope.too_few).to_numpy()
    counts = [int(left_out.sum()), scope.people(left_out)]
    for name in ("attendance", "checkins"):
        if name in scope.records.tables:
            codes = getattr(scope.records, name)["episode_id"].cat.codes.to_numpy()
            counts.append(int(left_out[codes].sum()))
    return bool(scope.policy.hides(counts).any())


def _status_counts(checks: pd.DataFrame) -> str:
    counts = checks["status"].value_counts()
    parts = [
        f"{counts.get(status, 0):,} {status}" for status in ("passed", "failed", "not applicable")
    ]
    return f"Of {len(checks):,} checks: {', '.join(parts)}."


def notes_without_counts(notes: Sequence[str], policy: SafePolicy) -> list[str]:
    """Return the notes of reading that hold no number but dates and spans of days.

    The others count rows: small ones are not published, and a large one beside the number of rows
    that were read would disclose a small one. Where small counts are hidden the note on the data
    cut names the day only: who was discharged on it may be one person.
    """
    kept = [note for note in notes if not re.search(r"\d", _DATES_AND_SPANS.sub("", note))]
    return kept if policy.threshold == 1 else [without_what_happened(note) for note in kept]


_DATES_AND_SPANS = re.compile(r"\b\d{4}-\d{2}-\d{2}\b|\b\d+ days?\b|\bday \d+\b")
