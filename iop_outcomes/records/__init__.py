"""The one door: files in, three checked tables out, and a list of all that was wrong."""

from iop_outcomes.records.mapping import Mapping, read_mapping
from iop_outcomes.records.read import read_records
from iop_outcomes.records.records import Records
from iop_outcomes.records.schema import describe_tables

__all__ = ["Mapping", "Records", "describe_tables", "read_mapping", "read_records"]
