"""What is refused before a workbook is parsed: whatever would unpack into more than a table may be.

A part is unpacked a block at a time and never kept, so that the check itself costs little.
"""

import io
import re
import struct
import zipfile
import zlib

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import RuleViolated, Text

MEBIBYTE = 1024 * 1024
MOST_PARTS = 2000
MOST_UNPACKED, MOST_TEXTS = 128 * MEBIBYTE, 32 * MEBIBYTE
#: Most tags of all sheets and texts together, and of any other part, which is small in every honest workbook.
MOST_TAGS, MOST_OTHER_TAGS = 12_000_000, 40_000
_BLOCK = 1 * MEBIBYTE
_DIRECTORY_END, _LONGEST_DIRECTORY = b"PK\x05\x06", 512 * 1024
#: Marks by which a part defines entities.
_ENTITIES = (b"<!DOCTYPE", b"<!ENTITY")
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml[^>]*?(?:encoding=[\"'](?P<encoding>[^\"']*)[\"'][^>]*)?>|[A-Za-z])")


def refuse(content: bytes) -> None:
    """Raises RuleViolated for a packed file that is no workbook, or costs more to read than an honest one may."""
    _check_directory(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            infos = parts.infolist()
            names = {info.filename for info in infos}
            if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
                raise _refusal(_l("This packed file is no XLSX workbook. Send the table itself, as CSV or XLSX."))
            if len(infos) > MOST_PARTS or sum(info.file_size for info in infos) > MOST_UNPACKED:
                raise _too_much()
            left, tags = MOST_UNPACKED, 0
            for info in infos:
                used, found = _inspect(parts, info, left)
                left, tags = left - used, tags + found
                if tags > MOST_TAGS:
                    raise _too_much()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise _refusal(_l("The packed file is damaged.")) from None


def _check_directory(content: bytes) -> None:
    """Refuse a list of parts that is itself too long to be read; zipfile would read it whole."""
    place = content.rfind(_DIRECTORY_END, max(0, len(content) - 65_557))
    if place < 0 or len(content) < place + 22:
        raise _refusal(_l("The packed file is damaged."))
    entries, size = struct.unpack("<HI", content[place + 10 : place + 16])
    if entries > MOST_PARTS or size > _LONGEST_DIRECTORY:
        raise _too_much()


def _inspect(parts: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> tuple[int, int]:
    """(bytes, tags) of one part; no tags for what is no XML."""
    name = info.filename.lower()
    is_xml = name.endswith((".xml", ".rels", ".vml"))
    is_text = name.endswith("sharedstrings.xml")
    most = min(left, MOST_TEXTS) if is_text else left
    most_tags = MOST_TAGS if is_text or name.startswith("xl/worksheets/sheet") else MOST_OTHER_TAGS
    used = tags = 0
    tail = b""
    with parts.open(info) as part:
        while block := part.read(_BLOCK):
            if not used:
                _check_beginning(block, is_xml=is_xml)
            used += len(block)
            if used > most:
                raise _too_much()
            if not is_xml:
                continue
            tags += block.count(b"<")
            if tags > most_tags:
                raise _too_much()
            if any(mark in tail + block for mark in _ENTITIES):
                raise _refusal(_l("The workbook defines entities, which no spreadsheet does."))
            tail = block[-16:]
    return used, tags


def _check_beginning(block: bytes, *, is_xml: bool) -> None:
    if block.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        raise _refusal(_l("The workbook holds another packed file."))
    start = _XML.match(block) if is_xml else None
    if is_xml and (start is None or (start["encoding"] or b"utf-8").lower() not in {b"utf-8", b"us-ascii"}):
        raise _refusal(_l("The workbook cannot be read. Open it in a spreadsheet and save it again."))


def _refusal(message: Text) -> RuleViolated:
    return RuleViolated(message, field="file")


def _too_much() -> RuleViolated:
    return _refusal(_l("Unpacked, the file would hold far more than a table may. It was not read."))
