"""Scores of tests between groups, observed less expected, and their covariances.

Checked times and groups come in; `GroupScore` goes out. What a test is called is not known here.
"""
