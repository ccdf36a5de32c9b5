"""The published definitions as data, each with its paper.

Nothing comes in; lists of definitions go out. How a definition is worked out is not known here.
"""

from __future__ import annotations
