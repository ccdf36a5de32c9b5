"""The terms of a regression: a formula and a frame to a matrix of numbers with names."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.compare.regression.design import Design, kinds_of, parts_of
from iop_outcomes.compare.regression.term_names import term_names
from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.group_codes import refuse_confusing_characters, refuse_repeated_names
from iop_outcomes.shared.messages import columns_found, names_asked

if TYPE_CHECKING:
    from formulaic import Formula

TRANSFORMS = (
    *("C", "log", "log2", "log10", "exp", "I", "center", "scale", "standardize"),
    *("poly", "bs"),
)
"""What of formulaic a formula may call."""
CONTRASTS = ("treatment", "sum", "helmert", "diff", "poly", "SAS", "custom")
"""What C may be given to code values by, as ``contr.sum``."""

MOST_VALUES = 20  # of text in few rows, or one value in
ROWS_A_VALUE = 5
NAMES_OF_PEOPLE = ("person_id", "episode_id")
_HARMLESS = (
    *(ast.Expression, ast.Call, ast.keyword, ast.Name, ast.Load, ast.Constant, ast.BinOp),
    *(ast.UnaryOp, ast.operator, ast.unaryop, ast.Compare, ast.cmpop, ast.List, ast.Tuple),
)


def design_of(times: pd.DataFrame, formula: str | Sequence[str]) -> Design:
    """Return the matrix of a formula's terms, and what they are called.

    Parameters
    ----------
    times : pandas.DataFrame
        With the columns that the formula names, none of them missing in any row.
    formula : str or sequence of str
        Terms joined by ``+``, such as ``"age + program"``, ``"age * program"`` (with their
        product), ``"log(age)"``, ``"bs(age, df=4)"`` (a spline) or ``"C(site)"`` (numbers that are
        names), or a list of columns. A column whose name has spaces is in backquotes. A power
        is ``"I(age ** 2)"``: without ``I`` the two stars mean all products of the terms.

    Returns
    -------
    Design
        A column of text or categories with k values makes k - 1 columns, each a value against the
        first; there is no intercept, as the baseline hazard holds it.

    Raises
    ------
    RuleError
        If the formula cannot be read, names a column that is not there, takes the intercept away,
        or asks for more than arithmetic, the transforms that `TRANSFORMS` lists, and within ``C``
        the `CONTRASTS`; or for what they cannot do with these columns.
    EstimateError
        If a value is missing or not finite, or a column of text, or of numbers within ``C``, has
        more than 20 values, and more than one in five rows: such terms cannot be estimated, and
        may name people. If no column has two values.

    Notes
    -----
    Read by formulaic in Wilkinson's notation (Wilkinson and Rogers 1973, Appl Stat 22:392-399). A
    formula is data, not a program: nothing else in it is run.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"age": [30, 41, 25], "program": ["Day", "Evening", "Day"]})
    >>> design_of(people, "age + program").names
    ['age', 'program Evening vs Day']
    """
    text = _as_text(formula)
    parsed, names, levels_of = _parsed(text, times)
    columns = _columns(times, sorted(names), levels_of)
    matrix = _matrix(parsed, text, columns)
    numbers = np.asarray(matrix, dtype=np.float64)
    called = [str(name) for name in matrix.model_spec.column_names]
    if len(called) < 2:
        raise EstimateError(
            "Columns with a single value give no effect to estimate.",
            found=", ".join(sorted(names)),
            instead="columns in which people differ.",
        )
    endless = int((~np.isfinite(numbers)).any(axis=1).sum())
    if endless:
        raise EstimateError(
            "A term is not a number, such as the logarithm of 0.",
            found=f"{endless:,} of {len(times):,} rows",
            instead="log(1 + x), for example.",
        )
    spec = matrix.model_spec
    names_of = term_names(called[1:], spec.encoder_state)
    return Design(numbers[:, 1:], names_of, parts_of(spec), kinds_of(columns), spec)


def columns_read(times: pd.DataFrame, formula: str | Sequence[str]) -> list[str]:
    """Return the columns that a formula reads, in the order of the alphabet.

    Raises
    ------
    RuleError
        As for `design_of`.
    """
    _, names, _ = _parsed(_as_text(formula), times)
    return sorted(names)


def _as_text(formula: str | Sequence[str]) -> str:
    if not isinstance(formula, str) and not _are_names(formula):
        raise RuleError(
            "A formula is text, or a list of columns.",
            found=type(formula).__name__,
            instead='"age + program"',
        )
    return formula if isinstance(formula, str) else " + ".join(f"`{name}`" for name in formula)


def _matrix(parsed: Formula, formula: str, frame: pd.DataFrame) -> Any:
    """Return formulaic's matrix; refuse what it cannot make, or makes with a warning only."""
    from formulaic import model_matrix
    from formulaic.errors import DataMismatchWarning

    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            # A value that levels= leaves out would count as the first of them.
            warnings.simplefilter("error", DataMismatchWarning)
            return model_matrix(parsed, frame, context={}, output="numpy", na_action="ignore")
    except Exception:  # of many kinds: a transform is given what it does not take
        raise RuleError(
            "The formula cannot be evaluated with these columns.",
            found=formula,
            instead="numbers where it calculates; text or categories as they are; all levels of "
            "the column in C().",
        ) from None


def _are_names(formula: object) -> bool:
    if not isinstance(formula, Sequence) or not formula:
        return False
    return all(isinstance(name, str) for name in formula)


def _no_terms(formula: str) -> RuleError:
    return RuleError(
        "A formula is one or more terms, without removing the intercept: the baseline hazard "
        "takes its place.",
        found=formula,
        instead='"age + program"',
    )


def _parsed(formula: str, times: pd.DataFrame) -> tuple[Formula, set[str], set[str]]:
    """Return the formula, its columns, and those whose values it makes terms by ``C``.

    What is not arithmetic and transforms is refused.
    """
    from formulaic import Formula
    from formulaic.errors import FormulaicError
    from formulaic.formula import SimpleFormula

    try:
        parsed = Formula(formula)
    except (FormulaicError, SyntaxError, ValueError):
        raise _unreadable(formula) from None
    if not isinstance(parsed, SimpleFormula):
        raise _unreadable(formula)
    columns = [str(name) for name in times.columns]
    read: dict[str, set[str]] = {kind: set() for kind in ("literal", "lookup", "python")}
    for factor in (factor for term in parsed for factor in term.factors):
        read[factor.eval_method.value].add(factor.expr)
    if not read["lookup"] | read["python"] or "1" not in read["literal"]:
        raise _no_terms(formula)
    names = read["lookup"]
    _check_columns(names - set(columns), columns)
    levels_of: set[str] = set()
    for expression in sorted(read["python"]):
        used, coded = _names_in(expression, columns)
        names |= used
        levels_of |= coded
    return parsed, names, levels_of


def _unreadable(formula: str) -> RuleError:
    return RuleError(
        "The formula cannot be read.",
        found=formula,
        instead='the terms alone, as in "age + program" or "age * program".',
    )


def _names_in(expression: str, columns: Sequence[str]) -> tuple[set[str], set[str]]:
    """Return the columns of an expression, and those within ``C``; refuse what may not run."""
    quoted = re.findall(r"`([^`]*)`", expression)
    marks = {f"_column_{place}": name for place, name in enumerate(quoted)}
    plain = expression
    for mark in marks:
        plain = re.sub(r"`[^`]*`", mark, plain, count=1)
    try:
        nodes = list(ast.walk(ast.parse(plain, mode="eval")))
    except SyntaxError:
        raise _unreadable(expression) from None
    contrasts = _contrasts(nodes)
    functions = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        harmless = isinstance(node, _HARMLESS)
        if isinstance(node, ast.Call):
            harmless = id(node) in contrasts or _name(node.func) in TRANSFORMS
        elif isinstance(node, ast.Attribute):  # as in contr.treatment
            harmless = id(node) in contrasts
        if not harmless:
            raise RuleError(
                "A formula may only calculate and call the known transforms.",
                found=expression,
                instead=f"{', '.join(TRANSFORMS)}; in C(column, ...) "
                f"contr.{', contr.'.join(CONTRASTS)}.",
            )
    known = functions | contrasts
    names = {marks.get(name, name) for name in _names(nodes, known)}
    _check_columns(names - set(columns), columns)
    coded = [node for node in nodes if isinstance(node, ast.Call) and _name(node.func) == "C"]
    values = {
        marks.get(name, name)
        for node in coded
        for value in node.args[:1]
        if not isinstance(value, ast.Compare)  # which has two values
        for name in _names(ast.walk(value), known)
    }
    return names, values


def _names(nodes: Iterable[ast.AST], but: set[int]) -> set[str]:
    return {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in but}


def _contrasts(nodes: Iterable[ast.AST]) -> set[int]:
    """Return the nodes that say by which contrast ``C`` codes its values: ``contr.sum``."""
    places: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.Call) and _name(node.func) == "C":
            contrasts = [*node.args[1:2], *(word.value for word in node.keywords)]
            for value in contrasts:
                place = value.func if isinstance(value, ast.Call) else value
                if (
                    isinstance(place, ast.Attribute)
                    and place.attr in CONTRASTS
                    and _name(place.value) == "contr"
                ):
                    places |= {id(value), id(place), id(place.value)}
    return places


def _name(node: ast.AST) -> str | None:
    return node.id if isinstance(node, ast.Name) else None


def _check_columns(absent: set[str], columns: Sequence[str]) -> None:
    if absent:
        raise RuleError(
            f"There is no column named {names_asked(sorted(absent))} for the formula.",
            found=columns_found(columns, sorted(absent)),
            instead="one of these, or a column added to the frame before.",
        )


def _columns(times: pd.DataFrame, names: list[str], levels_of: set[str]) -> pd.DataFrame:
    """Return the columns of a formula as numbers and categories; refuse the missing."""
    refuse_repeated_names(times, names)
    nameless = [name for name in names if name not in times.columns]
    if nameless:
        raise RuleError(
            "A formula names columns by text, and this name is none.",
            found=f"the column {nameless[0]}",
            instead="times.rename(columns=str)",
        )
    missing = {name: int(times[name].isna().sum()) for name in names}
    gaps = [f"{count:,} of {name}" for name, count in missing.items() if count]
    if gaps:
        raise EstimateError(
            "A regression cannot use rows with missing values.",
            found=f"missing: {', '.join(gaps)}, of {len(times):,} rows",
            instead="times.dropna(subset=[...]) for a complete-case analysis, a category of "
            "their own for text, or multiple imputation (iop.pool_regressions; adjusted_curves "
            "has imputations=).",
        )
    for name in levels_of:
        check_values(times[name].nunique(), times[name], name)
    return pd.DataFrame({name: _prepared(times[name], name) for name in names})


def _prepared(column: pd.Series[Any], name: str) -> pd.Series[Any]:
    if pd.api.types.is_complex_dtype(column):
        raise _no_term(name, column, "complex numbers")
    arrow_flags = isinstance(column.dtype, pd.ArrowDtype) and pd.api.types.is_bool_dtype(column)
    if pd.api.types.is_numeric_dtype(column) or arrow_flags:
        whole = pd.api.types.is_integer_dtype(column)
        return column.astype(np.int64 if whole else np.float64)
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        raise RuleError(
            "A date cannot be a term; use a number of days since another date.",
            found=f"the column {name}, of type {column.dtype}",
            instead=f'(times["{name}"] - first_day).dt.days',
        )
    refuse_confusing_characters(column, name)
    try:
        values = column.astype("category").cat.remove_unused_categories()
    except TypeError:
        raise _no_term(name, column, "lists, or the like") from None
    check_values(len(values.cat.categories), column, name)
    return values


def check_values(different: int, column: pd.Series[Any], name: str) -> None:
    """Refuse what may name people: the names of its terms would be printed."""
    if name in NAMES_OF_PEOPLE or different > max(MOST_VALUES, len(column) / ROWS_A_VALUE):
        raise _no_term(name, column, f"{different:,} different values in {len(column):,} rows")


def _no_term(name: str, column: pd.Series[Any], reason: str) -> EstimateError:
    return EstimateError(
        f"The column {name} cannot be a term: it would have one level a value.",
        found=f"{reason}, in a column of type {column.dtype}",
        instead=f'pd.to_numeric(times["{name}"]) if they are numbers; strata= or cluster= if '
        "they are names.",
    )
