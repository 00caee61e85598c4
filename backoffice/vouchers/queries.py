"""Who sees which vouchers and visits, and what waits at the desk."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from backoffice.calls.models import ServiceCall
from backoffice.calls.queries import JOB_CALLS
from backoffice.core.db import db
from backoffice.core.errors import RuleViolated
from backoffice.core.once import know, once
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.scope import scoped
from backoffice.organisation.queries import in_branch
from backoffice.papers.models import PaperKind
from backoffice.papers.queries import know_sheets

from .models import ServiceVoucher, SignatureMode, Visit, VoucherState, voucher_helper


def _helps(by: Actor) -> Select[int]:
    return select(voucher_helper.c.voucher_id).where(voucher_helper.c.user_id == by.id)


JOB_CALLS.append(lambda by: select(ServiceVoucher.call_id).where(ServiceVoucher.id.in_(_helps(by))))


def _only_own(by: Actor) -> bool:
    return by.role is Role.TECHNICIAN and not by.can(Permission.CALL_DISPATCH)


@scoped(ServiceVoucher)
def visible_vouchers(by: Actor) -> ColumnElement[bool]:
    """Own branch; a technician his own jobs and those on which he helps; an administrator none (P-1)."""
    if not by.can(Permission.VOUCHER_READ):
        return false()
    if _only_own(by):
        own = or_(ServiceVoucher.technician_id == by.id, ServiceVoucher.id.in_(_helps(by)))
        return and_(in_branch(ServiceVoucher, by), own)
    return in_branch(ServiceVoucher, by)


@scoped(Visit)
def visible_visits(by: Actor) -> ColumnElement[bool]:
    """The visits of the visible vouchers."""
    if not by.can(Permission.VOUCHER_READ):
        return false()
    if _only_own(by):
        own = or_(Visit.technician_id == by.id, Visit.voucher_id.in_(_helps(by)))
        return and_(in_branch(Visit, by), own)
    return in_branch(Visit, by)


def live_voucher(call: ServiceCall) -> ServiceVoucher | None:
    """The one voucher of the call that is not void, or None."""
    query = select(ServiceVoucher).where(ServiceVoucher.call_id == call.id, ServiceVoucher.state != VoucherState.VOID)
    return once(("live_voucher", call.id), lambda: db.session.scalar(query))


def know_vouchers(calls: Sequence[ServiceCall]) -> None:
    """Find the live vouchers of all these calls at once, before `live_voucher` is asked for each (bulk acts)."""
    keys = [call.id for call in calls]
    query = select(ServiceVoucher).where(ServiceVoucher.call_id.in_(keys), ServiceVoucher.state != VoucherState.VOID)
    found = {voucher.call_id: voucher for voucher in db.session.scalars(query)}
    for key in keys:
        know(("live_voucher", key), found.get(key))
    know_sheets(PaperKind.VOUCHER, [voucher.paper_no for voucher in found.values()])


def know_calls(vouchers: Sequence[ServiceVoucher]) -> None:
    """Load the calls of all these vouchers at once (bulk acts)."""
    keys = [voucher.call_id for voucher in vouchers]
    know("calls at hand", list(db.session.scalars(select(ServiceCall).where(ServiceCall.id.in_(keys)))))


def voucher_of(call: ServiceCall) -> ServiceVoucher:
    """The live voucher of the call; raises RuleViolated where there is none."""
    voucher = live_voucher(call)
    if voucher is None:
        raise RuleViolated(_l("The call has no voucher."), rule="W-2")
    return voucher


def due_back() -> ColumnElement[bool]:
    """Condition: nothing of its job is in repair any more, so a signed one is to be taken back (R-03)."""
    return ServiceVoucher.return_due_at.is_not(None)


def to_take_back(by: Actor) -> Select[int]:
    """How many visible signed vouchers are to be taken back (R-03)."""
    return in_state(VoucherState.SIGNED, by).where(due_back())


def in_state(state: VoucherState, by: Actor) -> Select[int]:
    """How many visible vouchers are in that state."""
    return select(func.count()).where(ServiceVoucher.state == state, visible_vouchers(by))


def waiting_unsigned(by: Actor) -> Select[int]:
    """How many visible vouchers wait for the supervisor because the customer did not sign (W-1.4)."""
    return select(func.count()).where(
        ServiceVoucher.signature_mode == SignatureMode.UNSIGNED,
        ServiceVoucher.signed_at.is_(None),
        ServiceVoucher.state == VoucherState.ISSUED,
        visible_vouchers(by),
    )
