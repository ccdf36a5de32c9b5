"""Curves of groups and their contrasts, with limits by resampling people.

Arrays of rows and of what each person counts come in; tables go out. Where weights come from is
not known here.
"""
