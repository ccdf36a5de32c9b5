"""What the rule of a result says once it is protected: no small count, and nothing untrue.

Rules and counts of who is left out come in; the same for release go out. Tables are not known here.
"""

from __future__ import annotations

from iop_outcomes.disclosure.words.rules import (
    no_errors,
    no_small_counts,
    of_frame,
    safe_fields,
    without_labels,
)

__all__ = ["no_errors", "no_small_counts", "of_frame", "safe_fields", "without_labels"]
