"""Recognition of tables, columns and identifiers from files, headings and values.

Sheets with their headers come in; sources with a match for each heading go out. The text of the
mapping is not known here.
"""
