"""Made-up records of made-up programs, with their truth and a dirty twin.

A design and a seed come in; files and frames go out. They are for trying the library without a
person's data, and for testing that estimators recover what is known to be true.
"""

from __future__ import annotations

from iop_outcomes.samples.files import write_sample
from iop_outcomes.samples.generator import Sample, synthetic_records
from iop_outcomes.samples.model.design import Design
from iop_outcomes.samples.truth import Truth

__all__ = ["Design", "Sample", "Truth", "synthetic_records", "write_sample"]
