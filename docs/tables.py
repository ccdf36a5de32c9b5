"""Write docs/tables.md from the declarations of the columns.

python -m docs.tables          # renew the page
python -m docs.tables --check  # say whether it is what the declarations give
"""

from __future__ import annotations

import sys
from pathlib import Path

import iop_outcomes as iop
from iop_outcomes.records.checks.declared import CHECKS
from iop_outcomes.records.schema import SESSION_TIMES, TABLES, WORKED_OUT
from iop_outcomes.records.sources.files import PLAIN
from iop_outcomes.records.sources.kinds.not_read import NOT_READ

PAGE = Path(__file__).with_name("tables.md")


def taken() -> str:
    """Return the names of the columns that are worked out, each with its table."""
    return "; ".join(
        f"{table}: " + ", ".join(f"`{name}`" for name in names)
        for table, names in WORKED_OUT.items()
    )


def page() -> str:
    """Return the page as Markdown."""
    columns = iop.describe_tables()
    parts = [
        "# The three tables",
        "",
        "Made from `iop_outcomes/records/schema.py` by `python -m docs.tables`; also as a frame from",
        "`iop.describe_tables()`. Names and words are compared without regard to case, spaces, hyphens",
        "and underscores.",
        "",
        "Every column that is not declared here is kept as a covariate: whole numbers (int64, Int64 where",
        "some are missing) or numbers (float64) if it holds numbers, else words. It holds numbers if no",
        "value is a code (`02139`, `A12`, `1E5`: digits that are no number as programs write them), at least",
        "half are numbers, and at most one in twenty is another word; marks such as `n/a`, `-` or `.` do not",
        "count. What is then no number is missing, and listed. Whole numbers too long for int64 are words.",
        "A covariate that is called as a column worked out here is kept as `export_` and its name. Those are",
        f"{taken()}.",
    ]
    for name, table in TABLES.items():
        parts += ["", f"## {name}: {table.row} a row", ""]
        parts += ["| column | in study days | kind | needed | meaning |", "|---|---|---|---|---|"]
        for row in columns[columns["table"] == name].itertuples():
            unit = f" ({row.unit})" if row.unit else ""
            words = f" One of: {row.words}." if row.words else ""
            other = row.study_day_column if row.study_day_column != row.column else ""
            needed = "yes" if row.required else ""
            parts.append(
                f"| `{row.column}` | {other} | {row.kind}{unit} | {needed} | {row.meaning}{words} |"
            )
        if name == "attendance":
            parts += ["", "Two more columns are read, and not kept:", ""]
            parts += [
                f"- `{column.name}` ({column.unit}): {column.meaning}"
                for column in SESSION_TIMES.values()
            ]
    kinds = ", ".join(f"`{suffix}`" for suffix in PLAIN)
    parts += ["", "## Kinds of file", ""]
    parts += [
        f"{kinds}; each may be packed as `.gz`, or in a `.zip`, which is read as a folder. Of JSON lines",
        "each line is an object, and its keys are the columns. What is known and not read, and what to do:",
        "",
        "| ending | is | instead |",
        "|---|---|---|",
    ]
    for what, instead in dict.fromkeys(NOT_READ.values()):
        endings = [f"`{suffix}`" for suffix, value in NOT_READ.items() if value == (what, instead)]
        parts.append(f"| {', '.join(endings)} | {what} | {instead} |")
    parts += ["", "## The account of the rows", ""]
    parts += [
        "`records.sources` has a row a file: `rows_read` = `rows_kept` + `rows_set_aside` + `rows_folded`;",
        "`rows_planned` of the kept are planned for after the data cut; `rows_left_out` are rows of the file that the",
        "mapping says are not of this table (dropped, or not chosen by `where`) and are not in `rows_read`. Where a",
        "line becomes several rows (grids, lists of people), the rows are counted and a note says of how many lines.",
    ]
    parts += ["", "## The checks", ""]
    parts += ["| check | group | a row fails it if | may fail |", "|---|---|---|---|"]
    for check in CHECKS.values():
        share = f"{check.threshold:.0%}" if check.threshold else "none"
        parts.append(f"| `{check.name}` | {check.group} | {check.meaning} | {share} |")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/tables.md is not what the declarations give: run python -m docs.tables")
