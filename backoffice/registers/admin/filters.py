"""Filters that the registers ask of the lists of lower features: branch, technician, zone, service type (10.2)."""

from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.customers.admin import ProjectView
from backoffice.goods.admin import GoodsEntryView
from backoffice.organisation.models import User
from backoffice.reports.admin import DailyReportView, SupervisorReportView
from backoffice.ui.filters import RelationFilter

from .base import of_branch


def add(view: Any, *filters: Any) -> None:
    """Give a lower list more filters; those that it has already are left out."""
    had = {one if isinstance(one, str) else one.name for one in view.column_filters}
    view.column_filters += tuple(one for one in filters if one.name not in had)


add(
    GoodsEntryView, of_branch(GoodsEntryView.model),
    RelationFilter("technician", _l("Technician"), GoodsEntryView.model.moved_by_id, User, "moved_by"),
)  # fmt: skip
for _view in (ProjectView, DailyReportView, SupervisorReportView):
    add(_view, of_branch(_view.model))
