"""What can be imported: the fields of each kind of record, and how a chunk of its rows is written."""

from backoffice.imports.models import ImportKind

from .base import ImportTarget, Keys
from .calls import CallTarget
from .cards import CardTarget
from .customers import ContactTarget, CustomerTarget
from .invoices import InvoiceTarget
from .parts import PartTarget
from .products import ModelTarget, UnitTarget
from .sales import SaleTarget

__all__ = ["TARGETS", "ImportTarget", "Keys"]

_ALL: tuple[type[ImportTarget], ...] = (
    CustomerTarget, ContactTarget, ModelTarget, PartTarget, UnitTarget, CallTarget, CardTarget, InvoiceTarget,
    SaleTarget,
)  # fmt: skip
TARGETS: dict[ImportKind, type[ImportTarget]] = {one.kind: one for one in _ALL}
