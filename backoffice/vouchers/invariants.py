"""What holds between calls and their vouchers (W-2, E-10)."""

from sqlalchemy import Select, and_, func, select

from backoffice.calls.models import CallState, ServiceCall
from backoffice.core.invariants import invariant, unique_numbers
from backoffice.papers.invariants import documents_on_paper
from backoffice.papers.models import PaperKind

from .models import OnsiteResult, ServiceVoucher, VoucherState

unique_numbers(ServiceVoucher, "N-05")
documents_on_paper(ServiceVoucher, PaperKind.VOUCHER, VoucherState.VOID, always_known=False)

#: States of a call that somebody has worked on, so that it has a voucher.
_SENT_OUT = (CallState.DISPATCHED, CallState.ON_SITE, CallState.IN_REPAIR, CallState.COMPLETED, CallState.CLOSED)
_LIVE = ServiceVoucher.state != VoucherState.VOID


@invariant(ServiceCall, rule="W-2", says="It has more than one voucher that is not void.")
def has_one_live_voucher() -> Select[int, str]:
    """At most one voucher of a call is not void."""
    several = select(ServiceVoucher.call_id).where(_LIVE).group_by(ServiceVoucher.call_id).having(func.count() > 1)
    return select(ServiceCall.id, ServiceCall.number).where(ServiceCall.id.in_(several))


@invariant(ServiceCall, rule="W-1.2", says="It was dispatched, but no voucher that is not void belongs to it.")
def has_a_voucher_once_dispatched() -> Select[int, str]:
    """A call that was dispatched keeps a voucher that is not void, until it is cancelled."""
    return (
        select(ServiceCall.id, ServiceCall.number)
        .outerjoin(ServiceVoucher, and_(ServiceVoucher.call_id == ServiceCall.id, _LIVE))
        .where(ServiceCall.state.in_(_SENT_OUT), ~ServiceCall.is_history, ServiceVoucher.id.is_(None))
    )


@invariant(ServiceCall, rule="W-1.5", says="It is in repair, but its voucher is not signed for goods taken away.")
def is_signed_while_in_repair() -> Select[int, str]:
    """Goods leave the site with a signed voucher only."""
    signed = and_(ServiceVoucher.state == VoucherState.SIGNED, ServiceVoucher.onsite_result == OnsiteResult.TAKEN_AWAY)
    return (
        select(ServiceCall.id, ServiceCall.number)
        .join(ServiceVoucher, and_(ServiceVoucher.call_id == ServiceCall.id, _LIVE))
        .where(ServiceCall.state == CallState.IN_REPAIR, ~signed)
    )
