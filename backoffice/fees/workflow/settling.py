"""The fee of a job is settled when it is completed: its lines are copied, and never computed again (W-1.4, W-1.9)."""

from collections.abc import Callable
from datetime import datetime

from flask_babel import force_locale
from sqlalchemy import select

from backoffice.calls.models import ServiceCall
from backoffice.core.db import db
from backoffice.core.money import NOTHING
from backoffice.fees.models import FeeLine, FeeSheet
from backoffice.fees.queries import extras_of, job_of
from backoffice.fees.rules import FeeKind, Job, fee_of, path_of
from backoffice.organisation.models import OFFICE_LOCALE, User
from backoffice.settings import queries as settings
from backoffice.vouchers.models import CollectionPath, OnsiteResult, ServiceVoucher
from backoffice.vouchers.workflow import COMPLETED

#: What follows on a settled fee: it is above 0 or not; the sheet has its lines and its key.
CHARGED: list[Callable[[FeeSheet, ServiceVoucher, User, datetime], None]] = []


def current_sheet(call: ServiceCall) -> FeeSheet | None:
    """The current fee sheet of a call that is locked, read anew and locked as well."""
    query = select(FeeSheet).where(FeeSheet.call_id == call.id, FeeSheet.is_current)
    return db.session.scalar(query.with_for_update(of=FeeSheet).execution_options(populate_existing=True))


def sheet_to_write_on(call: ServiceCall) -> FeeSheet:
    """The current fee sheet of a call that is locked; a new one where nothing was written yet."""
    return current_sheet(call) or new_sheet(call)


def new_sheet(call: ServiceCall) -> FeeSheet:
    """A sheet on which nothing is written yet."""
    sheet = FeeSheet(
        branch_id=call.branch_id, call=call, is_current=True, other_amount=NOTHING, other_reason="",
        discount_percent=NOTHING, discount_reason="", discount_limit=NOTHING,
    )  # fmt: skip
    db.session.add(sheet)
    return sheet


def copy_fee(
    sheet: FeeSheet, job: Job, *, at: datetime, chosen: CollectionPath | None, result: OnsiteResult | None
) -> None:
    """Copy the lines of the fee, its sums, rates and path to a sheet without lines, and flush it.

    The words of the lines stand on papers and invoices: they are in the office's language, whoever writes them.
    """
    fee = fee_of(job)
    with force_locale(OFFICE_LOCALE):
        sheet.lines = [
            FeeLine(
                branch_id=sheet.branch_id, position=place, kind=line.kind, name=str(line.name)[:300],
                tax_nature=line.tax_nature, quantity=line.quantity, unit=str(line.unit)[:20],
                unit_price=line.unit_price, amount=line.amount, part_id=line.part_id, card_id=line.card_id,
            )
            for place, line in enumerate(fee.lines, 1)
        ]  # fmt: skip
    sheet.labour_fee, sheet.travel_fee = fee.of(FeeKind.LABOUR), fee.of(FeeKind.TRAVEL)
    sheet.parts_fee, sheet.other_fee = fee.of(FeeKind.PART), fee.of(FeeKind.OTHER, FeeKind.VISIT)
    sheet.discount, sheet.total = -fee.of(FeeKind.DISCOUNT), fee.total
    sheet.service_type, sheet.settled_at = job.service_type, at
    sheet.hourly_rate, sheet.travel_rate = job.rates.hour, job.rates.travel
    sheet.path = path_of(
        fee.total, chosen, settings.amount("C-01"), brought_back=result is OnsiteResult.TAKEN_AWAY
    )  # fmt: skip
    db.session.flush()


def settle(call: ServiceCall, voucher: ServiceVoucher, by: User, at: datetime) -> None:
    """The job is completed: what it costs is copied, and becomes due where it is above 0 (W-1.4, W-1.9)."""
    sheet = sheet_to_write_on(call)
    copy_fee(
        sheet, job_of(call, voucher, extras=extras_of(sheet)), at=at, chosen=voucher.path,
        result=voucher.onsite_result,
    )  # fmt: skip
    for follow in CHARGED:
        follow(sheet, voucher, by, at)


COMPLETED.append(settle)
