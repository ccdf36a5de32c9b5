"""The weights of the tests of the log-rank family, by day of an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.checks import check_choice, is_number
from iop_outcomes.shared.messages import as_written

Floats = NDArray[np.float64]
Test = Literal[
    "log_rank",
    "gehan_breslow",
    "tarone_ware",
    "peto_peto",
    "modified_peto_peto",
    "fleming_harrington",
]

NAMES: dict[str, str] = {
    "log_rank": "Log-rank test",
    "gehan_breslow": "Gehan-Breslow test",
    "tarone_ware": "Tarone-Ware test",
    "peto_peto": "Peto-Peto test",
    "modified_peto_peto": "Modified Peto-Peto test",
    "fleming_harrington": "Fleming-Harrington test",
}


@dataclass(frozen=True)
class Weight:
    r"""How the days of events are weighted.

    Attributes
    ----------
    test : str
        The name of the test.
    rho, gamma : float
        The powers of the Fleming-Harrington test, :math:`S(t-)^\rho (1 - S(t-))^\gamma`.
    """

    test: Test = "log_rank"
    rho: float = 0.0
    gamma: float = 0.0

    @classmethod
    def of(cls, test: str, rho: object, gamma: object) -> Weight:
        """Check the options; RuleError for powers that are not of the test."""
        check_choice("test", test, NAMES)
        for name, power in (("rho", rho), ("gamma", gamma)):
            if not is_number(power) or not 0 <= power < float("inf"):
                raise RuleError(
                    f"{name} is a number, 0 or more.",
                    found=f"{name}={as_written(power)}",
                    instead=f"{name}=1",
                )
        one, two = float(rho), float(gamma)  # type: ignore[arg-type]  # numbers by now
        harrington = test == "fleming_harrington"
        if harrington and not (one or two):
            raise RuleError(
                "A Fleming-Harrington test needs rho or gamma above 0.",
                instead='rho=1 for early differences, gamma=1 for late ones; or test="log_rank".',
            )
        if not harrington and (one or two):
            raise RuleError(
                "rho and gamma are those of the Fleming-Harrington test.",
                found=f"test={as_written(test)}",
                instead='test="fleming_harrington"',
            )
        return cls(test, one, two)  # type: ignore[arg-type]  # a name by now

    @property
    def name(self) -> str:
        """The name of the test in words, with its powers."""
        if self.test != "fleming_harrington":
            return NAMES[self.test]
        return f"{NAMES[self.test]} (rho {self.rho:g}, gamma {self.gamma:g})"

    def by_day(self, at_risk: Floats, events: Floats, stratum: NDArray[np.intp]) -> Floats:
        """Return the weight of each day of an event.

        Parameters
        ----------
        at_risk, events : numpy.ndarray
            The numbers on each day in each stratum, the strata one after another.
        stratum : numpy.ndarray of int
            The stratum of each.
        """
        if self.test == "log_rank":
            return np.ones(len(at_risk))
        if self.test == "gehan_breslow":
            return at_risk
        if self.test == "tarone_ware":
            return np.sqrt(at_risk)
        if self.test == "fleming_harrington":
            through = _product(1 - events / at_risk, stratum)
            first = np.append(True, stratum[1:] != stratum[:-1])
            before = np.where(first, 1.0, np.roll(through, 1))
            weight: Floats = before**self.rho * (1 - before) ** self.gamma
            return weight
        nearly = _product(1 - events / (at_risk + 1), stratum)
        return nearly if self.test == "peto_peto" else nearly * at_risk / (at_risk + 1)


def _product(factor: Floats, stratum: NDArray[np.intp]) -> Floats:
    """Return the product of the factors so far, within each stratum."""
    return np.asarray(pd.Series(factor).groupby(stratum).cumprod(), dtype=np.float64)
