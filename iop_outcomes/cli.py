"""The command line: check an export, write the report, write a sample."""

from __future__ import annotations

import io
import re
import signal
import sys
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from iop_outcomes.cli_options import (
    AsOf,
    Data,
    Earlier,
    Internal,
    LedgerFile,
    MappingFile,
    Quiet,
    given_path,
)
from iop_outcomes.errors import (
    OutcomesError,
    ReportError,
    RuleError,
    in_commands,
    refused_by_system,
)
from iop_outcomes.paper_process import paper_process
from iop_outcomes.shared import process
from iop_outcomes.shared.characters import printable
from iop_outcomes.shared.saving import check_place

if TYPE_CHECKING:
    from iop_outcomes.records import Records

FINE, WRONG, USAGE = 0, 1, 2
PROBLEMS = "The file of problems"
AUDITED = "Reports saved by `report --format json`, and ledgers of `report --ledger`."
app = typer.Typer(
    name="iop-outcomes",
    help="Outcomes of people in an Intensive Outpatient Program.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from iop_outcomes.versions import __version__

        typer.echo(f"iop-outcomes {__version__}")
        raise typer.Exit(FINE)


@app.callback()
def _start(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Measure what became of the people in an Intensive Outpatient Program."""


@app.command()
def check(
    data: Data,
    mapping: MappingFile = None,
    as_of: AsOf = None,
    problems: Annotated[
        Path | None,
        typer.Option("--problems", metavar="FILE.csv", help="Write each problem to this file."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with code 1 if there was any problem.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Read the records and say what is wrong with them.

    Of the values of the records only words that are not known are printed, with their counts.
    Ends with code 1 if nearly all rows of a table were set aside.
    """
    from iop_outcomes.records.checks.losses import nearly_all_lost, odd_row_lines, source_lines
    from iop_outcomes.records.fitness.judging import not_known_lines
    from iop_outcomes.records.kept import keep_what_was_read

    process.begin_work()
    if problems is not None:
        check_place(problems, PROBLEMS)
    records = _read(data, mapping, as_of, quiet)
    if problems is not None:
        keep_what_was_read(problems, records, data, mapping)
    typer.echo(in_commands(repr(records)))
    known = [f"  {line}" for line in not_known_lines(records.judgements())]
    odd = [f"  {line}" for line in odd_row_lines(records.problems)]
    for line in [*known, *source_lines(records.sources), *odd]:
        typer.echo(printable(line))
    counts = records.problem_counts()
    if len(counts):
        typer.echo("problems, by check:")
        typer.echo(counts.to_string(index=False))
    _say_what_to_map(records)
    quality = records.quality()
    counted = quality["status"].value_counts()
    parts = [f"{counted.get(word, 0):,} {word}" for word in ("passed", "failed", "not applicable")]
    typer.echo(f"checks: {', '.join(parts)}")
    failed = quality.loc[quality["status"] == "failed", ["check", "table"]].drop_duplicates()
    for name, tables in failed.groupby("check", sort=False)["table"]:
        typer.echo(f"  failed: {name} ({', '.join(tables)})")
    if problems is not None:
        records.save_problems(problems)
        typer.echo(
            f"{len(records.problems):,} problems written to {printable(str(problems))}. "
            "It holds values of the records: keep it where the records are kept, and do not send "
            "it."
        )
    if nearly_all_lost(records.problems, records.sources) or (strict and len(records.problems)):
        raise typer.Exit(WRONG)


@app.command(name="map")
def map_export(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA", parser=given_path, help="A folder with the exports, or one file."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Where to write, such as mapping.toml.")
    ] = Path("mapping.toml"),
    force: Annotated[
        bool, typer.Option("--force", help="Write over a mapping that is there.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Propose a mapping for an export: a file to check and change by hand."""
    from iop_outcomes.records.suggestions import suggest_mapping

    process.begin_work()
    check_place(out, "The mapping")
    if out.suffix.lower() != ".toml":
        raise RuleError(
            "A mapping is a TOML file.",
            found=printable(out.suffix) or "no ending",
            instead="--out mapping.toml",
        )
    if out.exists() and not force:
        raise RuleError(
            f"{printable(str(out))} exists already, and is not written over.",
            instead="another name after --out, or --force",
        )
    _say(f"looking at {data} ...", quiet)
    made = suggest_mapping(data)
    made.save(out, overwrite=force)
    typer.echo(printable(made.summary()))
    check = f"iop-outcomes check {quote(str(data))} --mapping {quote(str(out))}"
    typer.echo(printable(f"written: {out}. Look at every line of it, then: {check}"))


@app.command()
def report(
    data: Data,
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="FILE", help="Where to write: .html, .pdf, .docx, .xlsx or .json."
        ),
    ],
    quarter: Annotated[
        str | None, typer.Option("--quarter", help="As 2026Q3; without it, the whole time.")
    ] = None,
    period: Annotated[
        str | None, typer.Option("--period", help="Or 2026, 2025-10..2026-09, or two dates so.")
    ] = None,
    mapping: MappingFile = None,
    as_of: AsOf = None,
    program: Annotated[
        list[str] | None, typer.Option("--program", help="Only this program; may be repeated.")
    ] = None,
    all_programs: Annotated[
        bool, typer.Option("--all-programs", help="Also one report of each, beside --out.")
    ] = False,
    title: Annotated[str | None, typer.Option("--title", help="The title of the report.")] = None,
    prepared_by: Annotated[
        str | None, typer.Option("--prepared-by", help="Who made it, as the report shows it.")
    ] = None,
    prepared_on: Annotated[
        str | None, typer.Option("--prepared-on", metavar="DATE", help="Its date, 2026-10-05.")
    ] = None,
    ledger: LedgerFile = None,
    compare: Earlier = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", help="Another report.toml than that of DATA.")
    ] = None,
    no_settings: Annotated[bool, typer.Option("--no-settings", help="Without one.")] = False,
    forms: Annotated[
        str | None, typer.Option("--format", help="As html,pdf; beside --out.")
    ] = None,
    internal: Internal = False,
    quiet: Quiet = False,
) -> None:
    """Write the outcome report of a quarter or a period: one file, with small counts hidden.

    Where nearly all rows of a table were set aside a message says so, and the exit code is 1.
    """
    asked: dict[str, Any] = {"quarter": quarter, "period": period, "title": title}
    asked |= {"prepared_by": prepared_by, "progress": not quiet}
    endings = [f".{form.strip()}" for form in forms.split(",")] if forms else [out.suffix]
    with paper_process(endings, wanted=not all_programs) as paper:  # first: it loads in turn
        from iop_outcomes.disclosure import SafePolicy
        from iop_outcomes.records.checks.losses import loss_lines, nearly_all_lost
        from iop_outcomes.records.kept import keep_what_was_read
        from iop_outcomes.report import command
        from iop_outcomes.report.period import period_asked
        from iop_outcomes.report.quarterly import prepared_day

        process.begin_work()
        period_asked(quarter, period)  # before anything is read
        places = command.places_of(out, forms, apart=not all_programs)
        check_place(ledger or out, "The ledger")
        named = (data, mapping, settings, compare)
        command.refuse_same_places(places, ledger, *named, all_programs=all_programs)
        command.check_earlier(compare, all_programs=all_programs)
        policy = SafePolicy.internal() if internal else None
        asked |= {"prepared_on": prepared_day(prepared_on), "policy": policy}
        own = command.settings_at(settings, data, look=not no_settings)
        records = _read(data, mapping, as_of, quiet)
        for place in (*places, ledger or out):
            keep_what_was_read(place, records, data, mapping)
        for line in loss_lines(records.problems, records.sources):
            typer.echo(printable(f"iop-outcomes: {line}"), err=True)
        each, one = command.write_each, command.write_report
        write = each if all_programs else partial(one, paper=paper, compare=compare)
        typer.echo(printable(write(records, own, program, places, ledger, **asked)))
    if policy is not None:
        typer.echo(policy.mark)
    if nearly_all_lost(records.problems, records.sources):
        raise typer.Exit(WRONG)


@app.command()
def audit(
    reports: Annotated[list[Path], typer.Argument(metavar="FILE", parser=given_path, help=AUDITED)],
) -> None:
    """Attack finished reports as an outsider would; end with code 1 if a small count follows."""
    from iop_outcomes.disclosure.system import audit as audited
    from iop_outcomes.disclosure.system import read_files

    process.begin_work()
    result = audited(read_files(reports))
    typer.echo(printable(result.text))
    if len(result.found):
        raise typer.Exit(WRONG)


@app.command()
def definitions(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="One definition, in full.")
    ] = None,
) -> None:
    """List the published definitions of abstinence, relapse and reduction, or show one."""
    from iop_outcomes.relapse import definitions as listed

    process.begin_work()
    table = listed()
    if name is None:
        for row in table.itertuples():
            typer.echo(f"{row.name:32} {row.kind:11} {row.rule}")
        return
    chosen = table[table["name"] == name]
    if chosen.empty:
        raise RuleError(
            "There is no published definition of that name.",
            found=name,
            instead="a name that `iop-outcomes definitions` lists",
        )
    for column, value in chosen.iloc[0].items():
        if value:
            typer.echo(f"{column}: {value}")


@app.command()
def sample(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", parser=given_path, help="Where to write the sample."),
    ],
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same files.")] = 2026,
    messy: Annotated[
        bool, typer.Option("--messy", help="Also write a twin with planted faults.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Write the records of made-up programs, to try things out."""
    from iop_outcomes.samples import write_sample

    process.begin_work()
    _say(f"making a sample with seed {seed} ...", quiet)
    made = write_sample(folder, seed, messy=messy)
    typer.echo(f"{len(made.episodes):,} synthetic episodes: {printable(str(folder))}")


def main() -> None:
    """Run the command line: errors have no traceback, and end with a code of their own.

    0: fine. 1: the records cannot be read or the number cannot be estimated, or, with ``--strict``,
    something was wrong. 2: the command cannot be carried out as it was written. 130: interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # letters that a terminal lacks are no error
            stream.reconfigure(errors="backslashreplace")
    watched = signal.getsignal(signal.SIGINT)
    try:
        _run()
    except KeyboardInterrupt:
        typer.echo(process.LINE, err=True)
        sys.exit(process.CODE)
    finally:
        process.look_no_more()
        if watched is process.end_at_once:  # also while the process ends
            process.set_handler(watched)


def _run() -> None:
    process.without_advice()
    try:
        app()
    except SystemExit as ended:
        if ended.code == process.CODE:
            typer.echo(process.LINE, err=True)
        raise
    except (RuleError, ReportError) as error:
        _fail(error, USAGE)
    except OutcomesError as error:
        _fail(error, WRONG)
    except OSError as error:  # no room, or no folder, for a file that another library needs
        _fail(refused_by_system(error), USAGE)


def _fail(error: OutcomesError, code: int) -> None:
    typer.echo(f"iop-outcomes: {in_commands(str(error))}", err=True)
    sys.exit(code)


def _say(text: str, quiet: bool) -> None:
    if not quiet:
        typer.echo(printable(text), err=True)


def _read(data: Path, mapping: Path | None, as_of: str | None, quiet: bool) -> Records:
    from iop_outcomes.records import read_records
    from iop_outcomes.records.data_cut import cut_as_written

    if re.match(r"[A-Za-z][\w+.-]+:/", str(data)):  # a path has lost one of two strokes
        raise RuleError(
            "The address of a database is not taken from the command line, where others see it.",
            instead="Put it into an environment variable, name that in the mapping ([database] "
            "url_variable), and give the mapping.toml as DATA.",
        )
    _say(f"reading {data} ...", quiet)
    return read_records(data, mapping=mapping, as_of=cut_as_written(as_of))


def _say_what_to_map(records: Records) -> None:
    """Print rows that belong to no episode, and unknown words as lines for the mapping."""
    from iop_outcomes.records.checks.losses import unmatched_lines
    from iop_outcomes.records.suggestions.lines_to_paste import lines_to_paste

    for line in unmatched_lines(records.unmatched()):
        typer.echo(printable(line))
    lines = lines_to_paste(records.unknown_words())
    if lines:
        typer.echo("words that are not known; write their meanings into mapping.toml:")
        typer.echo(printable("\n".join(lines)))
