"""Errors, as messages for people: what is wrong, what was found, what to write instead."""

from __future__ import annotations

from iop_outcomes.shared.characters import printable


class OutcomesError(Exception):
    """The root of every error that this package raises on purpose.

    Parameters
    ----------
    wrong : str
        What is wrong, as a whole sentence.
    found : str, optional
        What was found in its place. It must not hold the value of a person's record.
    instead : str, optional
        What to write or do instead.
    """

    def __init__(self, wrong: str, *, found: str = "", instead: str = "") -> None:
        self.wrong = wrong
        self.found = found
        self.instead = instead
        lines = [wrong]
        if found:
            lines.append(f"Found: {found}")
        if instead:
            lines.append(f"Instead: {instead}")
        super().__init__(printable("\n".join(lines)))


class RecordsError(OutcomesError):
    """The records cannot be read as they are: a file, a column or, with ``strict``, a row."""


class MissingTableError(RecordsError):
    """A question was asked of a table that was not read."""


class RuleError(OutcomesError, ValueError):
    """A rule, an option or a name is not one that is known, or contradicts another."""


class EstimateError(OutcomesError, ValueError):
    """A number cannot be estimated from what was given."""


class ReportError(OutcomesError):
    """A report cannot be made, or a file saved, as asked."""


IN_COMMANDS = {  # what an error says to write in a program, and what the command line takes for it
    'as_of="2026-09-30"': "--as-of 2026-09-30",
    "as_of=168": "--as-of 168",
    'prepared_on="2026-10-05"': "--prepared-on 2026-10-05",
    "leave `mapping` out": "leave --mapping out",
    'report.save("report.html")': "--out report.html",
    "Say which table it is: read_records(episodes=..., attendance=...).": "Give the folder that "
    "holds it, or name it in the mapping: [[episodes.from]] and file.",
    'records.episodes["program"].unique() shows them.': "Write --program with one of them.",
    "Look at records.problems, or run": "Run",
    "quarterly_report(records), which covers": "leave --quarter out: the report then covers",
    "Write synthetic_records(seed=2026, people=760).": "Write --seed 2026.",
    "; see .fitness()": "",
    "see .problems": "--problems FILE.csv writes them to a file",
    ", or give as_of": ", or give --as-of",
    "Read without strict and look at records.problems.": "Leave --strict out; --problems FILE.csv "
    "writes them to a file.",
    "records.problems lists them": "iop-outcomes check --problems FILE.csv lists them",
}


def in_commands(text: str) -> str:
    """Return in options of the commands what a message says for programs."""
    for python, command in IN_COMMANDS.items():
        text = text.replace(python, command)
    return text


def refused_by_system(error: OSError) -> ReportError:
    """Return the message where there is no room, or no folder, for a file."""
    return ReportError(
        "The system refused what the command needs.",
        found=(error.strerror or str(error))[:300] or type(error).__name__,
        instead="Make room on the disk, and check that files can be written in the home folder "
        "and in the folder for temporary files (TMPDIR).",
    )
