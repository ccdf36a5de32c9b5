"""What is wrong with rows and episodes: declared, found, and listed.

Typed columns come in; problems and what to do with each row go out. Files are not known here.
"""

from __future__ import annotations
