"""The printed paper of the finance desk: the closing sheet of a day (F-21)."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.core.permissions import Permission
from backoffice.receivables.models import Payment
from backoffice.receivables.rules import PaymentMethod
from backoffice.ui.printing import Paper, print_day

from .queries.closing import day_sheet


@print_day(
    "F-21", Payment, label=_l("Closing sheet of the day"), paper=Paper.A4, template="finance/print_day.html",
    permission=Permission.FINANCE_DESK,
)  # fmt: skip
def closing_sheet(day: date, branch_id: int) -> dict[str, Any]:
    """The figures of the day, as they are known when it is printed; personal data is on it masked only."""
    return {"sheet_of": day_sheet(branch_id, day), "methods": PaymentMethod}
