"""The finance desk in the panel: what waits, receivables by age, the closing sheet, the months."""

from backoffice.invoices.admin import VIEWS as INVOICE_VIEWS
from backoffice.receivables.admin import VIEWS as RECEIVABLE_VIEWS

from .desk import FinanceDeskView
from .filters import attach

attach((*RECEIVABLE_VIEWS, *INVOICE_VIEWS))

VIEWS = [FinanceDeskView]
