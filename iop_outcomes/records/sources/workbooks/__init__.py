"""The contents of workbooks, counted in their bytes independently of the parser of cells.

The bytes of a workbook come in; the number of cells with a value of each sheet, its size, and cells
that the parser does not give go out. The meaning of a sheet is not known here.
"""

from __future__ import annotations
