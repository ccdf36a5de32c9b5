"""Excel workbooks written by hand in the tests, as exporters that are not Excel write them."""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape

_NAMES = (
    'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = (
    '<fonts count="1"><font/></fonts><fills count="1"><fill><patternFill/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/></border></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
)


def text(value: str, place: str = "") -> str:
    """Return a cell with a text; `place` is its reference, such as B7, or nothing."""
    at = f' r="{place}"' if place else ""
    return f'<c{at} t="inlineStr"><is><t>{escape(value)}</t></is></c>'


def rows(table: list[list[str]], *, placed: bool = True) -> str:
    """Return the rows of a sheet, with their numbers and the references of their cells or not."""
    lines = []
    for number, values in enumerate(table, start=1):
        at = f' r="{number}"' if placed else ""
        cells = [
            text(value, f"{chr(65 + column)}{number}" if placed else "")
            for column, value in enumerate(values)
        ]
        lines.append(f"<row{at}>{''.join(cells)}</row>")
    return "".join(lines)


def data(inner: str, before: str = "", after: str = "") -> str:
    """Return the XML of a sheet around its rows."""
    return f"<worksheet {_NAMES}>{before}<sheetData>{inner}</sheetData>{after}</worksheet>"


def workbook(
    sheets: dict[str, str],
    *,
    from_1904: bool = False,
    hidden: tuple[str, ...] = (),
    chart: str = "",
    lost: tuple[str, ...] = (),
) -> bytes:
    """Return a workbook.

    `sheets` holds the XML of each by its name; `hidden` are hidden, `lost` have a part that the
    workbook does not point to rightly, `chart` is the name of a chart sheet without a drawing.
    """
    files, entries, links, kinds = {}, [], [], []
    for number, (name, xml) in enumerate(sheets.items(), start=1):
        files[f"xl/worksheets/sheet{number}.xml"] = xml
        state = ' state="hidden"' if name in hidden else ""
        entries.append(f'<sheet name="{name}" sheetId="{number}"{state} r:id="rId{number}"/>')
        target = "worksheets/elsewhere.xml" if name in lost else f"worksheets/sheet{number}.xml"
        links.append((f"rId{number}", f"{_OFFICE}/worksheet", target))
        kinds.append((f"/xl/worksheets/sheet{number}.xml", f"{_KIND}.worksheet+xml"))
    if chart:
        files["xl/chartsheets/sheet1.xml"] = f"<chartsheet {_NAMES}><sheetViews/></chartsheet>"
        entries.append(f'<sheet name="{chart}" sheetId="99" r:id="rId99"/>')
        links.append(("rId99", f"{_OFFICE}/chartsheet", "chartsheets/sheet1.xml"))
        kinds.append(("/xl/chartsheets/sheet1.xml", f"{_KIND}.chartsheet+xml"))
    links.append(("rIdS", f"{_OFFICE}/styles", "styles.xml"))
    kinds += [
        ("/xl/workbook.xml", f"{_KIND}.sheet.main+xml"),
        ("/xl/styles.xml", f"{_KIND}.styles+xml"),
    ]
    date_system = ' date1904="1"' if from_1904 else ""
    files |= {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        + "".join(f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in kinds)
        + "</Types>",
        "_rels/.rels": _links([("rId1", f"{_OFFICE}/officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f"<workbook {_NAMES}><workbookPr{date_system}/>"
        f"<sheets>{''.join(entries)}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _links(links),
        "xl/styles.xml": f"<styleSheet {_NAMES}>{_STYLES}</styleSheet>",
    }
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{content}')
        return buffer.getvalue()


def _links(links: list[tuple[str, str, str]]) -> str:
    inner = "".join(
        f'<Relationship Id="{name}" Type="{kind}" Target="{target}"/>'
        for name, kind, target in links
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'
