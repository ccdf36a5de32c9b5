"""Checks of common options: a confidence level, a whole number, a choice."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any, TypeGuard

import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.messages import as_written, columns_found


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a real number; not for True and False."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_whole(value: object, least: float = float("-inf")) -> TypeGuard[int]:
    """Return whether a value is an int of at least `least`; not for True, False and 3.0."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def check_confidence(confidence: object) -> float:
    """Return a confidence level, or raise RuleError if it is not a number between 0 and 1."""
    if not is_number(confidence) or not 0 < confidence < 1:
        raise RuleError(
            "A confidence level must be between 0 and 1.",
            found=f"confidence={as_written(confidence)}",
            instead="confidence=0.95",
        )
    return float(confidence)


def check_whole(name: str, value: object, least: int, instead: str = "") -> None:
    """Raise RuleError if the option `name` is not a whole number of at least `least`."""
    if not is_whole(value, least):
        raise RuleError(
            f"{name} must be a whole number of at least {least}.",
            found=f"{name}={as_written(value)}",
            instead=instead,
        )


def check_choice(
    option: str, value: object, choices: Iterable[str], of: str = "", instead: str = ""
) -> None:
    """Raise RuleError if the value of an option is not one of the choices.

    Parameters
    ----------
    option : str
        The name of the option, such as ``unit``.
    value : object
        The value that was given.
    choices : iterable of str
        The values that are allowed.
    of : str
        What the option belongs to, written after its name in the message: `` of patterns``.
    instead : str
        What to write instead; by default the option with its first choice.
    """
    names: list[Any] = list(choices)
    if not isinstance(value, str) or value not in names:
        raise RuleError(
            f"The {option}{of} must be one of {', '.join(names)}.",
            found=f"{option}={as_written(value)}",
            instead=instead or f'{option}="{names[0]}"',
        )


def check_truncate(truncate: object) -> None:
    """Raise RuleError unless `truncate` is None, or a quantile above 0.5 and below 1."""
    if truncate is not None and not (is_number(truncate) and 0.5 < truncate < 1):
        raise RuleError(
            "Weights can be truncated at a quantile above 0.5 and below 1 only.",
            found=f"truncate={as_written(truncate)}",
            instead="truncate=0.99, or None.",
        )


def check_columns(
    frame: pd.DataFrame, needed: Iterable[str], subject: str, instead: str = ""
) -> None:
    """Raise RuleError if the frame lacks a column; `subject` names it, such as "The decisions"."""
    absent = [name for name in needed if name not in frame.columns]
    if absent:
        raise RuleError(
            f"{subject} have no column named {', '.join(absent)}.",
            found=columns_found(frame.columns, absent),
            instead=instead,
        )
