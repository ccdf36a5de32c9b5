"""A mapping proposed for an export, by its files, sheets, headings and values.

A folder or file comes in; a commented mapping goes out, to be checked by hand: all guesses live
here, and none is made when a mapping is read. What the records mean is not known here.
"""

from iop_outcomes.records.suggestions.suggestion import MappingSuggestion, suggest_mapping

__all__ = ["MappingSuggestion", "suggest_mapping"]
