"""The acts on invoices (W-5.5), and the matching of the tax platform's list."""

from .correcting import RedLine, record_external_red, red
from .issuing import deliver, issue
from .matching import PlatformRow, match_issued
from .requesting import edit_request, reject, request, set_rates
from .timeline import attach, note

__all__ = [
    "PlatformRow", "RedLine", "attach", "deliver", "edit_request", "issue", "match_issued", "note",
    "record_external_red", "red", "reject", "request", "set_rates",
]  # fmt: skip
