"""Files and frames in, by their kind: delimited text, Parquet, Excel, pandas."""

from __future__ import annotations

import datetime
import hashlib
import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.delimited import read_delimited
from iop_outcomes.records.raw import Coded, Raw, from_rows, header_names, narrow, reason

SUFFIXES = (".csv", ".tsv", ".txt", ".gz", ".parquet", ".xlsx")


def read_raw(source: str | Path | pd.DataFrame, *, skip_lines: int = 0) -> Raw:
    """Read one file or frame as coded text.

    Raises
    ------
    RecordsError
        If the file is not there, is empty, is of an unknown kind, or cannot be read.
    """
    if isinstance(source, pd.DataFrame):
        return _from_frame(source, "frame")
    path = Path(source)
    if path.suffix.lower() == ".xls":
        raise RecordsError(
            f"{path.name} is an Excel file of the old kind.", instead="Save it as .xlsx or as CSV."
        )
    if path.suffix.lower() not in SUFFIXES:
        raise RecordsError(
            f"{path.name} is of a kind that is not read.",
            instead=f"Give one of {', '.join(SUFFIXES)}.",
        )
    if path.suffix.lower() == ".xlsx":
        return next(iter(read_workbook(path).values()))
    if path.suffix.lower() == ".parquet":
        return _from_frame(_parquet(path), path.name, hashlib.sha256(_read(path)).hexdigest())
    return read_delimited(path, skip_lines)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordsError(f"{path.name} cannot be opened.", found=reason(error)) from None


def read_workbook(path: Path) -> dict[str, Raw]:
    """Read every sheet of an Excel workbook that has a header; by sheet name, in order."""
    from openpyxl import load_workbook

    data = _read(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and validation that openpyxl does not know
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = {
                sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets
            }
    except Exception as error:  # openpyxl raises many kinds on a damaged file
        raise RecordsError(
            f"{path.name} cannot be read as an Excel workbook.",
            found=type(error).__name__,
            instead="Open it in Excel and save it again as .xlsx, or as CSV.",
        ) from None
    digest = hashlib.sha256(data).hexdigest()
    result = {}
    for title, rows in sheets.items():
        records = [
            (number, [_cell_text(cell) for cell in row])
            for number, row in enumerate(rows, start=1)
            if any(cell is not None for cell in row)
        ]
        if records:
            result[title] = from_rows(records, path.name, digest)
    if not result:
        raise RecordsError(f"{path.name} has no sheet with rows.")
    return result


def _from_frame(frame: pd.DataFrame, file: str, digest: str = "") -> Raw:
    names = header_names([str(name) for name in frame.columns], file)
    columns = {name: _coded_series(frame.iloc[:, position]) for position, name in enumerate(names)}
    lines = np.arange(1, len(frame) + 1, dtype=np.int32)
    return Raw(
        file,
        columns,
        lines,
        (),
        digest,
        attrs={str(key): value for key, value in frame.attrs.items()},
    )


def _coded_series(series: pd.Series[Any]) -> Coded:
    if isinstance(series.dtype, pd.CategoricalDtype):
        return _coded_categories(series)
    if series.dtype == object and pd.api.types.infer_dtype(series) in ("mixed", "mixed-integer"):
        # 1 and True are equal in Python, and not the same text; lists are not told apart at all
        series = _texts_of(series)
    try:
        codes, words = pd.factorize(series, use_na_sentinel=True)
    except (TypeError, NotImplementedError):
        codes, words = pd.factorize(_texts_of(series))
    kind = _kind_of_float(series.dtype)
    if kind is None:
        exact_below = np.inf
        texts = [_cell_text(word) for word in words.tolist()]
    else:
        exact_below = 2.0 ** (np.finfo(kind).nmant + 1)
        floats = np.asarray(words).astype(kind)  # each as the shortest text that is this float
        texts = [np.format_float_positional(word, trim="-") for word in floats]
    if (codes < 0).any():
        codes = np.where(codes < 0, len(texts), codes)
        texts.append("")
    result = np.empty(len(texts), dtype=object)
    result[:] = texts
    return Coded(narrow(codes, len(result)), result, exact_below)


def _texts_of(series: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series([_cell_text(cell) for cell in series.tolist()], dtype=object)


def _kind_of_float(dtype: Any) -> np.dtype[Any] | None:
    """Return the numpy type of a column of floats, nullable or of Arrow; None for any other."""
    kind = dtype if isinstance(dtype, np.dtype) else getattr(dtype, "numpy_dtype", None)
    return kind if isinstance(kind, np.dtype) and kind.kind == "f" else None


def _coded_categories(series: pd.Series[Any]) -> Coded:
    own = _coded_series(pd.Series(series.cat.categories))
    texts = np.append(own.words[own.codes], "")  # -1, a missing value, is the last
    codes = series.cat.codes.to_numpy().astype(np.int64) % len(texts)
    return Coded(narrow(codes, len(texts)), texts, own.exact_below)


def _cell_text(cell: object) -> str:
    """Write a typed cell as the text that a CSV export of it would hold."""
    if cell is None or cell is pd.NaT or cell is pd.NA:
        return ""
    if isinstance(cell, bool | np.bool_):
        return "yes" if cell else "no"
    if isinstance(cell, float | np.floating):
        if np.isnan(cell):
            return ""
        return f"{cell:.0f}" if float(cell).is_integer() else repr(float(cell))
    if isinstance(cell, datetime.datetime | np.datetime64):
        stamp = pd.Timestamp(cell)
        midnight = stamp == stamp.normalize() and stamp.tzinfo is None
        return stamp.strftime("%Y-%m-%d") if midnight else stamp.isoformat(sep=" ")
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    if isinstance(cell, datetime.time):
        return cell.strftime("%H:%M")
    return str(cell)


def _parquet(path: Path) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        frame: pd.DataFrame = parquet.read_table(path).to_pandas()
    except (pa.ArrowInvalid, OSError) as error:
        raise RecordsError(
            f"{path.name} cannot be read as Parquet.", found=type(error).__name__
        ) from None
    return frame
