"""Input pages of the acts on dues, payments and handovers."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import select
from wtforms import Field
from wtforms.utils import unset_value
from wtforms.widgets import html_params

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.money import NOTHING
from backoffice.core.permissions import Actor
from backoffice.core.scope import visible
from backoffice.ui import remarks
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import (
    EnumField,
    MoneyField,
    OneUploadField,
    Required,
    SelectMultipleCheckboxField,
    TextBlock,
    TextLine,
)  # fmt: skip
from backoffice.ui.formatters import money
from backoffice.ui.guards import actor, parse_key
from backoffice.vouchers.models import CollectionPath

from . import queries
from .models import CashHandover, Due, Payment
from .rules import MOST_DUES, PaymentMethod


class _PaymentForm(ActForm):
    event_time = True

    amount = MoneyField(_l("Amount"), [Required()], description=_l("In yuan; less than what is open is a part"))
    method = EnumField(_l("How it was paid"), PaymentMethod, default=PaymentMethod.CASH)
    proof = OneUploadField(_l("Proof"), description=_l("PNG, JPEG or PDF; needed for all but cash"))
    reference = TextLine(_l("Number of the transfer or cheque"), max=60)

    def offer(self, amount: Decimal) -> None:
        """Stand for that amount until another is typed."""
        if self.amount.raw is None:
            self.amount.data = amount


@form_for("due.receive")
class ReceiveForm(_PaymentForm):
    """Money for one due."""

    def prefill(self, docs: Sequence[Due], by: Actor) -> None:
        """All that is open."""
        if len(docs) == 1:
            self.offer(docs[0].open_amount)


class DuesField(Field):
    """Dues that were picked on their list; data is the rows that the person sees, in the order of their days."""

    def __init__(self, label: Any = None, validators: Any = None, **kw: Any) -> None:
        super().__init__(label, validators, **kw)
        self.type = "HiddenField"  # the page shows them in a table of its own

    def widget(self, field: Any, **kw: Any) -> Markup:
        """Their keys."""
        inputs = (html_params(type="hidden", name=self.name, value=due.id) for due in self.data)
        return Markup("".join(f"<input {one}>" for one in inputs))  # noqa: S704 - html_params has escaped it

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Find them by the keys that were sent, or stand in the address."""
        super().process(None, unset_value)
        sent = request.args if formdata is None else formdata
        keys = [key for value in sent.getlist(self.name)[: MOST_DUES + 1] if (key := parse_key(value)) is not None]
        by = actor()
        query = select(Due).where(Due.id.in_(keys), visible(Due, by)).order_by(Due.due_on, Due.id)
        self.data = list(db.session.scalars(query)) if keys and by is not None else []


@form_for("payment.create")
class ReceiveSeveralForm(_PaymentForm):
    """One payment for several dues of one customer."""

    template = "receivables/receive.html"

    dues = DuesField()

    def prefill(self, docs: Sequence[Any], by: Actor) -> None:
        """All that is open of all of them."""
        if self.dues.data:
            self.offer(sum((due.open_amount for due in self.dues.data), NOTHING))


@form_for("due.switch_path")
class SwitchPathForm(ActForm):
    """How it is collected instead, and why."""

    path = EnumField(_l("How it is collected"), CollectionPath)
    reason = TextBlock(_l("Reason"), max=300)

    def prefill(self, docs: Sequence[Due], by: Actor) -> None:
        """The other way."""
        if docs and self.path.raw_data is None:
            is_onsite = docs[0].path is CollectionPath.ONSITE
            self.path.data = CollectionPath.INVOICE_FIRST if is_onsite else CollectionPath.ONSITE


class _ReasonForm(ActForm):
    reason = TextBlock(_l("Reason"), max=300)


@form_for("due.waive")
class WaiveForm(_ReasonForm):
    """Why the customer need not pay."""


@form_for("payment.reverse")
class ReverseForm(_ReasonForm):
    """Why it is taken back."""


@form_for("handover.withdraw")
class WithdrawForm(_ReasonForm):
    """Why it is not handed over, or sent back."""


@form_for("handover.create")
class HandOverForm(ActForm):
    """Which of the cash that one holds is handed over; all of it unless boxes are cleared."""

    template = "receivables/hand_over.html"

    payments = SelectMultipleCheckboxField(_l("Cash payments"), coerce=int)

    _held: dict[int, Payment]

    def prefill(self, docs: Sequence[Any], by: Actor) -> None:
        """The cash in hand, and what earlier counts have left."""
        self._held = {payment.id: payment for payment in db.session.scalars(queries.held_by(by.id))}
        self.payments.choices = [(key, _line(payment)) for key, payment in self._held.items()]
        if not self.is_submitted():
            self.payments.data = list(self._held)
        self.cash = queries.cash_of(by.id)
        self.free = sum((payment.amount for payment in self._held.values()), NOTHING)

    def inputs(self) -> dict[str, Any]:
        """The payments that were chosen."""
        return {"payments": [self._held[key] for key in self.payments.data or [] if key in self._held]}


def _line(payment: Payment) -> str:
    day = clock.local(payment.received_at).date().isoformat()
    note = f" · {gettext('reversal')}" if payment.reversal_of_id is not None else ""
    return f"{payment.number} · {day} · {money(payment.amount)}{note}"


@form_for("handover.confirm")
class ConfirmForm(ActForm):
    """What was counted, by whoever counts."""

    event_time = True

    counted_total = MoneyField(_l("Counted"), [Required()], description=_l("Count first, then type what it is"))
    reason = TextBlock(_l("Reason of the difference"), max=300, description=_l("Needed where it differs from the slip"))

    def prefill(self, docs: Sequence[CashHandover], by: Actor) -> None:
        """Say what the slip says."""
        if len(docs) == 1:
            self.counted_total.description = gettext(
                "The slip says %(total)s. Count first, then type what it is.", total=money(docs[0].total)
            )


remarks.forms_for("due")
remarks.forms_for("payment")
