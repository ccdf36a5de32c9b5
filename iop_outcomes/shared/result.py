"""What every result of the package has in common: how it shows itself, and how it is drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from iop_outcomes.shared.drawing import draw
from iop_outcomes.shared.text import SHOWN_ROWS, table_html

if TYPE_CHECKING:
    import pandas as pd


class Result(ABC):
    """A result that holds a table, and says in `text` what is in it.

    A result is a frozen dataclass (with ``repr=False``, else its fields are listed) that gives
    `text` and `_summary`. What a notebook shows is its table with the text as the caption, unless
    `_shown` or `_caption` says otherwise.
    """

    table: pd.DataFrame
    _most_rows: ClassVar[int] = SHOWN_ROWS
    """How many rows a notebook shows."""

    if TYPE_CHECKING:  # a property here would be the default of a field `text`

        @property
        def text(self) -> str:
            """The result as sentences."""

    @property
    @abstractmethod
    def _summary(self) -> str:
        """What the result holds, in a few words."""

    @property
    def _caption(self) -> str:
        return self.text

    def _shown(self) -> tuple[pd.DataFrame, int]:
        """Return the first rows of what a notebook shows, and how many rows there are in all."""
        return self.table, len(self.table)

    def __repr__(self) -> str:
        """Return the kind of result, and what it holds in a few words."""
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
