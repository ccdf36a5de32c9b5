"""Whole numbers that fit what is printed; they are kept, since one solution answers many questions.

Counts, sums and what is printed come in; which counts are open goes out. What is hidden is chosen
in `linked`.
"""

from __future__ import annotations

from iop_outcomes.disclosure.solutions.kept import KeptSolutions
from iop_outcomes.disclosure.solutions.views import View, Views

__all__ = ["KeptSolutions", "View", "Views"]
