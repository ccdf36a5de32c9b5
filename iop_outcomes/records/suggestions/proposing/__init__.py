"""The proposal for an export: words, units, rows to drop, links, and questions.

Recognised sources come in; one `Proposal` goes out. The text of the mapping is not known here.
"""
