"""The files of a folder or zip file that can be tables, and known kinds that are not read.

A folder, a file or a zip file comes in; paths go out, and sentences on files that are not read. The
content of the files is not known here.
"""

from __future__ import annotations
