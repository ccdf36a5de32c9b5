"""Words that columns hold and that both wings read."""

from __future__ import annotations

# The states of a course, in the order in which tables and pictures have them.
STATES = ("engaged", "discharged", "recovered", "lapsed", "relapsed", "lost", "dead")

# Reasons of discharge after which a relapse can no longer be seen, or happen.
COMPETING_ENDS = ("died", "incarcerated", "transferred")
