"""Kinds of file that are recognised but not read, with advice on what to do instead."""

from __future__ import annotations

from pathlib import Path

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.opening import ending, shown

_TEXT = (
    "Have the record system export the table as CSV or Excel; a table within the text can be "
    "pasted into a spreadsheet and saved as CSV."
)
_R = 'In R: write.csv(table, "name.csv", row.names = FALSE).'
_PANDAS = (
    "Save it as CSV from its program, or read it with pandas and give the frame: "
    "read_records(episodes=...)."
)
_NOT_READ = (
    ((".pdf",), "a PDF file", _TEXT),
    ((".docx", ".doc", ".odt", ".rtf", ".pages"), "a text document", _TEXT),
    ((".pptx", ".ppt", ".odp"), "a presentation", _TEXT),
    (
        (".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".bmp", ".heic", ".webp", ".svg"),
        "an image",
        "Have the record system export the table as CSV or Excel.",
    ),
    (
        (".numbers",),
        "a spreadsheet of Numbers",
        "Open it in Numbers and export it as Excel or CSV.",
    ),
    ((".gsheet",), "a link to a Google sheet", "Open it and download it as .xlsx or CSV."),
    (
        (".sav", ".zsav", ".por"),
        "an SPSS file",
        f"Save it as CSV from SPSS (File, Save As). {_PANDAS}",
    ),
    ((".dta",), "a Stata file", f'In Stata: export delimited using "name.csv". {_PANDAS}'),
    ((".sas7bdat", ".xpt"), "a SAS file", f"In SAS: proc export, dbms=csv. {_PANDAS}"),
    ((".rds", ".rda", ".rdata"), "an R file", _R),
    (
        (".mdb", ".accdb"),
        "an Access database",
        "Open it in Access and export each table as Excel or as text (CSV).",
    ),
    (
        (".db", ".sqlite", ".sqlite3"),
        "a database",
        "Write its queries into [database] of a mapping, and give its address: sqlite:///name.db.",
    ),
    (
        (".html", ".htm", ".mht", ".mhtml"),
        "a web page",
        "Open it in a spreadsheet program and save it as .xlsx or as CSV.",
    ),
    ((".xml",), "an XML file", "Open it in Excel and save it as .xlsx, or export it again as CSV."),
    (
        (".json",),
        "a JSON document",
        "Export it as JSON lines (.jsonl: one object a line) or as CSV.",
    ),
    ((".feather", ".arrow", ".pkl", ".pickle", ".h5"), "a file of a data frame", _PANDAS),
    (
        (".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz", ".zst"),
        "packed in a way that is not read",
        "Unpack it and give the folder, or pack it as .zip.",
    ),
)
NOT_READ = {suffix: (what, instead) for suffixes, what, instead in _NOT_READ for suffix in suffixes}
IMAGES = next(suffixes for suffixes, what, _ in _NOT_READ if what == "an image")


def refuse_not_read(path: Path) -> None:
    """Raise RecordsError, with advice, if a file is of a kind that is recognised but not read."""
    if ending(path) in NOT_READ:
        what, instead = NOT_READ[ending(path)]
        raise RecordsError(f"{shown(path)} is {what}, which is not read.", instead=instead)
