"""Dues, payments and cash handovers in the panel."""

from .dues import DueLineView, DueView
from .handovers import CashHandoverView
from .payments import PaymentShareView, PaymentView

VIEWS = [DueView, PaymentView, CashHandoverView, DueLineView, PaymentShareView]
