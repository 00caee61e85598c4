"""Rules of invoices on plain values."""

from flask_babel import lazy_gettext as _l

from backoffice.core.states import LabelledEnum


class InvoiceKind(LabelledEnum):
    """Which kind of invoice (X-04)."""

    NORMAL = "normal", _l("Normal invoice")
    SPECIAL = "special", _l("Special VAT invoice")


class InvoiceMedium(LabelledEnum):
    """On what it is issued (X-05)."""

    DIGITAL = "digital", _l("Digital invoice")
    PAPER = "paper", _l("Paper invoice")


class DeliveryWay(LabelledEnum):
    """How it reaches the customer (E-16)."""

    EMAIL = "email", _l("E-mail")
    MAIL = "mail", _l("Post")
    HAND = "hand", _l("By hand")
    PLATFORM = "platform", _l("Tax platform")
