"""The catalogues: texts in the code are English, `zh_Hans_CN` gives the Chinese.

`make translations` collects new texts into the catalogues; a test fails while one is missing. The binary form that is
read at run time is made from the text form when it is missing or older.
"""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

FOLDER = Path(__file__).parent
LOCALE = "zh_Hans_CN"
DOMAIN = "messages"
HEADER = f"""# Chinese texts of the after-sales back office.
msgid ""
msgstr ""
"Language: {LOCALE}\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
#: Functions whose first argument is a text, besides gettext's own names.
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2), "lazy_ngettext": (1, 2),
    "_gettext": None, "_ngettext": (1, 2),
}  # fmt: skip


def catalogue_path() -> Path:
    """The Chinese catalogue in its text form."""
    return FOLDER / LOCALE / "LC_MESSAGES" / f"{DOMAIN}.po"


def catalogue() -> Catalog:
    """The Chinese catalogue as it is stored."""
    with catalogue_path().open("rb") as file:
        return read_po(file, locale=LOCALE, domain=DOMAIN)


def texts() -> Iterator[tuple[str, int, str | tuple[str, ...]]]:
    """Every text of the code and the templates that a person may see: (file, line, text or (singular, plural))."""
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    options = {"templates/**.html": {"encoding": "utf-8", "extensions": "jinja2.ext.do", "silent": "false"}}
    root = FOLDER.parent
    for file, line, message, _comments, _context in extract_from_dir(root, methods, options, keywords=KEYWORDS):
        yield file, line, message


def update() -> int:
    """Bring new texts into the catalogue and drop those that are gone; returns how many are not translated yet."""
    fresh = Catalog(locale=LOCALE, domain=DOMAIN, charset="utf-8", fuzzy=False)
    old = catalogue() if catalogue_path().exists() else None
    for file, _line, text in texts():
        fresh.add(text, locations=[(file, 0)])
    for message in fresh:
        known = old.get(message.id) if old is not None and message.id else None
        if known is not None and known.string and not known.fuzzy:
            message.string = known.string
    catalogue_path().parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    write_po(content, fresh, width=120, sort_output=True, omit_header=True, include_lineno=False)
    catalogue_path().write_bytes(HEADER.encode() + content.getvalue())
    return sum(1 for message in fresh if message.id and not any(_strings(message.string)))


def _strings(value: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def compile_if_stale() -> None:
    """Make the binary catalogue when it is missing or older than the text; safe when several processes start at once.

    Raises OSError where the folder cannot be written and no binary form is there.
    """
    source = catalogue_path()
    target = source.with_suffix(".mo")
    if not source.exists() or (target.exists() and target.stat().st_mtime >= source.stat().st_mtime):
        return
    content = io.BytesIO()
    write_mo(content, catalogue())
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        file.write(content.getvalue())
    Path(file.name).chmod(0o644)
    Path(file.name).replace(target)
