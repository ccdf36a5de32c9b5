"""Missing covariates drawn several times from what is known of the same rows.

Columns of covariates, groups and times come in; for each drawing, the row goes out whose value
each row takes. What is estimated from completed rows is not known here.
"""
