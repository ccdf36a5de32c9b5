"""Code for all rooms: arrays, groups, text, saving, and the display of results.

Numbers and frames come in and go out. Records, relapse and estimates are not known here.
"""

from __future__ import annotations
