"""Covariates of the people with a pattern, as the terms of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.shared.characters import has_confusing_character
from iop_outcomes.shared.messages import column_called
from iop_outcomes.use.pattern_array import Numbers

MOST_CATEGORIES = 50


def aligned(
    covariates: pd.DataFrame | pd.Series[Any] | None, labels: pd.Index, what: str = "covariates"
) -> pd.DataFrame:
    """Return the covariates (or `what` they are) with one row a label, in the order of `labels`.

    Raises
    ------
    RuleError
        If they are no frame, a label has no row or two, or a name is given twice or is no text.
    """
    if covariates is None:
        return pd.DataFrame(index=labels)
    instead = "a frame indexed as the patterns, such as people[['age', 'track']]."
    if isinstance(covariates, pd.Series) and covariates.name is not None:
        covariates = covariates.to_frame()
    if not isinstance(covariates, pd.DataFrame):
        raise RuleError(
            f"The {what} are a frame, or a Series with a name.",
            found=type(covariates).__name__,
            instead=instead,
        )
    absent = int((~labels.isin(covariates.index)).sum())
    if absent or not covariates.index.is_unique:
        raise RuleError(
            f"The {what} have the labels of the patterns, each once.",
            found=f"{absent:,} of {len(labels):,} patterns without {what}, "
            f"{int(covariates.index.duplicated().sum()):,} labels that occur twice",
            instead=instead,
        )
    names = list(covariates.columns)
    if not covariates.columns.is_unique or not all(isinstance(name, str) for name in names):
        raise RuleError(
            f"The {what} have each a name of its own, as text.",
            found=f"{len(names)} columns",
            instead=instead,
        )
    return covariates.loc[labels]


def as_terms(covariates: pd.DataFrame) -> tuple[Numbers, list[str]]:
    """Return the terms, people by terms, and their names.

    Numbers are taken in standard deviations from their mean, yes and no as 1 and 0, and each
    category but the first as a term of its own. What is the same for everyone gives no term.

    Raises
    ------
    RuleError
        If a value is missing or infinite, or a column holds neither numbers, nor yes and no, nor
        at most 50 categories.
    """
    columns: list[Numbers] = []
    names: list[str] = []
    for name in covariates.columns:
        column = covariates[name]
        called = column_called(name, covariates.columns)
        _check_known(column, called)
        if pd.api.types.is_bool_dtype(column):
            columns.append(column.to_numpy(dtype=np.float64))
            names.append(name)
        elif pd.api.types.is_numeric_dtype(column):
            columns.append(_standardised(column.to_numpy(dtype=np.float64), called))
            names.append(name)
        else:
            for category, marked in _categories(column, called):
                columns.append(marked)
                names.append(f"{name}: {category}")
    varying = [place for place, column in enumerate(columns) if np.ptp(column) > 0]
    terms = np.column_stack([columns[place] for place in varying]) if varying else None
    if terms is None:
        terms = np.zeros((len(covariates), 0))
    return terms, [names[place] for place in varying]


def _check_known(column: pd.Series[Any], called: str) -> None:
    missing = int(column.isna().sum())
    if missing:
        raise RuleError(
            f"The covariate {called} is not known for everyone; only weeks are imputed here.",
            found=f"{missing:,} of {len(column):,} missing",
            instead="fillna(...) with a category of its own or a mean; or leave the covariate out.",
        )


def _standardised(values: Numbers, called: str) -> Numbers:
    if not np.isfinite(values).all():
        raise RuleError(
            f"The covariate {called} holds numbers that are not finite.",
            found=f"{int((~np.isfinite(values)).sum()):,} infinite",
        )
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 0 else np.zeros(len(values))


def _categories(column: pd.Series[Any], called: str) -> list[tuple[str, Numbers]]:
    kind = column.dtype
    text = isinstance(kind, pd.CategoricalDtype) or pd.api.types.is_string_dtype(column)
    if not text:
        raise RuleError(
            f"The covariate {called} holds neither numbers nor categories.",
            found=f"a column of type {kind}",
            instead="numbers (such as days), yes and no, or text.",
        )
    if has_confusing_character(column.dropna().tolist()):
        raise RuleError(
            f"The covariate {called} contains half of a character (a lone surrogate) or NUL.",
            found=f"a column of type {kind}",
            instead='.str.replace("\\0", "").str.encode("utf-8", "backslashreplace")'
            '.str.decode("utf-8") of it.',
        )
    values = column.astype("category").cat.remove_unused_categories().cat
    if len(values.categories) > MOST_CATEGORIES:
        raise RuleError(
            f"The covariate {called} has too many categories.",
            found=f"{len(values.categories):,} categories",
            instead=f"at most {MOST_CATEGORIES}, or a number.",
        )
    codes = values.codes.to_numpy()
    return [
        (str(category), (codes == code).astype(np.float64))
        for code, category in enumerate(values.categories)
        if code > 0
    ]
