"""Reading of a file or frame of any kind: delimited text, JSON lines, Parquet, Excel, pandas."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.cells import cell_text, readable
from iop_outcomes.records.sources.coded import (
    Array,
    Coded,
    Raw,
    Remark,
    coded,
    narrow,
)
from iop_outcomes.records.sources.delimited import read_delimited
from iop_outcomes.records.sources.headings import headings
from iop_outcomes.records.sources.json_lines import JSON_LINES, read_json_lines
from iop_outcomes.records.sources.kinds.not_read import refuse_not_read
from iop_outcomes.records.sources.layout import Layout
from iop_outcomes.records.sources.opening import (
    content,
    ending,
    files_in_zip,
    require_file,
    shown,
    size_of,
)
from iop_outcomes.records.sources.workbook import WORKBOOKS, read_workbook
from iop_outcomes.shared.characters import confusing_characters_written
from iop_outcomes.shared.provenance import provenance_of, read_provenance

if TYPE_CHECKING:
    import pyarrow as pa

PLAIN = (".csv", ".tsv", ".txt", ".parquet", *JSON_LINES, *WORKBOOKS)
SUFFIXES = (*PLAIN, ".gz", ".zip")
_ROW_NUMBERS = re.compile(r"__index_level_\d+__")  # the row numbers that pandas wrote
MOST_CELLS = 1_000_000_000  # in a Parquet file, where a constant column takes only a few bytes


def read_raw(source: str | Path | pd.DataFrame, *, layout: Layout | None = None) -> Raw:
    """Read one file or frame as coded text; of a workbook, the first sheet that the layout reads.

    Raises
    ------
    RecordsError
        If the file does not exist, is empty, is of an unknown kind, or cannot be read.
    """
    if isinstance(source, pd.DataFrame):
        return _from_frame(source, "frame")
    path = Path(source)
    suffix = ending(path)
    refuse_not_read(path)
    if suffix == ".zip":
        path = _only_file(path)
        suffix = ending(path)
    if suffix not in SUFFIXES:
        raise RecordsError(
            f"{shown(path)} is of a kind that is not read.",
            instead=f"Give one of {', '.join(SUFFIXES)}.",
        )
    require_file(path)
    layout = layout or Layout()
    try:
        if suffix in WORKBOOKS:
            return next(iter(read_workbook(path, layout).sheets.values()))
        if suffix == ".parquet":
            return _parquet(path)
        if suffix in JSON_LINES:
            return read_json_lines(path)
        return read_delimited(path, layout)
    except MemoryError:
        raise RecordsError(
            f"{shown(path)} does not fit into the memory of this machine.",
            found=f"{size_of(path):,} bytes in the file",
            instead="Read fewer columns or years, or several smaller files for each table.",
        ) from None


def _only_file(path: Path) -> Path:
    """Return the only readable file of a zip file; raise RecordsError if there is not just one."""
    files = [file for file in files_in_zip(path) if ending(file) in PLAIN]
    if len(files) != 1:
        raise RecordsError(
            f"{shown(path)} contains {len(files):,} files that can be read, but one is needed.",
            instead='Give it as the source, like a folder: read_records("exports.zip").',
        )
    return files[0]


def _from_frame(frame: pd.DataFrame, file: str, digest: str = "") -> Raw:
    frame = _with_named_index(frame)
    header = headings([confusing_characters_written(str(name)) for name in frame.columns], file)
    columns: dict[str, Coded] = {}
    remarks: list[Remark] = list(header.remarks(0))
    for position, name in enumerate(header.names):
        series, met = readable(frame.iloc[:, position], name)
        columns[name] = _coded_series(series)
        remarks += met
    lines = np.arange(1, len(frame) + 1, dtype=np.int32)
    return Raw(
        file,
        columns,
        lines,
        (),
        digest,
        remarks=tuple(remarks),
        synthetic=provenance_of(frame).synthetic,
        repeated=header.repeated,
    )


def _with_named_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the named levels of its index as columns."""
    names = [name for name in frame.index.names if name is not None and name not in frame.columns]
    return frame.reset_index(level=names) if names else frame


def _coded_series(series: pd.Series[Any]) -> Coded:
    if isinstance(series.dtype, pd.CategoricalDtype):
        return _coded_categories(series)
    if series.dtype == object and pd.api.types.infer_dtype(series) in ("mixed", "mixed-integer"):
        # 1 and True are equal in Python but have different texts; lists cannot be compared
        series = _texts_of(series)
    try:
        codes, words = pd.factorize(series, use_na_sentinel=True)
    except (TypeError, NotImplementedError):
        codes, words = pd.factorize(_texts_of(series))
    return _coded_words(codes, words, _kind_of_float(series.dtype))


def _coded_words(codes: Array, words: Any, kind: np.dtype[Any] | None) -> Coded:
    """Return a coded column from codes (-1 for missing) and typed values."""
    if kind is None:
        exact_below = np.inf
        texts = [cell_text(word) for word in words.tolist()]
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
    return pd.Series([cell_text(cell) for cell in series.tolist()], dtype=object)


def _kind_of_float(dtype: Any) -> np.dtype[Any] | None:
    """Return the numpy type of a column of floats, nullable or of Arrow; None for any other."""
    kind = dtype if isinstance(dtype, np.dtype) else getattr(dtype, "numpy_dtype", None)
    return kind if isinstance(kind, np.dtype) and kind.kind == "f" else None


def _coded_categories(series: pd.Series[Any]) -> Coded:
    own = _coded_series(pd.Series(series.cat.categories))
    texts = np.append(own.words[own.codes], "")  # -1, a missing value, is the last
    codes = series.cat.codes.to_numpy().astype(np.int64) % len(texts)
    return Coded(narrow(codes, len(texts)), texts, own.exact_below)


def _parquet(path: Path) -> Raw:
    import pyarrow as pa
    from pyarrow import parquet

    name = shown(path)
    data, digest = content(path)
    try:
        file = parquet.ParquetFile(pa.BufferReader(data))
        cells = file.metadata.num_rows * file.metadata.num_columns
        if cells > MOST_CELLS:
            raise RecordsError(
                f"{name} contains more than is read at once.",
                found=f"{cells:,} cells; at most {MOST_CELLS:,} are read",
                instead="Give it as several smaller files.",
            )
        table = file.read()
    except (pa.ArrowException, OSError) as error:
        raise RecordsError(
            f"{name} cannot be read as Parquet.",
            found=type(error).__name__,
            instead="Copy or export it again: it is damaged, or was cut off.",
        ) from None
    titles = [str(title) for title in table.column_names]
    kept = [place for place, title in enumerate(titles) if not _ROW_NUMBERS.fullmatch(title)]
    header = headings([titles[place] for place in kept], name)
    columns = {
        title: _coded_arrow(table.column(place), place, name)
        for title, place in zip(header.names, kept, strict=True)
    }
    lines = np.arange(1, table.num_rows + 1, dtype=np.int32)
    provenance = read_provenance(_attributes(table.schema.metadata or {}))
    return Raw(
        name,
        columns,
        lines,
        (),
        digest,
        synthetic=provenance.synthetic,
        remarks=header.remarks(0),
        repeated=header.repeated,
    )


def _coded_arrow(column: pa.ChunkedArray, place: int, file: str) -> Coded:
    """Return a column of Parquet as coded text; whole numbers stay whole if some are missing.

    The metadata of pandas are not used, because they can be damaged.
    """
    import pyarrow as pa

    if not len(column):
        return coded([])
    kind = str(column.type)
    try:
        if pa.types.is_nested(column.type):
            return _coded_series(column.to_pandas())
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        chunks = column.unify_dictionaries().chunks
        words = chunks[0].dictionary.to_pandas(integer_object_nulls=True)
    except Exception as error:  # of many kinds, usually an unknown time zone
        raise RecordsError(
            f"{file} has a column that cannot be read: number {place + 1}.",
            found=f"{kind[:80]}, {type(error).__name__}",
            instead="Write it as text or as plain dates, and save the file again.",
        ) from None
    codes = np.concatenate([chunk.indices.fill_null(-1).to_numpy() for chunk in chunks])
    return _coded_words(codes, words, _kind_of_float(words.dtype))


def _attributes(metadata: dict[bytes, bytes]) -> dict[str, Any]:
    """Return the attributes of the frame in the metadata of pandas; empty if they are damaged."""
    try:
        written = json.loads(metadata.get(b"pandas", b"{}"))
        return dict(written.get("attributes", {}))
    except (ValueError, AttributeError, TypeError):
        return {}
