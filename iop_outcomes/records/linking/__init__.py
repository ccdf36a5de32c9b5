"""The episode of each row, and the check-ins that were due, as the mapping says.

Staged tables come in; identifiers in one form, the episode of each row, and missed check-ins
without a row go out. Files are not known here.
"""
