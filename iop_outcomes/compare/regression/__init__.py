"""Regression on times: Cox, by cause, of the subdistribution, of recurrent events.

Frames of times and a formula come in; a `Regression` goes out. Records and relapse are not known
here.
"""

from __future__ import annotations
