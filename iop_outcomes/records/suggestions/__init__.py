"""A mapping proposed for an export from its files, sheets, headings and values.

A folder or file comes in; a commented mapping goes out, to be checked by hand. All guesses are made
here, and none when records are read. Measures and estimates are not known here.
"""

from iop_outcomes.records.suggestions.suggestion import MappingSuggestion, suggest_mapping

__all__ = ["MappingSuggestion", "suggest_mapping"]
