"""Parts on site and fee sheets, made directly."""

from decimal import Decimal
from typing import Any

from backoffice.calls.models import ServiceCall
from backoffice.calls.rules import ServiceType
from backoffice.core import clock
from backoffice.fees.models import FeeLine, FeeSheet, SitePart
from backoffice.fees.rules import FeeKind, TaxNature
from backoffice.vouchers.models import CollectionPath
from tests import factories as make
from tests.factories import saved


def make_site_part(call: ServiceCall, quantity: str = "1", **over: Any) -> SitePart:
    """A part from the store on a job, with its movement; as many are put into the store before."""
    part = over.pop("part", None) or make.make_part()
    make.make_movement(part, quantity=Decimal(quantity), branch_id=call.branch_id)
    values = {
        "branch_id": call.branch_id, "call": call, "part_id": part.id, "quantity": Decimal(quantity),
        "unit_cost": part.cost_price, "unit_price": part.sale_price, "movement": make.make_use(part, call, quantity),
        "taken_by_id": call.technician_id, "taken_at": clock.now(),
    }  # fmt: skip
    return saved(SitePart(**values | over))


def make_sheet(call: ServiceCall, amount: str = "80.00", *, settled: bool = True, **over: Any) -> FeeSheet:
    """The fee of a job: labour for so much, settled; or a sheet on which only `over` is written."""
    values: dict[str, Any] = {"branch_id": call.branch_id, "call": call}
    if settled:
        values |= {
            "settled_at": clock.now(), "service_type": ServiceType.PAID, "path": CollectionPath.ONSITE,
            "hourly_rate": Decimal("120.00"), "travel_rate": Decimal("0.00"), "labour_fee": Decimal(amount),
            "total": Decimal(amount),
        }  # fmt: skip
    sheet = saved(FeeSheet(**values | over))
    if settled:
        saved(
            FeeLine(
                branch_id=call.branch_id, sheet=sheet, position=1, kind=FeeKind.LABOUR, name="工时费",
                tax_nature=TaxNature.REPAIR, quantity=Decimal(1), unit_price=Decimal(amount), amount=Decimal(amount),
            )
        )  # fmt: skip
    return sheet
