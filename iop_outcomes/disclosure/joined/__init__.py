"""The true counts of reports that are made at one time, as one system.

Counts of reports come in; what the last of them must not print beside the others goes out.
"""

from __future__ import annotations

from iop_outcomes.disclosure.joined.counts import JoinedCounts

__all__ = ["JoinedCounts"]
