"""How an item comes in, goes out of the house, comes back and leaves our hands; no acts of their own (E-11, E-12)."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import ServiceCall
from backoffice.core import attachments, clock
from backoffice.core.attachments import AttachmentKind
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, Remedy, RuleViolated
from backoffice.core.locking import locked
from backoffice.core.money import check_amount
from backoffice.core.permissions import Actor
from backoffice.core.texts import clean
from backoffice.goods.models import (
    HELD,
    IN_HOUSE,
    OUTSIDE,
    Destination,
    GoodsEntry,
    GoodsLeg,
    GoodsReceipt,
    GoodsState,
    ReceiptState,
)  # fmt: skip
from backoffice.goods.queries import held_serial, held_unit
from backoffice.goods.rules import TakenItem, check_promise, item_field
from backoffice.organisation.models import Branch
from backoffice.organisation.workflow.numbers import take_number
from backoffice.papers import workflow as papers
from backoffice.papers.models import PaperKind
from backoffice.products.models import InstalledUnit, UnitStatus
from backoffice.settings import queries as settings
from backoffice.vouchers.models import ServiceVoucher

#: Moves that an act declares in which goods go out of the house.
SENDING = tuple((GoodsEntry, old, new) for old in IN_HOUSE for new in OUTSIDE)
#: Moves in which they come back.
COMING_BACK = tuple((GoodsEntry, old, GoodsState.BACK) for old in OUTSIDE)


def _described(item: TakenItem, place: int, call: ServiceCall, taken_on: date) -> dict[str, Any]:
    """The checked facts of an item; raises what is missing, beside its field (E-11)."""

    def text(name: str, longest: int, message: Any, *, lines: bool = False) -> str:
        field = item_field(place, name)
        kept = clean(getattr(item, name), longest, field, lines=lines)
        if not kept:
            raise MissingInput(message, rule="E-11", field=field)
        return kept

    unit: InstalledUnit | None = item.unit
    if unit is not None:
        _check_unit(unit, call, place)
        model, serial = unit.model.code, unit.serial_no
    else:
        model = text("model_text", 120, _l("Say what it is: the model, or what stands on the nameplate."))
        serial = clean(item.serial_no, 60, item_field(place, "serial_no"))
    if item.estimated_fee is not None:
        check_amount(item.estimated_fee, item_field(place, "estimated_fee"))
    return {
        "unit_id": unit.id if unit else None, "model_text": model, "serial_no": serial,
        "accessories": text("accessories", 300, _l("Write down what comes along, or “none”.")),
        "appearance": text("appearance", 300, _l("Describe how it looks.")),
        "fault_text": text("fault_text", 2000, _l("Describe the fault."), lines=True),
        "estimated_fee": item.estimated_fee,
        "promised_return_on": check_promise(
            item.promised_return_on, taken_on, item_field(place, "promised_return_on")
        ),
    }  # fmt: skip


def _check_unit(unit: InstalledUnit, call: ServiceCall, place: int) -> None:
    field = item_field(place, "unit")
    if unit.customer_id != call.customer_id:
        raise RuleViolated(_l("This unit belongs to another customer."), rule="E-08", field=field)
    if unit.status not in (UnitStatus.IN_USE, UnitStatus.IN_REPAIR):
        raise RuleViolated(
            _l("Unit %(serial)s is “%(status)s”.", serial=unit.serial_no, status=unit.status.label), rule="E-06",
            field=field, remedy=Remedy(_l("Open the unit"), "units.details_view", {"id": unit.id}),
        )  # fmt: skip


def _check_not_held(facts: dict[str, Any], branch_id: int, place: int) -> None:
    unit_id = facts["unit_id"]
    held = held_unit(unit_id) if unit_id else None
    # a unit may also have been taken in by what stands on its nameplate
    held = held or held_serial(branch_id, facts["model_text"], facts["serial_no"])
    if held is not None:
        raise RuleViolated(
            _l("This item is with us already: register line %(number)s, %(state)s.", number=held.number,
               state=held.state.label),
            rule="E-12", field=item_field(place, "unit" if unit_id else "serial_no"),
        )  # fmt: skip


def lock_units(items: Iterable[TakenItem]) -> None:
    """Lock the units of the items, in the one order in which everybody does, and read them anew.

    Whoever takes one of them in at the same moment, in whichever branch, waits and then finds it with us.
    """
    locked(InstalledUnit, [item.unit.id for item in items if item.unit is not None])


def take_in(
    item: TakenItem, place: int, *, voucher: ServiceVoucher, branch: Branch, by: Actor, at: datetime,
    people: Collection[int],
) -> GoodsEntry:  # fmt: skip
    """Write receipt and register line of one item; its unit is in repair from now on (W-1.5).

    place: where the item stands in the form, for the names of its fields. people: whose paper the receipt may be on.
    Raises MissingInput, RuleViolated for what is missing, held already or not the customer's.
    """
    call = voucher.call
    taken_on = clock.local(at).date()
    facts = _described(item, place, call, taken_on)
    number = take_number("N-06", branch)  # locks the series: whoever takes the same item in now is seen below
    _check_not_held(facts, branch.id, place)
    whose = {
        "branch_id": branch.id, "customer_id": call.customer_id, "customer_kind": call.customer_kind,
        "customer_name": call.customer_name,
    }  # fmt: skip
    field = item_field(place, "paper_no")
    paper = papers.free_number(GoodsReceipt, item.paper_no, field=field)
    receipt = GoodsReceipt(
        **whose, **facts, number=number, paper_no=paper, state=ReceiptState.ISSUED,
        voucher_id=voucher.id, issued_by_id=by.id, issued_at=at,
    )  # fmt: skip
    db.session.add(receipt)
    papers.use_sheet(PaperKind.RECEIPT, paper, branch_id=branch.id, people=people, subject=receipt, at=at, field=field)
    item_facts = {name: facts[name] for name in ("unit_id", "model_text", "serial_no")}
    entry = GoodsEntry(
        **whose, **item_facts, number=take_number("N-07", branch), receipt=receipt, state=GoodsState.WORKSHOP,
        moved_at=at, moved_by_id=by.id, in_on=taken_on, long_after=taken_on + timedelta(days=settings.integer("C-52")),
        promised_return_on=receipt.promised_return_on,
        first_promised_on=receipt.promised_return_on,
    )  # fmt: skip
    db.session.add(entry)
    db.session.flush()  # the photos need its key, and the next item must find it
    for photo in item.photos:
        attachments.attach(receipt, photo, AttachmentKind.PHOTO, by=by)
    if item.unit is not None:
        item.unit.status = UnitStatus.IN_REPAIR
    return entry


def _moved(entry: GoodsEntry, state: GoodsState, by: Actor, at: datetime) -> None:
    entry.state, entry.moved_at, entry.moved_by_id = state, at, by.id


def send_out(
    entry: GoodsEntry, destination: Destination, *, by: Actor, at: datetime, sent_to: str, carrier: str,
    tracking_no: str,
) -> GoodsLeg:  # fmt: skip
    """The item leaves the house; raises RuleViolated while it is outside already (W-4.2)."""
    if entry.open_leg is not None or entry.state not in IN_HOUSE:
        raise RuleViolated(
            _l("The item is “%(state)s”; it has to come back before it is sent out again.", state=entry.state.label),
            rule="W-4.2", field="waiting_for",
        )  # fmt: skip
    sent_on = clock.local(at).date()
    _check_not_before(entry, sent_on)
    if destination is Destination.OUTSOURCED and not sent_to.strip():
        raise MissingInput(_l("Which workshop gets it?"), rule="W-4.2", field="sent_to")
    if not carrier.strip():
        raise MissingInput(
            _l("Who carries it? Write the carrier, or who of us takes it there."), rule="E-12", field="carrier"
        )
    leg = GoodsLeg(
        branch_id=entry.branch_id, entry=entry, destination=destination, sent_to=clean(sent_to, 120, "sent_to"),
        carrier=clean(carrier, 60, "carrier"), tracking_no=clean(tracking_no, 60, "tracking_no"), sent_on=sent_on,
        sent_by_id=by.id,
    )  # fmt: skip
    db.session.add(leg)
    state = GoodsState.FACTORY if destination is Destination.FACTORY else GoodsState.OUTSOURCED
    _moved(entry, state, by, at)
    return leg


def _check_not_before(entry: GoodsEntry, day: date) -> None:
    last = max([entry.in_on, *(leg.back_on for leg in entry.legs if leg.back_on is not None)])
    if day < last:
        raise RuleViolated(
            _l("The item came into the house on %(day)s; it cannot have left before.", day=last), rule="G-04",
            field="at",
        )  # fmt: skip


def bring_back(entry: GoodsEntry, *, by: Actor, at: datetime) -> None:
    """The item is in the house again; raises RuleViolated where it is not outside, or before it was sent (W-4.3)."""
    leg = entry.open_leg
    if leg is None:
        raise RuleViolated(_l("The item is not out of the house."), rule="W-4.3")
    back_on = clock.local(at).date()
    if back_on < leg.sent_on:
        raise RuleViolated(
            _l("The item was sent out on %(day)s; it cannot be back before.", day=leg.sent_on), rule="G-04", field="at"
        )
    leg.back_on, leg.back_by_id = back_on, by.id
    _moved(entry, GoodsState.BACK, by, at)


def end_custody(entry: GoodsEntry, state: GoodsState, *, by: Actor, at: datetime) -> None:
    """The item leaves our hands for good: returned, given up or never taken; raises RuleViolated while it is outside.

    The caller has the customer's word for it and writes it down.
    """
    if entry.state not in HELD:
        raise RuleViolated(_l("The item is not with us any more: “%(state)s”.", state=entry.state.label), rule="E-12")
    if entry.state in OUTSIDE:
        raise RuleViolated(
            _l("The item is “%(state)s”; it has to come back first.", state=entry.state.label), rule="W-4.2"
        )
    _moved(entry, state, by, at)


#: Moves that an act declares in which custody ends that way.
def ending(state: GoodsState) -> tuple[tuple[type, GoodsState, GoodsState], ...]:
    """(model, old, new) of each way in which custody may end so."""
    return tuple((GoodsEntry, old, state) for old in IN_HOUSE)
