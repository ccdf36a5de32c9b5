"""Tables of sessions and of how far people came.

What a report covers comes in; tables with their counts declared go out. How they are hidden, and
what they share with other tables, is not known here.
"""
