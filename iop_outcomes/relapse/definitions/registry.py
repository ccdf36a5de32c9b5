"""The registry of published definitions: one frame to read, and each to be found by its name."""

from __future__ import annotations

import difflib
from collections import defaultdict
from functools import lru_cache

import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.measures import Measure
from iop_outcomes.relapse.definitions.published.abstinence import abstinence_definitions
from iop_outcomes.relapse.definitions.published.reduction import reduction_definitions
from iop_outcomes.relapse.definitions.published.relapse import relapse_definitions
from iop_outcomes.relapse.definitions.published.shares import share_definitions
from iop_outcomes.shared.checks import is_whole
from iop_outcomes.shared.messages import as_written, names_asked

WEEKS = 15  # of the protocol, as in the reference: its patterns are at least as long
FEWEST_WEEKS = 12

# The order of the reference's columns.
REDUCTIONS = (
    "comer_2006",
    "eissenberg_1997",
    "fiellin_2006_share",
    "fudala_2003",
    "haight_2019",
    "jaffe_1972",
    "johnson_1992_share",
    "kosten_1993_responder",
    "ling_1998_share",
    "ling_1998_weeks_clear",
    "ling_2010",
    "ling_1976",
    "ling_1976_smooth",
    "lofwall_2018_share",
    "mattick_2003_in_treatment",
    "mattick_2003_whole_trial",
    "pani_2000_done",
    "pani_2000_due",
    "petitjean_2001",
    "preston_2000",
    "schottenfeld_2005_share",
    "schwartz_2006",
    "shufman_1994_share",
    "soyka_2008",
    "strain_1993",
    "strain_1994",
    "strain_1996",
    "strain_1999",
    "strang_2010",
    "strang_2019",
    "tanum_2017",
    "wolstein_2009",
    "woody_2008",
    "zaks_1972",
)


@lru_cache(maxsize=8)
def published(weeks: int = WEEKS) -> tuple[Definition, ...]:
    """Return all published definitions for a protocol of n weeks.

    In the order of the reference's columns: abstinence, reduction, relapse.

    Raises
    ------
    RuleError
        If `weeks` is not a whole number of at least 12.
    """
    if not is_whole(weeks, FEWEST_WEEKS):
        raise RuleError(
            f"A protocol has a whole number of weeks, at least {FEWEST_WEEKS}: definitions that "
            "look at its parts need as many.",
            found=f"weeks={as_written(weeks)}",
            instead=f"weeks={WEEKS}",
        )
    reductions = [*share_definitions(weeks), *reduction_definitions(weeks)]
    reductions.sort(key=lambda definition: REDUCTIONS.index(definition.name))
    return *abstinence_definitions(weeks), *reductions, *relapse_definitions()


def find(name: str, weeks: int = WEEKS) -> Definition:
    """Return the published definition of that name; RuleError if there is none."""
    known = {definition.name: definition for definition in published(weeks)}
    if name not in known:
        raise unknown_name(name, list(known))
    return known[name]


def unknown_name(names: object, known: list[str]) -> RuleError:
    """Return the error for a name, or a list of them, with those that come near the first."""
    asked = list(names) if isinstance(names, list | tuple) else [names]
    near = difflib.get_close_matches(str(asked[0]), known, n=3, cutoff=0.5)
    return RuleError(
        "There is no definition of that name.",
        found=names_asked(asked),
        instead=(f"{' or '.join(near)}; " if near else "")
        + "definitions() lists all, and a Definition of your own may replace a name.",
    )


def definitions(weeks: int = WEEKS) -> pd.DataFrame:
    """Return the published definitions of outcomes on use patterns, one a row.

    Parameters
    ----------
    weeks : int
        The length of the protocol in weeks, at least 12. A definition whose paper looks at a
        later week ends there; with 26 all but those that say so end as in their papers.

    Returns
    -------
    pandas.DataFrame
        Text in all columns:

        - ``name``: for ``outcomes`` and, of a time to an event, for ``RelapseRule``;
        - ``title``, ``citation``, ``doi`` (several apart by ``; ``);
        - ``kind``: abstinence, relapse (dropout too) or reduction;
        - ``rule``, ``missing``: the rule, and what a missed week counts as, in sentences;
        - ``unit``: of the values;
        - ``source``: ``paper``, or ``adaptation`` where the rule differs from the paper's, and
          ``adaptation``: how;
        - ``same_as``: the definitions that give the same answers for everyone;
        - ``reference_columns``: the names of its columns in the reference answers.

    Examples
    --------
    >>> from iop_outcomes.relapse.definitions.registry import definitions
    >>> table = definitions().set_index("name")
    >>> print(table.loc["krupitsky_2004", "rule"], table.loc["krupitsky_2004", "missing"])
    3 weeks with use in a row. A missed week counts as use, and so does a mixed one.
    >>> table.loc["krupitsky_2004", "same_as"]
    'schottenfeld_2008'
    """
    all_definitions = published(weeks)
    alike: defaultdict[Measure, list[str]] = defaultdict(list)
    for definition in all_definitions:
        alike[definition.measure].append(definition.name)
    rows = [
        {
            "name": definition.name,
            "title": definition.title,
            "citation": definition.citation,
            "doi": definition.doi,
            "kind": definition.kind,
            "rule": definition.rule,
            "missing": definition.missing,
            "unit": definition.unit,
            "source": definition.source,
            "adaptation": definition.adaptation,
            "same_as": ", ".join(
                name for name in alike[definition.measure] if name != definition.name
            ),
            "reference_columns": ", ".join(column for column, _ in definition.reference),
        }
        for definition in all_definitions
    ]
    return pd.DataFrame(rows)
