"""What several acts ask first: whether the fee may be signed for, and that nothing is built in for nothing."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import ServiceCall
from backoffice.core.errors import NotPermitted, Remedy, RuleViolated
from backoffice.core.permissions import Actor
from backoffice.fees.queries import know_site_parts, priced, site_parts_out
from backoffice.fees.rules import Fee
from backoffice.repairs.queries import cards_of_call
from backoffice.settings import queries as settings
from backoffice.vouchers.models import CollectionPath, OnsiteResult
from backoffice.vouchers.queries import live_voucher
from backoffice.vouchers.workflow import ENDING_CHECKS, FEE_CHECKS, KNOW_ENDING, Findings


def check_fee(call: ServiceCall, findings: Findings) -> None:
    """Raises the reason why nobody signs for this fee: another was shown, nothing is charged, or the path (W-1.4)."""
    refuses = findings.result is OnsiteResult.REFUSED
    if refuses:
        no_parts_out(call)
    fee = priced(call, findings).fee
    if findings.seen_total is not None and findings.seen_total != fee.total:
        raise RuleViolated(
            _l("The fee is now ¥%(now)s (it was ¥%(seen)s when you looked). Tell the customer, then send it again.",
               now=_yuan(fee.total), seen=_yuan(findings.seen_total)),
            rule="W-1.4",
        )  # fmt: skip
    if refuses and fee.total == 0:
        raise RuleViolated(
            _l("When the customer refuses, the supervisor ends the call. Escalate it to him."), rule="W-1.13",
            field="onsite_result",
        )  # fmt: skip
    _check_path(fee, findings)


def _check_path(fee: Fee, findings: Findings) -> None:
    if fee.total <= 0 or findings.path is not CollectionPath.ONSITE:
        return
    if findings.result is OnsiteResult.TAKEN_AWAY:
        raise RuleViolated(
            _l("Goods were brought back: the invoice comes first. Choose “%(path)s”.",
               path=CollectionPath.INVOICE_FIRST.label),
            rule="W-5.3", field="path",
        )  # fmt: skip
    check_onsite(fee.total)


def check_onsite(total: Decimal) -> None:
    """Raises RuleViolated for what is more than may be collected on site (C-01, W-5.3)."""
    limit = settings.amount("C-01")
    if total > limit:
        raise RuleViolated(
            _l("¥%(total)s is more than may be collected on site (¥%(limit)s): the invoice comes first.",
               total=_yuan(total), limit=_yuan(limit)),
            rule="W-5.3", field="path",
        )  # fmt: skip


def no_parts_out(call: ServiceCall) -> None:
    """Raises RuleViolated while parts that were built in on site are not given back (W-1.10, W-1.13)."""
    out = site_parts_out(call.id)
    if out:
        raise RuleViolated(
            _l("%(part)s stands on this job as used. Give back first what was not built in, or let the technician"
               " complete the job.", part=out[0].part.label),
            rule="E-07", remedy=Remedy(_l("Parts used on site"), "site_parts.index_view", {"call": call.id}),
        )  # fmt: skip


def not_of_the_job(call: ServiceCall, by: Actor) -> None:
    """Guard: whoever does the job does not set its price; raises NotPermitted (P-4)."""
    if call.technician_id == by.id:
        raise NotPermitted(_l("Whoever did the job does not change its price; ask the supervisor himself."), rule="P-4")


def no_hands_on(call: ServiceCall, by: Actor) -> None:
    """The same for those who help, and those who have worked on its cards; raises NotPermitted (P-4)."""
    voucher = live_voucher(call)
    hands: set[int | None] = {helper.id for helper in voucher.helpers} if voucher is not None else set()
    for card in cards_of_call(call.id):
        hands |= {card.technician_id, card.finished_by_id, *(entry.user_id for entry in card.time_entries)}
    if by.id in hands:
        raise NotPermitted(_l("Whoever did the job does not change its price; ask the supervisor himself."), rule="P-4")


def _yuan(amount: Decimal) -> str:
    return f"{amount:,.2f}"


FEE_CHECKS.append(check_fee)
ENDING_CHECKS.append(no_parts_out)
KNOW_ENDING.append(know_site_parts)
