"""What pictures share: style, fonts, names, space, and files.

Axes and texts come in; formatted axes and files go out. Results are not known here.
"""

from __future__ import annotations
