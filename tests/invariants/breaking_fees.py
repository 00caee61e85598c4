"""Direct edits of fees and parts used on site past the acts, one for each of their invariants."""

from decimal import Decimal
from typing import Any

from backoffice.calls.models import CallState
from backoffice.calls.rules import ServiceType
from backoffice.core import clock
from backoffice.core.permissions import Role
from tests import factories as make
from tests.fees.making import make_sheet, make_site_part
from tests.invariants.breaking import breaks, write


def _on_site(**over: Any) -> Any:
    return make.make_call(CallState.ON_SITE, **over)


@breaks("site_part.was_taken_from_stock")
def _() -> Any:
    call = _on_site()
    make_site_part(call)
    return write(make_site_part(call, "2"), quantity=Decimal(1))


@breaks("site_part.is_given_back_to_stock")
def _() -> Any:
    return write(make_site_part(_on_site()), given_back_at=clock.now())


@breaks("stock_movement.stands_on_its_call")
def _() -> Any:
    part = make.make_movement().part
    return make.make_use(part, _on_site())


def _settled() -> Any:
    return make_sheet(make.make_call(CallState.COMPLETED, service_type=ServiceType.PAID))


@breaks("fee_sheet.is_the_sum_of_its_lines")
def _() -> Any:
    _settled()
    sheet = _settled()
    return write(sheet, labour_fee=sheet.labour_fee + 1, total=sheet.total + 1)


@breaks("fee_sheet.has_lines_once_settled")
def _() -> Any:
    return write(_settled(), settled_at=None)


@breaks("fee_sheet.has_the_type_of_its_job")
def _() -> Any:
    return write(_settled(), service_type=ServiceType.FREE)


@breaks("fee_sheet.is_settled_with_its_job")
def _() -> Any:
    return make_sheet(_on_site(service_type=ServiceType.PAID))


@breaks("service_call.has_its_fee_once_completed")
def _() -> Any:
    make.make_call(CallState.COMPLETED)  # free, and older than its sheet
    return make.make_call(CallState.CLOSED, service_type=ServiceType.PAID)


@breaks("fee_sheet.is_discounted_by_one_who_may")
def _() -> Any:
    given = {"discount_reason": "x", "discount_at": clock.now(), "discount_limit": Decimal(20)}
    for role, percent in ((Role.MANAGER, 50), (Role.SUPERVISOR, 20), (Role.SUPERVISOR, 21)):
        by = make.make_user(role)
        sheet = make_sheet(_on_site(), settled=False, discount_percent=Decimal(percent), discount_role=role,
                           discount_by_id=by.id, **given)  # fmt: skip
    return sheet
