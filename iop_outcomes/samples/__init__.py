"""Synthetic records of synthetic programs, with the true values and a copy with faults.

A design and a seed come in; files and frames go out. They are for trying the library without real
data, and for testing that estimators recover known true values.
"""

from __future__ import annotations

from iop_outcomes.samples.files import write_sample
from iop_outcomes.samples.generator import Sample, synthetic_records
from iop_outcomes.samples.model.design import Design
from iop_outcomes.samples.truth import Truth

__all__ = ["Design", "Sample", "Truth", "synthetic_records", "write_sample"]
