"""The memory of what was printed: each figure once, and every report as its reader has it.

Printed trends and cells of reports come in; frozen ones, and the file of them, go out. Records and
hidden numbers are not known here.
"""

from __future__ import annotations

from iop_outcomes.disclosure.ledger.beside import hide_beside
from iop_outcomes.disclosure.ledger.memory import Figure, Frozen, Ledger

__all__ = ["Figure", "Frozen", "Ledger", "hide_beside"]
