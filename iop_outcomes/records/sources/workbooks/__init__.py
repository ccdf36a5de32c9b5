"""What is in a workbook's own bytes, counted apart from the parser of its cells.

The bytes of a workbook come in; for each sheet come out the number of its cells with a value, how
far they reach, and what the parser does not give. What a sheet means is not known here.
"""

from __future__ import annotations
