"""The acts of the evening (W-7)."""

from .carrying import carry_over, decide, deliver
from .closing import check_sales, check_service, close, open_book, reopen

__all__ = ["carry_over", "check_sales", "check_service", "close", "decide", "deliver", "open_book", "reopen"]
