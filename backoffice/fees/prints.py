"""What the papers of vouchers and repair cards say about the fee (F-02, F-05)."""

from collections.abc import Sequence

from backoffice.core.money import capitals
from backoffice.core.quantity import format_quantity
from backoffice.repairs import prints as repair_prints
from backoffice.repairs.models import RepairCard
from backoffice.repairs.prints import CardCost
from backoffice.ui import formatters
from backoffice.vouchers import prints as voucher_prints
from backoffice.vouchers.models import ServiceVoucher, VoucherState
from backoffice.vouchers.prints import PaperFee

from . import queries
from .models import FeeLine, FeeSheet, SitePart
from .rules import FeeKind


def fees_on_vouchers(vouchers: Sequence[ServiceVoucher]) -> dict[int, PaperFee]:
    """Settled fees with their lines and the sum in words; before that the parts that were entered on site so far."""
    calls = {voucher.call_id for voucher in vouchers if voucher.state is not VoucherState.VOID}
    settled, used = queries.settled_of_calls(calls), queries.site_parts_of(calls)
    found = {}
    for voucher in vouchers:
        if voucher.call_id in settled and voucher.state is not VoucherState.VOID:
            found[voucher.id] = _settled(settled[voucher.call_id])
        elif used.get(voucher.call_id) and voucher.state is not VoucherState.VOID:
            found[voucher.id] = PaperFee(parts=[_used(line) for line in used[voucher.call_id]])
    return found


def _settled(sheet: FeeSheet) -> PaperFee:
    return PaperFee(
        parts=[_part(line) for line in sheet.lines if line.kind is FeeKind.PART],
        others=[
            (str(line.kind.label), f"{line.name} {formatters.money(line.amount)}")
            for line in sheet.lines if line.kind is not FeeKind.PART
        ],
        total=formatters.money(sheet.total), in_words=capitals(sheet.total),
        path=str(sheet.path.label) if sheet.path is not None else "", is_settled=True,
    )  # fmt: skip


def _part(line: FeeLine) -> tuple[str, str, str, str, str]:
    quantity = f"{format_quantity(line.quantity)} {line.unit}"
    name, spec = line.name.rsplit(" · ", 1) if line.name.count(" · ") > 1 else (line.name, "")
    return name, spec, quantity, formatters.money(line.unit_price), formatters.money(line.amount)


def _used(line: SitePart) -> tuple[str, str, str, str, str]:
    part, quantity = line.part, f"{format_quantity(line.quantity)} {line.part.unit}"
    return f"{part.code} · {part.name}", part.spec, quantity, "", ""


def costs_of_cards(cards: Sequence[RepairCard]) -> dict[int, CardCost]:
    """The amounts of parts and labour of each card, as they stand in the fee of its job."""
    return {
        key: CardCost(
            parts=[formatters.money(line.amount) for line in fee.lines if line.kind is FeeKind.PART],
            labour=formatters.money(fee.of(FeeKind.LABOUR)), total=formatters.money(fee.total),
        )
        for key, fee in queries.of_cards(cards).items()
    }  # fmt: skip


voucher_prints.paper_fees = fees_on_vouchers
repair_prints.card_costs = costs_of_cards
