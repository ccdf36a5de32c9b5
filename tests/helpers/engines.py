"""Plain curves and tests by our own product, in tests that ask the same of either engine.

A fit by lifelines takes some 10 ms a group, and a property asks for dozens. That lifelines gives
what our product gives is held by tests/survival/test_lifelines.py.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

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
