"""The mapping from files, column names and words of an export to those used here.

A TOML file (``mapping.toml``) or a dictionary of the same form comes in; a `Mapping` of checked,
frozen parts goes out, or an error that says which section is wrong and what to write. The content
of the files is not known here.
"""

from iop_outcomes.records.mapping.condition import Condition
from iop_outcomes.records.mapping.folding import fold
from iop_outcomes.records.mapping.plan import (
    Database,
    Grid,
    Join,
    Link,
    Lists,
    Mapping,
    SourcePlan,
)
from iop_outcomes.records.mapping.reading import read_mapping

__all__ = [
    "Condition",
    "Database",
    "Grid",
    "Join",
    "Link",
    "Lists",
    "Mapping",
    "SourcePlan",
    "fold",
    "read_mapping",
]
