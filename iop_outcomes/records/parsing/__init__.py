"""Reading of texts as values: dates, numbers, yes and no, words, times and durations.

Columns of text come in; typed columns and the texts that could not be read go out. Files and tables
are not known here.
"""

from __future__ import annotations
