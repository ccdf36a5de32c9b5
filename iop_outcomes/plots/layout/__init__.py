"""What pictures share: style, fonts, names, space, and files.

Axes and texts come in; dressed axes and files go out. Results are not known here.
"""

from __future__ import annotations
