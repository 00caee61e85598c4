"""The refused rows as they stood in the file, behind row number and reasons: to be corrected and sent again."""

from collections.abc import Iterator
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.ui import sheets, xlsx
from backoffice.ui.importing.tables import MARK

from . import queries
from .models import ImportRun


def as_csv(run: ImportRun) -> Iterator[bytes]:
    """The file in UTF-8 with BOM, some rows at a time."""
    return sheets.csv_parts(_header(run), _rows(run))


def as_xlsx(run: ImportRun) -> Iterator[bytes]:
    """The workbook, some rows at a time."""
    return xlsx.xlsx_parts(str(_l("Refused rows")), _header(run), _rows(run))


def _header(run: ImportRun) -> list[str]:
    return [f"{MARK}{_l('Row')}", f"{MARK}{_l('Why not')}", *run.header]


def _rows(run: ImportRun) -> Iterator[list[Any]]:
    width = len(run.header)
    for row in queries.refused_rows(run):
        told = "; ".join(f"{column}: {message}" if column else message for column, message, _rule in row.problems or ())
        cells = [cell or None for cell in row.cells or ()]
        yield [row.number, told, *cells, *[None] * (width - len(cells))][: width + 2]
