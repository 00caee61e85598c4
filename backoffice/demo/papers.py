"""Pads of pre-numbered paper: who has them, and the sheets of which nobody knows what became."""

from backoffice.core.permissions import Role
from backoffice.organisation.models import User
from backoffice.papers import workflow
from backoffice.papers.models import PaperBlock, PaperKind
from backoffice.papers.queries import next_blank, sheet_of

from .agenda import Life
from .office import Crew, Office

#: What is printed on the pads of the first technicians, how many sheets each has, and its first number.
_PADS = (
    (PaperKind.VOUCHER, 0, "A", 12_301, 200), (PaperKind.RECEIPT, 0, "R", 3_101, 50), (PaperKind.CARD, 0, "K", 701, 50),
    (PaperKind.VOUCHER, 1, "A", 12_501, 200),
)  # fmt: skip


def pads(office: Office, crew: Crew) -> Life:
    """The pads go out before the calls of the last two months; one comes back half used."""
    yield office.day(64, 8, 40)
    blocks = [_hand_out(crew, *pad) for pad in _PADS]
    yield office.workday(12, 17, 20)
    half_used, holder = blocks[-1], crew.people[Role.TECHNICIAN][1]
    if number := next_blank(half_used.kind, holder.id):
        workflow.take_back(half_used, by=crew.one(Role.ASSISTANT), present_from=number)


def _hand_out(crew: Crew, kind: PaperKind, who: int, prefix: str, first: int, count: int) -> PaperBlock:
    numbers = [f"{crew.branch.code}-{prefix}{number:07d}" for number in (first, first + count - 1)]
    return workflow.hand_out(
        by=crew.one(Role.ASSISTANT), kind=kind, first=numbers[0], last=numbers[1],
        holder=crew.people[Role.TECHNICIAN][who],
    )  # fmt: skip


def gaps(office: Office, crew: Crew) -> Life:
    """A sheet is spoiled although the one before it is still blank; of another one its loss is known."""
    holder = crew.people[Role.TECHNICIAN][0]
    yield office.workday(14, 16, 5)
    _leave_out(holder, "被雨水浸湿，无法书写")
    yield office.workday(6, 16, 30)
    lost = _leave_out(holder, "写错型号，撕下作废")
    yield office.workday(5, 9, 15)
    if lost:
        block, number = lost
        workflow.declare_lost(block, by=crew.dispatcher(), first=number, reason="随工具包在客户现场遗失，已登报声明")


def _leave_out(holder: User, reason: str) -> tuple[PaperBlock, str] | None:
    """The next sheet is not there, and the one behind it is spoiled; the block and the missing number."""
    number = next_blank(PaperKind.VOUCHER, holder.id)
    sheet = sheet_of(PaperKind.VOUCHER, number)
    if sheet is None:
        return None
    block = sheet.block
    following = number[: -block.width] + f"{int(number[-block.width :]) + 1:0{block.width}d}"
    workflow.spoil(block, by=holder, first=following, reason=reason)
    return block, number
