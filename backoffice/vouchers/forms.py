"""Input pages of the acts on vouchers and visits, and the look-up of technicians."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Select, or_, select

from backoffice.calls.models import NOT_CHOSEN, CancelReason, ServiceCall
from backoffice.calls.rules import FaultCause
from backoffice.core import clock
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.organisation.models import User
from backoffice.organisation.queries import absent
from backoffice.papers import queries as papers
from backoffice.papers.models import PaperKind
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import (
    EnumField,
    LocalDateTimeField,
    LookupField,
    OneUploadField,
    SeenAmountField,
    SignatureField,
    TextBlock,
    TextLine,
    WholeNumberField,
)  # fmt: skip
from backoffice.ui.formatters import listed
from backoffice.ui.lookups import lookup

from .models import CollectionPath, OnsiteResult, ServiceVoucher, SignatureMode, Visit
from .workflow import Findings

#: Technicians whose next sheet is named in a form.
_MOST_HINTS = 8


def _technician_label(user: User) -> str:
    skills = listed(user.skill_labels)
    return f"{user.real_name} · {skills}" if skills else user.real_name


@lookup("technicians", model=User, permission=Permission.CALL_DISPATCH, label=_technician_label)
def find_technicians(term: str, by: Actor) -> Select[Any]:
    """Active technicians of the branch who are not absent today, by name."""
    query = select(User).where(
        User.role == Role.TECHNICIAN, User.is_active, User.branch_id == by.branch_id, ~absent(clock.today())
    )
    if term:
        query = query.where(
            or_(User.real_name.icontains(term, autoescape=True), User.username.icontains(term, autoescape=True))
        )
    return query.order_by(User.real_name, User.id)


class _SendForm(ActForm):
    event_time = True

    technician = LookupField(_l("Technician"), lookup="technicians")
    helper = LookupField(_l("Helper"), lookup="technicians", description=_l("A second person, if one goes along"))
    paper_no = TextLine(_l("Number on the paper"), max=60, description=_l("Only when a pre-numbered sheet is used"))

    def prefill(self, docs: list[ServiceCall], by: Actor) -> None:
        """Name the next sheets beside the number: who goes writes on his own paper (E-10)."""
        held = papers.next_blanks(PaperKind.VOUCHER, by.branch_id, limit=_MOST_HINTS)
        if held:
            self.paper_no.description = gettext(
                "Only when a pre-numbered sheet is used. Next sheets: %(sheets)s",
                sheets=listed(f"{name} {number}" for name, number in held),
            )

    def inputs(self) -> dict[str, Any]:
        """The helper as a list."""
        values = super().inputs()
        helper = values.pop("helper")
        return {**values, "helpers": [helper] if helper is not None else []}


@form_for("call.dispatch")
class DispatchForm(_SendForm):
    """Who goes."""

    def prefill(self, docs: list[ServiceCall], by: Actor) -> None:
        """Name the wanted skill beside the choice: lacking it warns and does not block (W-1.2)."""
        super().prefill(docs, by)
        skills = {call.wanted_skill for call in docs if call.wanted_skill}
        if skills:
            labels = listed(skill.label for skill in skills)
            self.technician.description = gettext("Wanted skill: %(skills)s", skills=labels)


@form_for("call.reassign")
class ReassignForm(_SendForm):
    """Who goes instead, and why."""

    reason = TextBlock(_l("Reason"), max=300)


@form_for("call.cancel")
class CancelForm(ActForm):
    """Why the call ends without service."""

    cancel_reason = EnumField(
        _l("Reason"), [reason for reason in CancelReason if reason not in NOT_CHOSEN], empty_label=""
    )
    duplicate_of = LookupField(_l("Duplicate of"), lookup="service_calls")
    note = TextBlock(_l("Note"), max=250)


@form_for("call.arrive")
class ArriveForm(ActForm):
    """When: now, or as it was."""

    event_time = True
    departed_at = LocalDateTimeField(_l("Departed at"), description=_l("May stay empty"))


#: What is shown below the findings while they are written: (call, findings) -> markup; upper features add to it.
SHOWN_WITH_FINDINGS: list[Callable[[ServiceCall, Findings], Any]] = []


class _FindingsForm(ActForm):
    event_time = True
    is_live = True

    onsite_result = EnumField(
        _l("Result"), [OnsiteResult.FIXED, OnsiteResult.NO_FAULT, OnsiteResult.REFUSED], empty_label=""
    )
    work_done = TextBlock(_l("Work done"), max=2000)
    fault_cause = EnumField(_l("Cause"), FaultCause, empty_label="")
    labour_minutes = WholeNumberField(_l("Minutes of work"), max=14400)
    path = EnumField(
        _l("How it is paid"), CollectionPath, empty_label=_l("as the rule says"),
        description=_l("Only where it costs something"),
    )  # fmt: skip
    seen_total = SeenAmountField()

    def live(self, docs: list[ServiceCall], by: Actor) -> Any:
        """What the job costs with these findings."""
        found = Findings(self.onsite_result.data, self.labour_minutes.data, self.path.data)
        return Markup("").join(show(docs[0], found) for show in SHOWN_WITH_FINDINGS)


def signing() -> tuple[Any, Any, Any]:
    """The fields signature_mode, signature and scan of a customer's signature, in the place where they are made."""
    return (
        EnumField(_l("Signature"), [SignatureMode.ON_SCREEN, SignatureMode.ON_PAPER]),
        SignatureField(_l("Customer's signature")),
        OneUploadField(_l("Photo or scan of the signed paper")),
    )


@form_for("call.complete")
class CompleteForm(_FindingsForm):
    """Findings and signature."""

    signature_mode, signature, scan = signing()
    signed_by = TextLine(_l("Name of the person who signed"), max=60)


@form_for("call.report_unsigned")
class ReportUnsignedForm(_FindingsForm):
    """Findings, and why nobody signs."""

    reason = TextBlock(_l("Why the customer did not sign"), max=300)


@form_for("call.decline_unsigned")
class DeclineUnsignedForm(ActForm):
    """What the technician has to do."""

    reason = TextBlock(_l("What the technician should do"), max=300)


@form_for("call.revisit")
class RevisitForm(ActForm):
    """What is missing, and when to come again."""

    event_time = True
    reason = TextBlock(_l("What is missing"), max=500)
    next_visit_at = LocalDateTimeField(_l("Next visit"))


@form_for("call.refuse")
class RefuseForm(ActForm):
    """What the customer refused."""

    event_time = True
    reason = TextBlock(_l("What the customer refused, and why"), max=300)


@form_for("visit.correct")
class CorrectVisitForm(ActForm):
    """The right times, and why."""

    arrived_at = LocalDateTimeField(_l("Arrived"))
    left_at = LocalDateTimeField(_l("Left"))
    reason = TextBlock(_l("Reason"), max=300)

    def prefill(self, docs: list[Visit], by: Actor) -> None:
        """The pressed times."""
        if len(docs) == 1:
            self.arrived_at.data, self.left_at.data = docs[0].arrived_at, docs[0].left_at


class _ArchiveForm(ActForm):
    location = TextLine(_l("Kept where"), max=60, description=_l("Binder, shelf or folder"))


@form_for("call.write_off")
class WriteOffForm(_ArchiveForm):
    """Where the voucher is archived."""


@form_for("voucher.archive")
class ArchiveForm(_ArchiveForm):
    """Where the voucher is archived."""


@form_for("call.undo_write_off")
class UndoWriteOffForm(ActForm):
    """Why the write-off was wrong."""

    reason = TextBlock(_l("Reason"), max=300)


@form_for("voucher.take_back")
class TakeBackForm(ActForm):
    """When it came back."""

    event_time = True


@form_for("voucher.void")
class VoidForm(ActForm):
    """Why it is void, and the sheet that replaces it."""

    reason = TextBlock(_l("Reason"), max=300)
    paper_no = TextLine(_l("Number on the new paper"), max=60)

    def prefill(self, docs: list[ServiceVoucher], by: Actor) -> None:
        """Name the technician's next sheet (E-10)."""
        if len(docs) == 1 and (number := papers.next_blank(PaperKind.VOUCHER, docs[0].technician_id)):
            self.paper_no.description = gettext("The technician's next sheet: %(number)s", number=number)
