"""Sustained strategies compared by cloning, censoring and weighting, as a target trial would.

Frames of times and of decisions over time come in; curves, differences and a protocol go out. How
attendance is recorded is not known here.
"""

from __future__ import annotations

from iop_outcomes.compare.strategies.compare import compare_strategies
from iop_outcomes.compare.strategies.result import StrategyComparison
from iop_outcomes.compare.strategies.strategy import Strategy

__all__ = ["Strategy", "StrategyComparison", "compare_strategies"]
