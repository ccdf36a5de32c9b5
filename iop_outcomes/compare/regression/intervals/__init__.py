"""Proportional hazards of events known only between two days, by maximum likelihood.

Intervals and a matrix of covariates come in; coefficients and a smooth baseline go out. How the
intervals came about is not known here.
"""
