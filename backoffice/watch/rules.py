"""What may leave the house, when a message is tried again, and who is told in whose stead. No database."""

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from backoffice.core.permissions import Role

#: What messages outside may say of a notice (X-20): numbers, days, counts; everything else, names and what somebody
#: has written above all, shows as an ellipsis there.
SAFE = frozenset({
    "cards", "count", "day", "due", "from_on", "job", "number", "percent", "quantity", "replacement", "to_on",
})  # fmt: skip
MOST_ATTEMPTS = 8
#: Without a sweep for so long no worker seems to run.
SILENT_AFTER = timedelta(minutes=5)
LONGEST_SUBJECT = 120
LONGEST_TEXT = 3500
#: Lines of one message to a robot; the rest is counted.
MOST_LINES = 20


class _Discreet(dict[str, Any]):
    """The parameters of a notice as they may be shown outside."""

    def __missing__(self, key: str) -> str:
        return "…"


def outside(template: str, params: Mapping[str, Any] | None) -> str:
    """The text of a notice as it may leave the house: without personal data (X-20)."""
    return template % _Discreet({name: value for name, value in (params or {}).items() if name in SAFE})


def one_line(text: str, longest: int = LONGEST_SUBJECT) -> str:
    """`text` as a header can hold it: no control characters, no line breaks, not too long."""
    plain = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cs"} else c for c in text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def body(lines: Iterable[str], longest: int = LONGEST_TEXT) -> str:
    """Lines as the text of a message: without control characters, cut where it is too long."""
    text = "\n".join(one_line(line, longest) for line in lines)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def pause_after(attempts: int) -> timedelta:
    """How long a message waits after that many attempts: 1, 2, 4 … minutes, at most an hour."""
    return timedelta(minutes=min(2 ** max(attempts - 1, 0), 60))


def stand_ins(role: Role) -> tuple[Role, ...]:
    """Who is told in turn where a branch has nobody of `role`; at last the managers of the headquarters."""
    return (role,) if role is Role.MANAGER else (role, Role.SUPERVISOR, Role.MANAGER)
