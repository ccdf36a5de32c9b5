"""A check that output does not overwrite a file from which records were read."""

from __future__ import annotations

from pathlib import Path

from iop_outcomes.errors import RuleError
from iop_outcomes.records.records import Records
from iop_outcomes.shared.characters import printable


def keep_what_was_read(out: Path, records: Records, data: Path, mapping: Path | None) -> None:
    """Raise RuleError if `out` is a file from which the records were read.

    Parameters
    ----------
    out : pathlib.Path
        The file to be written.
    records : Records
        The records.
    data : pathlib.Path
        The file or folder that was read.
    mapping : pathlib.Path or None
        The mapping file, if it was named.
    """
    folder = data if data.is_dir() else data.parent
    names = {file.partition(": sheet ")[0] for file in records.sources["file"]}
    inputs = [data, folder / "mapping.toml", *(folder / name for name in names)]
    if mapping is not None:
        inputs.append(mapping)
    if any(file.is_file() and out.exists() and file.samefile(out) for file in inputs):
        raise RuleError(
            f"{printable(str(out))} is one of the files that were read, and is not overwritten.",
            instead="another name",
        )
