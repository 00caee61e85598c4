"""Payments and their shares in the panel."""

from datetime import datetime
from typing import Any

from flask import g
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select

from backoffice.core.permissions import Actor, Permission
from backoffice.customers.admin import CustomerView
from backoffice.receivables import queries
from backoffice.receivables.models import Due, Payment, PaymentShare
from backoffice.receivables.rules import PaymentMethod
from backoffice.ui import formatters
from backoffice.ui.filters import ChoiceFilter, LinkFilter
from backoffice.ui.guards import Queue
from backoffice.ui.views import DocumentView, NavGroup, Related, Section


def _late_moment() -> datetime:
    """Worked out once for a page."""
    if "late_moment" not in g:
        g.late_moment = queries.late_moment()
    moment: datetime = g.late_moment
    return moment


def _stage_words(payment: Payment) -> tuple[str, str]:
    """(where the money is, the tone of it)."""
    if payment.reversal_of_id is not None:
        return gettext("reversal"), "neutral"
    if payment.was_reversed:
        return gettext("reversed"), "neutral"
    if payment.method is not PaymentMethod.CASH:
        return (gettext("proof seen"), "good") if payment.checked_at else (gettext("proof to be seen"), "warn")
    if payment.is_handed_over:
        return gettext("counted"), "good"
    if payment.handover_id is not None:
        return gettext("handed over, to be counted"), "info"
    late = payment.received_at < _late_moment()
    return (gettext("in hand, late"), "bad") if late else (gettext("in hand"), "warn")


def _stages(values: list[str], by: Actor) -> Any:
    conditions = {
        "in_hand": queries.free_in_hand(), "late": queries.is_late(),
        "waiting": queries.in_hand() & Payment.handover_id.is_not(None), "counted": Payment.is_handed_over,
        "check": queries.to_check_by(by), "checked": Payment.checked_at.is_not(None),
    }  # fmt: skip
    return or_(*(conditions[value] for value in values))


def _kinds(values: list[str], by: Actor) -> Any:
    conditions = {
        "received": Payment.reversal_of_id.is_(None) & ~queries.was_reversed(), "reversed": queries.was_reversed(),
        "reversal": Payment.reversal_of_id.is_not(None),
    }  # fmt: skip
    return or_(*(conditions[value] for value in values))


class PaymentView(DocumentView):
    """Every payment and every reversal, and where the money is."""

    model = Payment
    endpoint = "payments"
    url = "/payments/"
    name = _l("Payments")
    name_one = _l("Payment")
    group = NavGroup.MONEY
    order = 20
    icon = "list"
    read = Permission.DUE_READ
    create_act = "payment.create"

    column_list = ("number", "received_at", "customer_name", "amount", "method", "stage", "received_by", "reference")
    column_labels = {
        "received_at": _l("Received"), "customer_name": _l("Customer"), "customer": _l("Customer record"),
        "amount": _l("Amount"), "method": _l("How it was paid"), "stage": _l("Where it is"),
        "received_by": _l("Received by"), "reference": _l("Number of the transfer or cheque"),
        "holder": _l("Cash held by"), "handover": _l("Handover"), "is_handed_over": _l("Counted"),
        "checked_at": _l("Proof seen"), "checked_by": _l("Proof seen by"), "reversal_of": _l("Reverses"),
        "reversal": _l("Reversed by"), "reason": _l("Why it was reversed"),
    }  # fmt: skip
    column_searchable_list = ("number", "reference", "customer_name")
    column_sortable_list = ("number", "received_at")
    column_default_sort = ("id", True)
    column_filters = (
        "method", "received_by", "holder", "handover", "customer", "received_at",
        LinkFilter("due", _l("Due"), target=Due, where=queries.with_due),
        ChoiceFilter(
            "stage", _l("Where it is"),
            (("in_hand", _l("in hand")), ("late", _l("in hand, late")), ("waiting", _l("handed over, to be counted")),
             ("counted", _l("counted")), ("check", _l("proof to be seen")), ("checked", _l("proof seen"))),
            _stages,
        ),
        ChoiceFilter(
            "kind", _l("Kind"),
            (("received", _l("received")), ("reversed", _l("reversed")), ("reversal", _l("reversal"))), _kinds,
        ),
    )  # fmt: skip
    computed = {"was_reversed": queries.was_reversed(Payment)}
    list_needs = ("reversal_of_id", "checked_at", "is_handed_over", "handover_id")
    column_formatters = {
        "stage": lambda view, context, payment, name: formatters.tag(*_stage_words(payment)),
    }
    column_formatters_export = {"stage": lambda view, context, payment, name: _stage_words(payment)[0]}
    export_more = ("holder", "handover", "checked_at", "reason")
    sections = (
        Section(_l("Payment"), ("customer_name", "customer", "amount", "method", "received_at", "received_by",
                                "reference")),
        Section(
            _l("Where it is"),
            ("stage", "holder", "handover", "checked_at", "checked_by", "reversal_of", "reversal", "reason"),
            only_filled=True,
        ),
    )  # fmt: skip
    related: tuple[Related, ...] = (
        Related(
            _l("Shares"), "payment_shares", "payment",
            lambda payment: select(func.count()).where(PaymentShare.payment_id == payment.id),
        ),
    )  # fmt: skip
    details_template = "receivables/payment.html"
    empty_text = _l("A payment is received on the page of its due, or for several dues picked on their list.")

    @classmethod
    def queues(cls, by: Actor) -> list[Queue]:
        """Cash that one holds, and proofs that finance has still to see."""
        found = []
        if by.can(Permission.HANDOVER_GIVE):
            found.append(
                Queue(_l("Cash to hand over"), queries.count_in_hand(by), {"holder": by.id, "stage": "in_hand"})
            )
        if by.can(Permission.PAYMENT_CHECK):
            found.append(Queue(_l("Payments to check"), queries.count_to_check(by), {"stage": "check"}))
        return found

    def more(self, doc: Payment, by: Actor) -> dict[str, Any]:
        """What of it went to which due."""
        return {"shares": queries.shares_with_dues(doc)}


class PaymentShareView(DocumentView):
    """What of each payment went to which due."""

    model = PaymentShare
    endpoint = "payment_shares"
    url = "/payment-shares/"
    name = _l("Shares of payments")
    name_one = _l("Share of a payment")
    icon = "list"
    read = Permission.DUE_READ

    column_list = ("payment", "due", "amount", "created_at")
    column_labels = {"payment": _l("Payment"), "due": _l("Due"), "amount": _l("Amount")}
    column_default_sort = ("id", True)
    column_filters = ("payment", "due")
    sections = (Section(_l("Share of a payment"), ("payment", "due", "amount")),)
    empty_text = _l("The shares of a payment add up to it.")


CustomerView.related += (
    Related(
        _l("Payments"), "payments", "customer",
        lambda customer: select(func.count()).select_from(Payment).where(Payment.customer_id == customer.id),
    ),
)  # fmt: skip
