"""Frames in which attendance is used as it was known on each day, for models of times.

Records or frames of times come in; frames of times with what was known by a day go out. How such
frames are estimated from is not known here.
"""

from __future__ import annotations

from iop_outcomes.exposure.landmark import landmark
from iop_outcomes.exposure.start_stop import start_stop

__all__ = ["landmark", "start_stop"]
