"""How episodes ended, and after how long; and the tables of ends of which nothing is hidden.

The people of a report, or incidences, come in; protected curves and tables go out.
"""
