"""Wald tests of several coefficients at once: a factor, a spline, a contrast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.compare.group_tests.result import format_p_value
from iop_outcomes.compare.regression.design import part_asked
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.messages import names_asked
from iop_outcomes.shared.result import Result
from iop_outcomes.survival.clusters import Clustering

Floats = NDArray[np.float64]
SINGULAR = 1e-10


@dataclass(frozen=True, repr=False)
class WaldTest(Result):
    """A joint test of coefficients, or of contrasts of them.

    Attributes
    ----------
    table : pandas.DataFrame
        One row: ``tested`` (str); ``statistic`` (float64): chi-squared, or F for few clusters;
        ``degrees_of_freedom`` (int64); ``denominator_degrees_of_freedom`` (float64): of F, missing
        for chi-squared; ``p_value`` (float64).
    contrasts : pandas.DataFrame
        One row a coefficient or contrast that is tested together with the others: ``contrast``
        (str), ``estimate, se`` (float64), the logarithm of a ratio.
    model : str
        The model whose coefficients are tested.
    synthetic : bool
        Whether the data are synthetic.
    """

    table: pd.DataFrame
    contrasts: pd.DataFrame
    model: str
    synthetic: bool = False

    @property
    def text(self) -> str:
        """The test, its statistic, degrees of freedom and p-value."""
        row = self.table.iloc[0]
        freedom = f"{row['degrees_of_freedom']:,}"
        kind = "chi-squared"
        if not np.isnan(row["denominator_degrees_of_freedom"]):
            kind = "F"
            freedom = f"{freedom} and {row['denominator_degrees_of_freedom']:,.0f}"
        degrees = "degree" if freedom == "1" else "degrees"
        return (
            f"Wald test of {row['tested']}: {kind} {row['statistic']:.2f} on {freedom} {degrees} "
            f"of freedom, {format_p_value(row['p_value'])}. {self.model}."
        )

    @property
    def _summary(self) -> str:
        return f"Wald test of {self.table['tested'].iloc[0]}"


def wald_test(
    asked: str | Sequence[str] | Mapping[str, float] | Sequence[Mapping[str, float]],
    estimate: tuple[Sequence[str], Floats, Floats],
    parts: Mapping[str, Sequence[int]],
    *,
    clustering: Clustering | None,
    model: str,
    synthetic: bool,
) -> WaldTest:
    """Test terms or contrasts; see `Regression.test`.

    Parameters
    ----------
    asked
        As for `Regression.test`.
    estimate : tuple
        The names of the coefficients, their values and their covariance.
    parts : mapping of str to sequence of int
        The terms of the formula, and the columns of each.
    clustering : Clustering, optional
        Of robust errors: with its correction for few clusters the test is F.
    model : str
        Which model.
    synthetic : bool
        Whether the data are synthetic.
    """
    names, coefficient, covariance = estimate
    labels, matrix, tested = _matrix(asked, list(names), parts)
    value = matrix @ coefficient
    spread = matrix @ covariance @ matrix.T
    root = np.sqrt(np.diag(spread))
    if not (root > 0).all() or np.linalg.eigvalsh(spread / np.outer(root, root))[
        0
    ] < SINGULAR * len(value):
        raise EstimateError(
            "The contrasts are not linearly independent, or have no variance.",
            found=f"{len(value):,} of {len(names):,} coefficients",
            instead="contrasts of which none follows from the others; with robust errors, no more "
            "of them than clusters.",
        )
    statistic = float(value @ np.linalg.solve(spread, value))
    size, denominator = len(value), np.nan
    if clustering is not None and clustering.small_sample:
        statistic, denominator = statistic / size, float(clustering.clusters - 1)
    table = pd.DataFrame(
        {
            "tested": [tested],
            "statistic": [statistic],
            "degrees_of_freedom": np.array([size], dtype=np.int64),
            "denominator_degrees_of_freedom": [denominator],
            "p_value": [_beyond(statistic, size, denominator)],
        }
    )
    contrasts = pd.DataFrame({"contrast": labels, "estimate": value, "se": root})
    return WaldTest(table, contrasts, model, synthetic)


def _beyond(statistic: float, size: int, denominator: float) -> float:
    from scipy.special import chdtrc, fdtrc

    if np.isnan(denominator):
        return float(chdtrc(size, statistic))
    return float(fdtrc(size, denominator, statistic))


def _matrix(
    asked: str | Sequence[str] | Mapping[str, float] | Sequence[Mapping[str, float]],
    names: list[str],
    parts: Mapping[str, Sequence[int]],
) -> tuple[list[str], Floats, str]:
    several: list[object] = [asked] if isinstance(asked, str | Mapping) else list(asked)
    words = [hypothesis for hypothesis in several if isinstance(hypothesis, str)]
    contrasts = [
        hypothesis for hypothesis in several if isinstance(hypothesis, Mapping) and hypothesis
    ]
    if words and len(words) == len(several):
        places = sorted({place for word in words for place in part_asked(parts, names, word)})
        return [names[place] for place in places], np.eye(len(names))[places], ", ".join(words)
    if not contrasts or len(contrasts) < len(several):
        raise _unreadable(asked)
    rows, labels = np.zeros((len(contrasts), len(names))), []
    for row, contrast in zip(rows, contrasts, strict=True):
        for name, factor in contrast.items():
            if name not in names:
                raise RuleError(
                    f"The model has no coefficient {names_asked([name])}.",
                    instead=f"one of {', '.join(names)}.",
                )
            row[names.index(name)] += float(factor)
        labels.append(_written(contrast))
    return labels, rows, "; ".join(labels)


def _written(contrast: Mapping[str, float]) -> str:
    return " ".join(f"{factor:+g} * {name}" for name, factor in contrast.items())


def _unreadable(asked: object) -> RuleError:
    return RuleError(
        "A test is of a term, of several terms, or of contrasts of coefficients.",
        found=type(asked).__name__,
        instead='test("track"), test(["age", "track"]) or test({"track b vs a": 1, "track c vs '
        'a": -1}).',
    )
