"""What became of the people in an Intensive Outpatient Program."""

from iop_outcomes.errors import OutcomesError
from iop_outcomes.records import Mapping, Records, describe_tables, read_mapping, read_records

__all__ = [
    "Mapping",
    "OutcomesError",
    "Records",
    "describe_tables",
    "read_mapping",
    "read_records",
]
