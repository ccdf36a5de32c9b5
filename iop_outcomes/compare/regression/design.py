"""The columns of a regression: what they are called, and the same columns for other rows."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.messages import columns_found, names_asked


@dataclass(frozen=True, eq=False)
class Design:
    """The matrix of a formula's terms.

    Attributes
    ----------
    matrix : numpy.ndarray of float64
        (rows, columns), without an intercept.
    names : list of str
        What each column is called: ``"age"``, ``"program Evening vs Day"``.
    parts : dict of str to tuple of int
        The terms of the formula, as it was written, and the columns of each: a factor of three
        values has two, a spline as many as its degrees of freedom.
    used : dict of str to pandas.CategoricalDtype or None
        The columns of the frame that the formula reads; of text, the values that occur.
    spec : object
        Formulaic's ``ModelSpec``, which repeats the matrix for other rows.
    """

    matrix: NDArray[np.float64]
    names: list[str]
    parts: dict[str, tuple[int, ...]]
    used: Mapping[str, pd.CategoricalDtype | None]
    spec: Any = field(repr=False)

    def rows(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Return the columns for other rows.

        Parameters
        ----------
        frame : pandas.DataFrame
            One row a person, with the columns `used`.

        Raises
        ------
        RuleError
            If a column is not there, or a value of text did not occur among the rows of the model.
        EstimateError
            If a value is missing or not a number where one is needed.
        """
        from formulaic.errors import DataMismatchWarning

        prepared = pd.DataFrame({name: self._column(frame, name) for name in self.used})
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("error", DataMismatchWarning)
                matrix = self.spec.get_model_matrix(prepared, context={})
        except Exception:  # of many kinds: a spline is asked beyond its ends, a level is unknown
            raise RuleError(
                "The terms of the model cannot be made of these values.",
                found=names_asked(list(self.used)),
                instead="values that occur among the rows of the model.",
            ) from None
        numbers: NDArray[np.float64] = np.asarray(matrix, dtype=np.float64)[:, 1:]
        if not np.isfinite(numbers).all():
            raise EstimateError(
                "A term is not a number, such as the logarithm of 0.",
                found=f"{int((~np.isfinite(numbers)).any(axis=1).sum()):,} of {len(frame):,} rows",
            )
        return numbers

    def _column(self, frame: pd.DataFrame, name: str) -> pd.Series[Any]:
        if not isinstance(frame, pd.DataFrame) or name not in frame.columns:
            raise RuleError(
                f"The model has the column {name}, which the rows asked for do not have.",
                found=columns_found(frame.columns, [name])
                if isinstance(frame, pd.DataFrame)
                else type(frame).__name__,
                instead=f"pd.DataFrame({{{', '.join(f'{name!r}: [...]' for name in self.used)}}})",
            )
        column, dtype = frame[name], self.used[name]
        missing = int(column.isna().sum())
        if missing:
            raise EstimateError(
                "Nothing is predicted for missing values.",
                found=f"missing: {missing:,} of {name}, of {len(frame):,} rows",
            )
        if dtype is None:
            numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
            if numbers.isna().any():
                raise EstimateError(
                    f"The column {name} holds numbers in the rows of the model.",
                    found=f"{int(numbers.isna().sum()):,} of {len(frame):,} values are none",
                )
            return numbers
        values = column.astype(object).astype(dtype)
        unknown = int(values.isna().sum())
        if unknown:
            raise RuleError(
                f"A value of {name} does not occur among the rows of the model.",
                found=f"{unknown:,} of {len(frame):,} rows",
                instead=f"one of its {len(dtype.categories)} values there.",
            )
        return values


def parts_of(spec: Any) -> dict[str, tuple[int, ...]]:
    """Return the terms of a formula, and the columns of each without the intercept."""
    return {
        str(term): tuple(place - 1 for place in places)
        for term, places in spec.term_indices.items()
        if str(term) != "1" and places
    }


def kinds_of(columns: pd.DataFrame) -> dict[str, pd.CategoricalDtype | None]:
    """Return of each prepared column the values, or None for numbers."""
    return {
        str(name): column.dtype if isinstance(column.dtype, pd.CategoricalDtype) else None
        for name, column in columns.items()
    }


def part_asked(parts: Mapping[str, Sequence[int]], names: Sequence[str], asked: str) -> list[int]:
    """Return the columns of a term that is asked for by the formula's word or its own name.

    Raises
    ------
    RuleError
        If there is none.
    """
    plain = {name.replace("`", ""): list(places) for name, places in parts.items()}
    if asked.replace("`", "") in plain:
        return plain[asked.replace("`", "")]
    if asked in names:
        return [list(names).index(asked)]
    raise RuleError(
        f"The model has no term {asked}.",
        instead=f"a term of the formula: {', '.join(plain)}.",
    )
