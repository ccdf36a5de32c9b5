"""The rows of a file made into rows of a table, as the mapping says: chosen, joined, unfolded.

A file as coded text and the plan of its source come in; the same with one row an episode, service
or check-in goes out, each row with the line it came from, and what was met on the way as remarks.
What a cell means is not known here.
"""
