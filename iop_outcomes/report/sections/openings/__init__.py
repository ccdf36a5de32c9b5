"""The plain sentence with which a section opens: its printed tables come in, words go out.

It is built after the disclosure control, from the cells as they are printed. What a table hides, or
what is not known, is in no sentence. The first page of a report without a period is made of them;
that of a period has the main results of the sections that it says nothing else of.
"""

from iop_outcomes.report.sections.openings.also_reported import with_other_results
from iop_outcomes.report.sections.openings.in_period import attended_in_the_period
from iop_outcomes.report.sections.openings.main_numbers import with_main_numbers
from iop_outcomes.report.sections.openings.sentences import OPENINGS, opening

__all__ = [
    "OPENINGS",
    "attended_in_the_period",
    "opening",
    "with_main_numbers",
    "with_other_results",
]
