"""Cox's model by Firth's penalised likelihood, for groups without events.

A matrix, times and risk sets come in; coefficients with limits go out. Where times come from is
not known here.
"""
