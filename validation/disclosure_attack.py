"""Attack saved reports: what a reader can work out from the files alone.

    python -m validation.disclosure_attack --page docs/validation_disclosure.md

Makes reports of whole samples and of small random programs, saves each as HTML and XLSX, reads the
files back, and looks for hidden counts from 1 to 10 that have one value only.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from iop_outcomes.errors import OutcomesError, ReportError
from iop_outcomes.plots.layout.export import Picture
from iop_outcomes.report.sections import assemble as sections
from validation.attack_programs import QUARTERS, Case, sample_case, small_case
from validation.attack_reading import differences, read_report
from validation.attack_relations import build
from validation.attack_solving import solve

TEXT = Path(__file__).with_name("disclosure_page.md")
COLUMNS = [
    "kind",
    "case",
    "numbers",
    "sums",
    "unknown",
    "pinned",
    "known_small",
    "digits",
]


@dataclass(frozen=True)
class Options:
    reports: int
    programs: int
    page: Path | None
    out: Path | None


def cases(reports: int, programs: int) -> Iterator[tuple[str, Case | None]]:
    """Return whole samples, quarter after quarter of one seed after the other, then small ones."""
    for number in range(reports):
        seed, quarter = 1 + number // len(QUARTERS), QUARTERS[number % len(QUARTERS)]
        yield "sample", sample_case(seed, quarter)
    for seed in range(programs):
        try:
            yield "small", small_case(seed)
        except OutcomesError:  # a draw without a single episode
            yield "small", None


def attack(kind: str, case: Case, folder: Path) -> dict[str, object] | None:
    """Save a report, read it back and attack it; None where there is no report of the draw."""
    try:
        report = case.report()
    except ReportError:
        return None
    read = read_report(report.save(folder / "r.html"), report.save(folder / "r.xlsx"))
    puzzle = build(read)
    found = solve(puzzle)
    return {
        "kind": kind,
        "case": str(case.made),
        "numbers": len(puzzle.low),
        "sums": len(puzzle.rows) + len(puzzle.targets),
        "unknown": found.unknown,
        "pinned": len(found.pinned),
        "known_small": len(found.small) - len(found.pinned),
        "digits": len(differences(read)),
    }


def run(options: Options) -> pd.DataFrame:
    empty = Picture(b"<svg/>", "A picture.", 1, 1)
    sections.draw_svg = lambda *_, **__: empty  # a picture shows what the table behind it does
    rows = []
    with TemporaryDirectory() as folder:
        for kind, case in cases(options.reports, options.programs):
            row = None if case is None else attack(kind, case, Path(folder))
            if row is not None:
                rows.append(row)
                print(row["kind"], row["case"], row["unknown"], row["pinned"], row["known_small"])
    return pd.DataFrame(rows, columns=COLUMNS)


def page(found: pd.DataFrame, command: str) -> str:
    """Return the page of docs/."""
    kinds = {"sample": "five programs, 760 people", "small": "small random programs"}
    lines = [
        "| reports | number | unknown numbers a report (mean) | sums a report (mean) "
        "| pinned to one value from 1 to 10 | known to lie within 1 to 10 |",
        "|---|---|---|---|---|---|",
    ]
    for kind, words in kinds.items():
        part = found[found["kind"] == kind]
        if len(part):
            lines.append(
                f"| {words} | {len(part)} | {part['unknown'].mean():.0f} "
                f"| {part['sums'].mean():.0f} | {part['pinned'].sum()} "
                f"| {part['known_small'].sum()} |"
            )
    text = TEXT.read_text(encoding="utf-8")
    marks = {"DATE": date.today().isoformat(), "COMMAND": command, "TABLE": "\n".join(lines)}
    for name, value in marks.items():
        text = text.replace("{{" + name + "}}", value)
    return text


def read_options(arguments: list[str]) -> Options:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=44)
    parser.add_argument("--programs", type=int, default=120)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--out", type=Path, help="a CSV of one row a report")
    return Options(**vars(parser.parse_args(arguments)))


def main() -> None:
    options = read_options(sys.argv[1:])
    found = run(options)
    if options.out:
        found.to_csv(options.out, index=False)
    if options.page:
        # Where the rows of each report go is a path of somebody's machine, and changes no number.
        counts = ["--reports", str(options.reports), "--programs", str(options.programs)]
        command = shlex.join(["python", "-m", "validation.disclosure_attack", *counts])
        options.page.write_text(page(found, command), encoding="utf-8")
    sys.exit(int(found["pinned"].sum() > 0))


if __name__ == "__main__":
    main()
