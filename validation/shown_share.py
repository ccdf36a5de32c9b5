"""How much of a report is shown, and whether it discloses a few people, by size of program.

    python -m validation.shown_share --page docs/validation_disclosure_shown.md

Also makes quarters in a row, with a ledger and without, and audits them together.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

import iop_outcomes as iop
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.disclosure.merging import FINEST, Ladders, Step
from iop_outcomes.disclosure.system import attack, audit, printed_cells
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report.counting import count_all
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections import assemble as sections
from validation.attack_programs import population, records_up_to
from validation.attack_reading import read_report
from validation.attack_relations import build
from validation.attack_solving import solve

TEXT = Path(__file__).with_name("shown_share_page.md")
HIDDEN = "hidden"
NOT_OF_PEOPLE = ("signals", "files", "checks", "definitions", "cannot_tell", "merged", "measures")
REPEATED = ("benchmarks", "also_reported")  # their figures stand in another table
OF_CHARTS = ("centre", "lower_limit", "upper_limit", "signal")  # made of the shown values
CURVES = ("relapse", "relapse_by_program", "relapse_by_missing")
PEOPLE = {80: 192, 300: 720}
"""Admissions a year -> people of the sample (its admissions of two years and nine months)."""


def one_program(seed: int, size: int, quarter: str) -> iop.Records:
    """Return the records of one program with about `size` admissions a year, up to a quarter."""
    sample = population(seed, PEOPLE[size])
    end = pd.Period(quarter, "Q").end_time.normalize()
    episodes = sample.episodes.assign(program="Center")
    return records_up_to(episodes, sample.attendance, sample.checkins, end)


def figures(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a row a table: its figures that are shown, and that are hidden."""
    rows = []
    for name, table in tables.items():
        if name in (*NOT_OF_PEOPLE, *REPEATED, *CURVES):  # points of curves are in without_relapse
            continue
        shown = hidden = 0
        for column in table.columns:
            of_day = column.startswith("day_")
            if column in ("week", "TEDS_code", *OF_CHARTS):
                continue
            if of_day and column.endswith(("_lower", "_upper")):  # one figure with the share
                continue
            for row, value in enumerate(table[column].tolist()):
                if isinstance(value, str):
                    hidden += value == HIDDEN
                    shown += of_day and value != HIDDEN
                elif pd.isna(value):
                    status = table["status"].iloc[row] if "status" in table else HIDDEN
                    hidden += status == HIDDEN
                else:
                    shown += 1
        rows.append((name, shown, hidden))
    return pd.DataFrame(rows, columns=["table", "shown", "hidden"])


FINEST_OF_ALL = Ladders(
    admissions=(FINEST,),
    discharges=(FINEST,),
    sessions=(FINEST,),
    session_trends=(Step("month"),),
    cohort_trends=(FINEST,),
)
QUARTERS_IN_TURN = ("2025Q3", "2025Q4", "2026Q1", "2026Q2")


def measure(size: int, seed: int, folder: Path) -> dict[str, object]:
    """Make one report with and without merging, and attack it whole and without its protection."""
    quarter = QUARTERS_IN_TURN[seed % len(QUARTERS_IN_TURN)]
    records = one_program(seed, size, quarter)
    apart = figures(iop.quarterly_report(records, quarter, ladders=FINEST_OF_ALL).tables)
    report = iop.quarterly_report(records, quarter)
    merged = figures(report.tables)
    assert report.cells is not None
    read = read_report(report.save(folder / "r.html"), report.save(folder / "r.xlsx"))
    other = solve(build(read))
    scope = choose_scope(records, quarter, None, None)
    counted = count_all(scope, scope)
    small_only = frozenset(item for item in counted.hidden if counted.linked.shows_small(item))
    return {
        "size": size,
        "seed": seed,
        "shown_before": int(apart["shown"].sum()),
        "hidden_before": int(apart["hidden"].sum()),
        "shown": int(merged["shown"].sum()),
        "hidden": int(merged["hidden"].sum()),
        "auditor": len(attack(report.cells)),
        "second_attacker": len(other.small),
        "without_protecting_cells": len(attack(printed_cells(counted.linked, small_only))),
    }


def series(size: int, seed: int) -> dict[str, object]:
    """Make four quarters in a row with a ledger, and without, and audit them together."""
    kept, alone = Ledger(), []
    for quarter in QUARTERS_IN_TURN:
        records = one_program(seed, size, quarter)
        report = iop.quarterly_report(records, quarter, ledger=kept)
        assert report.ledger is not None
        kept = report.ledger
        cells = iop.quarterly_report(records, quarter).cells
        assert cells is not None
        alone.append(cells)
    with_ledger, without = audit(kept.reports), audit(alone)
    return {
        "size": size,
        "seed": seed,
        "with_ledger": len(with_ledger.found),
        "not_asked_with": bool(with_ledger.note),
        "without": len(without.found),
        "not_asked_without": bool(without.note),
    }


def run(reports: int, of_series: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a row a report, and a row a series of quarters."""
    empty = Picture(b"<svg/>", "A picture.", 1, 1)
    sections.draw_svg = lambda *_, **__: empty  # a picture shows what the table behind it does
    rows = []
    with TemporaryDirectory() as folder:
        for size in PEOPLE:
            for seed in range(1, reports + 1):
                rows.append(measure(size, seed, Path(folder)))
                print(rows[-1], flush=True)
    in_turn = []
    for size in PEOPLE:
        for seed in range(1, of_series + 1):
            in_turn.append(series(size, seed))
            print(in_turn[-1], flush=True)
    return pd.DataFrame(rows), pd.DataFrame(in_turn)


def page(rows: pd.DataFrame, in_turn: pd.DataFrame, command: str) -> str:
    """Return the page of docs/."""
    lines = [
        "| admissions a year | reports | figures shown without merging | with merging "
        "| disclosed, by the audit | disclosed, by the second attacker "
        "| reports that disclose something if only small counts are hidden |",
        "|---|---|---|---|---|---|---|",
    ]
    for size, part in rows.groupby("size"):
        before = part["shown_before"] / (part["shown_before"] + part["hidden_before"])
        after = part["shown"] / (part["shown"] + part["hidden"])
        leaks = (part["without_protecting_cells"] > 0).sum()
        lines.append(
            f"| {size} | {len(part)} | {before.mean():.0%} ({before.min():.0%} to "
            f"{before.max():.0%}), {part['shown_before'].mean():.0f} figures | {after.mean():.0%} "
            f"({after.min():.0%} to {after.max():.0%}), {part['shown'].mean():.0f} figures "
            f"| {part['auditor'].sum()} | {part['second_attacker'].sum()} | {leaks} |"
        )
    quarters = [
        "| admissions a year | series | disclosed with a ledger | disclosed without "
        "| series that could not be asked together, with a ledger | without |",
        "|---|---|---|---|---|---|",
    ]
    quarters += [
        f"| {size} | {len(part)} | {part['with_ledger'].sum()} | {part['without'].sum()} "
        f"| {part['not_asked_with'].sum()} | {part['not_asked_without'].sum()} |"
        for size, part in (in_turn.groupby("size") if len(in_turn) else ())
    ]
    if in_turn.empty:
        quarters = ["No series was asked for."]
    text = TEXT.read_text(encoding="utf-8")
    marks = {"DATE": date.today().isoformat(), "COMMAND": command}
    marks |= {"SHOWN": "\n".join(lines), "SERIES": "\n".join(quarters)}
    for name, value in marks.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=20)
    parser.add_argument("--series", type=int, default=5)
    parser.add_argument("--page", type=Path)
    options = parser.parse_args(sys.argv[1:])
    rows, in_turn = run(options.reports, options.series)
    if options.page:
        counts = ["--reports", str(options.reports), "--series", str(options.series)]
        command = shlex.join(["python", "-m", "validation.shown_share", *counts])
        options.page.write_text(page(rows, in_turn, command), encoding="utf-8")


if __name__ == "__main__":
    main()
