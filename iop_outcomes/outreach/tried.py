"""How well the list predicted leaving, as sentences; the numbers are those of tried.toml.

`python -m validation.slipping` writes them there and into docs/validation_slipping.md.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from iop_outcomes.outreach.signs import SlippingRule

NUMBERS = Path(__file__).with_name("tried.toml")


@cache
def numbers() -> dict[str, Any]:
    """Return the numbers of the last trial of the usual rule."""
    return tomllib.loads(NUMBERS.read_text(encoding="utf-8"))


def tried_out(rule: SlippingRule) -> str:
    """Return how well a rule predicted leaving; only the usual one was tried out."""
    if rule != SlippingRule():
        return "This rule was not tried out."
    return " ".join(_sentence(of) for of in numbers().values())


def _sentence(of: dict[str, Any]) -> str:
    return (
        f"Tried out {of['where']}: of {of['left']:,} episode-weeks before a dropout (last contact "
        f"within the next {of['within']} days), {of['left_marked'] / of['left']:.0%} showed a "
        f"sign; of all {of['marked']:,} with a sign, {1 - of['left_marked'] / of['marked']:.0%} "
        "did not drop out within that time. Two absences in a row alone: "
        f"{of['left_absent'] / of['left']:.0%}, and "
        f"{1 - of['left_absent'] / of['absent']:.0%}."
    )
