"""The supervisor's pages: inspect, send back, decide on a delay, unrepairable, another technician."""

from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.repairs.rules import Answer, Offer
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import EnumField, LookupField, TextBlock, TextLine


@form_for("card.inspect")
class InspectForm(ActForm):
    """A remark, if there is one."""

    event_time = True
    note = TextLine(_l("Remark"), max=500, description=_l("May stay empty"))


@form_for("card.send_back")
class SendBackForm(ActForm):
    """What is not good."""

    event_time = True
    note = TextBlock(_l("What is not good"), max=500)


@form_for("card.declare_unrepairable")
class UnrepairableForm(ActForm):
    """Why, and what the customer is offered."""

    event_time = True
    reason = TextBlock(_l("Why it cannot be repaired"), max=500)
    offer = EnumField(_l("What the customer is offered"), Offer, empty_label="")


@form_for("delay.decide")
class DecideDelayForm(ActForm):
    """Accept or refuse the new date."""

    event_time = True
    accept = EnumField(_l("Decision"), Answer, empty_label="")
    decision = TextBlock(_l("What is to be done"), max=500)

    def inputs(self) -> dict[str, Any]:
        """The answer as yes, no, or none."""
        values = super().inputs()
        answer = values["accept"]
        return {**values, "accept": None if answer is None else answer is Answer.ACCEPT}


@form_for("card.reassign")
class ReassignCardForm(ActForm):
    """Who repairs it from now on."""

    technician = LookupField(_l("Technician"), lookup="technicians")
    reason = TextBlock(_l("Reason"), max=300)
