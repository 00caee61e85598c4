"""How one behaves at the customer's."""

from flask_babel import lazy_gettext as _l

from backoffice.core.errors import Text

#: Shown to the technician on the home page and printed small on the voucher (S-1.7, G-09).
CONDUCT: tuple[Text, ...] = (
    _l("Be on time, and telephone before you are late."),
    _l("Be polite and calm. We never quarrel with a customer, whoever is right."),
    _l("Say what you have found and what you are going to do before you do it."),
    _l("What you promise is kept; what you cannot keep is not promised."),
    _l("Leave the place clean, and the old parts with the customer unless he wants them gone."),
)
