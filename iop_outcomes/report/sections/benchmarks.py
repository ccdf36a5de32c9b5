"""Published figures beside those of the program, each with its year, population and source."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from iop_outcomes.disclosure.policy import HIDDEN
from iop_outcomes.report.counting import Counted
from iop_outcomes.report.model import Kind, Section, Table

NAME, TITLE = "benchmarks", "Beside published figures"
NONE = "None of the published figures has one in this report that may be set beside it."
HOW = (
    "These figures are of other people, in other years, and counted in other ways. They give an "
    "idea of the size to expect. They are no targets, and a difference from them shows nothing "
    "about a program."
)
TEDS_OF = "114,440 discharges from intensive outpatient treatment in 27 states of the USA"
TEDS = "SAMHSA, Treatment Episode Data Set, Discharges 2004, table 2.5"


@dataclass(frozen=True)
class Benchmark:
    """A published figure.

    Attributes
    ----------
    table, row : str
        The table of the report and the row in it.
    title : str
        What it is.
    value : str
        As it was published.
    year, population, source : str
        When, of whom, and where it is published.
    """

    table: str
    row: str
    title: str
    value: str
    year: str
    population: str
    source: str


BENCHMARKS = (
    Benchmark("discharges", "completed", "Completed", "37.7%", "2004", TEDS_OF, TEDS),
    Benchmark("discharges", "transferred", "Transferred", "17.9%", "2004", TEDS_OF, TEDS),
    Benchmark("discharges", "dropped out", "Dropped out", "23.2%", "2004", TEDS_OF, TEDS),
    Benchmark("discharges", "terminated", "Ended by the program", "14.0%", "2004", TEDS_OF, TEDS),
    Benchmark(
        "discharges",
        "dropped out",
        "Dropped out",
        "30.4% (95% interval 27.2% to 33.8%)",
        "2020 (review)",
        "151 studies of psychosocial treatment of substance use",
        "Lappan and others 2020, a meta-analysis",
    ),
    Benchmark(
        "continuity",
        "Continuity of care (VA)",
        "Continuity of care (VA)",
        "43.9%",
        "fiscal year 2007",
        "new patients of specialty care for substance use, Veterans Health Administration, USA",
        "VA Quality Enhancement Research Initiative, Substance Use Disorders: Continuity of Care",
    ),
)


def benchmarks_section(counted: Counted) -> Section:
    """Return the published figures that have one of their own in the report beside them."""
    rows = []
    for one in BENCHMARKS:
        here = _here(counted, one)
        if here is not None:
            rows.append((one.title, *here, one.value, one.year, one.population, one.source))
    if not rows:
        return Section(NAME, TITLE, (NONE,))
    columns = ["measure", "here", "of", "published", "year", "population", "source"]
    frame = pd.DataFrame(rows, columns=columns)
    kinds: dict[str, Kind] = {"here": "share"}
    note = (
        "Here: as it stands in the tables of this report. TEDS counts all discharges, "
        "as the table of discharges does, with other reasons and those not recorded."
    )
    table = Table("benchmarks", TITLE, frame, kinds, note)
    return Section(NAME, TITLE, (HOW,), (table,))


def _here(counted: Counted, one: Benchmark) -> tuple[object, str] | None:
    """Return the share in this report and what it is of; None where it is not shown."""
    if one.table not in counted.drafts:
        return None
    table = counted.table(one.table)
    names = table.frame[table.frame.columns[0]].astype(str)
    shares = table.frame.loc[names == one.row, "share"]
    if shares.empty or shares.iloc[0] == HIDDEN or pd.isna(shares.iloc[0]):
        return None
    of = table.caption.partition(": ")[2] or table.caption.partition(",")[0]
    return shares.iloc[0], of[:1].upper() + of[1:]
