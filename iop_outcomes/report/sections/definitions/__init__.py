"""What the words of a report mean, which methods its numbers rest on, and with which software.

The scope of a report and all that it counts come in; a section of three tables goes out.
"""

from iop_outcomes.report.sections.definitions.section import definitions

__all__ = ["definitions"]
