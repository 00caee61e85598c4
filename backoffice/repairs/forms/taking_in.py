"""Taking goods in on site, item by item, on the phone (W-1.5); voiding a receipt (W-3)."""

from datetime import timedelta
from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import FieldList, Form, FormField, HiddenField

from backoffice.calls.models import ServiceCall
from backoffice.core import clock
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Actor
from backoffice.goods.models import GoodsReceipt
from backoffice.goods.rules import MOST_ITEMS, TakenItem
from backoffice.papers import queries as papers
from backoffice.papers.models import PaperKind
from backoffice.settings import queries as settings
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import LocalDateField, LookupField, MoneyField, TextBlock, TextLine, UploadField
from backoffice.ui.guards import parse_number
from backoffice.vouchers.forms import signing


class ItemForm(Form):
    """One item: what it is, how it looks, until when."""

    unit = LookupField(
        _l("Unit"), lookup="units", context=("customer",), description=_l("Serial number; empty for what we never sold")
    )
    model_text = TextLine(
        _l("What it is"), max=120, description=_l("Without a unit: model, or what the nameplate says")
    )
    serial_no = TextLine(_l("Serial number"), max=60, description=_l("Without a unit; may stay empty"))
    accessories = TextLine(_l("Accessories"), max=300, description=_l("What comes along, or “none”"))
    appearance = TextLine(_l("Appearance"), max=300, description=_l("Scratches, rust, missing parts"))
    fault_text = TextBlock(_l("Fault"), max=2000)
    promised_return_on = LocalDateField(_l("Promised for"))
    estimated_fee = MoneyField(_l("Estimated fee"), description=_l("May stay empty"))
    photos = UploadField(_l("Photo of the item"))
    paper_no = TextLine(_l("Number on the receipt"), max=60, description=_l("Only when a pre-numbered sheet is used"))
    card_paper_no = TextLine(_l("Number on the card"), max=60, description=_l("Only when a pre-numbered card is used"))

    #: What somebody has to have typed before an item counts.
    TYPED = (
        "unit", "model_text", "serial_no", "accessories", "appearance", "fault_text", "estimated_fee", "photos",
        "paper_no", "card_paper_no",
    )  # fmt: skip

    def is_empty(self) -> bool:
        """Whether nothing was typed: an item that was added and not used."""
        return not any(self[name].data or getattr(self[name], "typed", "") for name in self.TYPED)


@form_for("call.take_away")
class TakeAwayForm(ActForm):
    """The items, and the customer's signature on the voucher."""

    template = "repairs/take_away.html"
    event_time = True
    most = MOST_ITEMS

    customer = HiddenField()
    items = FieldList(FormField(ItemForm), min_entries=1, max_entries=MOST_ITEMS)
    work_done = TextBlock(_l("What was found"), max=2000, description=_l("May stay empty"))
    signature_mode, signature, scan = signing()
    signed_by = TextLine(_l("Name of the person who signed"), max=60)

    def prefill(self, docs: list[ServiceCall], by: Actor) -> None:
        """The call's unit and fault are the first item; the promise starts from the planned finish (TL-06)."""
        if len(docs) != 1:
            return
        call = docs[0]
        self.customer.data = str(call.customer_id)
        wanted = parse_number(request.args.get("items"), 1, 1, MOST_ITEMS)
        while request.method == "GET" and len(self.items.entries) < wanted:
            self.items.append_entry()
        for place, entry in enumerate(self.items.entries):
            form = entry.form
            if request.method == "GET":
                form.promised_return_on.data = clock.today() + timedelta(days=settings.integer("TL-06"))
                if place == 0:
                    form.unit.data, form.fault_text.data = call.unit, call.fault_text
                    form.model_text.data = "" if call.unit else call.model_text
            for name, kind in (("paper_no", PaperKind.RECEIPT), ("card_paper_no", PaperKind.CARD)):
                if place == 0 and (number := papers.next_blank(kind, by.id)):
                    form[name].description = gettext("Your next sheet: %(number)s", number=number)

    def blank(self) -> Any:
        """An empty item, for the script that adds more; its fields are called `items-__N__-…`."""
        form = ItemForm(prefix="items-__N__-")
        form.promised_return_on.data = clock.today() + timedelta(days=settings.integer("TL-06"))
        return form

    def inputs(self) -> dict[str, Any]:
        """The items that were filled in, and one paper."""
        values = super().inputs()
        del values["customer"]
        forms = [entry.form for entry in self.items.entries]
        used = [form for place, form in enumerate(forms) if place == 0 or not form.is_empty()]
        values["items"] = [TakenItem(**{name: field.data for name, field in form._fields.items()}) for form in used]
        return values

    def blame(self, refusal: BackofficeError) -> bool:
        """Show the refusal beside the field of the item it names."""
        parts = refusal.field.split("-", 2)
        if len(parts) == 3 and parts[0] == "items" and parts[1].isdigit():
            used = [e.form for place, e in enumerate(self.items.entries) if place == 0 or not e.form.is_empty()]
            form = used[int(parts[1])] if int(parts[1]) < len(used) else None
            if form is not None and parts[2] in form:
                form[parts[2]].errors = [*form[parts[2]].errors, str(refusal)]
                return True
        return super().blame(refusal)


@form_for("receipt.void")
class VoidReceiptForm(ActForm):
    """Why it is void, and the sheet of the new voucher where none is left."""

    event_time = True

    reason = TextBlock(_l("Reason"), max=300)
    paper_no = TextLine(
        _l("Number on the paper of the new voucher"), max=60,
        description=_l("Only when this was the last item and a pre-numbered sheet is used"),
    )  # fmt: skip

    def prefill(self, docs: list[GoodsReceipt], by: Actor) -> None:
        """Name the technician's next sheet (E-10)."""
        if len(docs) == 1 and (number := papers.next_blank(PaperKind.VOUCHER, docs[0].issued_by_id)):
            self.paper_no.description = gettext("The technician's next sheet: %(number)s", number=number)
