"""The pages of parameters and holidays."""

from flask_babel import lazy_gettext as _l

from backoffice.core.permissions import Permission
from backoffice.ui.views import DocumentView, NavGroup, ReferenceView, Section

from .models import Holiday, Setting


class SettingView(DocumentView):
    """Every parameter with its value, default and rule; only its value can be changed."""

    model = Setting
    endpoint = "settings"
    url = "/settings/"
    name = _l("Settings")
    name_one = _l("Setting")
    group = NavGroup.SYSTEM
    order = 10
    icon = "settings"
    read = Permission.SETTING_READ
    edit_act = "setting.edit"

    column_list = ("label", "shown_value", "shown_default", "rule", "key", "updated_at")
    column_labels = {
        "label": _l("Setting"),
        "shown_value": _l("Value"),
        "shown_default": _l("Default"),
        "rule": _l("Rule"),
        "key": _l("Key"),
        "value": _l("Value"),
    }
    column_searchable_list = ("key",)
    column_default_sort = "key"
    list_needs = ("value",)
    link_column = "label"
    page_size = 100
    sections = (Section(_l("Setting"), ("label", "shown_value", "shown_default", "rule", "key", "updated_at")),)


class HolidayView(ReferenceView):
    """Days off and make-up workdays."""

    model = Holiday
    endpoint = "holidays"
    url = "/holidays/"
    name = _l("Holidays")
    name_one = _l("Holiday")
    group = NavGroup.ORGANISATION
    order = 50
    icon = "calendar"
    read = Permission.BRANCH_READ
    write = Permission.BRANCH_WRITE

    column_list = ("on", "kind", "name", "is_active")
    column_labels = {"on": _l("Day"), "kind": _l("Kind"), "name": _l("Name"), "is_active": _l("In force")}
    column_filters = ("on", "kind", "is_active")
    column_sortable_list = ("on",)
    column_default_sort = ("on", True)
    form_columns = ("on", "kind", "name", "is_active")


VIEWS = [SettingView, HolidayView]
