"""The pages of absences and deputies."""

from flask_babel import lazy_gettext as _l

from backoffice.core.permissions import Permission
from backoffice.organisation.models import Absence, Delegation
from backoffice.ui.views import DocumentView, NavGroup


class AbsenceView(DocumentView):
    """Who is away when."""

    model = Absence
    endpoint = "absences"
    url = "/absences/"
    name = _l("Absences")
    name_one = _l("Absence")
    group = NavGroup.ORGANISATION
    order = 40
    icon = "absence"
    read = Permission.ABSENCE_READ
    create_act = "absence.create"
    edit_act = "absence.edit"

    column_list = ("user", "from_on", "to_on", "reason", "cancelled_at")
    column_labels = {
        "user": _l("Who"), "from_on": _l("First day"), "to_on": _l("Last day"), "reason": _l("Reason"),
        "cancelled_at": _l("Cancelled"),
    }  # fmt: skip
    column_filters = ("user", "from_on", "to_on")
    column_sortable_list = ("from_on", "to_on")
    column_default_sort = ("from_on", True)


class DelegationView(DocumentView):
    """Who acts for whom (P-6)."""

    model = Delegation
    endpoint = "delegations"
    url = "/deputies/"
    name = _l("Deputies")
    name_one = _l("Deputy")
    group = NavGroup.ORGANISATION
    order = 45
    icon = "deputy"
    read = Permission.DELEGATION_WRITE
    create_act = "delegation.create"

    column_list = ("principal", "deputy", "from_on", "to_on", "ended_at")
    column_labels = {
        "principal": _l("For"), "deputy": _l("Deputy"), "from_on": _l("First day"), "to_on": _l("Last day"),
        "ended_at": _l("Ended early"),
    }  # fmt: skip
    column_filters = ("from_on", "to_on")
    column_sortable_list = ("from_on", "to_on")
    column_default_sort = ("from_on", True)
