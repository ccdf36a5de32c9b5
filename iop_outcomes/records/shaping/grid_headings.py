"""Headings of grids as dates: ``10/8``, ``Mon 6 Oct``, ``2026-10-06``, or ``8`` of a month."""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.mapping.plan import Grid
from iop_outcomes.records.parsing.calendar_names import MONTHS, WEEKDAYS

DAY_FIRST, MONTH_FIRST = "day_first", "month_first"
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?![\d/])")
_PARTS = re.compile(r"(?<![\d/.-])(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?\.?(?!\d)")
_NAMED = re.compile(r"(?<!\d)(\d{1,2})?(?:st|nd|rd|th)?\.?[\s-]*([^\W\d_]+)\.?[\s-]*(\d{1,4})?")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_SHORT_YEAR = re.compile(r"(?:^|\W|[^\W\d_])['’]?(\d\d)$")
_BARE = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.?")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Heading:
    """The date in a heading, as far as it is given.

    Attributes
    ----------
    year, month, day : int
        0 if not given.
    numbers : tuple of int
        Day and month as written, if their order is not known; otherwise empty.
    """

    year: int = 0
    month: int = 0
    day: int = 0
    numbers: tuple[int, int] | tuple[()] = ()


def read_heading(text: str, bare: bool) -> Heading | None:
    """Return the date in a heading, or None if it is not a date.

    With `bare`, a number from 1 to 31 alone is the day of a month that the name of the sheet gives.
    """
    plain = _without_weekday(text.strip())
    if match := _ISO.match(plain):
        return _checked(Heading(int(match[1]), int(match[2]), int(match[3])))
    if match := _PARTS.match(plain):
        numbers = int(match[1]), int(match[2])
        a_date = 1 <= min(numbers) <= 12 and max(numbers) <= 31
        return Heading(_four_digits(match[3]), numbers=numbers) if a_date else None
    if (match := _NAMED.match(plain)) and (month := MONTHS.get(match[2].casefold())):
        return _named(match, month, plain)
    if bare and (match := _BARE.fullmatch(plain)) and 1 <= int(match[1]) <= 31:
        return Heading(day=int(match[1]))
    return None


def _without_weekday(text: str) -> str:
    match = _WORD.match(text)
    if match and match[0].casefold() in WEEKDAYS:
        return text[match.end() :].lstrip(" .,:-\n")
    return text


def _named(match: re.Match[str], month: int, plain: str) -> Heading | None:
    before, after = match[1], match[3]
    if before:
        is_year = after is not None and len(after) in (2, 4)
        year, day = after if is_year else "", int(before)
    elif after and len(after) <= 2:
        later = re.match(r"(?:st|nd|rd|th)?,?\s*(\d{4})", plain[match.end() :])
        year, day = later[1] if later else "", int(after)
    else:
        return None
    return _checked(Heading(_four_digits(year), month, day))


def _checked(heading: Heading) -> Heading | None:
    year = heading.year or 2000  # a leap year
    fits = (
        1 <= heading.month <= 12 and 1 <= heading.day <= calendar.monthrange(year, heading.month)[1]
    )
    return heading if fits else None


def _four_digits(text: str | None) -> int:
    if not text:
        return 0
    return int(text) if len(text) == 4 else 2000 + int(text)


def month_of(name: str) -> int:
    """Return the month in the name of a sheet or file, or 0 if there is none."""
    for word in _WORD.findall(name):
        if word.casefold() in MONTHS:
            return MONTHS[word.casefold()]
    match = re.search(r"(?<!\d)(?:19|20)\d\d[-_ .](\d{1,2})(?!\d)", name)
    return int(match[1]) if match and 1 <= int(match[1]) <= 12 else 0


def year_of(name: str) -> int:
    """Return the year in the name of a sheet or file, or 0 if there is none or several."""
    years = {int(year) for year in _YEAR.findall(name)}
    if len(years) == 1:
        return years.pop()
    short = _SHORT_YEAR.search(name) if not years else None
    return 2000 + int(short[1]) if short else 0


def dates_of(
    headings: list[Heading], grid: Grid, order: str, *, file: str, sheet: str
) -> list[datetime.date]:
    """Return the date of each heading, in their order.

    A year that the headings lack is that of the mapping, or of the name of the file or sheet. If
    that name has a month too, a heading with another month gets the year in which it is nearest to
    that month. If not, the first heading gets the year, and the year is increased at each heading
    whose month is earlier than that of the heading before it.

    Parameters
    ----------
    headings : list of Heading
        The headings.
    grid : Grid
        What the mapping says of the grid.
    order : str
        The order of day and month in the mapping, or empty.
    file, sheet : str
        The names of the file and sheet.

    Raises
    ------
    RecordsError
        If the order, month or year is not known, or a heading is not a day of the calendar.
    """
    name = file if grid.year == "file" else sheet or file
    month = month_of(sheet) or month_of(file)
    settled = _ordered(headings, order, month, file)
    if any(not heading.month for heading in settled):
        if not month:
            raise RecordsError(
                f"The headings of the grid in {file} are days without a month.",
                instead="Name the month in the name of the sheet or of the file.",
            )
        settled = [_in_month(heading, month) for heading in settled]
    if any(not heading.year for heading in settled):
        year = grid.year if isinstance(grid.year, int) else year_of(name) if grid.year else 0
        if not year:
            raise RecordsError(
                f"The headings of the grid in {file} are dates without a year.",
                found=_no_year(grid),
                instead='Write grid = { year = 2026 }, or year = "sheet" or "file" where the name '
                "of the sheet or of the file contains it.",
            )
        settled = _with_years(settled, year, month)
    result = []
    for heading in settled:
        try:
            result.append(datetime.date(heading.year, heading.month, heading.day))
        except ValueError:
            raise RecordsError(
                f"A heading of the grid in {file} is not a day of the calendar.",
                found=f"month {heading.month}, day {heading.day} of {heading.year}",
                instead='Check the year of the grid, and date_order = "day_first" or '
                '"month_first".',
            ) from None
    return result


def _no_year(grid: Grid) -> str:
    if not grid.year:
        return "no year in the mapping"
    return f"no year, or several, in the name of the {grid.year}"


def _in_month(heading: Heading, month: int) -> Heading:
    return heading if heading.month else Heading(heading.year, month, heading.day)


def _ordered(headings: list[Heading], order: str, month: int, file: str) -> list[Heading]:
    """Return the headings with day and month distinguished where they have two numbers."""
    numbers = [heading.numbers for heading in headings if heading.numbers]
    if not numbers:
        return headings
    if order not in (DAY_FIRST, MONTH_FIRST):
        order = _order_of_numbers(numbers, month)
    if not order:
        raise RecordsError(
            f"The headings of the grid in {file} do not show which number is the day.",
            instead='Write date_order = "month_first" or "day_first" in [[TABLE.from]].',
        )
    result = []
    for heading in headings:
        if heading.numbers:
            first, second = heading.numbers
            ours = (first, second) if order == MONTH_FIRST else (second, first)
            heading = Heading(heading.year, ours[0], ours[1])
        result.append(heading)
    return result


def _order_of_numbers(numbers: list[tuple[int, int]], month: int) -> str:
    """Return the order of day and month, by a number above 12 or the month of the sheet."""
    can = {
        MONTH_FIRST: all(first <= 12 for first, _ in numbers),
        DAY_FIRST: all(second <= 12 for _, second in numbers),
    }
    if can[MONTH_FIRST] and can[DAY_FIRST] and month:
        can = {
            MONTH_FIRST: all(first == month for first, _ in numbers),
            DAY_FIRST: all(second == month for _, second in numbers),
        }
    orders = [order for order, possible in can.items() if possible]
    return orders[0] if len(orders) == 1 else ""


def _with_years(headings: list[Heading], year: int, month: int) -> list[Heading]:
    result = []
    last = 0
    for heading in headings:
        if month:
            away = heading.month - month
            own = year + (away < -6) - (away > 6)
        else:
            year += bool(last and heading.month < last)
            last = heading.month
            own = year
        own = heading.year or own
        result.append(Heading(own, heading.month, heading.day))
    return result
