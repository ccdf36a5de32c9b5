"""Faults of real exports, planted in clean frames with a list of what was planted.

Clean frames come in; damaged frames and the truth about them go out.
"""

from __future__ import annotations
