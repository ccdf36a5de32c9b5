"""The plain sentence with which a section opens: its printed tables come in, words go out.

It is built after the disclosure control, from the cells as they are printed. What a table hides, or
what is not known, is in no sentence.
"""

from iop_outcomes.report.sections.openings.sentences import OPENINGS, opening

__all__ = ["OPENINGS", "opening"]
