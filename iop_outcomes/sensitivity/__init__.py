"""How far results depend on the definition of relapse and on missed check-ins.

Records or patterns come in; tables of estimates, one row for each definition and missing rule, go
out. Disclosure control, pictures and reports are not known here.
"""

from __future__ import annotations

from iop_outcomes.sensitivity.imputed_relapse import relapse_by_imputation
from iop_outcomes.sensitivity.imputed_result import ImputedRelapse
from iop_outcomes.sensitivity.specification_curve import Sensitivity, sensitivity

__all__ = ["ImputedRelapse", "Sensitivity", "relapse_by_imputation", "sensitivity"]
