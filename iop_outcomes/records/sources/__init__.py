"""Reading of files, databases and frames as columns of text.

Paths, addresses and frames come in; columns of text with line numbers go out. The meaning of a
column is not known here.
"""

from __future__ import annotations
