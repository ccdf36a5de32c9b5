"""Write docs/measures.md from the rules of continuity and their specifications.

python -m docs.measures          # renew the page
python -m docs.measures --check  # say whether it is what the rules and cases give
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import iop_outcomes as iop

PAGE = Path(__file__).with_name("measures.md")
CASES = Path(__file__).parents[1] / "tests" / "attendance" / "specifications"


def page() -> str:
    """Return the page as Markdown."""
    parts = [
        "# Rules of initiation, engagement and continuity, case by case",
        "",
        "Made by `python -m docs.measures` from the docstrings and from the cases in",
        "tests/attendance/specifications, which the tests run. Each case is one episode. Visits are days",
        "since admission: `4` attended, `4-` not attended, `4?` without a recorded outcome, `4x` cancelled",
        "by the program, `a4` an attended assessment. `until` is the last day that is known, with the",
        "discharge and its day if there was one; `prior` the day of the prior discharge; `4:3` three hours",
        "on day 4; `supplies` the first day and the days of each. The answer is yes, no, or `?`: not",
        "known. `first` and `second` are the two counts that the rule's docstring names.",
    ]
    for path in sorted(CASES.glob("*.txt")):
        told = inspect.getdoc(getattr(iop, path.stem)) or ""
        rule = told.split("Rule: ", 1)[1].split("\n\n", 1)[0].replace("\n", " ")
        heading, *lines = [
            [cell.strip() for cell in line.split("|")]
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        parts += ["", f"## {path.stem}", "", f"{told.splitlines()[0]} {rule}", ""]
        rows = [heading, ["---"] * len(heading), *lines]
        parts += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or say whether it is as it should be."""
    if arguments == ["--check"]:
        if PAGE.read_text(encoding="utf-8") == page():
            return 0
        print("docs/measures.md is not what the rules and cases give: run python -m docs.measures")
        return 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
