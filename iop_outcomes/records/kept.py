"""The files that records were read from are not written over."""

from __future__ import annotations

from pathlib import Path

from iop_outcomes.errors import RuleError
from iop_outcomes.records.records import Records
from iop_outcomes.shared.characters import printable


def keep_what_was_read(out: Path, records: Records, data: Path, mapping: Path | None) -> None:
    """Refuse to write over a file that the records were read from."""
    folder = data if data.is_dir() else data.parent
    names = {file.partition(": sheet ")[0] for file in records.sources["file"]}
    inputs = [data, folder / "mapping.toml", *(folder / name for name in names)]
    if mapping is not None:
        inputs.append(mapping)
    if any(file.is_file() and out.exists() and file.samefile(out) for file in inputs):
        raise RuleError(
            f"{printable(str(out))} is one of the files that were read, and is not written over.",
            instead="another name",
        )
