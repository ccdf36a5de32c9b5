"""From check-ins to times: what counts as relapse, and when it is known to have come."""

from __future__ import annotations

from iop_outcomes.relapse.rules import RelapseRule
from iop_outcomes.relapse.times import time_to_relapse

__all__ = ["RelapseRule", "time_to_relapse"]
