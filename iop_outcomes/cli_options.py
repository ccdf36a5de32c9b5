"""The options that several commands take, or that are read with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def given_path(text: str) -> Path:
    """Return a path, and refuse an empty one, as of a variable that is not set."""
    if not text.strip():
        raise typer.BadParameter("the name of a folder or file is empty")
    return Path(text)


Data = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        parser=given_path,
        help="A folder with the exports, a workbook, or a mapping.toml that names a database.",
    ),
]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", help="A mapping.toml with the export's own names.")
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="The data cut, as 2026-09-30.")
]
LedgerFile = Annotated[
    Path | None, typer.Option("--ledger", metavar="FILE.json", help="What was printed: in and out.")
]
Earlier = Annotated[
    list[Path] | None, typer.Option("--compare", metavar="FILE.json", help="An earlier report.")
]
Internal = Annotated[
    bool,
    typer.Option("--internal", help="Show all counts, for the program itself; do not send it."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
