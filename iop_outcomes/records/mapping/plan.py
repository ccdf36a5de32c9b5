"""The parts of a mapping, as frozen dataclasses.

In the descriptions "their" columns and words are those of the export, and "our" columns and words
those of the tables here.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from iop_outcomes.records.mapping.condition import Condition


@dataclass(frozen=True)
class Grid:
    """A grid with one row a person and one column a date, to be made one row a person and date.

    Attributes
    ----------
    headings : str
        Our column that the headings of the grid become (``date``, ``day``, or any).
    becomes : str
        Our column that the cells become.
    year : int or str
        The year of headings without one: a number, ``"sheet"`` or ``"file"`` (taken from the name),
        or empty if the headings have a year.
    blank : str
        ``"no_row"`` if a blank cell makes no row, or the word that a blank cell means.
    columns : tuple of str
        Names or patterns of the columns of the grid. Empty: all columns whose heading is a date
        (or, if the headings become ``day``, a number).
    """

    headings: str = "date"
    becomes: str = "status"
    year: int | str = ""
    blank: str = "no_row"
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lists:
    """One row a session with lists of people, to be made one row a person and session.

    Attributes
    ----------
    separators : tuple of str
        Texts that separate two people in a list.
    id : str
        Our column that contains the person.
    becomes : str
        Our column that shows in which list the person was.
    words : dict of str to str
        From their columns with lists to the word that people in the list get.
    """

    separators: tuple[str, ...]
    id: str
    becomes: str
    words: dict[str, str]


@dataclass(frozen=True)
class Join:
    """Columns joined from other rows of the same file, or from another file.

    Attributes
    ----------
    by : tuple of str
        Their columns that must be equal.
    columns : tuple of str
        Their columns to be joined.
    where : Condition or None
        Selects the other rows.
    file : str
        The other file; empty: the same file.
    sheet : str
        The sheet of that file; empty: the first sheet of another file, or the same rows.
    header_row : int
        The line of its header row; 0: as in the options.
    renamed : dict of str to str
        New names for some of `columns`.
    """

    by: tuple[str, ...]
    columns: tuple[str, ...]
    where: Condition | None = None
    file: str = ""
    sheet: str = ""
    header_row: int = 0
    renamed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SourcePlan:
    """How one source of a table is read; each attribute is a key of ``[[TABLE.from]]``.

    Attributes
    ----------
    files : tuple of str
        Names or patterns of files; empty: the files named after the table, or in ``[files]``.
    sheets : tuple of str
        Names or patterns of sheets; empty: those named after the table, otherwise the first.
    header_row : int
        The line of the (first) header row, counted from 1; 0: as in the options.
    header_rows : int
        The number of header rows.
    fill_down : tuple of str
        Their columns in which blank cells get the value above them.
    date_order : str
        ``"month_first"``, ``"day_first"``, ``"year_first"`` (26-01-05), or empty: as in the
        options.
    columns : dict of str to str
        From their column name (folded) to ours, for this source only.
    copies : dict of str to tuple of str
        From their column name (folded) to further columns of ours with the same values, for this
        source only.
    where : Condition or None
        Selects the rows of this table.
    drop_rows : Condition or None
        Selects rows to be removed: titles, totals, legends.
    join : tuple of Join
        Columns joined from other rows.
    grid : Grid or None
        How a grid is changed into rows.
    lists : Lists or None
        How lists of people are changed into rows.
    constants : dict of str to str
        From our column to its value in every row.
    only : tuple of str
        Their columns that are kept; empty: all.
    one_row_for : tuple of str
        Their columns for which only the first row of each combination of values is kept, in all
        files and sheets of this source; empty: every row is kept.
    """

    files: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    header_row: int = 0
    header_rows: int = 1
    fill_down: tuple[str, ...] = ()
    date_order: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    copies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    where: Condition | None = None
    drop_rows: Condition | None = None
    join: tuple[Join, ...] = ()
    grid: Grid | None = None
    lists: Lists | None = None
    constants: dict[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    one_row_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class Link:
    """How the episode of a row is found.

    Attributes
    ----------
    by : {"episode_id", "person_and_date"}
        By the identifier of the episode, or by that of the person and the day.
    person : {"id", "name"}
        Whether ``person_id`` contains identifiers or names.
    same_day : {"", "newer", "older"}
        The stay of a row on a day on which one stay ends and the next begins; empty: neither, and
        the row is set aside.
    """

    by: str = "episode_id"
    person: str = "id"
    same_day: str = ""


@dataclass(frozen=True)
class Database:
    """A database: the environment variable with its URL, and a query for each table."""

    url_variable: str
    queries: dict[str, str]


@dataclass(frozen=True)
class Mapping:
    """How the export of a program is read.

    Attributes
    ----------
    columns : dict of str to dict
        For each table, from their column name (folded) to ours.
    copies : dict of str to dict
        For each table, from their column name (folded) to further columns of ours with the same
        values.
    words : dict of str to dict
        For each table and column of ours, from their word (folded) to ours; ``""`` means missing.
    files : dict of str to tuple of str
        For each table, patterns of files in a folder.
    date_order : str
        ``"month_first"``, ``"day_first"``, ``"year_first"`` (26-01-05), or empty: determined from
        the dates.
    identical_rows : str
        ``"fold"`` (rows equal in every column are one), ``"keep"`` (they are all kept), or empty:
        they are folded if a key or the border of two files shows a repeat, otherwise kept and
        listed.
    skip_lines : int
        The number of lines above the header line.
    thresholds : dict of str to float
        For a check, the share of rows (0 to 1) that can fail without a failed check.
    synthetic : bool
        Whether the data are synthetic; pictures of them say so.
    missing : tuple of str
        Texts that mean missing in every column.
    two_digit_years : tuple of int
        The first and the last year that a year of two digits can be: 100 years.
    sources : dict of str to tuple of SourcePlan
        For each table its sources, if the mapping gives them.
    constants : dict of str to dict
        For each table, from our column to its value in every row.
    combine : dict of str to dict
        For each table, from our column to their columns whose words are joined by " + ".
    ticked : dict of str to dict
        For each table and column of ours, their checkbox columns and the word of each.
    units : dict of str to dict
        For each table, from our column of minutes to the unit of its numbers.
    links : dict of str to Link
        For attendance and check-ins, how the episode of a row is found, if not by episode_id.
    expected_every : int or None
        Days between two check-ins; None: only recorded check-ins were due.
    expected_until : int or None
        The last day since admission on which a check-in is due; None: check-ins are due up to the
        discharge, or to the end of follow-up if the export has it.
    ids : dict of str to tuple of str
        For ``episode_id`` and ``person_id``, the differences that are ignored in comparisons.
    database : Database or None
        A database to read from instead of files.
    """

    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    copies: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    words: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    date_order: str = ""
    identical_rows: str = ""
    skip_lines: int = 0
    thresholds: dict[str, float] = field(default_factory=dict)
    synthetic: bool = False
    missing: tuple[str, ...] = ()
    two_digit_years: tuple[int, int] = (1970, 2069)
    sources: dict[str, tuple[SourcePlan, ...]] = field(default_factory=dict)
    constants: dict[str, dict[str, str]] = field(default_factory=dict)
    combine: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    ticked: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    units: dict[str, dict[str, str]] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    expected_every: int | None = None
    expected_until: int | None = None
    ids: dict[str, tuple[str, ...]] = field(default_factory=dict)
    database: Database | None = None

    def link(self, table: str) -> Link:
        """Return how the episode of a row of a table is found."""
        return self.links.get(table, Link())
