"""Reading and checking of records: three tables, and a list of everything that was wrong.

Files or frames come in, through `read_records` only; checked tables of episodes, attendance and
check-ins go out. No measure, rule or estimate is known here.
"""

from iop_outcomes.records.mapping import Mapping, read_mapping
from iop_outcomes.records.read import read_records
from iop_outcomes.records.records import Records, require_records
from iop_outcomes.records.schema import describe_tables
from iop_outcomes.records.suggestions import MappingSuggestion, suggest_mapping

__all__ = [
    "Mapping",
    "MappingSuggestion",
    "Records",
    "describe_tables",
    "read_mapping",
    "read_records",
    "require_records",
    "suggest_mapping",
]
