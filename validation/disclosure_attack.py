"""Attack saved reports: what a reader can work out from the files alone.

    python -m validation.disclosure_attack --page docs/validation_disclosure.md

Makes reports of small random programs and of whole samples, and quarters in a row with a ledger;
saves each report as HTML and XLSX, reads the files back, and looks for hidden counts from 1 to 10
that have one value only, or none outside 1 to 10. The rows are kept in a file after each report,
with the commit that they were made at, so that a run that was stopped goes on where it was, here or
on another machine; the page says how many were made. ``--processes 8`` makes eight at a time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import LinkedCounts
from iop_outcomes.disclosure.ledger import Ledger
from iop_outcomes.disclosure.system import (
    KeptParts,
    audit,
    joining,
    printed_cells,
)
from iop_outcomes.disclosure.system import attack as audit_attack
from iop_outcomes.errors import OutcomesError
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report import Report, counting, model, quarterly, quarterly_report
from iop_outcomes.report.scope import choose_scope
from iop_outcomes.report.sections.ends import stays
from iop_outcomes.report.sections.relapse import first, results
from iop_outcomes.report.sections.relapse.beside import Beside
from validation.attack_programs import QUARTERS, RULES, Case, sample_case, small_case
from validation.attack_reading import Read, differences, read_report
from validation.attack_relations import build
from validation.attack_saving import as_read, as_saved
from validation.attack_series import told_together
from validation.attack_solving import solve
from validation.disclosure_sets import STEPS, attack_set
from validation.shown_share import figures, one_program

TEXT = Path(__file__).with_name("disclosure_page.md")
ROWS = Path(__file__).with_name("disclosure_attack_rows.csv")
KINDS = ("small", "sample", "series", "set")
REFUSED = ("Nobody was in the program in this quarter", "Who was still in the program is not known")
"""What is said of a draw without a report; any other refusal is a fault, and ends the run."""
STEPS_OF = 10
"""Of so many series what protects is left out of two, one of each size."""
Job = tuple[str, int]
QUARTERS_IN_TURN = (
    *("2024Q4", "2025Q1", "2025Q2", "2025Q3"),
    *("2025Q4", "2026Q1", "2026Q2", "2026Q3"),
)


@dataclass(frozen=True)
class Options:
    reports: int
    programs: int
    series: int
    sets: int
    seconds: float
    processes: int
    page: Path | None
    rows: Path


class Watch:
    """The seconds of processor time that the protection of a report takes."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.counted: counting.Counted | None = None
        self._inside = False

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with its time counted, once where one calls another."""

        def run(*given: Any, **more: Any) -> Any:
            if self._inside:
                return function(*given, **more)
            self._inside, start = True, time.process_time()
            try:
                return function(*given, **more)
            finally:
                self.seconds += time.process_time() - start
                self._inside = False

        return run


@contextmanager
def watched() -> Iterator[Watch]:
    """Count the time of what hides: the linked system, earlier reports, and the curves."""
    watch = Watch()
    places: list[tuple[Any, str]] = [
        (LinkedCounts, "hidden"),
        (counting, "hide_beside"),
        *((results, name) for name in ("protect_curves", "protect_family", "protect_interval")),
        (first, "protect_first"),
        *((stays, name) for name in ("protect_incidence", "chosen")),
        (Beside, "safe"),
    ]
    before = [getattr(*place) for place in places]
    count_all = quarterly.count_all

    def counted(*given: Any, **more: Any) -> counting.Counted:
        watch.counted = count_all(*given, **more)
        return watch.counted

    quarterly.count_all = counted
    for (owner, name), function in zip(places, before, strict=True):
        setattr(owner, name, watch.timed(function))
    try:
        yield watch
    finally:
        quarterly.count_all = count_all
        for (owner, name), function in zip(places, before, strict=True):
            setattr(owner, name, function)


def jobs(options: Options) -> list[Job]:
    """Return small programs and whole samples with series between them, and sets at the end."""
    made = [("small", seed) for seed in range(options.programs)]
    made += [("sample", number) for number in range(options.reports)]
    for number in range(options.series):
        made.insert(min(len(made), 12 * (number + 1) + number), ("series", number))
    return made + [("set", number) for number in range(options.sets)]


def case_of(kind: str, number: int) -> Case:
    """Return the records of a report."""
    if kind == "small":
        return small_case(number)
    return sample_case(1 + number // len(QUARTERS), QUARTERS[number % len(QUARTERS)])


def attack(case: Case, folder: Path) -> dict[str, object]:
    """Save a report, read it back and attack it, whole and with a protecting step left out."""
    with watched() as watch:
        report = case.report()
    counted = watch.counted
    read = read_report(report.save(folder / "r.html"), report.save(folder / "r.xlsx"))
    puzzle = build(read)
    found = solve(puzzle)
    shown = figures(report.tables)
    assert report.cells is not None
    last = case.records.episodes["admit_date"].max()
    year = case.records.episodes["admit_date"] > last - pd.Timedelta(days=365)
    return {
        "admissions": int(year.sum()) if case.records.time == "calendar" else 0,
        "numbers": len(puzzle.low),
        "sums": len(puzzle.rows) + len(puzzle.targets),
        "unknown": found.unknown,
        "pinned": len(found.pinned),
        "known_small": len(found.small) - len(found.pinned),
        "unanswered": len(found.unanswered),
        "audited": len(audit_attack(report.cells)),
        "digits": len(differences(read)),
        "seconds": round(watch.seconds, 2),
        "shown": int(shown["shown"].sum()),
        "hidden": int(shown["hidden"].sum()),
        **_without_steps(counted),
        "without_rounding": _exact_at_risk(case, read),
    }


def _without_steps(counted: counting.Counted | None) -> dict[str, int]:
    """Return what is told with nothing hidden, and, by the audit, with only small counts hidden."""
    if counted is None:
        return {"without_hiding": 0, "without_protecting": 0}
    linked = counted.linked
    small = frozenset(item for item in counted.hidden if linked.shows_small(item))
    return {
        "without_hiding": len(small),
        "without_protecting": len(audit_attack(printed_cells(linked, small))),
    }


def _exact_at_risk(case: Case, read: Read) -> int:
    """Return how much follows from the curve of all if its numbers at risk are exact; -1: none."""
    if not read.has("relapse"):
        return -1
    from validation import attack_curves

    scope = choose_scope(case.records, case.quarter, case.rule, None)
    times = results._times(scope, scope.rule, results.EvidenceReader(scope.records))
    table = read.tables["relapse"].copy()
    days = [float(day) for day in table["day"]]
    exact = results.product_curves(times).risk_table(days)["at_risk"].tolist()
    table["at_risk"] = [table["at_risk"].iloc[0], *exact[1:]]
    base = attack_curves._base
    attack_curves._base = lambda _: 1
    try:
        puzzle = attack_curves.Puzzle()
        attack_curves.curves(puzzle, replace(read, tables={"relapse": table}))
        return len(solve(puzzle).small)
    finally:
        attack_curves._base = base


def series(number: int) -> dict[str, object]:
    """Make eight quarters in a row with a ledger, and audit them together.

    The audit is asked of the printed counts, and, as `iop-outcomes audit` does it, of the reports
    as they are saved as JSON; the second attacker reads them as HTML and XLSX. Of some series what
    protects is left out.
    """
    size = 80 if number % 2 == 0 else 300
    kept, cases, saved, reads, seconds = Ledger(), [], [], [], []
    for quarter in QUARTERS_IN_TURN:
        records = one_program(1 + number // 2, size, quarter)
        cases.append(Case(records, quarter, RULES[0]))
        with watched() as watch:
            made = beside(cases[-1], kept)
        seconds.append(watch.seconds)
        kept = ledger_of(made)
        saved += as_saved(made)
        reads.append(as_read(made))
    parts = KeptParts()  # most of what is asked of the reports as they are saved is the same
    with_ledger = audit(kept.reports, parts)
    return {
        "admissions": size,
        "audited": len(with_ledger.found),
        "saved_told": len(audit(saved, parts).found),
        "not_asked": int(bool(with_ledger.note)),
        **(_without_a_ledger(cases) if number % STEPS_OF < 2 else {}),
        **told_together(reads),
        "seconds": round(sum(seconds) / len(seconds), 2),
        "most_seconds": round(max(seconds), 2),
    }


def _without_a_ledger(cases: Sequence[Case]) -> dict[str, object]:
    """Return what is told without the ledger, and with one but not judged beside the others."""
    alone, not_joined = [case.report().cells for case in cases], Ledger()
    with not_judged_together():
        for case in cases:
            not_joined = ledger_of(beside(case, not_joined))
    return {
        "without_ledger": len(audit([cells for cells in alone if cells is not None]).found),
        "without_joining": len(audit(not_joined.reports).found),
        "without_growing": _without_what_grows(cases),
    }


def _without_what_grows(cases: Sequence[Case]) -> int | None:
    """Return what the second attacker is told if a report is not judged by who is newly counted."""
    kept, reads = Ledger(), []
    with not_tied_by_day():
        for case in cases:
            made = beside(case, kept)
            kept = ledger_of(made)
            reads.append(as_read(made))
    return told_together(reads)["second_told"]


def beside(case: Case, ledger: Ledger) -> Report:
    """Return the report of a case, made beside those of a ledger."""
    return quarterly_report(case.records, case.quarter, rule=case.rule, ledger=ledger)


def ledger_of(made: Report) -> Ledger:
    """Return the ledger with a report."""
    assert made.ledger is not None
    return made.ledger


@contextmanager
def not_judged_together() -> Iterator[None]:
    """Leave out what protects a report beside those of its ledger; printed rows stay frozen."""
    joined = counting.hide_beside
    counting.hide_beside = lambda _, hidden, *__: (hidden, "")
    try:
        yield
    finally:
        counting.hide_beside = joined


@contextmanager
def not_tied_by_day() -> Iterator[None]:
    """Leave out how counts that go on growing in one report hang together with those of others."""
    tied = joining.declare_not_final
    joining.declare_not_final = lambda *_: None
    try:
        yield
    finally:
        joining.declare_not_final = tied


def row_of(job: Job) -> dict[str, Any]:
    """Make and attack one report, or one series; return its row."""
    kind, number = job
    row: dict[str, Any] = {"kind": kind, "case": number}
    try:
        if kind == "series":
            return row | series(number)
        if kind == "set":
            return row | attack_set(number)
        with TemporaryDirectory() as folder:
            return row | attack(case_of(kind, number), Path(folder))
    except OutcomesError as error:
        if not str(error).startswith(REFUSED):
            raise
        return row
    except ValueError:  # what the second attacker takes for known fits no numbers
        return row | {"contradicts": True}


def without_pictures() -> None:
    """Draw none: a picture shows what the table behind it does."""
    empty = Picture(b"<svg/>", "A picture.", 1, 1)
    model.draw_svg = lambda *_, **__: empty


def run(options: Options) -> pd.DataFrame:
    """Make and attack what is not in the rows yet, until the time is over; return all rows."""
    done = pd.read_csv(options.rows) if options.rows.exists() else pd.DataFrame()
    rows: list[dict[str, Any]] = done.to_dict("records")  # type: ignore[assignment]
    known = {(row["kind"], row["case"]) for row in rows}
    commit = commit_here()
    for row in rows_of([job for job in jobs(options) if job not in known], options):
        rows.append(row | {"commit": commit})
        print(rows[-1], flush=True)
        rows.sort(key=lambda row: (KINDS.index(row["kind"]), row["case"]))
        pd.DataFrame(rows).to_csv(options.rows, index=False)
    return pd.DataFrame(rows)


def rows_of(left: list[Job], options: Options) -> Iterator[dict[str, Any]]:
    """Return the row of one job after another as they are made; begin none once time is over."""
    end = time.monotonic() + options.seconds
    if options.processes == 1:
        without_pictures()
        for job in left:
            if time.monotonic() > end:
                return
            yield row_of(job)
        return
    own = multiprocessing.get_context("spawn")
    waiting, begun = iter(left), set[Future[dict[str, Any]]]()
    with ProcessPoolExecutor(options.processes, own, without_pictures) as pool:
        while True:
            while len(begun) < options.processes and time.monotonic() <= end:
                job = next(waiting, None)
                if job is None:
                    break
                begun.add(pool.submit(row_of, job))
            if not begun:
                return
            ready, begun = wait(begun, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in ready)


def commit_here() -> str:
    """Return the commit of the code that is run; with a plus if files were changed since."""
    said = ["git", "-C", str(TEXT.parent), "describe", "--always", "--abbrev=9", "--exclude=*"]
    made = subprocess.run([*said, "--dirty=+"], capture_output=True, text=True, check=False)
    return made.stdout.strip() or "not known"


def page(found: pd.DataFrame, command: str) -> str:
    """Return the page of docs/."""
    text = TEXT.read_text(encoding="utf-8")
    marks = {"DATE": date.today().isoformat(), "COMMAND": command, **_tables(found)}
    counts = found["commit"].value_counts(sort=False)
    marks["COMMITS"] = ", ".join(f"{name} ({count})" for name, count in counts.items())
    for name, value in marks.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def _tables(found: pd.DataFrame) -> dict[str, str]:
    made = found[~found["kind"].isin(["series", "set"]) & found["numbers"].notna()]
    kinds = {"sample": "five programs, 760 people", "small": "small random programs"}
    lines = [
        "| reports | number | unknown numbers a report (mean) | sums a report (mean) "
        "| pinned to one value from 1 to 10 | known to lie within 1 to 10 "
        "| without an answer of the solver | found by the audit "
        "| figures that page and workbook show differently |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for kind, words in kinds.items():
        part = made[made["kind"] == kind]
        if len(part):
            lines.append(
                f"| {words} | {len(part)} | {part['unknown'].mean():.0f} "
                f"| {part['sums'].mean():.0f} | {part['pinned'].sum():.0f} "
                f"| {part['known_small'].sum():.0f} | {part['unanswered'].sum():.0f} "
                f"| {part['audited'].sum():.0f} "
                f"| {part['digits'].sum():.0f} |"
            )
    curves = made[made["without_rounding"] >= 0]
    steps = [
        "| left out | reports asked | reports that then tell of a few people |",
        "|---|---|---|",
        f"| all hiding | {len(made)} | {(made['without_hiding'] > 0).sum()} |",
        "| hiding of what protects small counts | "
        f"{len(made)} | {(made['without_protecting'] > 0).sum()} |",
        "| rounding of the numbers at risk | "
        f"{len(curves)} | {(curves['without_rounding'] > 0).sum()} |",
    ]
    bands = pd.cut(
        made["admissions"],
        [0, 40, 110, 220, 10_000],
        labels=["up to 40", "41 to 110", "111 to 220", "over 220"],
    )
    shares = [
        "| admissions in the last year | reports | figures shown (mean) | least | seconds for "
        "protection (mean) | most |",
        "|---|---|---|---|---|---|",
    ]
    for band, part in made.groupby(bands, observed=True):
        share = part["shown"] / (part["shown"] + part["hidden"]).clip(lower=1)
        shares.append(
            f"| {band} | {len(part)} | {share.mean():.0%} | {share.min():.0%} "
            f"| {part['seconds'].mean():.1f} | {part['seconds'].max():.1f} |"
        )
    in_turn = found[(found["kind"] == "series") & found["admissions"].notna()]
    quarters = ["No series was made."]
    if len(in_turn):
        quarters = [
            "| admissions a year | series | told with the ledger "
            "| told by the reports as they are saved, with the ledger "
            "| told to the second attacker, all reports together, with the ledger "
            "| told without "
            "| told with a ledger, but not judged beside earlier reports "
            "| told to the second attacker, with a ledger, but not judged by who is newly counted "
            "| series that could not be asked together | seconds a report (mean) | most |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
        ]
        quarters += [
            f"| {size:.0f} | {len(part)} | {part['audited'].sum():.0f} "
            f"{_of_some(part, 'saved_told')}{_of_some(part, 'second_told')}"
            f"| {_of_those_asked(part['without_ledger'])} "
            f"| {_of_those_asked(part['without_joining'])} "
            f"{_of_some(part, 'without_growing')}"
            f"| {part['not_asked'].sum():.0f} "
            f"| {part['seconds'].mean():.1f} | {_most(part)} |"
            for size, part in in_turn.groupby("admissions")
        ]
        quarters += ["", _of_second(in_turn)]
    wrong = int(found["contradicts"].eq(True).sum()) if "contradicts" in found else 0
    not_asked = (
        "Reports that could not be asked, since the attacker's relations fit no numbers, or the "
        "solver did not say whether any fit"
    )
    lines += ["", f"{not_asked}: {wrong}."]
    tables = {"TABLE": lines, "STEPS": steps, "SHARES": shares, "SERIES": quarters}
    tables["SETS"] = _of_sets(found[(found["kind"] == "set") & found["admissions"].notna()])
    return {name: "\n".join(one) for name, one in tables.items()}


def _of_sets(sets: pd.DataFrame) -> list[str]:
    """Return the table of the sets: what is told with all that protects, and without each step."""
    if not len(sets):
        return ["No set was made."]
    lines = [
        "| programs | sets | reports | admissions a year (mean) | told, by the audit "
        "| told by the reports as they are saved | told to the second attacker "
        "| without an answer of the solver | seconds a report (mean) | most |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for programs, part in sets.groupby("programs"):
        told = "".join(
            _of_some(part, name)
            for name in ("audited", "saved_told", "second_told", "second_unanswered")
        )
        lines.append(
            f"| {programs:.0f} | {len(part)} | {part['reports'].sum():.0f} "
            f"| {part['admissions'].mean():.0f} {told}"
            f"| {part['seconds'].mean():.1f} | {part['seconds'].max():.1f} |"
        )
    lines += [
        "",
        "| left out of the report of all | told to the second attacker | sets that then tell |",
        "|---|---|---|",
    ]
    for step, words in STEPS.items():
        told = _of_those_asked(sets[step])
        lines.append(f"| {words.words} | {told} | {(sets[step] > 0).sum()} |")
    overlap = int((sets["second_told_overlap"] > 0).sum())
    wrong = int(sets["second_contradicts"].eq(1).sum())
    said = (
        "Sets that tell that 1 to 10 people, counted once for each further program, were in "
        f"several: {overlap}. Sets that could not be asked, since the relations fit no numbers, or "
        f"the solver did not say whether any fit: {wrong}."
    )
    return [*lines, "", said]


def _of_some(series: pd.DataFrame, column: str) -> str:
    """Return the cell of what was told, for rows from before it was asked too."""
    told = series.get(column, pd.Series(np.nan, series.index))
    return f"| {_of_those_asked(told)} "


def _most(series: pd.DataFrame) -> str:
    """Return the most seconds that a report took, of the series that say it."""
    most = series.get("most_seconds", pd.Series(dtype=np.float64)).max()
    return "not known" if pd.isna(most) else f"{most:.1f}"


def _of_second(series: pd.DataFrame) -> str:
    """Say what the second attacker could not answer of all reports of a series together."""
    counts = {
        name: series.get(f"second_{name}", pd.Series(0.0, series.index)).sum()
        for name in ("unanswered", "contradicts")
    }
    return (
        "Counts of which the second attacker could not say it: "
        f"{counts['unanswered']:.0f}. Series of which its relations fit no numbers, or the solver "
        f"did not say whether any fit: {counts['contradicts']:.0f}; they are "
        "not among those asked."
    )


def _of_those_asked(told: pd.Series[Any]) -> str:
    """Return how much is told, with the number of series that were asked if not all were."""
    asked = f" (of {told.count()} series)" if told.isna().any() else ""
    return f"{told.sum():.0f}{asked}"


def read_options(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=44)
    parser.add_argument("--programs", type=int, default=120)
    parser.add_argument("--series", type=int, default=20)
    parser.add_argument("--sets", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=3600.0, help="when to stop")
    parser.add_argument("--processes", type=int, default=1, help="how many reports at a time")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--rows", type=Path, default=ROWS, help="a CSV of one row a report")
    return Options(**vars(parser.parse_args(arguments)))


def main() -> None:
    options = read_options(sys.argv[1:])
    found = run(options)
    if options.page:
        counts = ["--reports", str(options.reports), "--programs", str(options.programs)]
        counts += ["--series", str(options.series), "--sets", str(options.sets)]
        command = shlex.join(["python", "-m", "validation.disclosure_attack", *counts])
        options.page.write_text(page(found, command), encoding="utf-8")
    told_of = ("pinned", "known_small", "audited", "saved_told", "second_told")
    told = sum(found[name].sum() for name in told_of if name in found)
    sys.exit(int(told > 0))


if __name__ == "__main__":
    main()
