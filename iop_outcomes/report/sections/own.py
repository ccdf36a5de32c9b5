"""A section of a user's own: sentences and results, each of which passes the disclosure control."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import protect
from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.errors import RuleError
from iop_outcomes.plots.layout.export import draw_svg
from iop_outcomes.plots.layout.given import DRAWN_BY
from iop_outcomes.report.model import Drawing, Kind, Section, Table
from iop_outcomes.report.scope import Scope
from iop_outcomes.shared.drawing import draw
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.result import Result

if TYPE_CHECKING:
    from iop_outcomes.records import Records

NOTE = "Protected by itself, not together with the other tables of this report."
SHARES = ("value", "share", "rate", "lower", "upper", "survival", "incidence", "target")


def own_section(
    scope: Scope, name: str, title: str, function: Callable[[Records], Iterable[Any]]
) -> Section:
    """Return a section of what a user's function makes of the records.

    Parameters
    ----------
    scope : Scope
        The function is given its records, without the programs that are too small.
    name, title : str
        Of the section.
    function : callable
        Records -> sentences (str) and results that `iop_outcomes.protect` takes, in any order.

    Raises
    ------
    RuleError
        If it returns something else, such as a frame: of its counts it is not known what is small.
    """
    sentences: list[str] = []
    tables: list[Table] = []
    drawings: list[Drawing] = []
    results = function(scope.records)
    for number, result in enumerate(
        [results] if isinstance(results, str | Result) else results, start=1
    ):
        if isinstance(result, str):
            sentences.append(result)
            continue
        if not isinstance(result, Result):
            raise RuleError(
                f"The section {name} is made of sentences and results.",
                found=as_written(result),
                instead="results that iop_outcomes.protect takes, such as a trend or curves",
            )
        safe = protect(cast(Any, result), scope.policy)  # which refuses other results by name
        table = table_of(f"{name.replace('-', '_')[:27]}_{number}", title, safe)
        if type(safe).__name__ in DRAWN_BY:
            picture = partial(draw_svg, draw, safe, synthetic=scope.records.synthetic)
            drawings.append(Drawing(title, picture, table))
        else:
            tables.append(table)
    return Section(name, title, tuple(sentences), tuple(tables), tuple(drawings))


def table_of(name: str, caption: str, result: Any) -> Table:
    """Return the table of a protected result; what is hidden says so."""
    frame = (result if isinstance(result, pd.DataFrame) else result.table).copy()
    rule = "" if isinstance(result, pd.DataFrame) else str(getattr(result, "rule", ""))
    numbers = [str(one) for one in frame if pd.api.types.is_float_dtype(frame[one])]
    kinds: dict[str, Kind] = {}
    for column in numbers:
        values = frame[column].dropna().to_numpy(dtype=np.float64)
        if column in SHARES and ((values >= 0) & (values <= 1)).all():
            kinds[column] = "share"
        else:
            kinds[column] = "count" if (values == np.round(values)).all() else "number"
    if "hidden" in frame:
        gone = frame["hidden"].to_numpy(dtype=np.bool_)
        for column in numbers:
            empty = gone & frame[column].isna().to_numpy()
            frame[column] = frame[column].astype(object).mask(empty, HIDDEN)
    frame = frame.drop(columns=[one for one in frame if frame[one].dtype == np.bool_])
    return Table(name, caption, frame, kinds, f"{rule} {NOTE}".strip())
