"""Who sees parts used on site and fee sheets, and what a job costs as it stands."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, select
from sqlalchemy.orm import joinedload, selectinload

from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.queries import own_jobs
from backoffice.contracts.models import ServiceContract
from backoffice.contracts.rules import PERIOD_MONTHS
from backoffice.core.db import db
from backoffice.core.once import know, once
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.scope import scoped
from backoffice.organisation.queries import in_branch
from backoffice.repairs.models import CardPart, RepairCard, TimeEntry
from backoffice.repairs.queries import minutes_of
from backoffice.settings import queries as settings
from backoffice.vouchers.models import CollectionPath, OnsiteResult, ServiceVoucher
from backoffice.vouchers.queries import live_voucher
from backoffice.vouchers.workflow import Findings

from .models import FeeLine, FeeSheet, SitePart
from .rules import Extras, Fee, Job, Line, Rates, Terms, UsedPart, Work, fee_of, path_of


def _on_visible_calls(model: Any, call_id: Any, by: Actor) -> ColumnElement[bool]:
    if not by.can(Permission.CALL_READ):
        return false()
    here = in_branch(model, by)
    if by.role is Role.TECHNICIAN and not by.can(Permission.CALL_DISPATCH):
        return and_(here, call_id.in_(select(ServiceCall.id).where(own_jobs(by))))
    return here


@scoped(SitePart)
def visible_site_parts(by: Actor) -> ColumnElement[bool]:
    """The parts used on the visible jobs."""
    return _on_visible_calls(SitePart, SitePart.call_id, by)


@scoped(FeeSheet)
def visible_sheets(by: Actor) -> ColumnElement[bool]:
    """The fee sheets of the visible jobs."""
    return _on_visible_calls(FeeSheet, FeeSheet.call_id, by)


@scoped(FeeLine)
def visible_fee_lines(by: Actor) -> ColumnElement[bool]:
    """The lines of the visible fee sheets."""
    if by.role is not Role.TECHNICIAN or by.can(Permission.CALL_DISPATCH):
        return in_branch(FeeLine, by) if by.can(Permission.CALL_READ) else false()
    return and_(in_branch(FeeLine, by), FeeLine.sheet_id.in_(select(FeeSheet.id).where(visible_sheets(by))))


def sheet_of(call_id: int) -> FeeSheet | None:
    """The current fee sheet of a job, or None where nothing was written on one yet."""
    return db.session.scalar(select(FeeSheet).where(FeeSheet.call_id == call_id, FeeSheet.is_current))


# -- what decides a fee ------------------------------------------------------------------------------------------------


def site_parts_out(call_id: int) -> list[SitePart]:
    """The parts built in on site that were not given back, as they are in the database now."""
    query = (
        select(SitePart)
        .where(SitePart.call_id == call_id, SitePart.given_back_at.is_(None))
        .options(joinedload(SitePart.part))
        .order_by(SitePart.id)
    )
    anew = query.execution_options(populate_existing=True)
    return once(("site_parts", call_id), lambda: list(db.session.scalars(anew)))


def site_parts_of(call_ids: Collection[int]) -> dict[int, list[SitePart]]:
    """The same for several calls, by their keys; one statement."""
    query = select(SitePart).where(SitePart.call_id.in_(sorted(call_ids)), SitePart.given_back_at.is_(None))
    found: dict[int, list[SitePart]] = {key: [] for key in call_ids}
    for line in db.session.scalars(query.options(joinedload(SitePart.part)).order_by(SitePart.id)):
        found[line.call_id].append(line)
    return found


def know_site_parts(calls: Sequence[ServiceCall]) -> None:
    """Find the parts on site of all these calls at once, before `site_parts_out` is asked for each (bulk acts)."""
    for key, lines in site_parts_of([call.id for call in calls]).items():
        know(("site_parts", key), lines)


def _used(line: SitePart | CardPart, card_id: int | None = None) -> UsedPart:
    part = line.part
    return UsedPart(part.id, part.label, part.unit, line.quantity, line.unit_price, card_id)


def card_parts_of(call_id: int) -> list[UsedPart]:
    """The parts on the cards of a call that were not given back."""
    query = (
        select(CardPart)
        .join(RepairCard, RepairCard.id == CardPart.card_id)
        .where(RepairCard.call_id == call_id, CardPart.given_back_at.is_(None))
        .options(joinedload(CardPart.part))
        .order_by(CardPart.card_id, CardPart.id)
    )
    return [_used(line, line.card_id) for line in db.session.scalars(query)]


def card_work_of(call_id: int) -> list[Work]:
    """The minutes on each card of a call; void entries and running timers do not count."""
    query = (
        select(RepairCard.id, RepairCard.number, func.sum(TimeEntry.minutes))
        .join(TimeEntry, TimeEntry.card_id == RepairCard.id)
        .where(RepairCard.call_id == call_id, TimeEntry.voided_at.is_(None), TimeEntry.minutes.is_not(None))
        .group_by(RepairCard.id, RepairCard.number)
        .order_by(RepairCard.id)
    )
    return [Work(minutes or 0, key, number) for key, number, minutes in db.session.execute(query)]


def terms_of(contract: ServiceContract | None) -> Terms | None:
    """What a contract says of the fee of a job; None without one."""
    if contract is None:
        return None
    visit_fee = None if contract.fee_mode in PERIOD_MONTHS else contract.fee_amount
    return Terms(contract.number, visit_fee, contract.parts_included)


def rates_now(call: ServiceCall) -> Rates:
    """What an hour (C-12) and the way to the call's zone (C-13) cost today."""
    return Rates(settings.amount("C-12"), settings.amount(f"C-13-{call.zone.value}"))


def extras_of(sheet: FeeSheet | None) -> Extras:
    """What was added or taken off by hand."""
    if sheet is None:
        return Extras()
    return Extras(sheet.other_amount, sheet.other_reason, sheet.discount_percent)


def job_of(
    call: ServiceCall, voucher: ServiceVoucher | None, *, extras: Extras, findings: Findings | None = None,
    rates: Rates | None = None,
) -> Job:  # fmt: skip
    """All that decides the fee of the call's job, as it is now.

    findings: what is being written; without them what stands on the voucher. rates: instead of those of today.
    """
    minutes = findings.minutes if findings is not None else voucher.labour_minutes if voucher is not None else None
    terms, parts, work = terms_of(call.contract), [*map(_used, site_parts_out(call.id))], [Work(minutes or 0)]
    if call.state not in _WITHOUT_CARDS:
        parts += card_parts_of(call.id)
        work += card_work_of(call.id)
    return Job(
        call.service_type, rates or rates_now(call), zone=call.zone.label,
        visits=len(voucher.visits) if voucher is not None and terms is not None and terms.visit_fee else 1,
        work=work, parts=parts, terms=terms, extras=extras,
        is_refused=_result(voucher, findings) is OnsiteResult.REFUSED,
    )  # fmt: skip


#: States of a call of which no goods are or were with us, or only by a receipt that is void.
_WITHOUT_CARDS = (CallState.REGISTERED, CallState.DISPATCHED, CallState.ON_SITE)


def _result(voucher: ServiceVoucher | None, findings: Findings | None) -> OnsiteResult | None:
    if findings is not None:
        return findings.result
    return voucher.onsite_result if voucher is not None else None


# -- the fee as it stands ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """The fee of a job as it stands, how it is paid, and the sheet on which it is kept (none: nothing written yet)."""

    fee: Fee
    path: CollectionPath | None
    sheet: FeeSheet | None

    @property
    def is_settled(self) -> bool:
        """Whether its lines are copied, and never computed again."""
        return self.sheet is not None and self.sheet.settled_at is not None


def priced(call: ServiceCall, findings: Findings | None = None, *, extras: Extras | None = None) -> Standing:
    """The fee of a job as it stands: once it is settled its own lines, else computed from what is known (W-5.2).

    findings: what is being written on the voucher. extras: instead of those of the fee sheet.
    """
    sheet = sheet_of(call.id)
    if sheet is not None and sheet.settled_at is not None:
        return Standing(kept(sheet), sheet.path, sheet)
    voucher = live_voucher(call)
    fee = fee_of(job_of(call, voucher, findings=findings, extras=extras if extras is not None else extras_of(sheet)))
    chosen = findings.path if findings is not None else voucher.path if voucher is not None else None
    brought_back = _result(voucher, findings) is OnsiteResult.TAKEN_AWAY
    return Standing(fee, path_of(fee.total, chosen, settings.amount("C-01"), brought_back=brought_back), sheet)


def kept(sheet: FeeSheet) -> Fee:
    """The lines of a settled fee."""
    return Fee(
        tuple(
            Line(
                one.kind, one.name, one.tax_nature, one.quantity, one.unit, one.unit_price, one.amount, one.part_id,
                one.card_id,
            )
            for one in sheet.lines
        )
    )  # fmt: skip


def settled_of_calls(call_ids: Collection[int]) -> dict[int, FeeSheet]:
    """The settled fees of these calls with their lines, by the key of the call; two statements for any number."""
    query = select(FeeSheet).where(
        FeeSheet.call_id.in_(sorted(set(call_ids))), FeeSheet.is_current, FeeSheet.settled_at.is_not(None)
    )
    return {sheet.call_id: sheet for sheet in db.session.scalars(query.options(selectinload(FeeSheet.lines)))}


def of_cards(cards: Sequence[RepairCard]) -> dict[int, Fee]:
    """Labour and parts of each of these cards by its key: as settled with its call, else as it stands (W-4.4, W-5.2).

    Their parts, times, calls and contracts are loaded already; one further statement for any number.
    """
    settled = settled_of_calls([card.call_id for card in cards if card.call_id is not None])
    found = {}
    for card in cards:
        sheet = settled.get(card.call_id) if card.call_id is not None else None
        if sheet is not None:
            lines = kept(sheet).lines
        elif card.call is not None:
            lines = fee_of(_job_of_card(card, card.call)).lines
        else:
            continue
        found[card.id] = Fee(tuple(line for line in lines if line.card_id == card.id))
    return found


def _job_of_card(card: RepairCard, call: ServiceCall) -> Job:
    parts = [_used(line, card.id) for line in card.parts if line.given_back_at is None]
    work = [Work(minutes_of(card), card.id, card.number)]
    return Job(call.service_type, rates_now(call), work=work, parts=parts, terms=terms_of(call.contract))
