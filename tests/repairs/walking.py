"""What people do in a random history: the steps, with the inputs of each act, good ones and bad ones."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select, update

from backoffice.calls import workflow as calls
from backoffice.calls.models import CallState, ServiceCall
from backoffice.calls.rules import FaultCause, ServiceType
from backoffice.core import clock
from backoffice.core.acts import REGISTRY, Act, Outcome
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Permission
from backoffice.customers.models import Customer
from backoffice.goods.models import GoodsReceipt, ReceiptState
from backoffice.organisation.models import User
from backoffice.parts.models import StockMovement
from backoffice.parts.rules import StockPlace
from backoffice.products.models import FaultSymptom
from backoffice.repairs.models import CardPart, DelayReport, RepairCard, TimeEntry
from backoffice.repairs.rules import DelayReason, Offer, WaitingFor
from backoffice.vouchers.models import ServiceVoucher, SignatureMode
from tests.repairs.histories import BAD_QUANTITY, Choice, History, Inputs
from tests.repairs.office import taken


def on_call(history: History, choice: Choice) -> None:
    """The way to the workshop: register, dispatch, arrive, take away, another visit, void and replace the voucher."""
    call = choice.of(history.rows(ServiceCall))
    if call.state is CallState.REGISTERED:
        by = history.person(choice, call.branch_id, None, Permission.CALL_DISPATCH)
        inputs = {"technician": history.technician(choice, call.branch_id),
                  "paper_no": choice.of(("", "HZV2", "HZV2", "SHV1", "X9"))}  # fmt: skip
        history.attempt(REGISTRY["call.dispatch"], call, by, choice, inputs)
    elif call.state is CallState.DISPATCHED:
        history.attempt(
            REGISTRY["call.arrive"], call, history.person(choice, call.branch_id, call.technician_id), choice, {}
        )
    elif call.state is CallState.ON_SITE and not choice.one_in(5):
        take_away(history, choice, call)
    else:
        other_on_call(history, choice, call)


def other_on_call(history: History, choice: Choice, call: ServiceCall) -> None:
    key = choice.of(("call.reassign", "call.revisit", "call.decide_type", "voucher.void", "voucher.take_back",
                     "call.write_off", "call.register"))  # fmt: skip
    by = history.person(
        choice, call.branch_id, call.technician_id, None if key == "call.revisit" else REGISTRY[key].permissions[0]
    )
    reason = choice.text("r")
    if key == "call.register":
        register(history, choice, by)
        return
    inputs: Inputs = {
        "call.reassign": {"technician": history.technician(choice, call.branch_id), "reason": reason},
        "call.revisit": {"reason": reason, "next_visit_at": choice.some(history.moment + timedelta(days=1))},
        "call.decide_type": {"service_type": choice.some(ServiceType.PAID, ServiceType.FREE), "reason": reason},
        "voucher.void": {"reason": reason}, "voucher.take_back": {},
        "call.write_off": {"location": reason},
    }[key]  # fmt: skip
    doc = call
    if key.startswith("voucher."):
        vouchers = history.rows(ServiceVoucher, ServiceVoucher.call_id == call.id)
        if not vouchers:
            return
        doc = vouchers[-1]
    history.attempt(REGISTRY[key], doc, by, choice, inputs)


def register(history: History, choice: Choice, by: User) -> None:
    customer = db.session.get_one(Customer, choice.of(history.office.customers))
    symptom = db.session.scalars(select(FaultSymptom).limit(1)).one()
    repeat = choice.of((False, True, None))
    inputs = {"customer": customer, "unit": history.unit(choice, customer.id), "model_text": "旧水泵",
              "fault_symptom": symptom, "fault_text": choice.text("不出水"), "is_repeat": repeat}  # fmt: skip
    history.attempt(calls.register, None, by, choice, inputs)


def take_away(history: History, choice: Choice, call: ServiceCall) -> None:
    """One to three items, some with units, some with serial numbers that are held already, some on paper."""
    items = []
    for _ in range(1 + choice.below(3)):
        unit = choice.of((None, call.unit, history.unit(choice, call.customer_id)))
        serial = choice.of(("", "B-1", "C-1", call.unit.serial_no if call.unit else "C-2"))
        model = call.unit.model.code if call.unit and choice.one_in(3) else "旧水泵"
        paper = {"paper_no": "HZR1", "card_paper_no": "HZC2"} if choice.one_in(4) else {}
        promised = clock.today() + timedelta(days=choice.of((7, 0, 1, -1)))
        items.append(taken(unit=unit, serial_no=serial, model_text=model, promised_return_on=promised,
                           appearance=choice.text("旧"), **paper))  # fmt: skip
    by = history.person(choice, call.branch_id, call.technician_id)
    signed = {"signed_by": choice.text("张三"), "signature_mode": choice.some(SignatureMode.ON_SCREEN),
              "signature": choice.some(history.office.image)}  # fmt: skip
    if history.attempt(REGISTRY["call.take_away"], call, by, choice, {"items": items, **signed}):
        history.items += len(items)
        if not choice.one_in(4):
            hang = update(RepairCard).where(RepairCard.call_id == call.id, RepairCard.printed_at.is_(None))
            db.session.execute(hang.values(printed_at=history.moment), execution_options={"synchronize_session": False})
            for card in history.rows(RepairCard, RepairCard.call_id == call.id):
                db.session.expire(card)


def on_receipt(history: History, choice: Choice) -> None:
    receipts = history.rows(GoodsReceipt, GoodsReceipt.state == ReceiptState.ISSUED)
    if not receipts:
        return
    receipt = choice.of(receipts)
    by = history.person(choice, receipt.branch_id, None, Permission.GOODS_VOID)
    if choice.one_in(3):
        statement = choice.some(history.office.image)
        history.attempt(REGISTRY["receipt.declare_lost"], receipt, by, choice,
                        {"reason": choice.text("遗失"), "statement": statement})  # fmt: skip
    elif history.attempt(REGISTRY["receipt.void"], receipt, by, choice,
                         {"reason": choice.text("写错"), "paper_no": choice.of(("", "HZV3"))}):  # fmt: skip
        history.items -= 1


def on_card(history: History, choice: Choice) -> None:
    """An act that its state allows, and now and then one that it does not."""
    card = choice.of(history.rows(RepairCard))
    possible = [key for key in CARD if card.state in REGISTRY[key].sources]
    key = choice.of(possible) if possible and not choice.one_in(10) else choice.of(sorted(CARD))
    by = history.person(
        choice, card.branch_id, card.technician_id, REGISTRY[key].permissions[0] if key in BY_RIGHT else None
    )
    inputs = CARD[key](history, card, choice)
    if key in ("card.inspect", "card.send_back") and choice.one_in(4):
        keys = [one.id for one in history.rows(RepairCard)]
        in_bulk(history, REGISTRY[key], keys, by, inputs)
        return
    before = card.entry_id
    if not history.attempt(REGISTRY[key], card, by, choice, inputs):
        return
    if key in ("card.hand_back", "card.relinquish"):
        assert before
        history.items -= 1
    if key == "card.use_part":
        holder = by.id if inputs["taken_from"] is StockPlace.OWN else None
        history.stock[inputs["part"].id, card.branch_id, holder] -= inputs["quantity"]


def in_bulk(history: History, act: Act, keys: list[int], by: User, inputs: Inputs) -> None:
    told = f"{history.moment:%d %H:%M:%S} {by.username} {act.key} in bulk"
    history.log.append(told)
    try:
        with db.session.begin_nested():
            outcomes: list[Outcome] = act.bulk(keys, by=by, **inputs)
    except BackofficeError as refusal:
        history.log[-1] = f"{told}: {type(refusal).__name__} {refusal.rule}"
        return
    history.log[-1] = f"{told}: {[outcome.name for outcome in outcomes if outcome.error is None]}"


CARD: dict[str, Callable[[History, RepairCard, Choice], Inputs]] = {
    "card.start": lambda h, card, c: {},
    "card.wait": lambda h, card, c: {
        "waiting_for": c.some(WaitingFor.FACTORY, WaitingFor.PARTS, WaitingFor.OUTSOURCED), "reason": c.text("缺件"),
        "sent_to": c.text("外协厂"), "carrier": c.text("顺丰"),
    },
    "card.resume": lambda h, card, c: {},
    "card.bring_back": lambda h, card, c: {},
    "card.quote": lambda h, card, c: {"quote_amount": c.of((Decimal(900), Decimal("10.5"), *BAD_QUANTITY))},
    "card.agree": lambda h, card, c: {"agreed_by": c.text("电话")},
    "card.start_timer": lambda h, card, c: {},
    "card.stop_timer": lambda h, card, c: {"work": c.text("拆检")},
    "card.log_time": lambda h, card, c: {
        "started_at": c.some(h.moment - timedelta(minutes=30), h.moment - timedelta(minutes=1),
                             card.started_at, h.moment - timedelta(days=3)),
        "minutes": c.of((1, 25, None, 0, 1441)), "ended_at": c.of((None, None, h.moment)), "work": c.text("换件"),
    },
    "card.use_part": lambda h, card, c: {
        "part": c.some(h.part(c)), "quantity": c.quantity(), "taken_from": c.of(tuple(StockPlace)),
    },
    "card.finish": lambda h, card, c: {
        "work_done": c.text("换机封"), "fault_cause": c.some(FaultCause.PRODUCT, FaultCause.MISUSE),
        "no_parts": c.of((all(line.given_back_at for line in card.parts), True, False)),
        "test_flow": c.of((12.5, None, -1.0, float("nan"))),
    },
    "card.inspect": lambda h, card, c: {"note": c.text("好")},
    "card.send_back": lambda h, card, c: {"note": c.text("仍漏")},
    "card.declare_unrepairable": lambda h, card, c: {"reason": c.text("碎"), "offer": c.some(*Offer)},
    "card.report_delay": lambda h, card, c: {
        "cause": c.some(*DelayReason), "help_requested": c.text("催"),
        "new_finish_at": c.some(h.moment + timedelta(days=12), h.moment + timedelta(days=1), h.moment - timedelta(1)),
    },
    "card.hand_back": lambda h, card, c: {
        "receipt_back": not c.one_in(8), "received_by": c.text("李四"),
        "signature_mode": c.some(SignatureMode.ON_SCREEN), "signature": c.some(h.office.image),
    },
    "card.relinquish": lambda h, card, c: {"cession": c.some(h.office.image), "receipt_back": not c.one_in(8)},
    "card.replace": lambda h, card, c: {"unit": h.unit(c, card.customer_id)},
    "card.reassign": lambda h, card, c: {"technician": h.technician(c, card.branch_id), "reason": c.text("人手")},
}  # fmt: skip
BY_RIGHT = {"card.inspect", "card.send_back", "card.declare_unrepairable", "card.relinquish", "card.replace",
            "card.reassign"}  # fmt: skip


def on_lines(history: History, choice: Choice) -> None:
    """Time, parts and delay reports that are on cards."""
    model, key, inputs = choice.of((
        (TimeEntry, "time.void", {"reason": choice.text("错")}),
        (CardPart, "card_part.give_back", {"reason": choice.text("未用")}),
        (DelayReport, "delay.decide", {"accept": choice.some(True, False), "decision": choice.text("可")}),  # noqa: FBT003
        (DelayReport, "delay.inform", {"informed_how": choice.text("电话")}),
    ))  # fmt: skip
    rows = history.rows(model)
    if not rows:
        return
    line = choice.of(rows)
    right = REGISTRY[key].permissions[0] if key == "delay.decide" else None
    by = history.person(choice, line.branch_id, line.card.technician_id, right)
    if history.attempt(REGISTRY[key], line, by, choice, inputs) and model is CardPart:
        history.stock[line.part_id, line.branch_id, line.movement.holder_id] += line.quantity


def on_part(history: History, choice: Choice) -> None:
    """Stock comes, goes to technicians and back, and is counted."""
    part, key = history.part(choice), choice.of(("part.receive", "part.hand_out", "part.hand_back", "part.count"))
    by, quantity = choice.of(history.holding(Permission.STOCK_MOVE)), choice.quantity()
    holder, reason = history.technician(choice, by.branch_id), choice.text("盘点")
    inputs: Inputs = {
        "part.receive": {"quantity": quantity}, "part.hand_out": {"quantity": quantity, "holder": holder},
        "part.hand_back": {"quantity": quantity, "holder": holder},
        "part.count": {"counted": quantity, "holder": holder},
    }[key]  # fmt: skip
    if not history.attempt(REGISTRY[key], part, by, choice, {**inputs, "reason": reason}):
        return
    store, pocket = (part.id, by.branch_id, None), (part.id, by.branch_id, holder.id if holder else None)
    if key == "part.receive":
        history.stock[store] += quantity
    elif key == "part.count":
        later = history.rows(StockMovement, StockMovement.part_id == part.id, StockMovement.branch_id == by.branch_id,
                             StockMovement.moved_at > history.at)  # fmt: skip
        history.stock[pocket] = quantity + sum((m.quantity for m in later if m.holder_id == pocket[2]), Decimal(0))
    else:
        out = quantity if key == "part.hand_out" else -quantity
        history.stock[store] -= out
        history.stock[pocket] += out


def step(history: History, number: int) -> None:
    """Let time pass, and let somebody do something."""
    choice = Choice(number)
    history.moment += choice.of((timedelta(minutes=7), timedelta(0), timedelta(seconds=20), timedelta(minutes=90),
                                 timedelta(days=1), timedelta(days=9)))  # fmt: skip
    with clock.freeze(history.moment):
        choice.of(STEPS)(history, choice)


#: Mostly work on cards.
STEPS = (*[on_card] * 7, *[on_call] * 3, on_receipt, on_lines, on_part)
