"""Form fields: what a person typed is kept when it is wrong, and checked before anything is written."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from markupsafe import Markup
from wtforms import Field, SelectField, StringField, TextAreaField
from wtforms.fields.choices import Choice, SelectChoice
from wtforms.validators import ValidationError
from wtforms.widgets import HiddenInput, TextInput, html_params

from backoffice.core import attachments, clock
from backoffice.core.errors import BackofficeError
from backoffice.core.money import parse_amount
from backoffice.core.states import LabelledEnum

from .guards import actor, parse_key
from .lookups import LOOKUPS, context_of

FIRST_YEAR, LAST_YEAR = 1900, 2200
_SIGNATURE_PREFIX = "data:image/png;base64,"
_SIGNATURE_MOST = 400_000


def check_text(value: str, longest: int, *, lines: bool) -> None:
    """Raises ValidationError for text that is too long or holds control characters (line breaks only with `lines`)."""
    if len(value) > longest:
        raise ValidationError(
            gettext("At most %(most)s characters, these are %(count)s.", most=longest, count=len(value))
        )
    allowed = "\n\t" if lines else ""
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in allowed for c in value):
        raise ValidationError(gettext("The text holds a character that cannot be typed, such as a control character."))


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(gettext("Enter a year between %(a)s and %(b)s.", a=FIRST_YEAR, b=LAST_YEAR))


class TextLine(StringField):
    """One line of at most `max` characters; blanks around it are dropped. Empty gives ""."""

    def __init__(self, label: Any = None, max: int = 200, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.longest = max

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed."""
        self.data = valuelist[0].strip(" \t\r\n") if valuelist else ""

    def pre_validate(self, form: Any) -> None:
        """Refuse what is too long or holds control characters."""
        check_text(self.data or "", self.longest, lines=False)


class TextBlock(TextAreaField):
    """Several lines of at most `max` characters; line ends become LF, nothing else changes. Empty gives ""."""

    def __init__(self, label: Any = None, max: int = 2000, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.longest = max

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed."""
        self.data = valuelist[0].replace("\r\n", "\n").replace("\r", "\n") if valuelist else ""
        if not self.data.strip():
            self.data = ""

    def pre_validate(self, form: Any) -> None:
        """Refuse what is too long or holds control characters."""
        check_text(self.data or "", self.longest, lines=True)


class PhoneField(TextLine):
    """A telephone number as people write it: digits, blanks, dashes, brackets, a leading plus, an extension."""

    def __init__(self, label: Any = None, max: int = 30, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, max, validators, **kwargs)

    def pre_validate(self, form: Any) -> None:
        """Refuse what is no telephone number; empty is left to the validators."""
        super().pre_validate(form)
        if self.data and self.data != getattr(self, "masked_as", None):
            if not re.fullmatch(r"\+?[0-9][0-9 ()\-]*(?:(?:x|ext\.?|转) ?[0-9]{1,6})?", self.data, re.ASCII):
                raise ValidationError(gettext("Enter a telephone number such as 0571-88001234 or 13800001234."))


class _Typed(Field):
    """A field that keeps the typed text beside the value made from it."""

    widget = TextInput()
    raw: str | None = None

    def _value(self) -> str:
        return self.raw if self.raw is not None else self.written(self.data)

    def written(self, value: Any) -> str:
        """The value as the input shows it."""
        return "" if value is None else str(value)

    def read(self, typed: str) -> Any:
        """The value of what was typed; raises ValueError with a sentence."""
        raise NotImplementedError

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take what was typed; empty gives None."""
        self.raw = valuelist[0].strip() if valuelist else ""
        self.data = None
        if self.raw:
            if len(self.raw) > 60:
                self.raw = self.raw[:60]
                raise ValueError(gettext("That is too long."))
            self.data = self.read(self.raw)


class WholeNumberField(_Typed):
    """A whole number from `min` to `max`; data is int or None."""

    def __init__(self, label: Any = None, validators: Any = None, min: int = 0, max: int = 2**31 - 1, **kw: Any):
        super().__init__(label, validators, **kw)
        self.lowest, self.highest = min, max

    def read(self, typed: str) -> int:
        """The number; raises ValueError."""
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", typed, re.ASCII):
            raise ValueError(gettext("Enter a whole number."))
        if not self.lowest <= int(typed) <= self.highest:
            raise ValueError(gettext("Enter a number from %(a)s to %(b)s.", a=self.lowest, b=self.highest))
        return int(typed)


class MoneyField(_Typed):
    """An amount in yuan, exact to the fen; data is Decimal or None."""

    def written(self, value: Decimal | None) -> str:
        """The amount with two places."""
        return "" if value is None else f"{value:.2f}"

    def read(self, typed: str) -> Decimal:
        """The amount; raises ValueError with the sentence of the rule."""
        try:
            return parse_amount(typed)
        except BackofficeError as refusal:
            raise ValueError(str(refusal.message)) from None


class LocalDateTimeField(_Typed):
    """A moment on the office's wall clock; data is an aware UTC datetime or None."""

    widget = TextInput(input_type="datetime-local")

    def written(self, value: datetime | None) -> str:
        """The office's wall clock time."""
        return "" if value is None else f"{clock.local(value):%Y-%m-%dT%H:%M}"

    def read(self, typed: str) -> datetime:
        """The moment; raises ValueError."""
        match = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d))?", typed, re.ASCII)
        try:
            wall = datetime.fromisoformat(f"{match[1]}T{match[2]}:{match[3] or '00'}") if match else None
        except ValueError:
            wall = None
        if wall is None:
            raise ValueError(gettext("Enter a time such as 2026-11-24 08:42."))
        _check_year(wall.year)
        return clock.from_local(wall)


class LocalDateField(_Typed):
    """A day; data is a date or None."""

    widget = TextInput(input_type="date")

    def written(self, value: date | None) -> str:
        """The day in ISO form."""
        return "" if value is None else value.isoformat()

    def read(self, typed: str) -> date:
        """The day; raises ValueError."""
        try:
            if not re.fullmatch(r"\d{4}-\d\d-\d\d", typed, re.ASCII):
                raise ValueError
            found = date.fromisoformat(typed)
        except ValueError:
            raise ValueError(gettext("Enter a date such as 2026-11-24.")) from None
        _check_year(found.year)
        return found


class EnumField(SelectField):
    """A choice out of a labelled enum; data is the member or None. empty_label: the line for "none" (None: no line)."""

    def __init__(
        self, label: Any, enum: Iterable[LabelledEnum], empty_label: Any = None, validators: Any = None, **kw: Any
    ) -> None:
        members = list(enum)
        self.members = {member.value: member for member in members}
        choices = [] if empty_label is None else [SelectChoice("", empty_label)]
        choices += [SelectChoice(member.value, member.label) for member in members]
        super().__init__(label, validators, coerce=str, choices=choices, validate_choice=False, **kw)
        self.may_be_empty = empty_label is not None
        self.wrong = False

    def iter_choices(self) -> Any:
        """The options with the chosen one marked."""
        chosen = self.data.value if self.data else ""
        return [Choice(one.value, one.label, one.value == chosen, {}) for one in self.choices]

    def process_data(self, value: Any) -> None:
        """Take a member or its value."""
        self.data = self.members.get(getattr(value, "value", value))

    def process_formdata(self, valuelist: list[str]) -> None:
        """Take the chosen value."""
        typed = valuelist[0] if valuelist else ""
        self.data = self.members.get(typed)
        self.wrong = bool(typed) and self.data is None

    def pre_validate(self, form: Any) -> None:
        """Refuse what is none of the choices."""
        if self.wrong:
            raise ValidationError(gettext("Choose one of the listed values."))
        if self.data is None and not self.may_be_empty:
            raise ValidationError(gettext("Choose one."))


class _LookupWidget:
    """A text input that a script turns into a combobox; the key of the chosen row travels in a hidden input."""

    def __call__(self, field: "LookupField", **kwargs: Any) -> Markup:
        shown = field.typed if field.data is None else field.source.show(field.data)
        hidden = html_params(type="hidden", name=field.name, value=field.data.id if field.data is not None else "")
        kwargs = {
            "id": field.id, "name": f"{field.name}-text", "type": "text", "value": shown, "autocomplete": "off",
            "data-lookup": f"/lookup/{field.lookup}", "data-context": " ".join(field.context), "dir": "auto", **kwargs,
        }  # fmt: skip
        return Markup("<input {}><input {}>").format(Markup(html_params(**kwargs)), Markup(hidden))


class LookupField(Field):
    """A row chosen by a look-up; data is the instance or None, always within the person's scope.

    Posted: the key under the field's name, or without script words under `<name>-text` that fit exactly one row.
    context: names of other fields of the form that narrow the choice.
    """

    widget = _LookupWidget()

    def __init__(
        self, label: Any = None, validators: Any = None, lookup: str = "", context: Iterable[str] = (), **kw: Any
    ) -> None:
        super().__init__(label, validators, **kw)
        self.lookup, self.context = lookup, tuple(context)
        self.typed = ""
        self.problem = ""

    @property
    def source(self) -> Any:
        """The declared look-up; KeyError when nobody has declared it."""
        return LOOKUPS[self.lookup]

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Take the row from the record or the choice from the form."""
        from wtforms.utils import unset_value

        super().process(None, unset_value if data is None else data)
        if formdata is None or not (self.name in formdata or f"{self.name}-text" in formdata):
            return
        self.data, self.problem = None, ""
        keys, words = formdata.getlist(self.name), formdata.getlist(f"{self.name}-text")
        key, self.typed = (keys[0].strip() if keys else ""), (words[0].strip()[:200] if words else "")
        self.raw_data = [key or self.typed]
        by, context = actor(), context_of(formdata, self.context)
        if by is None:
            return
        if key:
            self.data = self.source.get(parse_key(key), by, context)
            self.problem = "" if self.data is not None else gettext("This cannot be chosen here. Choose again.")
        elif self.typed:
            self._by_words(by, context)

    def _by_words(self, by: Any, context: dict[str, Any]) -> None:
        rows = self.source.find(self.typed, by, context)
        same = [row for row in rows if self.source.show(row) == self.typed]
        rows = same if len(same) == 1 else rows
        if len(rows) == 1:
            self.data = rows[0]
        elif rows:
            names = ", ".join(self.source.show(row) for row in rows[:5])
            self.problem = gettext("Several fit, type more: %(names)s", names=names)
        else:
            self.problem = gettext("Nothing fits “%(typed)s”.", typed=self.typed)

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not offered."""
        if self.problem:
            raise ValidationError(self.problem)


class UploadField(Field):
    """Files of a record; data is a list of checked uploads. Nothing is stored here."""

    widget = TextInput(input_type="file")
    most = 10

    def __init__(self, label: Any = None, validators: Any = None, max_bytes: int = 10 * 1024 * 1024, **kw: Any):
        super().__init__(label, validators, **kw)
        self.max_bytes = max_bytes

    def _value(self) -> bool:
        return False

    def process_data(self, value: Any) -> None:
        """A file input never shows what is stored."""
        self.data = []

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Check each file; raises ValueError with the sentence of the rule."""
        self.data = []
        files = [one for one in valuelist if getattr(one, "filename", "")]
        if len(files) > self.most:
            raise ValueError(gettext("At most %(n)s files at a time.", n=self.most))
        for one in files:
            try:
                self.data.append(
                    attachments.prepare(one.filename, one.stream.read(self.max_bytes + 1), max_bytes=self.max_bytes)
                )
            except BackofficeError as refusal:
                self.data = []
                raise ValueError(f"{one.filename[-60:]}: {refusal.message}") from None


class SignatureField(Field):
    """A signature drawn on the screen, posted as a PNG data address; data is a checked upload or None."""

    widget = HiddenInput()
    is_signature = True

    def _value(self) -> str:
        return ""

    def process_data(self, value: Any) -> None:
        """A signature is always drawn anew."""
        self.data = None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Decode and check the drawing; raises ValueError for anything else."""
        self.data = None
        drawn = valuelist[0] if valuelist else ""
        if not drawn:
            return
        if not drawn.startswith(_SIGNATURE_PREFIX) or len(drawn) > _SIGNATURE_MOST:
            raise ValueError(gettext("The signature could not be read. Please sign again."))
        try:
            content = base64.b64decode(drawn[len(_SIGNATURE_PREFIX) :], validate=True)
            self.data = attachments.prepare("signature.png", content, max_pixels=4_000_000)
        except (binascii.Error, BackofficeError):
            raise ValueError(gettext("The signature could not be read. Please sign again.")) from None
        if self.data.content_type != "image/png":
            self.data = None
            raise ValueError(gettext("The signature could not be read. Please sign again."))


class Required:
    """Validator: something must be given. Keeps the field's own message when what was typed could not be read."""

    field_flags = {"required": True}

    def __init__(self, message: Any = None) -> None:
        self.message = message

    def __call__(self, form: Any, field: Any) -> None:
        from wtforms.validators import StopValidation

        if field.errors:
            raise StopValidation
        if field.data is None or field.data == [] or (isinstance(field.data, str) and not field.data.strip()):
            raise StopValidation(str(self.message or gettext("Please fill this in.")))
