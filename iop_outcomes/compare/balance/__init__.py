"""How groups differ on day 0: Table 1 and standardised differences.

A frame of rows with a column of groups and covariates comes in; `Balance` goes out. How times come
about, and how weights are estimated, is not known here.
"""

from __future__ import annotations

from iop_outcomes.compare.balance.estimate import balance
from iop_outcomes.compare.balance.result import Balance

__all__ = ["Balance", "balance"]
