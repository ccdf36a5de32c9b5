"""Faults of real exports, inserted into clean frames, with a list of the inserted faults.

Clean frames come in; frames with faults and the list of faults go out.
"""

from __future__ import annotations
