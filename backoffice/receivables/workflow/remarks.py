"""Notes and files of dues and payments: a proof that comes later is one of them (G-04, G-10)."""

from backoffice.core import remarks
from backoffice.core.permissions import Permission
from backoffice.receivables.models import Due, Payment

_RIGHTS = (
    Permission.PAYMENT_RECEIVE, Permission.PAYMENT_RECEIVE_OWN, Permission.DUE_SWITCH, Permission.DUE_WAIVE
)  # fmt: skip

note, attach = remarks.declare("due", Due, _RIGHTS)
note_on_payment, attach_to_payment = remarks.declare(
    "payment", Payment, (Permission.PAYMENT_RECEIVE, Permission.PAYMENT_RECEIVE_OWN)
)
