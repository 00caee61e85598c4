"""Direct edits past the acts, one for each invariant: each makes a sound scene and returns what has to be found."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select, text, update

from backoffice.calls.models import CallState
from backoffice.calls.rules import ServiceType
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.goods.models import Destination, GoodsState, ReceiptState
from backoffice.papers.models import PaperKind, PaperSheet, SheetState
from backoffice.parts.models import STORE, MovementKind
from backoffice.products.models import UnitStatus
from backoffice.repairs.models import CardState, RepairCard
from backoffice.repairs.rules import InspectionResult
from backoffice.vouchers.models import VoucherState
from backoffice.vouchers.queries import live_voucher
from tests import factories as make
from tests.custody import (
    make_card,
    make_card_part,
    make_entry,
    make_inspection,
    make_leg,
    make_receipt,
    make_taken_call,
    make_time,
)

#: How each invariant is broken, by its key.
BREAKS: dict[str, Callable[[], Any]] = {}
#: Those for which SQLite has no way around a constraint of the table: there it refuses the edit itself.
REFUSED_BY_SQLITE: set[str] = set()


def breaks(key: str, *, refused_by_sqlite: bool = False) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    def note(edit: Callable[[], Any]) -> Callable[[], Any]:
        assert key not in BREAKS
        BREAKS[key] = edit
        if refused_by_sqlite:
            REFUSED_BY_SQLITE.add(key)
        return edit

    return note


def write(row: Any, **values: Any) -> Any:
    """UPDATE one row, past acts and flush."""
    model = type(row)
    db.session.flush()
    db.session.execute(
        update(model).where(model.id == row.id).values(values), execution_options={"synchronize_session": False}
    )
    db.session.expire(row)
    return row


def drop_index(name: str) -> None:
    """Take a unique index away, in the transaction of the test."""
    db.session.flush()
    db.session.execute(text(f"DROP INDEX {name}"))


def drop_unique(table: str, name: str) -> None:
    """Take a UNIQUE of the table away where the database can; else the edit is refused."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))


def gone(card: RepairCard) -> dict[str, Any]:
    """What the database wants to know of a line that is returned."""
    return {
        "state": GoodsState.RETURNED, "returned_on": clock.today(), "returned_by_id": card.technician_id,
        "received_by": "x", "return_signed_at": clock.now(),
    }  # fmt: skip


# -- numbers -----------------------------------------------------------------------------------------------------------


def two_alike(table: str, make_row: Callable[[], Any]) -> None:
    @breaks(f"{table}.number_is_unique", refused_by_sqlite=True)
    def _() -> Any:
        drop_unique(table, f"uq_{table}_number")
        first, second = make_row(), make_row()
        return write(second, number=first.number)


two_alike("customer", make.make_customer)
two_alike("project", make.make_project)
two_alike("service_contract", make.make_contract)
two_alike("service_call", make.make_call)
two_alike("service_voucher", lambda: live_voucher(make.make_call(CallState.DISPATCHED)))
two_alike("goods_receipt", lambda: make_card().entry.receipt)
two_alike("goods_entry", lambda: make_card().entry)
two_alike("repair_card", make_card)


# -- contracts ---------------------------------------------------------------------------------------------------------


@breaks("service_contract.covers_its_units_alone")
def _() -> Any:
    first = make.make_contract()
    make.make_contract(customer=first.customer, units=first.units, start_on=first.end_on + timedelta(days=1))
    days = {"start_on": first.start_on - timedelta(days=90), "end_on": first.start_on - timedelta(days=1)}
    last = make.make_contract(customer=first.customer, units=first.units, **days)
    return write(last, end_on=first.start_on)


@breaks("service_call.names_its_contract")
def _() -> Any:
    make.make_call(CallState.CLOSED, service_type=ServiceType.CONTRACT, is_history=True)
    return write(make.make_call(), service_type=ServiceType.CONTRACT)


# -- parts -------------------------------------------------------------------------------------------------------------


@breaks("stock_movement.is_covered")
def _() -> Any:
    part = make.make_movement(quantity=2).part
    make.make_movement(part, quantity=9, holder=make.make_user(Role.TECHNICIAN))  # with another one
    taken = make.make_movement(part, quantity=-3, kind=MovementKind.ADJUSTED, reason="x")
    make.make_movement(part, quantity=9)  # comes too late
    return taken


@breaks("part.store_is_the_sum")
def _() -> Any:
    make.make_movement(quantity=2)
    part = make.make_movement(quantity=2).part
    db.session.execute(update(STORE).where(STORE.c.part_id == part.id).values(quantity=Decimal(3)))
    return part


@breaks("stock_movement.transfer_is_a_pair")
def _() -> Any:
    part, holder = make.make_movement().part, make.make_user(Role.TECHNICIAN)
    pair = {"kind": MovementKind.TO_TECHNICIAN, "transfer": "t", "reason": ""}
    make.make_movement(part, quantity=-2, **pair)
    return make.make_movement(part, quantity=3, holder=holder, **pair)


@breaks("stock_movement.reversal_is_whole")
def _() -> Any:
    use = make_card_part(make_card(CardState.REPAIRING), quantity="2").movement
    return _returned(use, Decimal(1))


def _returned(use: Any, quantity: Decimal) -> Any:
    subject = {name: getattr(use, name) for name in ("branch_id", "subject_type", "subject_id", "subject_number")}
    return make.make_movement(
        use.part, quantity=quantity, kind=MovementKind.RETURNED, reversal_of_id=use.id, moved_at=clock.now(), **subject
    )


@breaks("stock_movement.reversal_is_the_only_one", refused_by_sqlite=True)
def _() -> Any:
    drop_unique("stock_movement", "uq_stock_movement_reversal_of_id")
    line = make_card_part(make_card(CardState.REPAIRING), given_back_at=clock.now())
    _returned(line.movement, Decimal(1))
    return _returned(line.movement, Decimal(1))


# -- papers ------------------------------------------------------------------------------------------------------------


@breaks("paper_block.counts_its_sheets")
def _() -> Any:
    return write(make.make_block(), missing=2)


def _on_paper(document: Any, kind: PaperKind) -> tuple[Any, PaperSheet]:
    """The document on the first sheet of a new pad, as the acts write it."""
    block = make.make_block(kind=kind)
    sheet = db.session.scalars(
        select(PaperSheet).where(PaperSheet.block_id == block.id, PaperSheet.position == 1)
    ).one()
    write(block, blank_left=block.blank_left - 1)
    facts = {"subject_type": document.__tablename__, "subject_id": document.id, "subject_number": document.number}
    write(sheet, state=SheetState.USED, used_at=clock.now(), **facts)
    return write(document, paper_no=sheet.number), sheet


def _paper(table: str, kind: PaperKind, make_document: Callable[[], Any]) -> None:
    @breaks(f"paper_sheet.is_used_by_its_{table}")
    def _() -> Any:
        document, sheet = _on_paper(make_document(), kind)
        write(document, paper_no=None)
        return sheet

    @breaks(f"{table}.uses_its_sheet")
    def _() -> Any:
        _on_paper(make_document(), kind)
        _, others = _on_paper(make_document(), kind)
        blank = select(PaperSheet).where(PaperSheet.block_id == others.block_id, PaperSheet.position == 2)
        return write(make_document(), paper_no=db.session.scalars(blank).one().number)


_paper("service_voucher", PaperKind.VOUCHER, lambda: live_voucher(make.make_call(CallState.DISPATCHED)))
_paper("goods_receipt", PaperKind.RECEIPT, lambda: make_card().entry.receipt)
_paper("repair_card", PaperKind.CARD, make_card)


# -- calls and vouchers ------------------------------------------------------------------------------------------------


@breaks("service_call.has_one_live_voucher")
def _() -> Any:
    drop_index("uq_service_voucher_live")
    call = make.make_call(CallState.DISPATCHED)
    make.make_voucher(call)
    return call


@breaks("service_call.has_a_voucher_once_dispatched")
def _() -> Any:
    call = make.make_call(CallState.ON_SITE)
    write(live_voucher(call), state=VoucherState.VOID, voided_at=clock.now(), void_reason="x")
    return call


@breaks("service_call.is_signed_while_in_repair")
def _() -> Any:
    card = make_card()
    write(live_voucher(card.call), state=VoucherState.ISSUED)
    return card.call


# -- goods -------------------------------------------------------------------------------------------------------------


@breaks("goods_receipt.has_one_line")
def _() -> Any:
    return make_receipt(make_card().call)


@breaks("goods_receipt.is_in_only_while_goods_are_held")
def _() -> Any:
    card = make_card(CardState.INSPECTED)
    write(card.entry, **gone(card))
    return card.entry.receipt


@breaks("goods_entry.is_held_against_a_receipt")
def _() -> Any:
    card = make_card(CardState.REPAIRED)
    write(card.entry.receipt, state=ReceiptState.RECOVERED, ended_at=clock.now())
    return card.entry


@breaks("goods_entry.is_void_with_its_receipt")
def _() -> Any:
    card = make_card()
    write(card.entry, state=GoodsState.VOID)
    return card.entry


@breaks("goods_entry.is_the_item_of_its_receipt")
def _() -> Any:
    card = make_card(unit=None)
    write(card.entry.receipt, unit_id=make.make_unit().id)
    return card.entry


@breaks("goods_receipt.hangs_on_a_live_voucher")
def _() -> Any:
    card = make_card()
    old = make.make_voucher(card.call, VoucherState.VOID)
    return write(card.entry.receipt, voucher_id=old.id)


@breaks("goods_entry.holds_its_unit_once")
def _() -> Any:
    drop_index("uq_goods_entry_unit")
    drop_index("uq_goods_entry_serial")
    card = make_card()
    make_card(call=make_taken_call(), unit=card.unit)
    return card.entry


@breaks("goods_entry.holds_its_serial_once")
def _() -> Any:
    drop_index("uq_goods_entry_serial")
    first, second = make_card(unit=None), make_card(unit=None)
    same = {"model_text": first.model_text, "serial_folded": first.serial_folded}
    for row in (second, second.entry, second.entry.receipt):
        write(row, **same)
    return second.entry


@breaks("goods_entry.has_one_open_leg")
def _() -> Any:
    drop_index("uq_goods_leg_open")
    card = make_card(CardState.WAITING)
    make_leg(card.entry)
    return card.entry


@breaks("goods_entry.was_sent_where_it_is")
def _() -> Any:
    card = make_card(CardState.WAITING)
    write(card.entry.legs[0], destination=Destination.OUTSOURCED)
    return card.entry


@breaks("goods_entry.is_where_it_was_sent")
def _() -> Any:
    card = make_card(CardState.REPAIRING)
    make_leg(card.entry)
    return card.entry


@breaks("goods_entry.puts_its_unit_in_repair")
def _() -> Any:
    card = make_card()
    write(card.unit, status=UnitStatus.IN_USE)
    return card.entry


@breaks("installed_unit.is_held_while_in_repair")
def _() -> Any:
    make_card()
    return write(make.make_unit(), status=UnitStatus.IN_REPAIR)


# -- cards -------------------------------------------------------------------------------------------------------------


@breaks("goods_entry.has_one_card")
def _() -> Any:
    return make_entry(make_receipt(make_card().call))


@breaks("repair_card.goes_with_its_goods")
def _() -> Any:
    return write(make_card(CardState.INSPECTED), state=CardState.RETURNED, ended_at=clock.now())


@breaks("repair_card.is_the_item_of_its_line")
def _() -> Any:
    return write(make_card(), serial_folded="ANOTHER")


@breaks("repair_card.is_of_its_goods_call")
def _() -> Any:
    return write(make_card(), call_id=make_card().call_id)


@breaks("repair_card.waits_for_goods_outside")
def _() -> Any:
    card = make_card(CardState.WAITING)
    return write(card, state=CardState.REPAIRING)


@breaks("repair_card.happened_in_order")
def _() -> Any:
    card = make_card(CardState.INSPECTED)
    return write(card, finished_at=card.inspected_at + timedelta(minutes=1))


@breaks("service_call.has_goods_while_in_repair")
def _() -> Any:
    return make_taken_call()


@breaks("service_call.is_in_repair_while_we_have_goods")
def _() -> Any:
    return write(make_card().call, state=CallState.COMPLETED, completed_at=clock.now())


# -- inspections -------------------------------------------------------------------------------------------------------


@breaks("repair_card.is_inspected_by_another")
def _() -> Any:
    card = make_card(CardState.INSPECTED)
    start = card.started_at + timedelta(minutes=10)
    entry = make_time(card, user_id=card.inspected_by_id, started_at=start, ended_at=start + timedelta(minutes=3))
    write(entry, voided_at=clock.now(), void_reason="void time is work as well")
    return card


@breaks("inspection.is_made_by_another")
def _() -> Any:
    card = make_card(CardState.REPAIRING)
    earlier = make_inspection(card, inspected_by_id=make.make_user(Role.SUPERVISOR).id)
    make_inspection(card, inspected_by_id=earlier.inspected_by_id, result=InspectionResult.FAILED, note="x")
    write(card, rework_count=1)
    make_card_part(card, taken_by_id=earlier.inspected_by_id)
    return earlier


@breaks("repair_card.is_inspected_by_its_last_inspection")
def _() -> Any:
    card = make_card(CardState.INSPECTED)
    make_inspection(card, inspected_by_id=card.inspected_by_id, result=InspectionResult.FAILED, note="x")
    return write(card, rework_count=1)


@breaks("repair_card.counts_its_rework")
def _() -> Any:
    return write(make_card(CardState.REPAIRING), rework_count=1)


# -- time --------------------------------------------------------------------------------------------------------------


@breaks("time_entry.overlaps_no_other")
def _() -> Any:
    card = make_card(CardState.REPAIRING)
    long = make_time(card, ended_at=card.started_at + timedelta(minutes=20), minutes=20)
    start = long.started_at + timedelta(minutes=1)
    inside = {"ended_at": start + timedelta(minutes=3)}
    make_time(card, started_at=start, voided_at=clock.now(), void_reason="x", **inside)
    make_time(card, started_at=start, user_id=make.make_user(Role.TECHNICIAN).id, **inside)
    start = long.started_at + timedelta(minutes=10)
    return make_time(make_card(CardState.REPAIRING, technician=card.technician), started_at=start,
                     ended_at=start + timedelta(minutes=3))  # fmt: skip


@breaks("time_entry.has_the_minutes_of_its_span")
def _() -> Any:
    return write(make_time(make_card(CardState.REPAIRING)), minutes=4)


@breaks("time_entry.runs_only_under_repair")
def _() -> Any:
    card = make_card(CardState.REPAIRED)
    return make_time(card, started_at=card.finished_at, ended_at=None, minutes=None, work="")


@breaks("repair_card.has_time_once_repaired")
def _() -> Any:
    card = make_card(CardState.REPAIRED)
    write(card.time_entries[0], voided_at=clock.now(), void_reason="x")
    return card


# -- parts on cards ----------------------------------------------------------------------------------------------------


@breaks("card_part.was_taken_from_stock")
def _() -> Any:
    return write(make_card_part(make_card(CardState.REPAIRING)), quantity=Decimal(2))


@breaks("card_part.is_given_back_to_stock")
def _() -> Any:
    return write(make_card_part(make_card(CardState.REPAIRING)), given_back_at=clock.now())


@breaks("stock_movement.stands_on_its_card")
def _() -> Any:
    return make.make_use(make.make_movement().part, make_card(CardState.REPAIRING))


@breaks("repair_card.says_whether_parts_were_needed")
def _() -> Any:
    return write(make_card(CardState.REPAIRED), no_parts=False)
