"""Who was treated together with whom in group sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from iop_outcomes.attendance.rule import AttendanceRule
from iop_outcomes.attendance.sessions import Sessions, read_sessions
from iop_outcomes.errors import EstimateError
from iop_outcomes.records import Records, require_records
from iop_outcomes.records.identical_rows import one_each
from iop_outcomes.shared.arrays import Booleans, Floats, Integers, ratio, starts_of, sums
from iop_outcomes.shared.checks import check_whole
from iop_outcomes.shared.result import Result
from iop_outcomes.shared.text import format_count

if TYPE_CHECKING:
    from scipy import sparse

GROUP_SERVICES = ("group", "skills")


@dataclass(frozen=True, eq=False, repr=False)
class SharedSessions(Result):
    """Who was treated together with whom in groups. It shows individual people.

    Attributes
    ----------
    table : pandas.DataFrame
        One row an episode, with the columns that `shared_sessions` describes.
    sessions : pandas.DataFrame
        One row a session that somebody attended.
    pairs : pandas.DataFrame
        One row for each episode and each other person who shared a session with it.
    rule : str
        How the numbers were worked out.
    synthetic : bool
        Whether the records are synthetic.
    """

    table: pd.DataFrame
    sessions: pd.DataFrame
    pairs: pd.DataFrame
    rule: str
    synthetic: bool = False
    shows_persons: ClassVar[bool] = True

    @property
    def text(self) -> str:
        """The sizes of the groups, how stable they are, and the number of clusters of people."""
        table = self.table
        inside = table[table["group_sessions"] > 0]
        size = self.sessions["size"]
        clusters = inside["treated_together"]
        parts = [
            f"{format_count(len(self.sessions), 'group session')} attended by somebody, with "
            f"{size.mean():.1f} people on average ({size.min():,} to {size.max():,}).",
            f"{len(inside):,} of {format_count(len(table), 'episode')} attended one or more.",
        ]
        for column, words in (
            ("same_peers", "of the others at a session were also at the person's previous session"),
            ("main_group_share", "of a person's group sessions were in that person's main group"),
            ("main_facilitator_share", "were led by the facilitator who led most of them"),
        ):
            if inside[column].notna().any():
                parts.append(f"On average {inside[column].mean():.0%} {words}.")
        parts.append(
            "People connected by shared sessions form "
            f"{format_count(clusters.nunique(), 'cluster')}, the largest of "
            f"{format_count(int(clusters.value_counts().max()), 'episode')}."
        )
        return " ".join(parts) + f" {self.rule}"

    @property
    def _summary(self) -> str:
        return f"{len(self.sessions):,} group sessions, {len(self.table):,} episodes"

    def _shown(self) -> tuple[pd.DataFrame, int]:
        return self.table.iloc[:0], len(self.table)  # no person, because notebooks are shared


def shared_sessions(
    records: Records, *, services: Sequence[str] = GROUP_SERVICES, at_least: int = 1
) -> SharedSessions:
    """Return who was treated together with whom in groups. It shows individual people.

    Attended services of one program, ``group_id``, date and start time are one session.

    Parameters
    ----------
    records : Records
        With calendar dates, and ``group_id`` in the attendance table.
    services : sequence of str
        The services that are group sessions.
    at_least : int
        The number of sessions that two people must share to be directly connected.

    Returns
    -------
    SharedSessions
        Its ``table`` has one row an episode, in the order of ``records.episodes``:

        ``episode_id, person_id, program``
            As in the records.
        ``group_sessions, without_group`` : int64
            Group sessions attended, with and without a ``group_id``. The other columns are
            calculated from those with one; averages and shares are missing without any, and counts
            are 0.
        ``mean_size`` : float64
            The mean number of people at these sessions, including the person.
        ``peers`` : int64
            The number of other people with whom at least one session was shared.
        ``most_shared`` : int64
            The largest number of sessions shared with one other person.
        ``same_peers`` : float64
            Of the other people at a session, the share who were also at this person's previous
            session; the mean over the sessions after the first that others attended.
        ``main_group`` : object, ``main_group_share`` : float64
            The group attended most often (in a tie the first by name), and the share of the
            sessions that were in it. Missing for everybody if each ``group_id`` occurs on one day
            only, because it then names sessions and not groups.
        ``main_facilitator_share`` : float64
            Of the sessions with a recorded facilitator, the share led by the most frequent one.
        ``treated_together`` : int64
            The cluster, from 0. People who shared `at_least` sessions or more are in one cluster,
            and so are people who are connected through others. All episodes of a person are in one
            cluster. Use it as ``cluster=``.

        ``sessions`` has ``program, group_id, date, start_time, size`` (int64) and ``due`` (int64:
        bookings that were due). ``pairs`` has ``episode_id``, ``peer_id`` (a ``person_id``)
        and ``shared`` (int64: sessions). All three name people: they are for the staff who treat
        them and for estimates, never for a report, and `iop_outcomes.protect` refuses them.

    Raises
    ------
    EstimateError
        If no attended group session has a ``group_id``.
    MissingTableError
        If no attendance table was read.
    RuleError
        If the records have study days, which do not show who attended on the same date, or an
        option is not valid.

    Notes
    -----
    People in one group affect each other. Their outcomes are therefore correlated, and standard
    errors that assume independence are too small. With rolling admission, groups change gradually
    and everyone is connected with everyone through others (Morgan-Lopez and Fals-Stewart 2007).
    There are then few clusters, often one for each program and track. With few clusters robust
    standard errors are too small as well; the estimates say so, and ``cox(...,
    small_sample=True)`` corrects this in part. A higher `at_least` ignores weak connections, and
    gives more and smaller clusters.

    ``main_group_share`` is the usual provider continuity of Breslau and Reeb (1975), applied to
    groups.

    References
    ----------
    Morgan-Lopez AA, Fals-Stewart W. Analytic methods for modeling longitudinal data from rolling
    therapy groups with membership turnover. Journal of Consulting and Clinical Psychology 2007; 75:
    580-593.

    Breslau N, Reeb KG. Continuity of care in a university-based practice. Journal of Medical
    Education 1975; 50: 965-969.

    Examples
    --------
    A survival curve with limits that are clustered by people treated together:

    >>> import iop_outcomes as iop
    >>> records = iop.read_records("data/samples")
    >>> shared = iop.shared_sessions(records)
    >>> shared.table["treated_together"].nunique() < len(shared.table)
    True
    >>> times = iop.time_to_relapse(records).merge(
    ...     shared.table[["episode_id", "treated_together"]], on="episode_id"
    ... )
    >>> curves = iop.survival_curves(times, cluster="treated_together")
    >>> "Errors by treated_together" in curves.text
    True
    """
    require_records(records, "Shared sessions")
    records.require("attendance", "shared sessions")
    records.require_calendar("Shared sessions")
    check_whole("at_least", at_least, 1, "at_least=1")
    sessions = read_sessions(records, AttendanceRule(tuple(services)))
    frame = records.attendance
    named = frame["group_id"].notna().to_numpy()
    came = sessions.attended
    if not (came & named).any():
        raise EstimateError(
            "The records do not show who was in a group together.",
            found=f"{int(came.sum()):,} attended sessions of the services "
            f"{', '.join(sessions.rule.services)}, none with a group_id",
            instead="the group or session of each service in the column group_id",
        )
    key, listed = _sessions(records, (came | sessions.due) & named)
    rows = np.flatnonzero(came & named)
    person = records.episodes["person_id"].cat.codes.to_numpy().astype(np.intp)
    there = _Presence.of(sessions.episode[rows], key[rows], person, len(listed))
    listed["size"] = there.size
    listed["due"] = np.bincount(key[sessions.due & named], minlength=len(listed))
    pairs = there.pairs()
    table = pd.DataFrame(
        {
            **{name: records.episodes[name] for name in ("episode_id", "person_id", "program")},
            "group_sessions": there.attended,
            "without_group": sessions.count(came & ~named),
            "mean_size": there.mean_size(),
            "peers": np.bincount(pairs.episode, minlength=there.episodes),
            "most_shared": _largest(pairs.shared, pairs.episode, there.episodes),
            "same_peers": there.same_peers(),
            **_main(records, sessions, rows),
            "treated_together": _clusters(pairs, person, at_least),
        }
    )
    ids, people = records.episodes["episode_id"].to_numpy(), records.episodes["person_id"].cat
    pair_table = pd.DataFrame(
        {
            "episode_id": ids[pairs.episode],
            "peer_id": people.categories.to_numpy()[pairs.peer],
            "shared": pairs.shared,
        }
    )
    rule = (
        f"Groups are {', '.join(sessions.rule.services)} services with a group_id; a session is "
        "one program, group, date and start. A cluster is people who shared "
        f"{format_count(at_least, 'session')} or more, directly or through others."
    )
    attended = listed[listed["size"] > 0].reset_index(drop=True)
    return SharedSessions(table, attended, pair_table, rule, records.synthetic)


def _sessions(records: Records, rows: Booleans) -> tuple[Integers, pd.DataFrame]:
    """Return the session of each attendance row (-1 if none), and the table of sessions."""
    frame = records.attendance
    program = records.episodes["program"].to_numpy()
    episode = frame["episode_id"].cat.codes.to_numpy()
    named = frame.loc[rows, ["group_id", "date", "start_time"]].assign(
        program=program[episode[rows]]
    )
    columns = ["program", "group_id", "date", "start_time"]
    number = named.groupby(columns, sort=True, dropna=False, observed=True).ngroup().to_numpy()
    key = np.full(len(frame), -1, dtype=np.intp)
    key[rows] = number
    first = np.unique(number, return_index=True)[1]
    listed = named.iloc[first][columns].reset_index(drop=True)
    return key, listed.astype({"program": object, "group_id": object})


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Episodes, other people, and the number of sessions they shared; sorted by episode."""

    episode: Integers
    peer: Integers
    shared: Integers


@dataclass(frozen=True, eq=False)
class _Presence:
    """Which episode attended which session, each pair once, sorted by episode and date."""

    episode: Integers
    session: Integers
    person: Integers
    sessions: int

    @classmethod
    def of(cls, episode: Integers, session: Integers, person: Integers, sessions: int) -> _Presence:
        cell = episode.astype(np.int64) * sessions + session
        first = np.sort(np.unique(cell, return_index=True)[1])  # attendance is sorted by day
        return cls(episode[first], session[first], person, sessions)

    @property
    def episodes(self) -> int:
        return len(self.person)

    @property
    def attended(self) -> Integers:
        return np.bincount(self.episode, minlength=self.episodes)

    @property
    def size(self) -> Integers:
        """The number of people at each session."""
        cell = np.unique(self.session * self.episodes + self.person[self.episode])
        return np.bincount(cell // self.episodes, minlength=self.sessions)

    def mean_size(self) -> Floats:
        total = sums(self.episode, self.size[self.session].astype(np.float64), self.episodes)
        return ratio(total, self.attended)

    def _matrix(self, who: Integers) -> sparse.csr_matrix:
        """Return a matrix of people or episodes (rows) by sessions (columns): 1 if attended."""
        from scipy import sparse

        matrix = sparse.csr_matrix(
            (np.ones(len(who), dtype=np.int32), (who, self.session)),
            shape=(self.episodes, self.sessions),
        )
        matrix.data[:] = 1  # a person with two episodes at one session counts once
        return matrix

    def pairs(self) -> _Pairs:
        """Return the pairs of an episode and another person who attended one of its sessions."""
        people = self._matrix(self.person[self.episode])
        both = (self._matrix(self.episode) @ people.T).tocoo()
        not_oneself = both.col != self.person[both.row]
        order = np.lexsort((both.col[not_oneself], both.row[not_oneself]))
        return _Pairs(
            both.row[not_oneself][order].astype(np.intp),
            both.col[not_oneself][order].astype(np.intp),
            both.data[not_oneself][order].astype(np.int64),
        )

    def same_peers(self) -> Floats:
        """Return the mean share of the others at a session who were also at the previous one."""
        again = np.flatnonzero(self.episode[1:] == self.episode[:-1]) + 1
        size = self.size
        others = size[self.session[again]] - 1
        again, others = again[others > 0], others[others > 0]
        by_session = self._matrix(self.person[self.episode]).T.tocsr()
        now, before = by_session[self.session[again]], by_session[self.session[again - 1]]
        common = np.asarray(now.multiply(before).sum(axis=1)).ravel() - 1  # the person is in both
        of = self.episode[again]
        return ratio(
            sums(of, common / others, self.episodes), np.bincount(of, minlength=self.episodes)
        )


def _largest(values: Integers, episode: Integers, episodes: int) -> Integers:
    largest = np.zeros(episodes, dtype=np.int64)
    np.maximum.at(largest, episode, values)
    return largest


def _clusters(pairs: _Pairs, person: Integers, at_least: int) -> Integers:
    """Return the cluster of each episode, numbered in the order of the episodes."""
    from scipy import sparse

    linked = pairs.shared >= at_least
    size = int(person.max(initial=0)) + 1
    graph = sparse.coo_matrix(
        (np.ones(int(linked.sum())), (person[pairs.episode[linked]], pairs.peer[linked])),
        shape=(size, size),
    )
    _, component = sparse.csgraph.connected_components(graph, directed=False)
    return np.asarray(pd.factorize(component[person])[0], dtype=np.int64)


def _main(records: Records, sessions: Sessions, rows: Integers) -> dict[str, Any]:
    """Return the group attended most often, and the shares of the main group and facilitator."""
    frame, size = records.attendance.iloc[rows], sessions.episodes
    group = _by_name(frame["group_id"])
    by_name = not one_each(group, records.attendance["date"].to_numpy()[rows].astype(np.int64))
    main, share = _most(sessions.episode[rows], group, size)
    names = np.array([*sorted(frame["group_id"].cat.categories), None], dtype=object)
    led = _by_name(frame["facilitator"])
    _, by_whom = _most(sessions.episode[rows][led >= 0], led[led >= 0], size)
    return {
        "main_group": names[main] if by_name else np.full(size, None),
        "main_group_share": share if by_name else np.full(size, np.nan),
        "main_facilitator_share": by_whom,
    }


def _by_name(column: pd.Series[Any]) -> Integers:
    """Return the codes of a column of names, numbered in the order of the names; -1 if missing."""
    place = np.argsort(np.argsort(column.cat.categories.to_numpy().astype(object)))
    return np.append(place, -1)[column.cat.codes.to_numpy()]


def _most(episode: Integers, code: Integers, episodes: int) -> tuple[Integers, Floats]:
    """Return the most frequent code of each episode (-1 if none), and its share of the rows."""
    main, share = np.full(episodes, -1, dtype=np.intp), np.full(episodes, np.nan)
    if not len(code):
        return main, share
    width = int(code.max()) + 1
    cell, count = np.unique(episode.astype(np.int64) * width + code, return_counts=True)
    of = cell // width
    order = np.lexsort((cell, -count, of))
    first = order[starts_of(of[order])]
    main[of[first]] = cell[first] % width
    share[of[first]] = count[first] / np.bincount(of, count, minlength=episodes)[of[first]]
    return main, share
