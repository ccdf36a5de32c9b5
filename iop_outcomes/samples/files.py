"""A sample as CSV files with its data card, and a copy with faults."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.errors import ReportError
from iop_outcomes.samples.card import data_card, messy_card
from iop_outcomes.samples.faults.fault_inserter import write_file
from iop_outcomes.samples.faults.messy import insert_faults
from iop_outcomes.samples.generator import Sample, synthetic_records

SYNTHETIC_PREFIX = "SYN-"
_LOOKED_AT = 10_000  # bytes of a file
TABLES = ("episodes", "attendance", "checkins")


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of the sample as the text of its CSV file: missing is empty.

    Dates are ISO, whole numbers have no decimals, and flags are yes and no.
    """
    columns = {}
    for name, column in frame.items():
        code, values = pd.factorize(column)  # each value is written once, of missing ones none
        held = pd.Series(values)
        if column.dtype.kind == "M":
            text = held.dt.strftime("%Y-%m-%d")
        elif isinstance(column.dtype, pd.BooleanDtype):
            text = held.astype(object).map({True: "yes", False: "no"})
        elif column.dtype.kind == "f":
            text = held.astype("Int64").astype(object).map(str)
        else:
            text = held.astype(object).map(str)
        columns[name] = np.append(text.to_numpy(dtype=object), "")[code]
    return pd.DataFrame(columns, index=frame.index)


def write_sample(folder: str | Path, seed: int = 2026, *, messy: bool = True) -> Sample:
    """Write a synthetic sample as three CSV files and a data card.

    Parameters
    ----------
    folder : str or pathlib.Path
        Where to write; it is created if it does not exist. Files of a sample that is there are
        replaced, records that are not synthetic are not.
    seed : int
        The same seed gives the same bytes; 2026 gives ``data/samples``.
    messy : bool
        Also write the folder ``messy``: a part of the sample with inserted faults, and
        ``answer_key.csv`` with one row a problem (``table, file, line, column, value, check,
        done``).

    Returns
    -------
    Sample
        The frames that were written, and their true values.

    Raises
    ------
    ReportError
        If the folder cannot be made, a file in it cannot be written, or records would be lost.

    Examples
    --------
    >>> import tempfile
    >>> from iop_outcomes.samples import write_sample
    >>> folder = tempfile.mkdtemp()
    >>> write_sample(folder, seed=7, messy=False).seed
    7
    """
    folder = Path(folder)
    _make(folder)  # before the work, which takes some seconds
    for name in TABLES:
        _keep_records(folder / f"{name}.csv")
    sample = synthetic_records(seed)
    texts = {name: as_text(getattr(sample, name)) for name in TABLES}
    for name, frame in texts.items():
        write_file(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
    write_file(folder / "README.md", data_card(sample))
    if messy:
        inserter = insert_faults(texts["episodes"], texts["attendance"], texts["checkins"])
        twin = folder / "messy"
        _make(twin)
        inserter.write(twin)
        write_file(twin / "README.md", messy_card(inserter.answer_key(), seed))
    return sample


def _keep_records(path: Path) -> None:
    """Refuse to write over a table that is not one of a sample."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        synthetic = SYNTHETIC_PREFIX.encode() in file.read(_LOOKED_AT)
    if not synthetic:
        raise ReportError(
            f"The sample would be written over {path.name}, which is not one of a sample.",
            found="no synthetic identifier in its first rows",
            instead="another folder, or an empty one",
        )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a path that no folder can have
        raise ReportError(
            "The folder for the sample cannot be made.",
            found=getattr(error, "strerror", None) or "a character that no path can hold",
            instead="a folder that is there, or a name that is free: the sample is several files",
        ) from None
