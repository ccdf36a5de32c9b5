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
import lazy_loader

# A room is imported when one of its names is first used: so the command answers at once.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
