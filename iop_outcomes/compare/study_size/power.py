"""Checks of the options of power, and how many standard errors a difference must have."""

from __future__ import annotations

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import check_confidence, is_number
from iop_outcomes.shared.messages import as_written
from iop_outcomes.survival.limits import normal_quantile


def errors_needed(power: float, confidence: float) -> float:
    """Return the sum of the two normal quantiles: of the test, two-sided, and of the power."""
    check_confidence(confidence)
    if not is_number(power) or not 0.5 <= power < 1:
        raise RuleError(
            "The power is a probability of at least 0.5 and below 1.",
            found=f"power={as_written(power)}",
            instead="power=0.8",
        )
    beyond = 0.0 if power == 0.5 else normal_quantile(2 * float(power) - 1)
    return normal_quantile(confidence) + beyond


def check_share(name: str, value: float, *, zero: bool = False) -> None:
    """Refuse a share that does not lie between 0 and 1; with `zero` 0 is one."""
    if not is_number(value) or not (0 < value < 1 or (zero and value == 0)):
        raise RuleError(
            f"{name} is a share {'of 0 or more and below' if zero else 'above 0 and below'} 1.",
            found=f"{name}={as_written(value)}",
            instead=f"{name}={'0.0' if zero else '0.5'}",
        )
