"""Pictures of the way through a program: a cohort's steps, calendars of attendance, lanes.

A result comes in, matplotlib axes go out. No number is worked out here.
"""
