"""Which files of a folder or zip file can be tables, and which are known and not read.

A folder, a file or a zip file comes in; paths go out, and sentences on what was passed over. What
the files hold is not known here.
"""

from __future__ import annotations
