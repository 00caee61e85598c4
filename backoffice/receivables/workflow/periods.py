"""Every billing period of a contract that has begun is made due, once (W-5.4, J-09)."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from flask_babel import force_locale, gettext

from backoffice.contracts.models import ServiceContract
from backoffice.contracts.rules import Period, periods_begun
from backoffice.contracts.workflow import NIGHTLY
from backoffice.core import audit
from backoffice.core.db import db
from backoffice.core.locking import locked
from backoffice.fees.rules import TaxNature
from backoffice.receivables import queries
from backoffice.receivables.rules import DueSource
from backoffice.vouchers.models import CollectionPath

from .dues import DueItem, make_due

#: What the trail says of a due that the night has made.
BILLING = "contract.billing"
#: In which the papers for customers and the tax office are written, whoever starts the job.
_LANGUAGE = "zh_Hans_CN"


def bill(day: date, at: datetime) -> int:
    """Make due what of active contracts has begun by that day and is not due yet, days that were missed included.

    What was voided does not come again. Returns how many dues were made.
    """
    keys = list(db.session.scalars(queries.contracts_to_bill(day)))
    with audit.during(audit.Occasion(BILLING, event_at=at)):
        return _bill(locked(ServiceContract, keys), day, at)


def _bill(contracts: Sequence[ServiceContract], day: date, at: datetime) -> int:
    billed = queries.billed_periods([contract.id for contract in contracts])  # asked once they are locked
    made = 0
    for contract in contracts:
        begun = periods_begun(contract, min(day, contract.last_on))
        for period in begun:
            if period.amount and (contract.id, period.from_on) not in billed:
                _make(contract, period, at)
                made += 1
    return made


def _make(contract: ServiceContract, period: Period, at: datetime) -> None:
    with force_locale(_LANGUAGE):
        name = gettext("Maintenance %(first)s to %(last)s", first=period.from_on, last=period.to_on)
    item = DueItem(name, TaxNature.MAINTENANCE, Decimal(1), "", period.amount, period.amount)
    make_due(
        contract.customer, [item], source=DueSource.CONTRACT, source_number=contract.number,
        branch_id=contract.branch_id, path=CollectionPath.INVOICE_FIRST, at=at, due_on=period.due_on,
        contract=contract, period=(period.from_on, period.to_on),
    )  # fmt: skip


NIGHTLY.append(bill)
