"""Use of substances as shown by the check-ins: one pattern of weeks an episode.

Records come in; patterns (one symbol a week: use, no use, missed) go out, with operations on many
patterns at once. What counts as relapse is not known here.
"""

from __future__ import annotations

from iop_outcomes.use.patterns import use_patterns

__all__ = ["use_patterns"]
