"""Notes and files of a card."""

from backoffice.core import remarks
from backoffice.core.permissions import Permission
from backoffice.repairs.models import RepairCard

note, attach = remarks.declare("card", RepairCard, Permission.REPAIR_NOTE)
