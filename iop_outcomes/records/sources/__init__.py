"""Files to columns of text: where they lie, how they are written, row by row.

Paths and frames come in; columns of text with their lines go out. What a column means is not known
here.
"""

from __future__ import annotations
