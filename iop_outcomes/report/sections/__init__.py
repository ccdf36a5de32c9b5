"""The sections of the report, one file each, and how they are put together.

Records and the scope of the report come in; sections with protected tables go out.
"""

from __future__ import annotations
