"""The registers of the features below, as data (R-01 to R-16); later features declare their own."""

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import CallState
from backoffice.ui.registers import Entry, declare

declare(
    "R-01", _l("Call register"), _l("Every call from the first word to the write-off, with its times and voucher."),
    Entry("call_register"),
)  # fmt: skip
declare(
    "R-02", _l("Unserved on the day"),
    _l("What was not served by the end of a day: age, reason, how often carried over, what was decided."),
    Entry("unserved_register", filters={"look": "open"}, label=_l("Still not served")),
    Entry("unserved_register", filters={"all": "1"}, label=_l("All that were carried over")),
    Entry("service_calls", filters={"state": [CallState.REGISTERED.value, CallState.DISPATCHED.value]},
          label=_l("Calls not begun by now")),
)  # fmt: skip
declare(
    "R-03", _l("Vouchers out"), _l("Vouchers that are with the technicians, and for how many days."),
    Entry("vouchers_out"),
)  # fmt: skip
declare(
    "R-04", _l("Register of customers' goods"),
    _l("What came in and went out, how many days it has been here, what is overdue, what became of the receipt."),
    Entry("goods_entries"), Entry("goods_entries", filters={"held": "held"}, label=_l("Now in our hands")),
    Entry("goods_legs"),
)  # fmt: skip
declare(
    "R-05", _l("Fees and invoices"),
    _l("What each job has cost, what was collected and handed over of it, and how it was invoiced."),
    Entry("fee_register"), Entry("invoices"), Entry("finance", page="months_view", label=_l("By month")),
)  # fmt: skip
declare(
    "R-06", _l("Receivables and cash in hand"),
    _l("What customers owe and since when, and the cash that the technicians hold."),
    Entry("dues", filters={"state": "due"}, label=_l("Dues to be paid")),
    Entry("payments", filters={"stage": "in_hand"}, label=_l("Cash in hand")),
    Entry("cash_handovers"), Entry("finance", page="ages_view", label=_l("Receivables by age")),
)  # fmt: skip
declare(
    "R-07", _l("Work of the technicians"), _l("Jobs and minutes of each technician by kind of work, and utilisation."),
    Entry("technician_work"), Entry("daily_reports"),
)  # fmt: skip
declare(
    "R-08", _l("Supervisor's reports"), _l("Day by day, with the sums of the month."),
    Entry("supervisor_days"), Entry("supervisor_reports"),
)  # fmt: skip
declare(
    "R-14", _l("Projects and responsible persons"),
    _l("Who is responsible, how far each project is, which steps lack."),
    Entry("projects"),
)  # fmt: skip
declare(
    "R-15", _l("Staff by branch and skill"), _l("Who works where, and what each can do."),
    Entry("staff_register"),
)  # fmt: skip
declare(
    "R-16", _l("System"), _l("Who logged in, what was changed, taken out, printed, or shown in full."),
    Entry("audit"), Entry("audit", filters={"act": "user.log"}, label=_l("Logins")),
    Entry("audit", filters={"act": ".export"}, label=_l("Exports")),
    Entry("audit", filters={"act": ".unmask"}, label=_l("Personal data shown")),
    Entry("print_log"), Entry("job_runs"),
)  # fmt: skip
