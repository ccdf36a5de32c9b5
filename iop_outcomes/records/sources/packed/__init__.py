"""Files within a file: what a zip file holds, read into memory and never unpacked to a disk.

The path of a zip file and a name within it come in; names and bytes go out, within bounds. What the
bytes mean is not known here.
"""

from __future__ import annotations
