"""Choices: out of a labelled enum, or of rows that a look-up offers."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext
from markupsafe import Markup
from wtforms import Field, SelectField, SelectMultipleField
from wtforms.fields.choices import Choice, SelectChoice
from wtforms.utils import unset_value
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget, html_params

from backoffice.core.states import LabelledEnum
from backoffice.ui.formatters import listed
from backoffice.ui.guards import actor, parse_key
from backoffice.ui.lookups import LOOKUPS, context_of


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
        if not valuelist:
            return
        typed = valuelist[0]
        self.data = self.members.get(typed)
        self.wrong = bool(typed) and self.data is None

    def pre_validate(self, form: Any) -> None:
        """Refuse what is none of the choices."""
        if self.wrong:
            raise ValidationError(gettext("Choose one of the listed values."))
        if self.data is None and not self.may_be_empty:
            raise ValidationError(gettext("Choose one."))


class SelectMultipleCheckboxField(SelectMultipleField):
    """Several of listed values, one box each."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class _LookupWidget:
    """A text input that a script turns into a combobox; the key of the chosen row travels in a hidden input."""

    def __call__(self, field: "LookupField", **kwargs: Any) -> Markup:
        shown = field.typed if field.data is None else field.source.show(field.data)
        hidden = html_params(type="hidden", name=field.name, value=field.data.id if field.data is not None else "")
        kwargs = {
            "id": field.id, "name": f"{field.name}-text", "type": "text", "value": shown, "autocomplete": "off",
            "data-lookup": f"/lookup/{field.lookup}", "data-context": " ".join(field.context), "dir": "auto", **kwargs,
        }  # fmt: skip
        return Markup(f"<input {html_params(**kwargs)}><input {hidden}>")  # noqa: S704 - html_params has escaped it


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
            names = listed(self.source.show(row) for row in rows[:5])
            self.problem = gettext("Several fit, type more: %(names)s", names=names)
        else:
            self.problem = gettext("Nothing fits “%(typed)s”.", typed=self.typed)

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not offered."""
        if self.problem:
            raise ValidationError(self.problem)
