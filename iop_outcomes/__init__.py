"""What became of the people in an Intensive Outpatient Program.

Read the records of a program, and ask: who engages, how long people stay well, whether one
cohort does better than another, whether this quarter differs from the last.

>>> import iop_outcomes as iop
>>> records = iop.read_records("data/samples")
>>> times = iop.time_to_relapse(records, iop.RelapseRule(missing="censor"))
>>> curves = iop.survival_curves(times, by="track")
"""

from iop_outcomes.shared import process as process  # first: it watches for Ctrl-C

# isort: split
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or not process.is_command():
    from iop_outcomes.public import *  # noqa: F403  # the names are listed there
    from iop_outcomes.public import __all__ as __all__
else:  # the command answers at once, and loads what it needs

    def __getattr__(name: str) -> Any:
        """Return a public name in a program that is called as the command is."""
        import iop_outcomes.public as public

        return getattr(public, name)
