"""What can go wrong, said to a person: what is wrong, what was found, what to write instead."""

from __future__ import annotations

from iop_outcomes.shared.characters import printable


class OutcomesError(Exception):
    """The root of every error that this package raises on purpose.

    Parameters
    ----------
    wrong : str
        What is wrong, as a whole sentence.
    found : str, optional
        What was found in its place. It must not hold the value of a person's record.
    instead : str, optional
        What to write or do instead.
    """

    def __init__(self, wrong: str, *, found: str = "", instead: str = "") -> None:
        self.wrong = wrong
        self.found = found
        self.instead = instead
        lines = [wrong]
        if found:
            lines.append(f"Found: {found}")
        if instead:
            lines.append(f"Instead: {instead}")
        super().__init__(printable("\n".join(lines)))


class RecordsError(OutcomesError):
    """The records cannot be read as they are: a file, a column or, with ``strict``, a row."""


class MissingTableError(RecordsError):
    """A question was asked of a table that was not read."""


class RuleError(OutcomesError, ValueError):
    """A rule, an option or a name is not one that is known, or contradicts another."""


class EstimateError(OutcomesError, ValueError):
    """A number cannot be estimated from what was given."""


class ReportError(OutcomesError):
    """A report cannot be made, or a file saved, as asked."""
