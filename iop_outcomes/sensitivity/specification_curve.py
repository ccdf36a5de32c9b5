"""How far results depend on the definition of relapse and on the rule for missing check-ins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from iop_outcomes.errors import RuleError
from iop_outcomes.sensitivity.cell_estimates import estimate_cell
from iop_outcomes.sensitivity.cells import Cell, CellReader, make_cells, read_groups, read_persons
from iop_outcomes.shared.checks import is_number
from iop_outcomes.shared.groups import MissingGroup, ungrouped, with_own_group
from iop_outcomes.shared.messages import as_written
from iop_outcomes.shared.provenance import provenance_of
from iop_outcomes.shared.result import DrawnResult
from iop_outcomes.shared.text import format_level
from iop_outcomes.survival.clusters import Cluster, Clustering, closing
from iop_outcomes.survival.curves.estimate import refuse_names
from iop_outcomes.survival.limits import normal_quantile
from iop_outcomes.survival.times import label_of
from iop_outcomes.use.evidence import SOURCES
from iop_outcomes.use.origins import STARTS
from iop_outcomes.use.patterns import Unit, unit_days_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iop_outcomes.sensitivity.cell_estimates import Columns
    from iop_outcomes.sensitivity.cells import CellTimes, Definitions, Source

PATTERNS_RULE = "Weeks as in the use patterns."
_SHOWN = ("definition", "missing", "n", "events", "relapsed", "relapsed_lower", "relapsed_upper")
_SHOWN_LATER = ("best", "worst", "median", "rests_on_missing")


@dataclass(frozen=True, eq=False, repr=False)
class Sensitivity(DrawnResult):
    """Estimates for the same people by each definition under each missing rule.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a definition, missing rule and group:

        - ``definition``, ``missing`` (str); ``own_rule`` (bool): whether the missing rule is that
          of the definition itself; ``[by ...]``;
        - ``n``, ``left`` (int64): people, and how many of them left observation without the event,
          other than by the end of the follow-up or by death;
        - ``events`` (int64), over the whole follow-up, and of them ``events_seen``,
          ``events_partly_missing``, ``events_all_missing``: all, some or none of the weeks (or
          check-ins) counted as use, by which the definition is met, were seen;
          ``rests_on_missing`` (0 to 1): the share of the events that are partly or all missing
          (NaN without events); ``share`` (0 to 1): ``events / n``, as trials report it;
        - ``relapsed`` (0 to 1): by the horizon, 1 minus the Kaplan-Meier estimate, with limits
          ``relapsed_lower`` and ``relapsed_upper``;
        - ``median, median_lower, median_upper`` in days, missing if not reached;
        - ``restricted_mean, restricted_mean_lower, restricted_mean_upper``: days without the
          event up to the horizon;
        - ``best``, ``worst`` (0 to 1): ``relapsed`` if nobody who left had relapsed by the
          horizon, and if everyone had on leaving;
        - with groups ``statistic``, ``degrees_of_freedom``, ``p_value`` of the log-rank test
          between them, over the whole follow-up, the same in each row of a cell;
        - ``not_estimated`` (str): why an estimate is missing; empty if none is;
        - ``title``, ``rule`` (str): the definition in short, and the rule in sentences.
    by : tuple of str
        The columns that define the groups.
    horizon : float
        The horizon in days.
    confidence : float
        Confidence level of the limits.
    rule : str
        The part of the rule that is the same in all rows.
    synthetic : bool
        Whether the data are synthetic.
    clustering : Clustering, optional
        The clusters of limits and tests: the column, and the numbers of clusters and rows.
    """

    table: pd.DataFrame
    by: tuple[str, ...]
    horizon: float
    confidence: float
    rule: str
    synthetic: bool = False
    clustering: Clustering | None = None

    _most_rows: ClassVar[int] = 60

    @property
    def text(self) -> str:
        """The range of the estimates as sentences, and how far they depend on missing data."""
        sentences = [f"{self._size} Relapsed by day {self.horizon:g}: {self._range(self.table)}."]
        own = self.table[self.table["own_rule"]]
        if 1 < len(own) < len(self.table):
            sentences.append(f"Each definition with its own missing rule: {self._range(own)}.")
        mostly_missing = int((self.table["rests_on_missing"] >= 0.5).sum())
        sentences.append(
            f"In {mostly_missing} of {len(self.table)} at least half of the events depend on "
            "missing data."
        )
        if self.by:
            cells = self.table.drop_duplicates(["definition", "missing"])["p_value"]
            known = cells.dropna()
            sentences.append(
                f"By {', '.join(self.by)}: p below 0.05 in {int((known < 0.05).sum())} of "
                f"{len(known)} comparisons."
            )
        return " ".join([*sentences, closing(self.rule, self.clustering)])

    @property
    def _summary(self) -> str:
        """The size of the table and the range of its estimates."""
        return f"{self._size} {self._range(self.table)} by day {self.horizon:g}"

    def _shown(self) -> tuple[pd.DataFrame, int]:
        later = [*_SHOWN_LATER, *(["p_value"] if self.by else [])]
        columns = [*_SHOWN[:2], *self.by, *_SHOWN[2:], *later]
        return self.table[columns], len(self.table)

    @property
    def _size(self) -> str:
        definitions = self.table["definition"].nunique()
        rules = self.table["missing"].nunique()
        return (
            f"{definitions} definition{'s' if definitions > 1 else ''}, {rules} missing "
            f"rule{'s' if rules > 1 else ''}."
        )

    def _range(self, table: pd.DataFrame) -> str:
        rows = table.dropna(subset=["relapsed"]).sort_values("relapsed", kind="stable")
        if rows.empty:
            return "not estimable"
        low, high = rows.iloc[0], rows.iloc[-1]
        if len(rows) == 1:
            return f"{low['relapsed']:.0%}"
        return f"{self._describe_row(low)} to {self._describe_row(high)}"

    def _describe_row(self, row: pd.Series[Any]) -> str:
        group = f", {label_of(row[list(self.by)])}" if self.by else ""
        return f"{row['relapsed']:.0%} ({row['definition']}, {row['missing']}{group})"


def sensitivity(
    records: Source,
    by: Any = None,
    *,
    definitions: Definitions | None = None,
    missing: str | Iterable[str] | None = None,
    horizon: float = 90,
    cluster: str | Cluster | pd.Series[Any] | None = Cluster.PERSON,
    unit: Unit | None = None,
    missing_group: MissingGroup = "refuse",
    confidence: float = 0.95,
    progress: bool = False,
) -> Sensitivity:
    """Estimate relapse by several definitions under several missing rules.

    Parameters
    ----------
    records : Records or pandas.Series of str
        Records with check-ins; or use patterns, one a person, as returned by
        `iop_outcomes.use_patterns`.
    by : str, sequence of str, pandas.Series or pandas.DataFrame, optional
        The groups: columns of the episodes; with use patterns a Series or DataFrame with the labels
        of the patterns.
    definitions : optional
        Names of definitions, `iop_outcomes.RelapseRule` objects (each with its own origin and
        evidence), or a dictionary of names and either. By default first use and each published time
        to relapse that differs from the others.
    missing : str or sequence of str, optional
        The missing rules; ``"own"`` is each definition's own. By default all of them.
    horizon : float
        The day by which relapse is counted, and up to which the restricted mean is taken.
    cluster : str, Cluster.PERSON, pandas.Series or None
        The clusters for limits and tests: a column of the episodes, by default ``person_id`` where
        it repeats; None assumes independent episodes. Use patterns do not contain persons: give a
        Series with the labels of the patterns.
    unit : {"week", "day"}, optional
        The time unit of a symbol of use patterns. By default a day for patterns named
        ``use_pattern_by_day``, as `iop_outcomes.use_patterns` names daily ones, otherwise a week.
    missing_group : {"refuse", "own", "leave_out"}
        How people without a value of `by` are handled: refused; a group "not recorded" of their
        own; or left out, and counted in ``rule`` and ``text``.
    confidence : float
        Confidence level of the limits, between 0 and 1.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Sensitivity
        With ``table``, ``text`` and ``plot()``.

    Raises
    ------
    MissingTableError
        If a table that a rule needs was not read.
    RuleError
        If a definition, a missing rule or a column is not known, or another option is not valid.
    EstimateError
        If a group is missing for some people and this is refused, or nobody has a time.

    Notes
    -----
    All rows are of the same people, so that differences between rows are due to the definition and
    the missing rule. The missing rules are assumptions, and the bounds ``best`` and ``worst``
    are the lowest and the highest share that any assumption about those who left can give, for a
    given definition and missing rule (Manski 1990, Am Econ Rev 80:319-323). The missing rules
    ``"use"`` and ``"no_use"`` assume part of this already.

    From use patterns, a symbol is a check-in on the last day of its week, a mixed week shows use,
    trailing weeks that were not due are removed, and baseline, discharge and death are not known.
    In `iop_outcomes.use_patterns` weeks are missed up to the end of the follow-up, while times from
    records end with the last check-in that was due. Where check-ins stop when people leave, use
    patterns for the rule "missing is use" of the trials. A missing pattern is left out. Restrict
    the patterns to people who were seen at least once if the others should not count.

    Examples
    --------
    >>> import pandas as pd
    >>> import iop_outcomes as iop
    >>> patterns = pd.Series(["--++++--", "--o+++o-", "--------", "-ooooooo"])
    >>> result = iop.sensitivity(
    ...     patterns,
    ...     definitions=iop.RelapseRule(definition="k_of_n_weeks"),
    ...     missing=["use", "no_use"],
    ...     horizon=56,
    ... )
    >>> result.table[["definition", "missing", "n", "events", "events_all_missing"]]
         definition missing  n  events  events_all_missing
    0  4 of 4 weeks     use  4       3                   1
    1  4 of 4 weeks  no_use  4       1                   0
    """
    _check_horizon(horizon)
    normal_quantile(confidence)
    groups = read_groups(records, by)
    names = list(groups.columns)
    counted = "pattern" if isinstance(records, pd.Series) else "episode"
    kept, left_out = ungrouped(groups, names, missing_group, counted)
    if kept is not None:
        records = records[kept] if isinstance(records, pd.Series) else records.subset(kept)
        groups = groups[kept].reset_index(drop=True)
    groups = with_own_group(groups, names, missing_group)
    refuse_names(names)
    clusters = read_persons(records, cluster)
    cells = make_cells(definitions, missing)
    unit_days = unit_days_of(records, unit)
    reader = CellReader(records, groups, clusters, unit_days)
    parts = []
    for cell in _with_progress(cells) if progress else cells:
        times = reader.times_of(cell)
        parts.append((cell, times, estimate_cell(times, horizon, confidence)))
    return Sensitivity(
        table=_table(parts),
        by=tuple(names),
        horizon=horizon,
        confidence=confidence,
        rule=left_out.after(_shared_rule(records, cells, confidence)),
        synthetic=_is_synthetic(records),
        clustering=clusters.clustering,
    )


def _table(parts: list[tuple[Cell, CellTimes, Columns]]) -> pd.DataFrame:
    """Return the rows of all cells as one table."""
    cells = [cell for cell, _, _ in parts]
    labels = [times.times.labels for _, times, _ in parts]
    groups = [len(part) for part in labels]

    def each(values: list[Any], kind: type) -> NDArray[Any]:
        return np.repeat(np.array(values, dtype=kind), groups)

    estimates = {
        name: np.concatenate([columns[name] for _, _, columns in parts]) for name in parts[0][2]
    }
    rules = [cell.rule.text + times.left_out for cell, times, _ in parts]
    first = {
        "definition": each([cell.definition for cell in cells], object),
        "missing": each([cell.rule.missing for cell in cells], object),
        "own_rule": each([cell.own for cell in cells], bool),
    }
    last = {"title": each([cell.title for cell in cells], object), "rule": each(rules, object)}
    of_groups = pd.concat(labels, ignore_index=True)
    return pd.concat([pd.DataFrame(first), of_groups, pd.DataFrame(estimates | last)], axis=1)


def _with_progress(cells: list[Cell]) -> Iterable[Cell]:
    from tqdm import tqdm

    return tqdm(cells, desc="definitions and missing rules", unit="cell")


def _shared_rule(records: Source, cells: list[Cell], confidence: float) -> str:
    estimate = f"Kaplan-Meier estimates, {format_level(confidence)} limits."
    if isinstance(records, pd.Series):
        return f"{provenance_of(records).rule or PATTERNS_RULE} {estimate}"
    rules = [cell.rule for cell in cells]
    origins = " or ".join(dict.fromkeys(STARTS[rule.origin] for rule in rules))
    evidence = " or ".join(dict.fromkeys(SOURCES[rule.evidence] for rule in rules))
    return f"Counted from {origins}, by {evidence}. {estimate}"


def _is_synthetic(records: Source) -> bool:
    if isinstance(records, pd.Series):
        return provenance_of(records).synthetic
    return records.synthetic


def _check_horizon(horizon: object) -> None:
    if not is_number(horizon) or not 0 < horizon < float("inf"):
        raise RuleError(
            "The horizon must be a number of days.", found=as_written(horizon), instead="horizon=90"
        )
