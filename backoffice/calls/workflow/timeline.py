"""Notes and files of a call (G-04, G-10)."""

from backoffice.calls.models import ServiceCall
from backoffice.core import remarks
from backoffice.core.permissions import Permission

note, attach = remarks.declare("call", ServiceCall, Permission.CALL_NOTE)
