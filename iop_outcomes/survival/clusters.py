"""Clusters of rows, such as those of one person, for standard errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.errors import EstimateError, RuleError
from iop_outcomes.shared.group_codes import refuse_confusing_characters
from iop_outcomes.shared.text import format_count
from iop_outcomes.survival.person_ids import id_codes, only_column

PERSON = "person_id"
FEW = 50  # clusters; with fewer, robust standard errors are too small: 60 held 92 to 93 percent


class Cluster(Enum):
    """The default of ``cluster=``.

    ``Cluster.PERSON`` takes the rows of one ``person_id`` together where the frame has that column
    and a value of it is in several rows; in any other frame each row is a cluster of its own.
    """

    PERSON = "person_id, where it repeats"


@dataclass(frozen=True)
class Clustering:
    """What the errors of an estimate or test take together.

    Attributes
    ----------
    by : str or None
        The column whose rows of one value are taken together; with `together` False the column
        that repeats and is not used; None if there is neither.
    clusters : int
        How many values it has; the number of rows if there is no such column.
    rows : int
        How many rows there are; of stretches or stays how many ids.
    together : bool
        Whether rows of one value are taken together.
    noun : str
        What is counted as `rows`.
    small_sample : bool or None
        Whether errors are corrected for few clusters, and limits and p-values are by Student's t
        with one degree of freedom less than there are clusters; None where the estimate has no
        such option.
    leverage : bool
        How: the scores of each cluster are enlarged by its leverage; otherwise variances
        have the factor G/(G-1), G being the number of clusters.
    """

    by: str | None
    clusters: int
    rows: int
    together: bool
    noun: str = "rows"
    small_sample: bool | None = None
    leverage: bool = False

    @property
    def factor(self) -> float:
        """By what a variance is multiplied for few clusters."""
        return self.clusters / (self.clusters - 1) if self.small_sample and not self.leverage else 1

    @property
    def number(self) -> int | None:
        """How many clusters are taken together; None if rows are independent."""
        return self.clusters if self.together else None

    @property
    def few(self) -> bool:
        """Whether there are so few clusters that robust standard errors are too small."""
        return self.together and self.clusters < FEW

    @property
    def how(self) -> str:
        """What is taken together, for a rule; empty where there is nothing to say."""
        if self.together:
            return f"{self.noun} of one {self.by} taken together"
        if self.by is None:
            return ""
        return f"{self.noun} assumed independent, though {self.by} repeats"

    @property
    def counted(self) -> str:
        """How many clusters and rows, as a sentence; empty where there is nothing to say."""
        if self.by is None:
            return ""
        if not self.together:
            return (
                f"The {self.rows:,} {self.noun}, of {self.clusters:,} values of {self.by}, are "
                "assumed independent."
            )
        text = f"Errors by {self.by}: {self.rows:,} {self.noun} in {self.clusters:,} clusters."
        if self.small_sample:
            how = (
                "Cluster scores corrected for leverage (Mancl and DeRouen)"
                if self.leverage
                else f"Variances with the factor G/(G-1) = {self.clusters}/{self.clusters - 1}"
            )
            text = (
                f"{text} {how}, limits and p-values by t with {self.clusters - 1} degrees of "
                "freedom."
            )
        if not self.few:
            return text
        return f"{text} {self.warning}"

    @property
    def warning(self) -> str:
        """What few clusters do to errors, as a sentence without their number."""
        return f"With fewer than {FEW} clusters {self._shortfall}."

    @property
    def _shortfall(self) -> str:
        if self.small_sample:
            return "limits are approximate" if self.leverage else "limits can still be too narrow"
        option = f"; small_sample=True corrects them{'' if self.leverage else ' in part'}"
        return f"robust standard errors are too small{'' if self.small_sample is None else option}"


def closing(rule: str, clustering: Clustering | None) -> str:
    """Return the end of a result's text: how many clusters and rows there are, and the rule."""
    counted = "" if clustering is None else clustering.counted
    return f"{counted} {rule}".lstrip()


@dataclass(frozen=True, eq=False)
class Clusters:
    """The cluster of each row.

    Attributes
    ----------
    code : numpy.ndarray of int or None
        The cluster of each row, from 0; None if rows are independent.
    clustering : Clustering
        What is taken together, for the result.
    """

    code: NDArray[np.intp] | None
    clustering: Clustering

    @property
    def each(self) -> NDArray[np.intp]:
        """The cluster of each row, where each row may be one of its own."""
        return np.arange(self.clustering.rows) if self.code is None else self.code

    def of(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Clusters:
        """Return the same of some of the rows."""
        if self.code is None:
            return replace(self, clustering=replace(self.clustering, rows=len(self.each[rows])))
        code = np.asarray(pd.factorize(self.code[rows])[0], dtype=np.intp)
        number = int(code.max(initial=-1)) + 1
        return Clusters(code, replace(self.clustering, clusters=number, rows=len(code)))

    def corrected(self, small_sample: bool, *, leverage: bool) -> Clusters:
        """Return the same, with whether errors are corrected for few clusters, and how.

        Raises
        ------
        RuleError
            If they are to be and rows are not taken together, or `small_sample` is no bool.
        """
        if not isinstance(small_sample, (bool, np.bool_)):
            raise RuleError(
                "small_sample is True or False.", found=f"a {type(small_sample).__name__}"
            )
        if small_sample and not self.clustering.together:
            raise RuleError(
                "The correction for few clusters needs clustered errors.",
                found=self.clustering.how
                or f"{self.clustering.rows:,} {self.clustering.noun}, each assumed independent",
                instead='cluster="person_id", or small_sample=False.',
            )
        clustering = replace(self.clustering, small_sample=bool(small_sample), leverage=leverage)
        return replace(self, clustering=clustering)

    def refuse_fewer(self, needed: int, noun: str) -> None:
        """Refuse errors from no more clusters than the `needed` quantities have.

        Raises
        ------
        EstimateError
            If there are as many clusters as quantities, or fewer: the residuals of all clusters
            add up to 0, so that the covariance matrix would be singular.
        """
        number = needed + 1 if self.code is None else int(self.code.max()) + 1
        if number <= needed:
            raise EstimateError(
                f"Cluster-robust standard errors need more clusters than {noun}s.",
                found=f"{format_count(number, 'cluster')} and {format_count(needed, noun)}",
                instead=f"fewer {noun}s, or cluster=None: {self.clustering.noun} assumed "
                "independent.",
            )


def read_clusters(times: pd.DataFrame, cluster: str | Cluster | None) -> Clusters:
    """Say which rows of a frame are taken together: the one place that reads ``cluster=``.

    Parameters
    ----------
    times : pandas.DataFrame
        Times that passed `iop_outcomes.survival.times.check_times`.
    cluster : str, Cluster.PERSON or None
        A column; None treats rows as independent.

    Raises
    ------
    EstimateError
        If a row has no cluster, or values are lists.
    RuleError
        If there is no such column, or `cluster` is none of the three.
    """
    rows = len(times)
    if cluster is None or cluster is Cluster.PERSON:
        together = cluster is not None
        persons = _repeated_persons(times, together)
        if persons is None:
            return Clusters(None, Clustering(None, rows, rows, together=False))
        clustering = Clustering(PERSON, int(persons.max()) + 1, rows, together=together)
        return Clusters(persons if together else None, clustering)
    if not isinstance(cluster, str):
        raise RuleError(
            "Clusters are named by their column.",
            found=type(cluster).__name__,
            instead='cluster="person_id", or cluster=None: rows assumed independent.',
        )
    code = id_codes(times, cluster, "cluster")
    return Clusters(code, Clustering(cluster, int(code.max()) + 1, rows, together=True))


def clusters_of_ids(
    frame: pd.DataFrame, cluster: str | Cluster | None, name: str | None, code: NDArray[np.intp]
) -> Clusters:
    """Say which ids are taken together, where an id has several rows of its own.

    Parameters
    ----------
    frame : pandas.DataFrame
        With several rows an id.
    cluster : str, Cluster.PERSON or None
        A column; by default ``person_id`` if there is one; None takes each id by itself.
    name : str or None
        The column of the ids; None if each row is one.
    code : numpy.ndarray of int
        The id of each row.
    """
    noun = {None: "rows", "episode_id": "episodes"}.get(name, f"values of {name}")
    ids = int(code.max()) + 1
    column = PERSON if cluster is Cluster.PERSON and PERSON in frame.columns else cluster
    if isinstance(column, str) and column != name:
        of = read_clusters(frame, column)
        assert of.code is not None
        return Clusters(of.code, replace(of.clustering, rows=ids, noun=noun))
    persons = None if cluster is not None else _repeated_persons(frame, together=False)
    number = ids if persons is None else int(persons.max()) + 1
    if number < ids:
        return Clusters(code, Clustering(PERSON, number, ids, together=False, noun=noun))
    return Clusters(code, Clustering(name, ids, ids, together=name is not None, noun=noun))


def _repeated_persons(times: pd.DataFrame, together: bool) -> NDArray[np.intp] | None:
    """Return the persons as codes; None where no person is known to have several rows."""
    if PERSON not in times.columns:
        return None
    try:
        column = only_column(times, PERSON, "the cluster of the rows")
        refuse_confusing_characters(column, PERSON)
        known = np.asarray(pd.factorize(column)[0])
    except (RuleError, TypeError):
        if not together:
            return None
        return id_codes(times, PERSON, "cluster")  # says what is wrong
    present = known[known >= 0]
    if len(present) == len(np.unique(present)):
        return None
    if together:
        return id_codes(times, PERSON, "cluster")  # refuses missing ones
    missing = known < 0
    known[missing] = known.max() + 1 + np.arange(missing.sum())
    return known.astype(np.intp)
