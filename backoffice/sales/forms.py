"""Input pages of the acts on parts sales, line by line, and the look-up of the parts with their prices."""

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from wtforms import BooleanField, FieldList, Form, FormField, HiddenField

from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Actor, Permission
from backoffice.core.quantity import format_quantity
from backoffice.parts.models import Part
from backoffice.parts.queries import parts_matching
from backoffice.settings import queries as settings
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import EnumField, LookupField, MoneyField, QuantityField, Required, TextBlock, TextLine
from backoffice.ui.guards import parse_key, parse_number
from backoffice.ui.lookups import lookup
from backoffice.vouchers.models import CollectionPath

from .models import PartsSale, SaleLine
from .rules import MOST_LINES, BackItem, SaleItem


@lookup(
    "parts_for_sale", model=Part, permission=Permission.SALE_WRITE, label=lambda part: part.label,
    fills=lambda part: {"unit_price": f"{part.sale_price:.2f}", "seen_price": f"{part.sale_price:.2f}"},
)  # fmt: skip
def find_parts(term: str, by: Actor) -> Select[Any]:
    """Parts in use by code, name or specification; choosing one fills its price in."""
    return parts_matching(term, by)


class LineForm(Form):
    """One part: how many, at which price."""

    part = LookupField(_l("Part"), lookup="parts_for_sale")
    quantity = QuantityField(_l("Quantity"))
    unit_price = MoneyField(_l("Unit price"), description=_l("Empty: the sale price of the part"))
    price_reason = TextLine(
        _l("Reason of the price"), max=300, description=_l("For another price; only the supervisor gives one")
    )
    seen_price = MoneyField()

    def is_empty(self) -> bool:
        """Whether nothing was typed: a line that was added and not used."""
        typed = (self.part.data, self.part.typed, self.quantity.data, self.unit_price.data, self.price_reason.data)
        return not any(typed)


class _Lines(ActForm):
    """Lines, with more added by a script or, without one, by a link."""

    template = "sales/form.html"
    most = MOST_LINES

    #: one more than there may be, so that the act tells instead of one being left out in silence
    lines = FieldList(FormField(LineForm), min_entries=1, max_entries=MOST_LINES + 1)

    def used(self) -> list[LineForm]:
        """The lines that were filled in; the first one always."""
        forms = [entry.form for entry in self.lines.entries]
        return [form for place, form in enumerate(forms) if place == 0 or not form.is_empty()]

    def blank(self) -> LineForm:
        """An empty line for the script that adds more; its fields are called `lines-__N__-…`."""
        return LineForm(prefix="lines-__N__-")

    def more_lines(self) -> None:
        """As many lines as the address asks for."""
        wanted = parse_number(request.args.get("lines"), 1, 1, MOST_LINES)
        while request.method == "GET" and len(self.lines.entries) < wanted:
            self.lines.append_entry()

    def inputs(self) -> dict[str, Any]:
        """The lines that were filled in."""
        lines = [
            SaleItem(
                form.part.data, form.quantity.data, form.unit_price.data, form.price_reason.data, form.seen_price.data
            )
            for form in self.used()
        ]  # fmt: skip
        return super().inputs() | {"lines": lines}

    def blame(self, refusal: BackofficeError) -> bool:
        """Show the refusal beside the field of the line it names; a price that has changed is shown as it is now."""
        parts = refusal.field.split("-", 2)
        used = self.used()
        if len(parts) == 3 and parts[0] == "lines" and parts[1].isdigit() and int(parts[1]) < len(used):
            form = used[int(parts[1])]
            if form.part.data is not None and form.seen_price.data is not None:
                form.seen_price.raw, form.seen_price.data = None, form.part.data.sale_price
            if parts[2] in form:
                form[parts[2]].errors = [*form[parts[2]].errors, str(refusal)]
                return True
        return super().blame(refusal)


@form_for("sale.create")
class CreateForm(_Lines):
    """Who buys which parts, and whether they go along at once."""

    event_time = True

    customer = LookupField(_l("Customer"), [Required()], lookup="customers")
    remark = TextLine(_l("Remark"), max=300)
    deliver_now = BooleanField(_l("Deliver now: the parts leave the store, and what they cost is due"))
    path = EnumField(_l("Payment"), CollectionPath, empty_label=_l("By the limit"))

    def prefill(self, docs: Sequence[Any], by: Actor) -> None:
        """Say the limit; a customer whose page led here is chosen."""
        self.more_lines()
        self.path.description = _path_words()

    def __iter__(self) -> Any:
        """The customer first, then the lines."""
        first = ("customer", "lines")
        names = [*first, *(name for name in self._fields if name not in first)]
        return iter([self._fields[name] for name in names])


@form_for("sale.edit")
class EditForm(_Lines):
    """Changes of a draft; a line whose part is taken away is dropped."""

    remark = TextLine(_l("Remark"), max=300)

    def prefill(self, docs: Sequence[PartsSale], by: Actor) -> None:
        """The lines of the draft as they stand, with the prices of the parts as they are now."""
        if request.method == "GET" and docs:
            while self.lines.entries:
                self.lines.pop_entry()
            for line in docs[0].valid_lines:
                self.lines.append_entry(_shown(line))
        self.more_lines()

    def compare(self, doc: PartsSale) -> None:
        """After a stale edit: the lines as typed stay, their page says what the record holds now."""
        if doc.remark != self.remark.data:
            self.remark.theirs = doc.remark


def _shown(line: SaleLine) -> dict[str, Any]:
    return {
        "part": line.part, "quantity": line.quantity, "unit_price": line.unit_price, "price_reason": line.price_reason,
        "seen_price": line.part.sale_price if line.part is not None else None,
    }  # fmt: skip


def _path_words() -> str:
    limit = f"{settings.amount('C-01'):,.2f}"
    return gettext("Up to ¥%(limit)s at the counter, above that invoice first", limit=limit)


@form_for("sale.deliver")
class DeliverForm(ActForm):
    """How it is paid."""

    event_time = True

    path = EnumField(_l("Payment"), CollectionPath, empty_label=_l("By the limit"))

    def prefill(self, docs: Sequence[PartsSale], by: Actor) -> None:
        """Say the limit."""
        self.path.description = _path_words()


class BackForm(Form):
    """How many of a line come back."""

    line_id = HiddenField()
    quantity = QuantityField()


@form_for("sale.take_back")
class TakeBackForm(ActForm):
    """What comes back of which line, and why."""

    template = "sales/take_back.html"
    event_time = True

    everything = BooleanField(_l("Everything that is left with the customer"))
    lines = FieldList(FormField(BackForm))
    reason = TextBlock(_l("Reason"), max=300)

    def prefill(self, docs: Sequence[PartsSale], by: Actor) -> None:
        """A field for each line of which something is left; sent back, each is told by its line again."""
        if not docs:
            return
        left = [line for line in docs[0].valid_lines if line.left]
        if request.method == "GET":
            for line in left:
                self.lines.append_entry({"line_id": str(line.id)})
        named = {str(line.id): line for line in docs[0].valid_lines}
        for entry in self.lines.entries:
            line = named.get(entry.form.line_id.data or "")
            if line is not None:
                entry.form.quantity.label.text = line.name
                entry.form.quantity.description = gettext(
                    "%(left)s %(unit)s left", left=format_quantity(line.left), unit=line.unit
                )  # fmt: skip

    def inputs(self) -> dict[str, Any]:
        """Key of each line and how many of it."""
        forms = [entry.form for entry in self.lines.entries]
        lines = [BackItem(parse_key(form.line_id.data), form.quantity.data) for form in forms]
        return super().inputs() | {"lines": lines}

    def blame(self, refusal: BackofficeError) -> bool:
        """Show the refusal beside the quantity of the line it names."""
        parts = refusal.field.split("-", 2)
        if len(parts) == 3 and parts[1].isdigit() and int(parts[1]) < len(self.lines.entries):
            field = self.lines.entries[int(parts[1])].form.quantity
            field.errors = [*field.errors, str(refusal)]
            return True
        return super().blame(refusal)


@form_for("sale.void")
class VoidForm(ActForm):
    """Why it is dropped."""

    reason = TextBlock(_l("Reason"), max=300)
