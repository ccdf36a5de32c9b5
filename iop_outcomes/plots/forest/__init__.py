"""Estimates with limits, a row each.

A result of regression or a difference comes in, matplotlib axes go out. No number is worked out
here.
"""
