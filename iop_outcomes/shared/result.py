"""The base class of all results: display and drawing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from iop_outcomes.shared.drawing import draw
from iop_outcomes.shared.text import SHOWN_ROWS, table_html

if TYPE_CHECKING:
    import pandas as pd


class Result(ABC):
    """A result with a table, and with `text` that describes it.

    A result is a frozen dataclass (with ``repr=False``, otherwise its fields are listed) with
    `text` and `_summary`. A notebook shows its table, with the text as the caption; a subclass can
    override `_shown` (the rows) and `_caption`.
    """

    table: pd.DataFrame
    _most_rows: ClassVar[int] = SHOWN_ROWS
    """The number of rows shown in a notebook."""

    if TYPE_CHECKING:  # a property here would be the default of a field `text`

        @property
        def text(self) -> str:
            """The result as sentences."""

    @property
    @abstractmethod
    def _summary(self) -> str:
        """The contents of the result in a few words."""

    @property
    def _caption(self) -> str:
        return self.text

    def _shown(self) -> tuple[pd.DataFrame, int]:
        """Return the rows that a notebook shows, and the total number of rows."""
        return self.table, len(self.table)

    def __repr__(self) -> str:
        """Return the kind of result and its contents in a few words."""
        return f"<{type(self).__name__}: {self._summary}>"

    def _repr_html_(self) -> str:
        rows, count = self._shown()
        return table_html(rows, self._caption, rows=self._most_rows, of=count)


class DrawnResult(Result):
    """A result that can be drawn."""

    def plot(self, ax: Any = None) -> Any:
        """Draw the result; see the function of `iop_outcomes.plots` for its type.

        Parameters
        ----------
        ax : matplotlib Axes, Figure or SubFigure, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib.axes.Axes
        """
        return draw(self, ax)
