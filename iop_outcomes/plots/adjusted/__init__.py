"""Pictures of groups that were made comparable.

Results with their tables come in; axes go out. How the tables were estimated is not known here.
"""
