"""Changing the rows of a file into rows of a table: selection, joins, grids and lists.

A file as coded text and the plan of its source come in; the same with one row an episode, service
or check-in goes out, each row with the number of its line, and remarks on problems. The meaning of
cells is not known here.
"""
