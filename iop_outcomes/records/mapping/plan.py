"""What a mapping says, as frozen parts."""

from __future__ import annotations

from dataclasses import dataclass, field

from iop_outcomes.records.mapping.condition import Condition


@dataclass(frozen=True)
class Grid:
    """One row a person and one column a date, to be made one row a mark.

    Attributes
    ----------
    headings : str
        Our column that the headings of the grid become (``date``, ``day``, or any).
    becomes : str
        Our column that the cells become.
    year : int or str
        The year of headings without one: a number, ``"sheet"`` or ``"file"`` (taken from the name),
        or empty: they have it.
    blank : str
        ``"no_row"``, or the word that a blank cell means.
    columns : tuple of str
        The columns that form the grid, by name or pattern; empty: those whose heading is a date
        (or, where the headings become ``day``, a number).
    """

    headings: str = "date"
    becomes: str = "status"
    year: int | str = ""
    blank: str = "no_row"
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lists:
    """One row a session with lists of people, to be made one row a person.

    Attributes
    ----------
    separators : tuple of str
        What is between two people of a list.
    id : str
        Our column that the people become.
    becomes : str
        Our column that says which list it was.
    words : dict of str to str
        Their column with a list, to the word that those in it get.
    """

    separators: tuple[str, ...]
    id: str
    becomes: str
    words: dict[str, str]


@dataclass(frozen=True)
class Join:
    """Columns taken over from other rows of the same file, or from another file.

    Attributes
    ----------
    by : tuple of str
        Their columns that must be equal.
    columns : tuple of str
        Their columns to be taken over.
    where : Condition or None
        Which of the other rows.
    file : str
        The other file; empty: the same.
    sheet : str
        The sheet of it, or of the same workbook; empty: the first, or the same rows.
    header_row : int
        The line of its header row; 0: as the options say.
    renamed : dict of str to str
        Of `columns` those that are taken over under a name of ours.
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
        Names or patterns of files; empty: the files that the table has without them.
    sheets : tuple of str
        Names or patterns of sheets; empty: those called as the table, else the first.
    header_row : int
        The line of the (first) header row, 1 being the first; 0: as the options say.
    header_rows : int
        The number of header rows.
    fill_down : tuple of str
        Their columns whose blank cells take the value above.
    date_order : str
        ``"month_first"``, ``"day_first"``, ``"year_first"`` (26-01-05), or empty: as the options
        say.
    columns : dict of str to str
        Their column name (folded) to ours, of this source alone.
    copies : dict of str to tuple of str
        Their column name (folded) to further columns of ours that it is, of this source alone.
    where : Condition or None
        The rows that are of this table.
    drop_rows : Condition or None
        The rows that are no rows: titles, totals, legends.
    join : tuple of Join
        Columns taken over from other rows.
    grid : Grid or None
        How a grid becomes rows.
    lists : Lists or None
        How lists of people become rows.
    constants : dict of str to str
        Our column to the value that every row has.
    only : tuple of str
        Their columns that are kept; empty: all.
    one_row_for : tuple of str
        Their columns of which each combination gives one row, the first in all files and sheets
        of this source; empty: every row.
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
    """How rows of a table find their episode.

    Attributes
    ----------
    by : {"episode_id", "person_and_date"}
        By the episode's identifier, or by the person's and the day.
    person : {"id", "name"}
        What ``person_id`` holds.
    same_day : {"", "newer", "older"}
        To which stay a row belongs that falls on the day on which one ends and the next begins;
        empty: to neither.
    """

    by: str = "episode_id"
    person: str = "id"
    same_day: str = ""


@dataclass(frozen=True)
class Database:
    """A database to read from: the variable that holds its URL, and a query a table."""

    url_variable: str
    queries: dict[str, str]


@dataclass(frozen=True)
class Mapping:
    """How one program's export is read.

    Attributes
    ----------
    columns : dict of str to dict
        For each table, their column name (folded) to ours.
    copies : dict of str to dict
        For each table, their column name (folded) to further columns of ours that it is.
    words : dict of str to dict
        For each table and column of ours, their word (folded) to ours; ``""`` is missing.
    files : dict of str to tuple of str
        For each table, the file patterns in a folder.
    date_order : str
        ``"month_first"``, ``"day_first"``, ``"year_first"`` (26-01-05), or empty: taken from the
        dates themselves.
    identical_rows : str
        ``"fold"`` (rows equal in every column are one), ``"keep"`` (each is one), or empty: folded
        where a key or the border of two files shows a repeat, else kept and listed.
    skip_lines : int
        Lines above the header line.
    thresholds : dict of str to float
        For a check, the share of rows (0 to 1) that may fail before the check has failed.
    synthetic : bool
        Whether the records are made up; pictures of them say so.
    missing : tuple of str
        Texts that mean missing in every column.
    two_digit_years : tuple of int
        The first and the last year that a year of two digits can be: 100 years.
    sources : dict of str to tuple of SourcePlan
        For each table its sources, where the mapping gives them.
    constants : dict of str to dict
        For each table our column and the value of every row.
    combine : dict of str to dict
        For each table our column and their columns whose words are joined by " + ".
    ticked : dict of str to dict
        For each table and column of ours, their checkbox columns and the word of each.
    units : dict of str to dict
        For each table our column and the unit of its numbers.
    links : dict of str to Link
        For attendance and check-ins how rows find their episode, where it is not by episode_id.
    expected_every : int or None
        Days between two check-ins that are due; None: only recorded check-ins were due.
    expected_until : int or None
        The last day from admission on which a check-in is due; None: they are due up to the
        discharge, or to the end of follow-up where the export has it.
    ids : dict of str to tuple of str
        For ``episode_id`` and ``person_id`` what is disregarded when they are compared.
    database : Database or None
        Where to read from, in place of files.
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
        """Return how rows of a table find their episode."""
        return self.links.get(table, Link())
