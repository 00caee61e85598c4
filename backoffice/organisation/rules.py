"""Plain rules on names, passwords and date ranges; no database."""

import re
import unicodedata
from datetime import date
from itertools import pairwise

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import MissingInput, RuleViolated, Text

LONGEST_PASSWORD = 200
_USERNAME = re.compile(r"\w[\w.-]{1,39}")
_BRANCH_CODE = re.compile(r"[A-Z0-9]{2,4}")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}")
_REGION_CODE = re.compile(r"\d{6}")

#: Words that most guesses begin with, followed by digits and signs.
_COMMON_WORDS = frozenset(
    """
    password passwort passw0rd p@ssw0rd pass admin administrator root user guest test demo login welcome letmein
    changeme secret default master monkey dragon sunshine princess football baseball superman batman trustno
    iloveyou loveyou whatever computer internet service company office backoffice aftersales pump pumps
    qwerty qwert qwertyui qwertyuiop qwer asdf asdfgh asdfghjkl zxcv zxcvbn zxcvbnm qazwsx qazwsxedc abc abcd abcdef
    abcdefg abcdefgh woaini woaiwojia wodemima mima zhongguo shuibeng gongsi fuwu shouhou nihao aini tiankong
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_COMMON = frozenset(
    """
    1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc zaq12wsxcde3 q1w2e3r4t5 qwer1234asdf asdf1234qwer a1b2c3d4e5 1a2b3c4d5e
    abc123abc123 aa123456789 qq123456789 woaini1314520 woaini5201314 5201314520 13145201314 1357924680 2468013579
    1029384756 0987654321 1234567890 0123456789 9876543210 12345678910 1122334455 5544332211 147258369000 1470258369
    7894561230 123qweasdzxc qweasdzxc123 passwordpassword iloveyouiloveyou adminadmin rootrootroot
    """.split()  # noqa: SIM905 - a list of words reads best as words
)


def clean_username(text: str) -> str:
    """The name for logging in, in its one spelling; raises RuleViolated unless it has 2 to 40 fitting characters."""
    name = unicodedata.normalize("NFKC", text).strip().casefold()
    if not _USERNAME.fullmatch(name):
        raise RuleViolated(
            _l("A user name has 2 to 40 letters, digits, dots, dashes or underscores."), rule="E-02", field="username"
        )
    return name


def clean_email(text: str | None) -> str:
    """An e-mail address of plain letters, digits and signs, or "" for none; raises RuleViolated for anything else."""
    address = unicodedata.normalize("NFKC", text or "").strip()
    if address and (len(address) > 254 or not _EMAIL.fullmatch(address)):
        raise RuleViolated(_l("This is no e-mail address: write it like wang@example.com."), rule="E-32", field="email")
    return address


def login_name(text: str) -> str:
    """What somebody typed as user name, in the spelling in which names are kept; never refuses."""
    return unicodedata.normalize("NFKC", text[:200]).strip().casefold()[:40]


def check_password(password: str, *, minimum: int, username: str = "") -> str:
    """`password` itself; raises RuleViolated when it is short, very long, common, monotonous or the user's name."""
    folded = password.casefold()
    if len(password) < minimum:
        raise _weak(_l("A password has at least %(count)s characters.", count=minimum))
    if len(password) > LONGEST_PASSWORD:
        raise _weak(_l("A password has at most %(count)s characters.", count=LONGEST_PASSWORD))
    if len(set(folded)) < 5:
        raise _weak(_l("This password repeats a few characters. Choose one that is harder to guess."))
    if username and username.casefold() in folded and len(folded) - len(username) < 6:
        raise _weak(_l("This password contains the user name. Choose one that is harder to guess."))
    if is_common(folded):
        raise _weak(_l("This password is one of the first that are tried. Choose one that is harder to guess."))
    return password


def is_common(folded: str) -> bool:
    """Whether the lower-case password is on the list, is a listed word with digits and signs, or counts up or down."""
    core = folded.strip("0123456789!@#$%^&*()-_=+.,?~ ")
    steps = {ord(b) - ord(a) for a, b in pairwise(folded)}
    return folded in _COMMON or core in _COMMON_WORDS or steps in ({1}, {-1}, {0})


def _weak(message: Text) -> RuleViolated:
    return RuleViolated(message, rule="E-02", field="password")


def check_branch_code(text: str) -> str:
    """The branch's code, 2 to 4 capitals or digits as it stands in every number. Raises RuleViolated otherwise."""
    code = text.strip().upper()
    if not _BRANCH_CODE.fullmatch(code):
        raise RuleViolated(_l("A branch code has 2 to 4 letters or digits."), rule="E-01", field="code")
    return code


def check_region_code(text: str) -> str | None:
    """The area's code in GB/T 2260, or None when empty. Raises RuleViolated unless it has six digits."""
    code = text.strip()
    if code and not (code.isascii() and _REGION_CODE.fullmatch(code)):
        raise RuleViolated(_l("A region code has six digits (GB/T 2260)."), rule="E-03", field="region_code")
    return code or None


def check_limit(minutes: int | None, field: str) -> int:
    """A limit in minutes. Raises MissingInput when absent, RuleViolated unless it is 1 minute to 7 days."""
    if minutes is None:
        raise MissingInput(_l("Enter the limit in minutes."), rule="E-03", field=field)
    if not 1 <= minutes <= 10080:
        raise RuleViolated(_l("A limit lies between 1 and 10080 minutes."), rule="E-03", field=field)
    return minutes


def check_range(from_on: date | None, to_on: date | None, *, rule: str) -> tuple[date, date]:
    """Both days of a range. Raises MissingInput when one is absent, RuleViolated for a range turned round."""
    for name, day in (("from_on", from_on), ("to_on", to_on)):
        if day is None:
            raise MissingInput(_l("Enter the day."), rule=rule, field=name)
        if not 2000 <= day.year <= 2100:
            raise RuleViolated(_l("The year lies between 2000 and 2100."), rule=rule, field=name)
    assert from_on is not None  # noqa: S101 - the loop has seen to it
    assert to_on is not None  # noqa: S101
    if to_on < from_on:
        raise RuleViolated(_l("The last day lies before the first."), rule=rule, field="to_on")
    return from_on, to_on
