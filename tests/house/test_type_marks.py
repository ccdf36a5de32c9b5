"""Each mark that silences the type checker gives its reason on the same line."""

from __future__ import annotations

import re
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "iop_outcomes"
MARK = re.compile(r"# type: ignore\b(?P<rest>.*)")
CODE_AND_REASON = re.compile(r"\[[a-z-]+(, ?[a-z-]+)*\]  # \S.*")


def marks_without_a_reason(text: str) -> list[int]:
    """The numbers of the lines whose mark has no error code or no reason after it."""
    return [
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if (mark := MARK.search(line)) and not CODE_AND_REASON.fullmatch(mark["rest"])
    ]


def test_a_mark_without_a_code_or_a_reason_is_noticed() -> None:
    text = "\n".join(
        [
            "a = b()  # type: ignore[index]  # each name is given once",
            "a = b()  # type: ignore[index]",
            "a = b()  # type: ignore",
            "a = b()  # type: ignore[index]  # ",
            "a = b()  # type: ignore  # each name is given once",
            "a = b()  # the type is known",
        ]
    )
    assert marks_without_a_reason(text) == [2, 3, 4, 5]


def test_each_type_ignore_mark_of_the_package_has_a_reason() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 500
    lacking = [
        f"{path.relative_to(PACKAGE.parent)}:{number}"
        for path in files
        for number in marks_without_a_reason(path.read_text(encoding="utf-8"))
    ]
    assert lacking == []
