"""Use patterns, said plainly: one symbol a week, one week and one day at a time.

Written from the docstring of `iop_outcomes.use_patterns`, not from the code.
"""

from __future__ import annotations

from tests.helpers.slow_rules import SIGNS, TREATMENT, History

ORDER = ("not due", "missing", "clear", "mixed", "use")  # of several on one day, the last counts


def plain_word(
    history: History,
    *,
    start: str = "admission",
    weeks: int | tuple[int, int] | None = 24,
    sources: str = "either",
    disagreement: str = "use",
    refused: str = "missing",
    unit: str = "week",
    unfinished: str = "missed",
) -> str | None:
    """Return the word of one episode; None where it has none."""
    origin = _start(history, start)
    size = 7 if unit == "week" else 1
    if origin is None:
        if weeks is None:
            return None
        first, last = (1, weeks) if isinstance(weeks, int) else weeks
        return "_" * ((last - first + 1) * 7 // size)
    followed = history.end - origin
    days = _days(history, origin, sources, disagreement, refused)
    if weeks is None:
        numbers = range(1, -(-max(followed, 0) // size) + 1)
        if not numbers:
            return None
    else:
        first, last = (1, weeks) if isinstance(weeks, int) else weeks
        scale = 7 // size
        numbers = range((first - 1) * scale + 1, last * scale + 1)
    return "".join(
        _symbol(
            [days[day] for day in range((number - 1) * size + 1, number * size + 1) if day in days],
            number,
            size,
            followed,
            unfinished,
        )
        for number in numbers
    )


def _start(history: History, start: str) -> int | None:
    if start == "admission":
        return 0
    if start == "discharge":
        return None if history.reason == "died" else history.left
    return min((day for day, service in history.attended if service in TREATMENT), default=None)


def _days(
    history: History, origin: int, sources: str, disagreement: str, refused: str
) -> dict[int, str]:
    """Return what each day with a check-in shows, in days since the start."""
    reports: dict[int, str] = {}
    tests: dict[int, str] = {}
    refusals = set()
    for day, sign in history.checkins:
        if day > history.end:
            continue
        status, used, test = SIGNS[sign]
        if status != "completed":
            report = result = "missing" if status == "missed" else "not due"
        else:
            results = {"positive": "use", "mixed": "mixed", "negative": "clear"}
            if refused == "use":
                results["refused"] = "use"
            report = {"yes": "use", "no": "clear"}.get(used or "", "missing")
            result = results.get(test or "", "missing")
            if test == "refused" and refused == "missing" and sources == "either":
                refusals.add(day - origin)
        for states, state in ((reports, report), (tests, result)):
            before = states.get(day - origin, "not due")
            states[day - origin] = max([before, state], key=ORDER.index)
    if sources == "self_report":
        return reports
    for day in refusals:
        if reports[day] == "clear" and tests[day] == "missing":
            reports[day] = "missing"  # "no" beside a test that was refused says nothing
    if sources == "drug_test":
        return tests
    return {day: _both(reports[day], tests[day], disagreement) for day in reports}


def _both(report: str, test: str, disagreement: str) -> str:
    highest = max([report, test], key=ORDER.index)
    if report == test or ORDER.index(min([report, test], key=ORDER.index)) < ORDER.index("clear"):
        return highest
    return {"use": highest, "drug_test": test, "self_report": report, "mixed": "mixed"}[
        disagreement
    ]


def _symbol(states: list[str], number: int, size: int, followed: int, unfinished: str) -> str:
    begins = (number - 1) * size + 1
    if begins > followed:
        return "_"
    use, clear = "use" in states, "clear" in states
    if "mixed" in states or (use and clear):
        return "*"
    if use:
        return "+"
    if clear:
        return "-"
    if "missing" in states:
        return "o"
    cut_short = number * size > followed and unfinished == "not_due"
    return "_" if "not due" in states or number < 1 or cut_short else "o"
