"""Text to values: dates, numbers, yes and no, and words.

Columns of text come in; typed columns and what could not be read go out. Files and tables are not
known here.
"""

from __future__ import annotations
