"""The words of a funnel: those of the library, and plain ones for a page that a board reads."""

from __future__ import annotations

from dataclasses import dataclass

from iop_outcomes.trends.sites.funnel import FEWEST_SITES

FEWEST_SPREAD = 3  # units of which plain words say how far they are spread


@dataclass(frozen=True)
class FunnelWords:
    """How a funnel is put in words.

    Attributes
    ----------
    unit : str
        What a row of it is called.
    plain : bool
        Whether terms of statistics are left out: who reads it may not know them.
    """

    unit: str = "unit"
    plain: bool = False

    @property
    def alike(self) -> str:
        """What those within the limits have in common."""
        if self.plain:
            return "which differ by no more than chance may explain"
        return "which do not differ beyond chance"

    @property
    def alone(self) -> str:
        """What is said of the spread of a single one."""
        if self.plain:
            return f"One {self.unit} has no other to differ from."
        return f"With one {self.unit} there is no variation between {self.unit}s."

    def spread(self, ratio: float, *, adjusted: bool, number: int, asked: str) -> str:
        """Return whether units vary more than by chance, and whether the limits allow for it.

        In plain words nothing is said of two: they have hardly a spread.

        Parameters
        ----------
        ratio : float
            As of `iop_outcomes.trends.sites.Overdispersion`.
        adjusted : bool
            Whether the limits allow for the variation between units.
        number : int
            How many units there are.
        asked : str
            What was asked for: "auto", "on" or "off".

        Examples
        --------
        >>> from iop_outcomes.trends.sites.words import FunnelWords
        >>> words = FunnelWords("program", plain=True)
        >>> words.spread(0.64, adjusted=False, number=3, asked="auto")
        'They are spread no wider than chance would spread them.'
        >>> words.spread(0.64, adjusted=False, number=2, asked="auto")
        ''
        """
        is_few = number < FEWEST_SITES and asked == "auto"
        if self.plain:
            if number < FEWEST_SPREAD and not adjusted:
                return ""
            if ratio <= 1 and not adjusted:
                return "They are spread no wider than chance would spread them."
            text = "They are spread wider than chance alone would spread them"
            if adjusted:
                return f"{text}, and the limits are wider by that much."
            if is_few:
                text += f", but of fewer than {FEWEST_SITES} {self.unit}s that is not sure"
            return f"{text}. The limits are those of chance alone."
        text = f"Overdispersion {ratio:.2f} (1: chance alone)"
        if adjusted:
            return f"{text}; the limits allow for the variation between {self.unit}s."
        if asked == "off":
            return f"{text}; the limits do not allow for it, as asked."
        if is_few:
            return (
                f"{text}; with fewer than {FEWEST_SITES} {self.unit}s it is too uncertain to widen "
                "the limits by it."
            )
        return f"{text}; there is none to allow for."


TERMS = FunnelWords()
