"""In which encoding a text file is written: UTF-8, GB18030 or UTF-16, found out from its bytes."""

import codecs

#: Stands for bytes that have no meaning in the encoding; a lone surrogate, so it can come from nowhere else.
BROKEN = "\udcff"
KNOWN = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
_MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE,
          "gb18030": b"\x84\x31\x95\x33"}  # fmt: skip
_SAMPLE = 65536


def _mark_broken(error: UnicodeError) -> tuple[str, int]:
    return BROKEN, error.end  # type: ignore[attr-defined]


codecs.register_error("mark_broken", _mark_broken)


def detect(content: bytes) -> str:
    """UTF-16 by its mark or by the zero bytes of its separators, else UTF-8, else GB18030.

    UTF-8 with some broken bytes stays UTF-8; so many bytes that make no sense in it can only be GB18030.
    """
    for encoding, mark in _MARKS.items():
        if content.startswith(mark):
            return encoding
    if wide := _without_mark(content[:_SAMPLE]):
        return wide
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        broken = content.decode("utf-8", errors="mark_broken").count(BROKEN)
        foreign = len(content) - len(content.translate(None, bytes(range(128, 256))))
        return "gb18030" if broken > foreign * 0.3 else "utf-8"
    return "utf-8"


def mark_length(content: bytes, encoding: str) -> int:
    """How many bytes at the beginning only say which encoding it is."""
    mark = _MARKS[encoding]
    return len(mark) if content.startswith(mark) else 0


def _without_mark(sample: bytes) -> str:
    """UTF-16 whose mark is missing: line ends and separators have a zero byte, always on the same side."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    fewest = max(4, len(sample) // 100)
    if odd >= fewest and even * 10 < odd:
        return "utf-16-le"
    return "utf-16-be" if even >= fewest and odd * 10 < even else ""
