"""One system of the printed cells of reports: what an outsider knows, and what follows from it.

Counts with the sums between them come in, as they are printed; the cells that can be worked out go
out. Records and hidden values are not known here.
"""

from __future__ import annotations

from iop_outcomes.disclosure.system.attack import Outsider, attack, told
from iop_outcomes.disclosure.system.auditing import Audit, audit
from iop_outcomes.disclosure.system.cells import (
    PrintedCells,
    PrintedShare,
    printed_cells,
    read_cells,
)
from iop_outcomes.disclosure.system.consistent import attack_together, outsiders
from iop_outcomes.disclosure.system.files import read_files
from iop_outcomes.disclosure.system.fitting import Fitting
from iop_outcomes.disclosure.system.joining import Joined, join
from iop_outcomes.disclosure.system.parts import KeptParts, PartsByPlace
from iop_outcomes.disclosure.system.reading import Reading, Trials

__all__ = [
    "Audit",
    "Fitting",
    "Joined",
    "KeptParts",
    "Outsider",
    "PartsByPlace",
    "PrintedCells",
    "PrintedShare",
    "Reading",
    "Trials",
    "attack",
    "attack_together",
    "audit",
    "join",
    "outsiders",
    "printed_cells",
    "read_cells",
    "read_files",
    "told",
]
