"""All that is proposed for an export: words, units, rows to drop, links, and what to ask.

Recognised sources come in; one `Proposal` goes out. How it is written is not known here.
"""
