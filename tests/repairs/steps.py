"""What the tests of the acts on cards share."""

from datetime import timedelta

import pytest

from backoffice.calls.rules import FaultCause
from backoffice.core import attachments, clock
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RecordNotFound, RuleViolated
from backoffice.repairs.models import CardState
from backoffice.repairs.rules import DelayReason
from backoffice.vouchers.models import SignatureMode
from tests.custody import make_card
from tests.pictures import png

FINISH = {"work_done": "换机封", "fault_cause": FaultCause.PRODUCT}


def refused(act, *args, rule, field="", **inputs):
    with pytest.raises((RuleViolated, MissingInput, NotPermitted, RecordNotFound)) as refusal:
        act(*args, **inputs)
    assert refusal.value.rule == rule, refusal.value
    assert not field or refusal.value.field == field
    db.session.expire_all()
    return refusal.value


def under_repair(technician, **over):
    """A card on which work began two hours ago."""
    now = clock.now()
    over = {"received_at": now - timedelta(hours=3), "started_at": now - timedelta(hours=2)} | over
    return make_card(CardState.REPAIRING, technician=technician, **over)


def signed(**over):
    return {"signed_by": "张三", "signature_mode": SignatureMode.ON_SCREEN,
            "signature": attachments.prepare("s.png", png()), **over}  # fmt: skip


def delay(card, **over):
    return {"cause": DelayReason.PARTS, "help_requested": "无",
            "new_finish_at": card.planned_finish_at + timedelta(days=10), **over}  # fmt: skip
