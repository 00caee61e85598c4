"""Dues, payments and cash handovers in the panel."""

from flask_babel import lazy_gettext as _l

from backoffice.receivables.workflow.periods import BILLING
from backoffice.ui.trail import EVENTS

from .dues import DueLineView, DueView
from .handovers import CashHandoverView
from .payments import PaymentShareView, PaymentView

EVENTS[BILLING] = _l("Made due by the night's job")

VIEWS = [DueView, PaymentView, CashHandoverView, DueLineView, PaymentShareView]
