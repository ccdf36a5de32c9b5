"""The cells of a sensitivity analysis (a definition under a missing rule) and their times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import RuleError
from iop_outcomes.records import require_records
from iop_outcomes.records.covariates import refuse_taken
from iop_outcomes.relapse.definitions.definition import Definition
from iop_outcomes.relapse.definitions.published_times import distinct_relapse_names
from iop_outcomes.relapse.ends import ENDS
from iop_outcomes.relapse.read_once import EvidenceReader
from iop_outcomes.relapse.rule import MissingRule, RelapseRule
from iop_outcomes.relapse.times import TIME_COLUMNS, left_out
from iop_outcomes.relapse.times_from_patterns import read_patterns
from iop_outcomes.shared.group_codes import column_names
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.vocabulary import MISSING_RULES
from iop_outcomes.survival.clusters import PERSON, Cluster, Clusters, read_clusters
from iop_outcomes.survival.times import CheckedGroups, CheckedTimes, check_groups

if TYPE_CHECKING:
    from iop_outcomes.records import Records

    Source = Records | pd.Series[Any]
    Named = str | Definition | RelapseRule
    Definitions = Named | Iterable[Named] | Mapping[str, Named]

_TITLES = {"x_bot": "X:BOT, by weeks or days", "first_heavy_day": "first heavy-drinking day"}
NOT_LEAVING = ("end_of_follow_up", "died")  # the ends that do not count as leaving


@dataclass(frozen=True)
class Cell:
    """One definition under one missing rule.

    Attributes
    ----------
    definition : str
        Its name.
    rule : RelapseRule
        The rule.
    own : bool
        Whether the missing rule is the definition's own.
    """

    definition: str
    rule: RelapseRule
    own: bool

    @property
    def title(self) -> str:
        """The label in a picture: what is counted, and the source of the definition."""
        published = self.rule.published
        if published is None or self.definition != self.rule.name:
            return _TITLES.get(self.definition, self.definition.replace("_", " "))
        search, (*_, whose) = self.rule.searches[0], published.title.rstrip(")").split("(")
        noun = "missed weeks" if search.of == "missed" else "weeks"
        weeks = f" {noun}" if search.first == 1 else f", from week {search.first}"
        return f"{search.needed} of {search.window}{weeks}: {whose}"


@dataclass(frozen=True, eq=False)
class CellTimes:
    """The times of one cell, one entry a person.

    Attributes
    ----------
    times : CheckedTimes
        Days, events and groups.
    left : numpy.ndarray of bool
        Who left observation without the event, other than by the end of the follow-up or death.
    seen, filled : numpy.ndarray of int
        The numbers of seen and of missing units among those counted as use in an event.
    clusters : Clusters
        The cluster of each.
    left_out : str
        A sentence on the people left out because they have no day 0, which is added to the rule.
    """

    times: CheckedTimes
    left: NDArray[np.bool_]
    seen: NDArray[np.int32]
    filled: NDArray[np.int32]
    clusters: Clusters
    left_out: str = ""


@dataclass(frozen=True, eq=False)
class Rows:
    """The people who have a given day 0. They are the same in each cell with that day 0.

    Attributes
    ----------
    kept : numpy.ndarray of bool
        Which people have that day 0.
    groups : CheckedGroups
        Their groups.
    clusters : Clusters
        The cluster of each.
    """

    kept: NDArray[np.bool_]
    groups: CheckedGroups
    clusters: Clusters


class CellReader:
    """Reads the times of cells; data shared by several cells are read and checked once.

    Parameters
    ----------
    source : Records or pandas.Series
        Records, or use patterns.
    groups : pandas.DataFrame
        The columns that define the groups, one row a person in the order of `source`.
    clusters : Clusters
        The cluster of each episode or use pattern.
    unit_days : int
        How many days a symbol of the use patterns stands for.
    """

    def __init__(
        self, source: Source, groups: pd.DataFrame, clusters: Clusters, unit_days: int = 7
    ) -> None:
        self._groups = groups
        self._clusters = clusters
        self._rows: dict[str, Rows] = {}
        self._patterns = read_patterns(source, unit_days) if isinstance(source, pd.Series) else None
        if not isinstance(source, pd.Series):
            refuse_taken(source.episodes, TIME_COLUMNS, "times")
            self._evidence = EvidenceReader(source)

    def times_of(self, cell: Cell) -> CellTimes:
        """Return the times of a cell."""
        rule, without = cell.rule, ""
        if self._patterns is not None:
            known, ended_by = self._patterns.under(rule)
            rows = self._rows_of("patterns", self._patterns.started)
            not_leaving = np.isin(ended_by, NOT_LEAVING)
        else:
            evidence = self._evidence.of(rule)
            known, ends = evidence.under(rule)
            rows = self._rows_of(rule.origin, evidence.started)
            not_leaving = np.isin(ends.ended_by, [ENDS.index(end) for end in NOT_LEAVING])
            without = left_out(self._evidence.records, rule, evidence.started)[0]
        kept = rows.kept
        return CellTimes(
            rows.groups.with_times(known.days[kept], known.event[kept]),
            (~known.event & ~not_leaving)[kept],
            known.seen[kept],
            known.filled[kept],
            rows.clusters,
            without,
        )

    def _rows_of(self, origin: str, kept: NDArray[np.bool_]) -> Rows:
        if origin not in self._rows:
            groups = check_groups(self._groups[kept], list(self._groups.columns))
            self._rows[origin] = Rows(kept, groups, self._clusters.of(kept))
        return self._rows[origin]


def make_cells(definitions: Definitions | None, missing: str | Iterable[str] | None) -> list[Cell]:
    """Return the cells: each definition under each missing rule.

    A definition of dropout is combined with its own missing rule only, because it counts missed
    weeks.
    """
    if missing is None:
        names: tuple[str, ...] = tuple(MISSING_RULES)
    else:
        names = (missing,) if isinstance(missing, str) else tuple(missing)
    cells: list[Cell] = []
    for label, rule in _named(definitions).items():
        own = replace(rule, missing="own").missing
        for name in [own] if rule.of_dropout else names:
            cell_rule = replace(rule, missing=_missing(name))
            cell = Cell(label, cell_rule, own == cell_rule.missing)
            if cell not in cells:
                cells.append(cell)
    if not cells:
        raise RuleError("A sensitivity analysis needs a definition and a missing rule.")
    return cells


def read_persons(source: Source, cluster: str | Cluster | pd.Series[Any] | None) -> Clusters:
    """Return the clusters of the episodes or use patterns."""
    if not isinstance(source, pd.Series):
        return read_clusters(source.episodes, cluster)  # type: ignore[arg-type]  # refuses a Series
    return read_pattern_persons(source.index, cluster)


def read_pattern_persons(
    labels: pd.Index, cluster: str | Cluster | pd.Series[Any] | None
) -> Clusters:
    """Return the clusters of use patterns, from a Series with the person of each."""
    if isinstance(cluster, str):
        raise RuleError(
            "The persons of use patterns must be a Series with the labels of the patterns.",
            found=f"cluster={as_written(cluster)}",
            instead='cluster=records.episodes.set_index("episode_id")["person_id"]',
        )
    if not isinstance(cluster, pd.Series):
        return read_clusters(pd.DataFrame(index=labels), cluster)
    persons = _pattern_groups(labels, cluster.to_frame(PERSON))
    return read_clusters(persons, Cluster.PERSON)


def read_groups(source: Source, by: Any) -> pd.DataFrame:
    """Return the columns that define the groups, one row a person; no column without groups."""
    if isinstance(by, pd.Series):
        by = by.to_frame(by.name if by.name is not None else "group")
    if isinstance(source, pd.Series):
        return _pattern_groups(source.index, by)
    require_records(source, "Sensitivity, if not from use patterns in a Series,")
    if by is None:
        return pd.DataFrame(index=source.episodes.index)
    if not isinstance(by, pd.DataFrame):
        return source.episodes[column_names(source.episodes, by)].reset_index(drop=True)
    if len(by) != len(source.episodes):
        raise RuleError(
            "The groups must have one row an episode, in the order of records.episodes.",
            found=f"{len(by):,} rows for {len(source.episodes):,} episodes",
            instead='by="track", a column of the episodes.',
        )
    return by.reset_index(drop=True)


def _pattern_groups(labels: pd.Index, by: Any) -> pd.DataFrame:
    if by is None:
        return pd.DataFrame(index=range(len(labels)))
    if not isinstance(by, pd.DataFrame):
        raise RuleError(
            "The groups of use patterns must be a Series, or a DataFrame, with the labels of the "
            "patterns.",
            found=type(by).__name__,
            instead='sensitivity(patterns, by=people["track"])',
        )
    lacking = ~labels.isin(by.index)
    if lacking.any() or not by.index.is_unique:
        raise RuleError(
            "The groups must have the labels of the patterns, each once.",
            found=f"{int(lacking.sum()):,} of {len(labels):,} patterns without a group, "
            f"{int(by.index.duplicated().sum()):,} repeated labels",
            instead="a Series with the same index as the patterns.",
        )
    return by.loc[labels].reset_index(drop=True)


def _named(definitions: Definitions | None) -> dict[str, RelapseRule]:
    if definitions is None:
        definitions = ("first_use", *distinct_relapse_names())
    if isinstance(definitions, (str, Definition, RelapseRule)):
        definitions = [definitions]
    if isinstance(definitions, Mapping):
        return {name: _rule(value) for name, value in definitions.items()}
    named: dict[str, RelapseRule] = {}
    for value in definitions:
        rule = _rule(value)
        name = rule.name
        if name == "k_of_n_weeks":
            name = f"{rule.use_weeks} of {rule.window_weeks} weeks"
        if name in named and named[name] != rule:
            raise RuleError(
                f"Two rules have the name {name}.",
                instead='sensitivity(..., definitions={"a name": RelapseRule(...), ...})',
            )
        named[name] = rule
    return named


def _rule(value: Named) -> RelapseRule:
    return value if isinstance(value, RelapseRule) else RelapseRule(definition=value)


def _missing(name: str) -> MissingRule:
    return name  # type: ignore[return-value]  # the rule refuses other names
