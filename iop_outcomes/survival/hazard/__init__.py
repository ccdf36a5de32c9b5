"""The rate of the event by day, smoothed.

Frames of times, or of intervals between check-ins, come in; `Hazard` goes out.
"""

from __future__ import annotations
