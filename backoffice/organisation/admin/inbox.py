"""The inbox of notices."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_admin import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from backoffice.core import clock, scope
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError
from backoffice.core.notices import Notice
from backoffice.organisation.models import User
from backoffice.organisation.workflow import change_own_mail
from backoffice.ui import registry
from backoffice.ui.guards import PageView, actor, anyone, parse_key
from backoffice.ui.views import NavGroup


class NoticesView(PageView):
    """The inbox: one's own notices, newest first."""

    endpoint = "notices"
    url = "/notices"
    name = _l("Notices")
    group = NavGroup.HOME
    order = 10
    icon = "bell"
    read = staticmethod(anyone)
    newest = 50

    @expose("/")
    def index_view(self) -> Any:
        """The list."""
        query = select(Notice).where(scope.visible(Notice, actor())).order_by(Notice.id.desc()).limit(self.newest)
        return render_template("organisation/notices.html", view=self, notices=list(db.session.scalars(query)))

    @expose("/read/", methods=("POST",))
    def mark_read(self) -> Any:
        """Mark the notice `id` as read and with `go` open its record; without `id` mark all."""
        mine = scope.visible(Notice, actor())
        key = parse_key(request.form.get("id"))
        target = url_for("notices.index_view")
        unread = update(Notice).where(mine, Notice.read_at.is_(None)).values(read_at=clock.now())
        if request.form.get("id"):
            notice = db.session.scalar(select(Notice).where(mine, Notice.id == (key or 0)))
            if notice is None:
                return redirect(target, 303)
            unread = unread.where(Notice.id == notice.id)
            if request.form.get("go"):
                target = registry.link_to(notice.subject_type, notice.subject_id) or target
        db.session.execute(unread.execution_options(synchronize_session=False))
        db.session.commit()
        return redirect(target, 303)

    @expose("/mail/", methods=("GET", "POST"))
    def mail(self) -> Any:
        """One's own e-mail address, and whether notices go there too: `email`, `wants`."""
        by = actor()
        person = db.session.get_one(User, by.id)
        if request.method == "GET":
            values = {"email": person.email, "wants": person.notify_by_email}
            return render_template("organisation/mail.html", view=self, admin_view=self, problem="", **values)
        values = {"email": request.form.get("email", "")[:300], "wants": bool(request.form.get("wants"))}
        try:
            change_own_mail(person, **values)
            db.session.commit()
        except BackofficeError as refusal:
            db.session.rollback()
            page = render_template(
                "organisation/mail.html", view=self, admin_view=self, problem=refusal.message, **values
            )
            return page, refusal.status
        flash(gettext("Kept. Notices go to your inbox here in any case."), "success")
        return redirect(url_for("notices.index_view"), 303)
