"""The kind of a workbook, recognised by its content and not by its name."""

from __future__ import annotations

import io
import struct
import zipfile
from xml.parsers import expat

from iop_outcomes.errors import RecordsError
from iop_outcomes.records.sources.opening import by_content
from iop_outcomes.records.sources.workbooks import contents
from iop_outcomes.records.sources.workbooks.contents import BookContents, too_large
from iop_outcomes.records.sources.workbooks.ods import ods_contents
from iop_outcomes.records.sources.workbooks.xls import xls_contents
from iop_outcomes.records.sources.workbooks.xlsb import xlsb_contents
from iop_outcomes.records.sources.workbooks.xlsx import xlsx_contents

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_PARTS = {
    "xl/workbook.xml": xlsx_contents,
    "xl/workbook.bin": xlsb_contents,
    "content.xml": ods_contents,
}


def book_contents(data: bytes, name: str) -> BookContents:
    """Return the contents of a workbook of any kind.

    Raises
    ------
    RecordsError
        If it is not a workbook, is damaged, needs a password or is too large.
    """
    try:
        if data.startswith(_OLE):
            return xls_contents(data, name)
        if data.startswith(_ZIP):
            return _packed(data, name)
    except RecordsError:
        raise
    except MemoryError:
        raise
    except Exception as error:  # zipfile, olefile and XML raise many kinds on a damaged file
        known = {
            struct.error: "a record that is cut off",
            IndexError: "a record that is cut off",
            zipfile.BadZipFile: "a zip file that is damaged or cut off (BadZipFile)",
            expat.ExpatError: "a sheet that is damaged or cut off",
        }
        raise RecordsError(
            f"{name} cannot be read as an Excel workbook.",
            found=known.get(type(error)) or by_content(data),
            instead="Open it in the program that wrote it and save it again as .xlsx, or as CSV.",
        ) from None
    content = by_content(data) or ("an empty file" if not data else _text_kind(data))
    raise RecordsError(
        f"{name} is not an Excel workbook.",
        found=content,
        instead="Give it the ending of its kind; or open it in Excel and save it as .xlsx, or as "
        "CSV.",
    )


def _packed(data: bytes, name: str) -> BookContents:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(item.file_size for item in archive.infolist())
        if size > contents.MOST_UNPACKED:
            raise too_large(name, f"{size:,} bytes; at most {contents.MOST_UNPACKED:,} are read")
        parts = set(archive.namelist())
        for part, count in _PARTS.items():
            if part in parts:
                return count(archive, name)
    raise RecordsError(
        f"{name} is not an Excel workbook.",
        found="a zip file of another kind",
        instead="Give it the ending .zip if it holds tables; else save the table as .xlsx or CSV.",
    )


def _text_kind(data: bytes) -> str:
    head = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<html", b"<!doctype html", b"<table", b"<head", b"<meta")):
        return "a web page, as some record systems name .xls"
    if head.startswith((b"<?xml", b"mime-version")):
        return "XML or a saved web page, as some record systems name .xls"
    if b"\0" not in head and (b"," in head or b"\t" in head or b";" in head):
        return "text in lines: a CSV or TSV file with the ending of a workbook"
    return "something else"
