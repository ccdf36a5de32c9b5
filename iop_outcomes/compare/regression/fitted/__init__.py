"""What is asked of a fitted Cox model: tests, curves, concordance, proportional hazards.

The rows and the estimate of one fit come in; results with tables go out. How the model was fitted,
and where its times come from, is not known here.
"""
