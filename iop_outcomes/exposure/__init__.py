"""Frames in which attendance is used as it was known on each day, for models of times.

Records or frames of times come in; frames of times with what was known by a day go out,
and strategies of attendance compared on them. Pictures and reports are not known here.
"""

from __future__ import annotations

from iop_outcomes.exposure.landmark import landmark
from iop_outcomes.exposure.start_stop import start_stop
from iop_outcomes.exposure.strategies import emulate_strategies

__all__ = ["emulate_strategies", "landmark", "start_stop"]
