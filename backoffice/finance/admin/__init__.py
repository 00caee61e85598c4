"""The finance desk in the panel: what waits, receivables by age, the closing sheet, the months."""

from .desk import FinanceDeskView

VIEWS = [FinanceDeskView]
