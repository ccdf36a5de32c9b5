"""The score of a test between groups: observed minus expected events, and their covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GroupScore:
    """Observed and expected events of each group, and the covariance of their difference."""

    observed: Floats
    expected: Floats
    covariance: Floats

    @property
    def degrees_of_freedom(self) -> int:
        """The rank of the covariance: groups that can be compared with each other, less one."""
        scale = np.sqrt(np.diag(self.covariance))
        if not (scale > 0).all():
            return 0
        correlation = self.covariance / np.outer(scale, scale)
        return int(np.linalg.matrix_rank(correlation, tol=1e-9, hermitian=True))

    @property
    def statistic(self) -> float:
        """The chi-squared statistic."""
        difference = (self.observed - self.expected)[1:]
        # One group follows from the others; which one is left out does not matter.
        return float(difference @ np.linalg.solve(self.covariance[1:, 1:], difference))

    def along(self, scores: Floats) -> tuple[float, float]:
        """Return the chi-squared statistic and p-value of a trend over scores of the groups."""
        from scipy.special import chdtrc

        moved = float(scores @ (self.observed - self.expected))
        statistic = moved**2 / float(scores @ self.covariance @ scores)
        return statistic, float(chdtrc(1, statistic))

    @property
    def p_value(self) -> float:
        """Of a statistic at least as large if the groups do not differ."""
        from scipy.special import chdtrc

        return float(chdtrc(self.degrees_of_freedom, self.statistic))
