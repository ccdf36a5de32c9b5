"""Files in zip files, which are read into memory and never unpacked to a disk.

The path of a zip file and a name within it come in; names and bytes go out, within limits of size.
The meaning of the bytes is not known here.
"""

from __future__ import annotations
