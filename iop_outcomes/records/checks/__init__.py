"""Checks of rows and episodes: their declarations, the checks themselves, and lists of problems.

Typed columns come in; problems and what to do with each row go out. Files are not known here.
"""

from __future__ import annotations
