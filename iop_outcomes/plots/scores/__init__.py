"""Pictures of scores and functioning.

Changes of scores and functioning come in, axes go out. No number is worked out here.
"""

from __future__ import annotations
