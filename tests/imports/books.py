"""Workbooks for the tests, honest ones and bombs."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

from openpyxl import Workbook

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def book_of(*rows: list[Any], title: str = "", more: dict[str, list[list[Any]]] | None = None) -> bytes:
    """A workbook with these rows, perhaps below a merged title, perhaps with more sheets."""
    book = Workbook()
    sheet = book.active
    if title:
        sheet.append([title])
        sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(rows[0]))
    for row in rows:
        sheet.append(row)
    for name, others in (more or {}).items():
        other = book.create_sheet(name)
        for row in others:
            other.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def packed(parts: dict[str, bytes]) -> bytes:
    """The parts as a packed file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


def with_part(name: str, content: bytes, book: bytes | None = None) -> bytes:
    """An honest workbook in which one part is replaced or added."""
    with zipfile.ZipFile(io.BytesIO(book or book_of(["name"], ["A"]))) as file:
        parts = {one: file.read(one) for one in file.namelist()}
    return packed(parts | {name: content})


def sheet_of(xml: str) -> bytes:
    """A workbook whose sheet data are this XML."""
    text = f'<worksheet xmlns="{SPREADSHEET}"><sheetData>{xml}</sheetData></worksheet>'
    return with_part("xl/worksheets/sheet1.xml", text.encode())


def _zeros() -> bytes:
    return with_part("xl/media/image1.png", b"\0" * (300 * 1024 * 1024))


def _many_cells() -> bytes:
    return sheet_of('<row r="1">' + "<c/>" * 20_000_000 + "</row>")


def _texts() -> bytes:
    return with_part("xl/sharedStrings.xml", b"<sst>" + b"<si><t>a</t></si>" * 5_000_000 + b"</sst>")


def _styles() -> bytes:
    return with_part("xl/styles.xml", b"<styleSheet><cellXfs>" + b"<xf/>" * 5_000_000 + b"</cellXfs></styleSheet>")


def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY l0 "ha">{entities}]><worksheet>&l9;</worksheet>'
    return with_part("xl/worksheets/sheet1.xml", text.encode())


def _nested() -> bytes:
    return with_part("xl/embeddings/inner.zip", packed({"a": b"\0" * (50 * 1024 * 1024)}))


def _lying() -> bytes:
    """A part that says it is small and is not."""
    content = bytearray(with_part("xl/media/image1.png", b"\0" * (300 * 1024 * 1024)))
    real, small = (300 * 1024 * 1024).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    return bytes(content.replace(real, small))


def _parts() -> bytes:
    return packed({"[Content_Types].xml": b"<Types/>"} | {f"xl/{n}": b"" for n in range(20_000)})


def _packed_csv() -> bytes:
    return packed({"list.csv": b"name\n" * 40_000_000})


#: Packed files that are small and would be large.
BOMBS: dict[str, Callable[[], bytes]] = {
    "zeros": _zeros, "cells": _many_cells, "texts": _texts, "styles": _styles, "entities": _laughs, "nested": _nested,
    "lying": _lying, "parts": _parts, "csv in zip": _packed_csv,
}  # fmt: skip
