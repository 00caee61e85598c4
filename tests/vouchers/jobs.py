"""What a technician writes, and a job that he is at."""

from backoffice.calls.models import CallState
from backoffice.calls.rules import FaultCause
from backoffice.core import attachments
from backoffice.vouchers.models import OnsiteResult, SignatureMode
from tests import factories as make
from tests.pictures import png


def findings(**over):
    """What a technician writes about an ordinary repair."""
    return {"onsite_result": OnsiteResult.FIXED, "work_done": "更换机械密封", "fault_cause": FaultCause.PRODUCT,
            "labour_minutes": 40, **over}  # fmt: skip


def signed(**over):
    """Findings with a signature on the screen."""
    return findings(signature_mode=SignatureMode.ON_SCREEN, signature=attachments.prepare("s.png", png()),
                    signed_by="张三", **over)  # fmt: skip


def on_site(technician, **over):
    return make.make_call(CallState.ON_SITE, technician=technician, **over)
