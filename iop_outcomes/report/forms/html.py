"""The report as one page, without a script or a request."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import pandas as pd
from markupsafe import Markup, escape

from iop_outcomes.disclosure.policy import HIDDEN, HIDDEN_SIGN
from iop_outcomes.records.data_cut import LONELY_DAYS
from iop_outcomes.report.forms.notes import small_print
from iop_outcomes.report.model import Section, data_address, write_value
from iop_outcomes.report.scope import Scope
from iop_outcomes.report.settings import ReportSettings
from iop_outcomes.report.trends import begins_within
from iop_outcomes.shared.characters import printable
from iop_outcomes.shared.text import list_names
from iop_outcomes.trends.periods import in_words

if TYPE_CHECKING:
    from jinja2 import Template

DEFINITIONS = "definitions"
UNNAMED = ("All", "(not stated)")  # the program of records that name none
WIDEST = 16  # letters of a word that a column of a table always has room for


def page_of(
    scope: Scope,
    sections: list[Section],
    settings: ReportSettings,
    title: str,
    facts: list[tuple[str, str]],
    *,
    merged: bool = False,
) -> Callable[..., str]:
    """Return what makes the page: of sections that are protected, and of nothing else.

    `merged`: some tables are of longer times or wider groups than others, which is said at the top.
    Every value is escaped, and a name that is not defined is an error. With ``paper=True`` it makes
    the page without what is for screens only, so that no narrow picture is drawn.
    """
    synthetic, policy = scope.records.synthetic, scope.policy
    signs = SIGNS if policy.threshold > 1 else ""
    defined_in = next((one.title for one in sections if one.identifier == DEFINITIONS), "")

    def page(*, paper: bool = False) -> str:
        html = _template().render(
            paper=paper,
            title=title,
            facts=facts,
            synthetic=synthetic,
            sections=sections,
            policy=policy,
            of_numbers=" ".join(filter(None, [policy.page_text, signs, MERGED * merged])),
            logo=settings.logo,
            colours=settings.colours,
            defined_in=defined_in,
        )
        return printable(html)  # a name may hold what no page can

    return page


@cache
def _template() -> Template:
    """Return the template of the page, which is compiled once."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("iop_outcomes.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["value"] = write_value
    environment.tests["wide"] = has_wide_word
    environment.filters["address"] = data_address
    environment.filters["small_print"] = small_print
    environment.filters["label"] = lambda name: name.replace("_", " ")
    environment.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    environment.filters["dates"] = with_whole_dates
    return environment.get_template("report.html.j2")


def with_whole_dates(text: str) -> Markup:
    """Return a text for the page, escaped, in which no line ends within a date.

    Examples
    --------
    >>> print(with_whole_dates("A & B: 2026-09-30"))
    A &amp; B: <span class="date">2026-09-30</span>
    """
    return Markup(_DATE.sub(r'<span class="date">\g<0></span>', str(escape(text))))


_DATE = re.compile(r"\b\d{4}-\d{2}(?:-\d{2})?\b")


def has_wide_word(text: str) -> bool:
    """Return whether a word of a cell is so long that it is broken where the table is too wide.

    Examples
    --------
    >>> has_wide_word("Donaudampfschifffahrtsgesellschaft"), has_wide_word("not scheduled")
    (True, False)
    """
    return any(len(word) > WIDEST for word in text.split())


NOT_FOLLOWED = (
    "Nothing is recorded in the {days} days before the data cut. Who was still in the program then "
    "is not known, so that figures of who stayed leave out those who had not left."
)


SIGNS = (
    f'A hidden number is "{HIDDEN}" in a table and {HIDDEN_SIGN} in a picture. A dash (–) means '
    'that it is not known, or not yet. "Not shown" is said of what is left out whole.'
)
MERGED = (
    "Some tables and trends are of longer times or wider groups, as they say, so that fewer "
    "numbers are hidden."
)
BEGINS = "The records begin in {month}: what came before is not counted, so the {word} is partial."


def usual_title(scope: Scope) -> str:
    """Return the title of a report for which none is set: of one program alone it has the name.

    Parameters
    ----------
    scope : Scope
        With all programs, those too few to publish among them.
    """
    named = [name for name in scope.programs if name not in UNNAMED]
    own = named if len(scope.programs) == 1 else []
    return ", ".join(["Outcome report", *own, scope.named(1)])


def facts_of(
    scope: Scope, prepared_by: str | None, prepared_on: str | None
) -> list[tuple[str, str]]:
    """Return what stands at the top of the report."""
    records = scope.records
    cut = records.as_of.date().isoformat() if isinstance(records.as_of, pd.Timestamp) else None
    names = sorted(str(name) for name in records.episodes["program"].unique())
    shown = [f"{name} (too few to publish)" if name in scope.too_few else name for name in names]
    facts = [
        ("Programs", list_names(shown)),
        ("Time", time_of(scope)),
        ("Data cut", cut or f"study day {records.as_of}"),
        *([("Prepared by", prepared_by)] if prepared_by else []),
        *([("Prepared on", prepared_on)] if prepared_on else []),
        ("Made with", f"iop_outcomes {_version()}"),
    ]
    missing = [one.title for one in scope.not_known if one.main]
    if missing:
        facts.insert(2, ("Not known from these records", "; ".join(missing)))
    if scope.period is not None and begins_within(scope.period, scope.begin):
        month = in_words(f"{scope.begin:%Y-%m}")  # not the day, which is one person's
        facts.insert(2, ("Note", BEGINS.format(month=month, word=scope.word)))
    if scope.period is not None and pd.Timestamp(records.as_of) < scope.period.last:
        sentence = f"The {scope.word} is not over at the data cut: its figures are partial."
        facts.insert(2, ("Note", sentence))
    if scope.days_without_records > LONELY_DAYS:
        facts.insert(2, ("Note", NOT_FOLLOWED.format(days=scope.days_without_records)))
    return facts


def time_of(scope: Scope) -> str:
    """Return the time of the report, and from which day to which it goes where no word says it."""
    if scope.period is None:
        return f"all of the records{_months_of(scope)}"
    dates, named = scope.period.dates, scope.named(1)
    if named != scope.label:
        return named  # whole months, by name
    return dates if dates == named else f"{named} ({dates})"


def _months_of(scope: Scope) -> str:
    """Return the first and last month of the records in brackets; nothing of study days."""
    last = scope.records.as_of
    if not isinstance(last, pd.Timestamp) or scope.begin == pd.Timestamp.min:
        return ""
    return f" ({in_words(f'{scope.begin:%Y-%m} to {last:%Y-%m}')})"


def _version() -> str:
    try:
        return version("iop-outcomes")
    except PackageNotFoundError:
        return "(not installed)"
