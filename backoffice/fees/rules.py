"""What a job costs, on plain values: the lines of its fee from labour, travel, visits and parts (W-5.2)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.calls.rules import ServiceType
from backoffice.core.errors import MissingInput, RuleViolated, Text
from backoffice.core.money import NOTHING, line_amount, round_fen
from backoffice.core.states import LabelledEnum
from backoffice.repairs.rules import labour_amount
from backoffice.vouchers.models import CollectionPath

_ONE = Decimal(1)
_HUNDRED = Decimal(100)


class FeeKind(LabelledEnum):
    """What a line of a fee is for (E-10)."""

    LABOUR = "labour", _l("Labour")
    TRAVEL = "travel", _l("Travel")
    VISIT = "visit", _l("Visit under the contract")
    PART = "part", _l("Part")
    OTHER = "other", _l("Other")
    DISCOUNT = "discount", _l("Discount")


class TaxNature(LabelledEnum):
    """What a line is for the tax office; it decides the rate (X-01, X-02)."""

    PARTS = "parts", _l("Parts")
    REPAIR = "repair", _l("Repair")
    MAINTENANCE = "maintenance", _l("Maintenance")
    INSTALLATION = "installation", _l("Installation")
    OTHER = "other", _l("Other service")


@dataclass(frozen=True)
class Work:
    """So many minutes at the customer's, or on the repair card of that key and number."""

    minutes: int
    card_id: int | None = None
    card_number: str = ""


@dataclass(frozen=True)
class UsedPart:
    """A part that was built in at the price of that moment; card_id: on which card, none: at the customer's."""

    part_id: int
    name: str
    unit: str
    quantity: Decimal
    unit_price: Decimal
    card_id: int | None = None


@dataclass(frozen=True)
class Terms:
    """What the contract says of a job: its fee for a visit (none where it is paid by the period), and of the parts."""

    number: str
    visit_fee: Decimal | None
    parts_included: bool


@dataclass(frozen=True)
class Rates:
    """What an hour of work and the way cost, in yuan (C-12, C-13)."""

    hour: Decimal
    travel: Decimal


@dataclass(frozen=True)
class Extras:
    """What is added to a fee or taken off it by hand."""

    other_amount: Decimal = NOTHING
    other_reason: str = ""
    discount_percent: Decimal = NOTHING


@dataclass(frozen=True)
class Job:
    """All that decides what a job costs."""

    service_type: ServiceType
    rates: Rates
    zone: Text = ""
    visits: int = 1
    work: Sequence[Work] = ()
    parts: Sequence[UsedPart] = ()
    terms: Terms | None = None
    extras: Extras = Extras()
    #: the customer has refused: neither repaired nor built in
    is_refused: bool = False


@dataclass(frozen=True)
class Line:
    """One line of a fee; amounts with tax, in yuan."""

    kind: FeeKind
    name: Text
    tax_nature: TaxNature
    quantity: Decimal
    unit: Text
    unit_price: Decimal
    amount: Decimal
    part_id: int | None = None
    card_id: int | None = None


@dataclass(frozen=True)
class Fee:
    """The lines of a fee, in their order, and their sums by kind."""

    lines: tuple[Line, ...] = ()

    def of(self, *kinds: FeeKind) -> Decimal:
        """The sum of the lines of these kinds."""
        return sum((line.amount for line in self.lines if line.kind in kinds), NOTHING)

    @property
    def total(self) -> Decimal:
        """What is to be paid."""
        return sum((line.amount for line in self.lines), NOTHING)


def fee_of(job: Job) -> Fee:
    """The fee of a job (W-5.2): visits or labour, travel, parts, other, discount, in this order.

    Free: only its parts, at 0. Contract: the fee of its visits where it is paid by the visit, parts at 0 where they
    are included. Paid: labour, travel once, parts. Undecided: nothing yet. A customer who refuses gets no parts.
    """
    lines = [*_services(job), *([] if job.is_refused else _parts(job)), *_other(job)]
    return Fee((*lines, *_discount(job, lines)))


def _services(job: Job) -> Iterable[Line]:
    terms = job.terms
    if job.service_type is ServiceType.CONTRACT and terms is not None and terms.visit_fee:
        quantity = Decimal(max(job.visits, 1))
        yield Line(
            FeeKind.VISIT, _l("Service under contract %(number)s", number=terms.number), TaxNature.MAINTENANCE,
            quantity, _l("visit"), terms.visit_fee, line_amount(terms.visit_fee, quantity),
        )  # fmt: skip
    if job.service_type is not ServiceType.PAID:
        return
    for work in job.work:
        amount = labour_amount(work.minutes, job.rates.hour)
        if amount:
            words = {"minutes": work.minutes, "rate": f"{job.rates.hour:,.2f}", "card": work.card_number}
            name = (
                _l("Labour on card %(card)s, %(minutes)s minutes at ¥%(rate)s an hour", **words)
                if work.card_id is not None
                else _l("Labour, %(minutes)s minutes at ¥%(rate)s an hour", **words)
            )
            yield Line(FeeKind.LABOUR, name, TaxNature.REPAIR, _ONE, "", amount, amount, card_id=work.card_id)
    if job.rates.travel:
        name = _l("Travel, %(zone)s", zone=job.zone)
        yield Line(FeeKind.TRAVEL, name, TaxNature.REPAIR, _ONE, "", job.rates.travel, job.rates.travel)


def _parts(job: Job) -> Iterable[Line]:
    is_free = job.service_type not in (ServiceType.PAID, ServiceType.CONTRACT) or (
        job.service_type is ServiceType.CONTRACT and (job.terms is None or job.terms.parts_included)
    )
    for used in job.parts:
        price = NOTHING if is_free else used.unit_price
        yield Line(
            FeeKind.PART, used.name, TaxNature.PARTS, used.quantity, used.unit, price,
            line_amount(price, used.quantity), used.part_id, used.card_id,
        )  # fmt: skip


def _other(job: Job) -> Iterable[Line]:
    amount = job.extras.other_amount
    if amount and job.service_type in (ServiceType.PAID, ServiceType.CONTRACT):
        yield Line(FeeKind.OTHER, job.extras.other_reason, TaxNature.OTHER, _ONE, "", amount, amount)


def _discount(job: Job, lines: Sequence[Line]) -> Iterable[Line]:
    percent = job.extras.discount_percent
    off = round_fen(Fee(tuple(lines)).total * percent / _HUNDRED)
    if off:
        sums: dict[TaxNature, Decimal] = defaultdict(Decimal)
        for line in lines:
            sums[line.tax_nature] += line.amount
        nature = max(sums, key=lambda one: sums[one])  # of what it mostly reduces
        name = _l("Discount of %(percent)s %%", percent=f"{percent.normalize():f}")
        yield Line(FeeKind.DISCOUNT, name, nature, _ONE, "", off, -off)


def check_percent(percent: Decimal | None, field: str) -> Decimal:
    """The percentage; raises MissingInput for none, RuleViolated unless it is 0 to 100 with two places (W-5.2)."""
    if percent is None:
        raise MissingInput(_l("Enter the discount in percent; 0 takes it back."), rule="W-5.2", field=field)
    if not percent.is_finite() or not 0 <= percent <= _HUNDRED or percent != round_fen(percent):
        raise RuleViolated(
            _l("A discount lies between 0 and 100 percent, with at most two decimal places."), rule="W-5.2",
            field=field,
        )  # fmt: skip
    return round_fen(percent)


def path_of(
    total: Decimal, chosen: CollectionPath | None, limit: Decimal, *, brought_back: bool
) -> CollectionPath | None:
    """How a fee is paid (W-5.3): as chosen, else on site up to the limit (C-01); None where nothing is to be paid.

    The invoice comes first above the limit, and always for goods that were brought back.
    """
    if total <= 0:
        return None
    if brought_back or total > limit:
        return CollectionPath.INVOICE_FIRST
    return chosen or CollectionPath.ONSITE
