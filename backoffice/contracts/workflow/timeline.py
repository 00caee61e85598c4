"""Notes and files of a contract; its signed paper is one of them (G-04, G-10)."""

from backoffice.contracts.models import ServiceContract
from backoffice.core import remarks
from backoffice.core.permissions import Permission

note, attach = remarks.declare(
    "contract", ServiceContract, (Permission.CONTRACT_WRITE, Permission.CONTRACT_APPROVE)
)  # fmt: skip
