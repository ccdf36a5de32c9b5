"""The report in its forms: HTML and workbook.

The model of a report comes in; bytes go out. Records are not known here.
"""

from __future__ import annotations
