"""Input pages of the acts on fees, and the fee below the findings while they are written."""

from dataclasses import replace
from decimal import Decimal

from flask import render_template
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from backoffice.calls.models import ServiceCall
from backoffice.calls.rules import ServiceType
from backoffice.core.money import NOTHING
from backoffice.core.permissions import Actor
from backoffice.repairs.forms.work import ReasonForm, UsedPartForm
from backoffice.settings import queries as settings
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import EnumField, MoneyField, PercentField, TextBlock, TextLine
from backoffice.vouchers.forms import SHOWN_WITH_FINDINGS
from backoffice.vouchers.workflow import Findings

from . import queries
from .queries import Standing
from .rules import Extras


def _shown(call: ServiceCall, standing: Standing) -> Markup:
    is_undecided = call.service_type is ServiceType.UNDECIDED
    html = render_template("fees/live.html", standing=standing, is_undecided=is_undecided)
    return Markup(html)  # noqa: S704 - made by a template


def show_with_findings(call: ServiceCall, findings: Findings) -> Markup:
    """The fee of a job with the findings that are being written."""
    return _shown(call, queries.priced(call, findings))


SHOWN_WITH_FINDINGS.append(show_with_findings)


@form_for("call.use_part")
class UsePartForm(UsedPartForm):
    """What is built in on site."""

    event_time = True


@form_for("site_part.give_back")
class GiveBackForm(ReasonForm):
    """Why it goes back."""


class _ExtrasForm(ActForm):
    is_live = True

    def extras(self, kept: Extras) -> Extras:
        """What was added or taken off by hand, with what is typed here."""
        raise NotImplementedError

    def prefill(self, docs: list[ServiceCall], by: Actor) -> None:
        """What stands there now."""
        if len(docs) == 1 and not self.is_submitted():
            self.take(queries.extras_of(queries.sheet_of(docs[0].id)))

    def take(self, kept: Extras) -> None:
        """Start from what stands there now."""

    def live(self, docs: list[ServiceCall], by: Actor) -> Markup:
        """What the job costs with it."""
        call = docs[0]
        extras = self.extras(queries.extras_of(queries.sheet_of(call.id)))
        return _shown(call, queries.priced(call, extras=extras))


@form_for("call.add_fee")
class AddFeeForm(_ExtrasForm):
    """How much more, and for what."""

    amount = MoneyField(_l("Amount"), description=_l("Yuan with tax, besides labour, travel and parts; 0 takes it off"))
    reason = TextLine(_l("What for"), max=300, description=_l("This stands on the voucher and on the invoice"))

    def take(self, kept: Extras) -> None:
        """Start from what stands there now."""
        if kept.other_amount:
            self.amount.data, self.reason.data = kept.other_amount, kept.other_reason

    def extras(self, kept: Extras) -> Extras:
        """The other fee as typed."""
        return replace(kept, other_amount=self.amount.data or NOTHING, other_reason=self.reason.data or "")


@form_for("call.discount")
class DiscountForm(_ExtrasForm):
    """How many percent, and why."""

    percent = PercentField(_l("Discount in percent"))
    reason = TextBlock(_l("Reason"), max=300)

    def prefill(self, docs: list[ServiceCall], by: Actor) -> None:
        """Say how far the supervisor may go."""
        super().prefill(docs, by)
        limit = f"{settings.amount('C-54').normalize():f}"
        self.percent.description = gettext("Above %(limit)s the manager gives it; 0 takes it back", limit=limit)

    def take(self, kept: Extras) -> None:
        """Start from what stands there now."""
        if kept.discount_percent:
            self.percent.data = kept.discount_percent

    def extras(self, kept: Extras) -> Extras:
        """The discount as typed."""
        typed = self.percent.data or NOTHING
        return replace(kept, discount_percent=min(max(typed, NOTHING), Decimal(100)))


@form_for("call.correct_type")
class CorrectTypeForm(ActForm):
    """The right type, and why the other one was wrong."""

    service_type = EnumField(_l("Service type"), [ServiceType.PAID, ServiceType.CONTRACT, ServiceType.FREE])
    reason = TextBlock(_l("Reason"), max=300)
