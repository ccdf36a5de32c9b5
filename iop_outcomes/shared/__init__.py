"""What every room uses: arrays, groups, text, saving, and how results are shown.

Nothing here knows records, relapse or an estimate; numbers and frames come in, and go out.
"""

from __future__ import annotations
