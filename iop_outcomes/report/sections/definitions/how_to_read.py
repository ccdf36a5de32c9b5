"""How a survival curve, a chart over time and a control chart are read."""

from __future__ import annotations

from iop_outcomes.report.model import Section

HOW_TO_READ = (
    "A survival curve starts at 100% on the first day. It falls as people relapse: its height on a "
    "day is the share who had not relapsed by then. Where days are marked, only they were worked "
    "out, and the lines just join them. The shaded band shows how sure we can be: a wide band "
    "means that few people are behind it. People of whom nothing more is known count only up to "
    "that day.",
    "A chart over time has a point for each month, quarter or year. Where there is no point, the "
    "value is hidden or not known. Where there are not enough for limits, the upright line "
    "through a point is its 95% interval, the range in which the true value may well lie. Whether "
    "a change is more than chance cannot be seen from such points. The table of each measure now "
    "and before says it.",
    "A chart over time with a middle line and two dashed lines is a control chart. The middle line "
    "is the usual value; the dashed lines show how far chance and its usual ups and downs move it. "
    "A value beyond them, or many in a row on one side of the middle, is a signal that something "
    "changed. A signal is a diamond if it is better and a square if it is worse. A chart does not "
    "say why it changed.",
)


def how_to_read() -> Section:
    """Return how curves, charts over time and control charts are read, in five sentences each."""
    return Section("how-to-read", "How to read the charts", HOW_TO_READ)
