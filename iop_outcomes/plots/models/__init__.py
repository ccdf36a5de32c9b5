"""Pictures of what a fitted model says: predicted curves, coefficients over time.

Results come in, axes go out. No number is worked out here.
"""
