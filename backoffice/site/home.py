"""The home page: what waits for this person, his cash, the unread notices, and how a technician behaves on site."""

from typing import Any

from flask import render_template
from flask_admin import AdminIndexView, expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core import scope
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.permissions import Permission, Role
from backoffice.receivables.queries import cash_of
from backoffice.ui import registry
from backoffice.ui.glance import glances
from backoffice.ui.guards import Guarded, actor, anyone
from backoffice.ui.navigation import NavGroup, sidebar
from backoffice.vouchers.rules import CONDUCT

_NEWEST = 8


class HomeView(Guarded, AdminIndexView):
    """The first page after the login."""

    read = staticmethod(anyone)
    rights = {"index": anyone}
    group = NavGroup.HOME
    order = 0
    icon = "home"
    first_page = "index"

    def __init__(self) -> None:
        super().__init__(name=_l("Home"), endpoint="admin", url="/")

    @expose("/")
    def index(self) -> Any:
        """Cards of what waits, each opening its list, the cash in hand, and the newest unread notices."""
        by = actor()
        shown = sidebar()
        query = select(Notice).where(scope.visible(Notice, by), Notice.read_at.is_(None)) if by else None
        notices = list(db.session.scalars(query.order_by(Notice.id.desc()).limit(_NEWEST))) if shown.unread else []
        return render_template(
            "site/home.html",
            by=by,
            waiting=shown.waiting,
            glances=glances(shown.waiting, by),
            notices=notices,
            unread=shown.unread,
            cash=cash_of(by.id) if by.can(Permission.HANDOVER_GIVE) else None,
            conduct=CONDUCT if by.role is Role.TECHNICIAN else (),
            desk=registry.view_at("finance") if by.can(Permission.FINANCE_DESK) else None,
        )
