"""Quicker ways to the same numbers, in tests that ask the same of either.

A fit by lifelines takes some 10 ms a group, and a property asks for dozens. That lifelines gives
what our product gives is held by tests/survival/test_lifelines.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from typing import Any

import numpy as np
import pytest

ASKED_BY = (
    "iop_outcomes.survival.curves.estimate",
    "iop_outcomes.survival.hazard.estimate",
    "iop_outcomes.compare.group_tests.curves",
)


def by_our_product(test: Callable[..., Any]) -> Callable[..., Any]:
    """Run a test with no number of groups for which lifelines would be asked."""

    @wraps(test)
    def run(*given: Any, **named: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            for module in ASKED_BY:
                patch.setattr(import_module(module), "MOST_GROUPS", 0)
            return test(*given, **named)

    return run


class _Slope:
    """A slope that is worked out where somebody looks at it."""

    def __init__(self, find: Callable[[], Any]) -> None:
        self.find = find

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.find(), dtype=dtype)


@contextmanager
def slopes_when_used() -> Iterator[None]:
    """Let the parametric fits of lifelines derive the likelihood where the slope is used only.

    lifelines first searches by the method of Nelder and Mead, which looks at values only, and
    derives each of them: most of the time of a fit. That the fit is the same to the last bit is
    held by tests/survival/test_lifelines.py, where lifelines is as it comes.
    """
    fitters = import_module("lifelines.fitters")
    both = fitters.value_and_grad

    def values_first(height: Callable[..., Any], *more: Any) -> Callable[..., tuple[Any, _Slope]]:
        derived = both(height, *more)

        def asked(point: Any, *data: Any) -> tuple[Any, _Slope]:
            place = np.array(point)
            return height(place, *data), _Slope(lambda: derived(place, *data)[1])

        return asked

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitters, "value_and_grad", values_first)
        yield
