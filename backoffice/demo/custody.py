"""Goods that the demo shows in our hands: a card in every state, late ones, a lost receipt, a replacement."""

from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from backoffice.calls.rules import FaultCause
from backoffice.core import clock
from backoffice.core.acts import REGISTRY
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.goods import workflow as goods
from backoffice.goods.rules import TakenItem
from backoffice.organisation.models import User
from backoffice.papers.models import PaperKind
from backoffice.papers.queries import next_blank
from backoffice.parts.models import Part
from backoffice.products import workflow as products
from backoffice.products.models import InstalledUnit
from backoffice.products.rules import WarrantyState
from backoffice.repairs import workflow as repairs
from backoffice.repairs.models import RepairCard
from backoffice.repairs.queries import cards_of_call
from backoffice.repairs.rules import DelayReason, Offer, WaitingFor
from backoffice.vouchers.models import SignatureMode

from .agenda import Life
from .calls import minutes
from .job import Job
from .office import Crew, Office
from .stories import Teller

#: Codes of the parts that are built in.
SEAL, BEARING = "JF-0103", "JF-0203"
Step = Generator[datetime, None, list[RepairCard]]


class Bench(Teller):
    """Tells how goods of one branch are taken away and repaired."""

    def __init__(self, office: Office, crew: Crew) -> None:
        super().__init__(office, crew)
        self._units.reverse()  # the calls' stories take theirs from the front
        self.supervisor: User = crew.one(Role.SUPERVISOR)

    def _taken(
        self, days: float, symptom: str, *, who: int = 0, others: int = 0, unit: InstalledUnit | None = None,
        promised: int = 7,
    ) -> Step:  # fmt: skip
        """A call of so many days ago whose goods were taken away by technician no. `who`, with `others` beside."""
        unit = unit or self._unit()
        job: Job = yield from self._at_work(days * 1440, unit, symptom, who=who)
        yield clock.now() + minutes(35)
        day = clock.today() + timedelta(days=promised)
        technician = job.technician
        items = [
            TakenItem(
                unit=unit, accessories="电缆 5 m", appearance="外壳有划痕，漆面完好", fault_text=job.call.fault_text,
                promised_return_on=day, photos=[self.office.scans[0]],
                paper_no=next_blank(PaperKind.RECEIPT, technician.id),
                card_paper_no=next_blank(PaperKind.CARD, technician.id),
            )
        ]  # fmt: skip
        items += [
            TakenItem(
                model_text=text, accessories="无", appearance="旧，底座锈蚀", fault_text="不转", promised_return_on=day
            )
            for text in ("自吸泵（客户自购）", "增压泵，铭牌脱落")[:others]
        ]
        repairs.take_away(
            job.call, by=technician, items=items, work_done="现场拆检，须携回修护", signed_by="值班员",
            signature_mode=SignatureMode.ON_SCREEN, signature=self.office.signatures[0],
        )  # fmt: skip
        return cards_of_call(job.call.id)

    def _who(self, card: RepairCard) -> User:
        assert card.technician is not None  # noqa: S101 - no history
        return card.technician

    def _start(self, card: RepairCard) -> None:
        if not card.hangs:
            self._print(card)
        repairs.start(card, by=self._who(card))

    def _print(self, card: RepairCard) -> None:
        REGISTRY["F-05.print"](card, by=self._who(card), ticket=f"demo-{card.number}", locale="zh_Hans_CN")

    def _work(self, card: RepairCard, work: str, long: int, part: str = "") -> None:
        """So many minutes until now, and perhaps a part from the store."""
        now = clock.now()
        repairs.log_time(card, by=self._who(card), started_at=now - minutes(long), ended_at=now, work=work)
        if part:
            built_in = db.session.scalars(select(Part).where(Part.code == part)).one()
            repairs.use_part(card, by=self._who(card), part=built_in, quantity=Decimal(1))

    def _finish(self, card: RepairCard) -> None:
        repairs.finish(
            card, by=self._who(card), work_done="更换机械密封，装配试压", fault_cause=FaultCause.PRODUCT,
            no_parts=not card.parts, test_flow=25.0, test_head=32.0, test_current=7.4, test_insulation=50.0,
        )  # fmt: skip

    def _returned(self, card: RepairCard, *, receipt: bool = True) -> None:
        repairs.hand_back(
            card, by=self._who(card), receipt_back=receipt, received_by="仓管员小周",
            signature_mode=SignatureMode.ON_SCREEN, signature=self.office.signatures[1],
        )  # fmt: skip

    def _at_bench(self, days: float, symptom: str, **how: Any) -> Step:
        """Taken away, and started on the next morning."""
        cards: list[RepairCard] = yield from self._taken(days, symptom, **how)
        yield clock.now() + timedelta(hours=3)
        for card in cards:
            self._start(card)
        return cards

    def pending(self, days: float) -> Life:
        """Two items of one call that nobody has begun."""
        yield from self._taken(days, "bearing", others=1)

    def repairing(self, days: float) -> Life:
        """The timer runs."""
        cards = yield from self._at_bench(days, "seal_leak", who=1)
        yield self.office.ago(minutes=25)
        repairs.start_timer(cards[0], by=self._who(cards[0]))

    def at_the_factory(self, days: float) -> Life:
        """Sent to the factory; the plan could not be kept, and the customer knows."""
        cards = yield from self._at_bench(days, "motor")
        card = cards[0]
        yield clock.now() + timedelta(hours=5)
        self._work(card, "检测绕组", 40)
        repairs.wait(
            card, by=self._who(card), waiting_for=WaitingFor.FACTORY, reason="定子须返厂重绕", sent_to="总厂电机车间",
            carrier="德邦物流", tracking_no="DPK36402217",
        )  # fmt: skip
        yield clock.now() + timedelta(days=2)
        report = repairs.report_delay(
            card, by=self._who(card), cause=DelayReason.FACTORY, help_requested="请与工厂确认交期",
            new_finish_at=clock.day_end(clock.today() + timedelta(days=18)),
        )  # fmt: skip
        yield clock.now() + timedelta(hours=2)
        repairs.decide(report, by=self.supervisor, accept=True, decision="已与工厂确认，同意延期")
        repairs.inform(report, by=self._who(card), informed_how="电话告知设备科，客户同意等待")

    def waiting_for_parts(self, days: float) -> Life:
        """No part in stock; the delay waits for the supervisor."""
        cards = yield from self._at_bench(days, "impeller", who=1)
        card = cards[0]
        yield clock.now() + timedelta(hours=4)
        repairs.wait(card, by=self._who(card), waiting_for=WaitingFor.PARTS, reason="叶轮缺货，已申请调拨")
        yield self.office.ago(minutes=70)
        repairs.report_delay(
            card, by=self._who(card), cause=DelayReason.PARTS, help_requested="请上海分公司调拨叶轮一只",
            new_finish_at=clock.day_end(clock.today() + timedelta(days=9)),
        )  # fmt: skip

    def late(self, days: float) -> Life:
        """Beyond the plan and the promise, and nobody has said a word."""
        yield from self._at_bench(days, "vibration", promised=5)

    def to_inspect(self, days: float, who: int) -> Life:
        """Repaired; somebody else has to look at it."""
        cards = yield from self._at_bench(days, "seal_leak", who=who)
        yield clock.now() + timedelta(hours=4)
        self._work(cards[0], "拆解清洗，更换机械密封", 95, SEAL)
        self._finish(cards[0])

    def sent_back(self, days: float) -> Life:
        """Failed at the inspection, repaired again, passed; it waits for the way back."""
        cards = yield from self._at_bench(days, "bearing")
        card = cards[0]
        yield clock.now() + timedelta(hours=4)
        self._work(card, "更换轴承", 80, BEARING)
        self._finish(card)
        yield clock.now() + timedelta(hours=2)
        repairs.send_back(card, by=self.supervisor, note="试机仍有异响，复查轴承座")
        yield clock.now() + timedelta(hours=3)
        self._work(card, "修正轴承座，重装", 60)
        self._finish(card)
        yield clock.now() + timedelta(hours=1)
        repairs.inspect(card, by=self.supervisor, note="噪声、振动合格")

    def back_home(self, days: float, *, lost: bool = False) -> Life:
        """All the way: the customer has his goods again; one has lost his receipt."""
        cards = yield from self._at_bench(days, "seal_leak", others=1 if lost else 0)
        for card in cards:
            yield clock.now() + timedelta(hours=3)
            self._work(card, "更换机械密封", 70, SEAL)
            self._finish(card)
        yield clock.now() + timedelta(hours=2)
        for card in cards:
            repairs.inspect(card, by=self.supervisor)
        yield clock.now() + timedelta(days=1)
        for place, card in enumerate(cards):
            if lost and place == 0:
                assert card.entry is not None  # noqa: S101 - no history
                goods.declare_lost(
                    card.entry.receipt, by=self.supervisor, reason="客户搬迁时遗失", statement=self.office.scans[0]
                )
                yield clock.now() + minutes(30)
            self._returned(card, receipt=not (lost and place == 0))

    def replaced(self, days: float) -> Life:
        """Cannot be repaired: the customer gives it up and gets another unit."""
        unit = self._unit()
        cards = yield from self._at_bench(days, "impeller", unit=unit)
        card = cards[0]
        yield clock.now() + timedelta(hours=5)
        repairs.declare_unrepairable(card, by=self.supervisor, reason="泵壳开裂，无法修复", offer=Offer.REPLACEMENT)
        yield clock.now() + timedelta(days=1)
        repairs.relinquish(card, by=self.supervisor, cession=self.office.scans[1], receipt_back=True)
        new = products.create(
            by=self.crew.one(Role.ASSISTANT), serial_no=f"{unit.serial_no}-R", model=unit.model, customer=unit.customer,
            delivered_on=clock.today(), remark="换新",
        )  # fmt: skip
        repairs.replace(card, by=self.supervisor, unit=new)

    def unrepairable(self, days: float) -> Life:
        """Out of warranty, and the customer declines the quote: he gets it back as it is."""
        cards = yield from self._at_bench(days, "motor", unit=self._unit(WarrantyState.EXPIRED), who=1)
        card = cards[0]
        yield clock.now() + timedelta(hours=4)
        repairs.quote(card, by=self._who(card), quote_amount=Decimal("2680.00"))
        yield clock.now() + timedelta(days=1)
        repairs.declare_unrepairable(card, by=self.supervisor, reason="客户不接受报价", offer=Offer.RETURN)

    def wrong_receipt(self, days: float) -> Life:
        """Written for an item that stayed at the site after all; the other one is in the workshop."""
        cards = yield from self._taken(days, "control_cabinet", others=1)
        yield clock.now() + minutes(40)
        entry = cards[1].entry
        assert entry is not None  # noqa: S101 - no history
        repairs.void_receipt(entry.receipt, by=self.supervisor, reason="客户当场改变主意，泵未带走")


def tell(office: Office, add: Callable[[Life], None]) -> None:
    """Add the stories of both branches."""
    bench = Bench(office, office.crews["HZ"])
    for life in (
        bench.back_home(20), bench.back_home(16, lost=True), bench.replaced(14), bench.late(9), bench.at_the_factory(8),
        bench.unrepairable(6), bench.waiting_for_parts(6), bench.sent_back(5), bench.wrong_receipt(4),
        bench.to_inspect(3, 0), bench.to_inspect(2.2, 1), bench.repairing(2), bench.pending(1),
    ):  # fmt: skip
        add(life)
    bench = Bench(office, office.crews["SH"])
    for life in (bench.back_home(11), bench.to_inspect(3, 1), bench.pending(1.2)):
        add(life)
