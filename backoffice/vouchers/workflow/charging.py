"""Where features that know fees and money join the course of a job: they add to these lists (W-1.4, W-1.8)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backoffice.calls.models import ServiceCall
from backoffice.core.permissions import Actor
from backoffice.organisation.models import User
from backoffice.vouchers.models import CollectionPath, OnsiteResult, ServiceVoucher


@dataclass(frozen=True)
class Findings:
    """What is going to be written on the voucher: its result, the minutes of work, and how it is to be paid."""

    result: OnsiteResult | None
    minutes: int | None
    path: CollectionPath | None
    #: the total that whoever writes has seen; none: nobody has looked
    seen_total: Decimal | None = None


#: Raise the reason why a job with these findings cannot be completed on site for its fee (W-1.4).
FEE_CHECKS: list[Callable[[ServiceCall, Findings], None]] = []
#: Raise the reason why a job ends neither cancelled nor refused for what was used for it (W-1.10, W-1.13).
ENDING_CHECKS: list[Callable[[ServiceCall], None]] = []
#: Find at once what these checks will ask of all these calls (bulk acts).
KNOW_ENDING: list[Callable[[Sequence[ServiceCall]], object]] = []
#: The job is completed and its voucher signed: settle what it costs (W-1.4, W-1.9).
COMPLETED: list[Callable[[ServiceCall, ServiceVoucher, User, datetime], None]] = []
#: Raise the reason why a call with its voucher back is not written off for its money (W-1.8).
MONEY_CHECKS: list[Callable[[ServiceCall, Actor], None]] = []
#: Find at once what the checks of the money will ask of all these calls (bulk acts).
KNOW_MONEY: list[Callable[[Sequence[ServiceCall]], object]] = []
