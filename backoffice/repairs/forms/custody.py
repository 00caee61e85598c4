"""The goods leave our hands: hand back, give up, and the unit that takes the place of a faulty one."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField

from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import LookupField, OneUploadField, TextLine
from backoffice.vouchers.forms import signing


@form_for("card.hand_back")
class HandBackForm(ActForm):
    """Receipt and second signature."""

    event_time = True

    receipt_back = BooleanField(_l("The customer has handed in the receipt"))
    received_by = TextLine(_l("Name of the person who takes the goods back"), max=60)
    signature_mode, signature, scan = signing()


@form_for("card.relinquish")
class RelinquishForm(ActForm):
    """The signed cession, and the receipt."""

    event_time = True

    receipt_back = BooleanField(_l("The customer has handed in the receipt"))
    cession = OneUploadField(_l("The customer's signed cession"), description=_l("Photo or scan"))


@form_for("card.replace")
class ReplaceForm(ActForm):
    """Which unit the customer got."""

    unit = LookupField(_l("Unit"), lookup="units", description=_l("Serial number of the replacement"))
