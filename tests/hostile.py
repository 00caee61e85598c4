"""What somebody might type or send to break the office."""

import zlib

from tests.pictures import png

#: Texts for any field.
VALUES = {
    "nothing": "", "blank": "   ", "null": "null", "NUL": "a\x00b", "control": "a\x07\x1bb", "long": "x" * 70_000,
    "right to left": "\u202e\u0634\u0631\u0643\u0629\u202c \u200f1",
    "emoji": "\U0001f6e0\ufe0f\U0001f469\u200d\U0001f527",
    "four bytes": "\U00020bb7野家", "formula": "=cmd|'/C calc'!A0", "plus": "+1+1", "at": "@SUM(1)", "huge": "1e308",
    "nan": "NaN", "infinity": "Infinity", "negative": "-1", "minus zero": "-0.0", "fraction": "12.345",
    "big": "99999999999999999999", "list": "1,2", "quoted": "'; DROP TABLE user; --",
    "markup": "<script>alert(1)</script>", "attribute": '" onmouseover="x', "template": "{{ 7 * 7 }} %(x)s %s {0}",
    "year 1": "0001-01-01", "year 9999": "9999-12-31", "year 10000": "10000-01-01", "moment 1": "0001-01-01T00:00",
    "moment 9999": "9999-12-31T23:59", "no day": "2026-02-30T10:00", "path": "../../etc/passwd",
    "link": "https://example.com/", "json": '{"$ne": null}', "lines": "a\r\nb\rc\nd", "combining": "e" + "\u0301" * 200,
    "full width": "\uff11\uff13\uff18\uff10\uff10\uff11\uff13\uff18\uff10\uff10\uff10", "zero width": "a\u200b\u200db",
}  # fmt: skip

#: The fields of a new call that are always sent.
REGISTER = {
    "model_text": "ISG", "fault_text": "x", "channel": "phone", "priority": "normal", "new_customer_kind": "company",
}  # fmt: skip

#: Files: (name, content).
UPLOADS = {
    "svg": ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    "html": ("a.png", b"<html><script>alert(1)</script>"),
    "empty": ("a.png", b""),
    "cut": ("a.png", png()[:60]),
    "bomb": ("a.png", b"\x89PNG\r\n\x1a\n" + zlib.compress(b"0" * 1000)),
    "exe": ("a.pdf", b"MZ\x90\x00"),
    "gif": ("a.png", b"GIF89a\x01\x00\x01\x00"),
    "polyglot": ("a.html", png() + b"<script>alert(1)</script>"),
    "path": ("../../../etc/passwd", png()),
    "long name": ("x" * 400 + ".png", png()),
}
