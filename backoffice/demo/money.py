"""Money of the demo: what jobs, contracts and parts sales cost comes in, is handed over, counted and invoiced.

A few things are left as they are on any morning: cash that nobody has handed over, requests, proofs, open dues.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import ColumnElement, select

from backoffice.calls.models import ServiceCall
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.customers.models import CustomerKind
from backoffice.fees import workflow as fees
from backoffice.invoices import workflow as invoices
from backoffice.invoices.models import Invoice, InvoiceState
from backoffice.invoices.rules import DeliveryWay, InvoiceKind
from backoffice.organisation.models import Branch, BranchKind, User
from backoffice.parts.models import Part
from backoffice.parts.queries import balance
from backoffice.receivables import workflow as money
from backoffice.receivables.models import SETTLED, CashHandover, Due, DueState, HandoverState, Payment
from backoffice.receivables.queries import due_of_call, held_by
from backoffice.receivables.rules import PaymentMethod
from backoffice.sales import workflow as sales
from backoffice.sales.rules import BackItem, SaleItem
from backoffice.settings import queries as settings
from backoffice.vouchers.models import CollectionPath

from .agenda import Life
from .job import Job
from .office import Crew, Office

_WAYS = ((PaymentMethod.CASH, 55), (PaymentMethod.WECHAT, 30), (PaymentMethod.ALIPAY, 15))
#: Days of late on which the desk does its work daily, and those of which much is left.
_DAILY, _LAST = 16, 3
_THURSDAY = 3
_REJECTIONS = ("抬头与税号不一致，请核对后重新申请", "客户来电要求改开专票", "税号少一位，请业务员确认")


def use_part(job: Job, part_code: str) -> None:
    """Build in a part from the store, where it is there."""
    part = db.session.scalar(select(Part).where(Part.code == part_code))
    if part is not None and balance(part.id, job.call.branch_id, None) >= 1:
        fees.use_part(job.call, by=job.technician, part=part, quantity=Decimal(1))


def collect_on_site(job: Job) -> None:
    """The customer pays the technician who stands before him, where the fee is small."""
    due = due_of_call(job.call.id)
    if due is None or due.path is not CollectionPath.ONSITE or job.rng.random() < 0.08:
        return
    method = job.rng.choices([way for way, _ in _WAYS], [weight for _, weight in _WAYS])[0]
    proof = None if method is PaymentMethod.CASH else job.rng.choice(job.office.scans)
    money.receive(due, by=job.technician, method=method, proof=proof)


def is_in_order(call: ServiceCall) -> bool:
    """Whether nothing of the money keeps the call from being written off (W-1.8)."""
    due = db.session.scalar(select(Due).where(Due.call_id == call.id, Due.state != DueState.VOID))
    return due is None or due.is_invoiced or due.state in SETTLED


class Desk:
    """The people of one branch who see to its money, day by day."""

    def __init__(self, office: Office, crew: Crew) -> None:
        self.office, self.crew = office, crew
        self.rng = Random(f"money-{crew.branch.code}")
        self.finance: User = crew.one(Role.FINANCE)
        headquarters = select(Branch.id).where(Branch.kind == BranchKind.HEADQUARTERS)
        self.colleague: User = db.session.scalars(
            select(User).where(User.role == Role.FINANCE, User.branch_id.in_(headquarters)).limit(1)
        ).one()
        self.assistant: User = crew.one(Role.ASSISTANT)
        #: who has not handed over for days
        self.late: User | None = None

    def days(self, count: int) -> Life:
        """The evening's handovers, the morning's counts, and what is to be invoiced: weekly at first, daily of late.

        Of the last days much is still to be done.
        """
        today = clock.local(self.office.now).date()
        for ago in range(count, -1, -1):
            day = today - timedelta(days=ago)
            if not settings.calendar().is_workday(day) or (ago > _DAILY and day.weekday() != _THURSDAY):
                continue
            start, few = clock.day_start(day), ago <= _LAST
            yield start + timedelta(hours=1, minutes=10)
            money.bill(clock.today(), clock.now())
            yield start + timedelta(hours=8, minutes=50)
            self._count()
            yield start + timedelta(hours=10, minutes=20)
            self._request(few=few)
            yield start + timedelta(hours=14, minutes=5)
            self._issue(few=few)
            yield start + timedelta(hours=15, minutes=40)
            self._bank(few=few)
            yield start + timedelta(hours=17, minutes=25)
            self._hand_over()

    def _skips(self, share: float) -> bool:
        return self.rng.random() < share

    def _hand_over(self) -> None:
        for technician in self.crew.people[Role.TECHNICIAN]:
            waiting = select(CashHandover.id).where(
                CashHandover.collector_id == technician.id, CashHandover.state == HandoverState.OPEN
            )
            holds = db.session.scalars(held_by(technician.id).limit(1)).first()
            if technician is self.late:
                continue
            if holds is not None and db.session.scalar(waiting) is None and not self._skips(0.25):
                money.hand_over(by=technician)

    def _count(self) -> None:
        here = select(CashHandover).where(
            CashHandover.branch_id == self.crew.branch.id, CashHandover.state == HandoverState.OPEN
        )
        for handover in db.session.scalars(here.order_by(CashHandover.id)).all():
            if self._skips(0.1):
                continue
            is_short = handover.total > 20 and self._skips(0.06)
            money.confirm(
                handover, by=self.finance, counted_total=handover.total - (10 if is_short else 0),
                reason="少一张十元，技术员次日补交" if is_short else "",
            )  # fmt: skip

    def _request(self, *, few: bool) -> None:
        """Invoices are asked for what has to be invoiced first, and for what companies have paid on site."""
        for due in self._dues(Due.is_invoiced.is_(False)):
            is_company = due.customer.kind is CustomerKind.COMPANY
            wanted = due.path is CollectionPath.INVOICE_FIRST or (is_company and not self._skips(0.5))
            if not wanted or self._skips(0.6 if few else 0.2) or (is_company and not due.customer.credit_code):
                continue
            special = is_company and due.amount > 500
            invoices.request(
                due, by=self.assistant, kind=InvoiceKind.SPECIAL if special else InvoiceKind.NORMAL,
                title=due.customer.invoice_title or due.customer.name, tax_id=due.customer.credit_code or "",
            )  # fmt: skip

    def _issue(self, *, few: bool) -> None:
        here = select(Invoice).where(
            Invoice.branch_id == self.crew.branch.id,
            Invoice.state.in_((InvoiceState.REQUESTED, InvoiceState.ISSUED)),
        )
        for invoice in db.session.scalars(here.order_by(Invoice.id)).all():
            if self._skips(0.5 if few else 0.15):
                continue
            if invoice.state is InvoiceState.ISSUED:
                way = self.rng.choice((DeliveryWay.EMAIL, DeliveryWay.EMAIL, DeliveryWay.PLATFORM, DeliveryWay.HAND))
                invoices.deliver(invoice, by=self.finance, way=way)
            elif self._skips(0.12):
                invoices.reject(invoice, by=self.finance, reason=self.rng.choice(_REJECTIONS))
            else:
                invoices.issue(invoice, by=self.finance, invoice_no=self._number(), issued_on=clock.today())

    def _number(self) -> str:
        """A digital number as the platform gives it: year, region, channel, serial (X-05)."""
        return f"{clock.today():%y}331{self.rng.randrange(10**15):015}"

    def _bank(self, *, few: bool) -> None:
        """Transfers come in for what was invoiced, and the headquarters see the proofs."""
        for due in self._dues(Due.is_invoiced.is_(True)):
            if due.state is DueState.DUE and not self._skips(0.95 if few else 0.85):
                half = due.amount > 1000 and self._skips(0.2)
                amount = (due.open_amount / 2).quantize(Decimal("0.01")) if half else due.open_amount
                money.receive(
                    due, by=self.finance, amount=amount, method=PaymentMethod.TRANSFER,
                    proof=self.rng.choice(self.office.scans), reference=f"{self.rng.randrange(10**12):012}",
                )  # fmt: skip
        unseen = select(Payment).where(
            Payment.branch_id == self.crew.branch.id, Payment.method != PaymentMethod.CASH,
            Payment.checked_at.is_(None), Payment.reversal_of_id.is_(None),
        )  # fmt: skip
        for payment in db.session.scalars(unseen.order_by(Payment.id)).all():
            if not self._skips(0.6 if few else 0.15):
                by = self.colleague if payment.received_by_id == self.finance.id else self.finance
                money.check(payment, by=by)

    def _dues(self, condition: ColumnElement[bool]) -> list[Due]:
        ended = (DueState.WAIVED, DueState.VOID)
        query = select(Due).where(Due.branch_id == self.crew.branch.id, Due.state.not_in(ended), condition)
        return list(db.session.scalars(query.order_by(Due.id)))

    def exceptions(self) -> Life:
        """A fee that the manager waives, a payment that was a mistake, an invoice taken back in red."""
        yield self.office.workday(9, 16, 5)
        small = [one for one in self._dues(Due.is_invoiced.is_(False)) if one.state is DueState.DUE]
        if small and not small[0].paid_amount:
            money.waive(small[0], by=self.crew.one(Role.MANAGER), reason="老客户首次收费，同意减免")
        yield self.office.workday(7, 11, 15)
        mistaken = select(Payment).where(
            Payment.branch_id == self.crew.branch.id,
            Payment.method != PaymentMethod.CASH,
            Payment.reversal_of_id.is_(None),
        )
        payment = db.session.scalars(mistaken.order_by(Payment.id.desc()).limit(1)).first()
        if payment is not None:
            money.reverse(payment, by=self.finance, reason="客户重复转账，原路退回")
        yield self.office.workday(4, 16, 20)
        on_site = [one for one in self._dues(Due.path == CollectionPath.ONSITE) if one.state is DueState.DUE]
        for due in on_site:
            if due.technician is not None and self.late is None:
                self.late = due.technician
                money.receive(due, by=self.late, method=PaymentMethod.CASH)
        yield self.office.workday(3, 15, 50)
        issued = select(Invoice).where(
            Invoice.branch_id == self.crew.branch.id, Invoice.state == InvoiceState.DELIVERED, ~Invoice.is_red
        )
        invoice = db.session.scalars(issued.order_by(Invoice.id.desc()).limit(1)).first()
        if invoice is not None:
            invoices.red(
                invoice, by=self.finance, invoice_no=self._number(), issued_on=clock.today(),
                red_confirmation_no=f"33{self.rng.randrange(10**14):014}", reason="购方税号变更，冲红重开",
            )  # fmt: skip

    def counter(self, count: int) -> Life:
        """Parts over the counter and by post (E-30); of one some come back."""
        parts = list(db.session.scalars(select(Part).where(Part.is_active).order_by(Part.code)))
        last = None
        for number in range(count):
            yield self.office.workday(2 * (count - number), 9 + number % 8, 12)
            there = [part for part in parts if balance(part.id, self.crew.branch.id, None) >= 4]
            if not there:
                continue
            chosen = self.rng.sample(there, min(len(there), self.rng.choice((1, 1, 2, 3))))
            last = sales.create(
                by=self.assistant, customer=self.rng.choice([one for one in self.crew.customers if one.is_active]),
                lines=[SaleItem(part, Decimal(self.rng.choice((1, 1, 2)))) for part in chosen],
                deliver_now=number != count - 1, remark=self.rng.choice(("", "", "客户自提", "顺丰到付")),
            )  # fmt: skip
            if number == count // 2 and last.due is not None:
                back = [BackItem(last.lines[0].id, Decimal(1))]
                sales.take_back(last, by=self.assistant, reason="规格买错，未拆封退回", lines=back)


def tell(office: Office, add: Callable[[Life], None], days: int) -> None:
    """The desks of both branches over that many days."""
    for code in ("HZ", "SH"):
        desk = Desk(office, office.crews[code])
        for life in (desk.days(days), desk.exceptions(), desk.counter(9)):
            add(life)
