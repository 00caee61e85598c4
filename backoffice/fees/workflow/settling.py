"""The fee of a job is settled when it is completed: its lines are copied, and never computed again (W-1.4, W-1.9)."""

from collections.abc import Callable
from datetime import datetime

from backoffice.fees.models import FeeSheet
from backoffice.organisation.models import User
from backoffice.vouchers.models import ServiceVoucher

#: What follows on a settled fee: it is above 0 or not; the sheet has its lines and its key.
CHARGED: list[Callable[[FeeSheet, ServiceVoucher, User, datetime], None]] = []
