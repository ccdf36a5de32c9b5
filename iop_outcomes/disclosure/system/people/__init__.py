"""Counts of people who may be in several programs or quarters: what their sums tell.

Counts of people of some programs, or of some quarters, come in; sums with who is in several go out.
"""
