"""Which episode a row belongs to, and which check-ins were due: as the mapping says.

Staged tables come in; identifiers as they are compared, the episode of each row, and check-ins that
were due and have no row go out. How a file is read is not known here.
"""
