"""Files, headings and values recognised: which table, which column, which identifier.

Sheets below their headers come in; sources with a match for each heading go out. What is written of
them is not known here, and no guess is applied.
"""
