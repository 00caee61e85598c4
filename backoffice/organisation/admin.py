"""The pages of branches, areas, users, absences, deputies, notices and the audit trail."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import func, select, update

from backoffice.core import clock, scope
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.permissions import Permission
from backoffice.ui import formatters, registry, trail
from backoffice.ui.guards import PageView, actor, anyone, parse_key
from backoffice.ui.views import BaseView, DocumentView, NavGroup, Related, Section

from .models import LOCALES, Absence, Branch, Delegation, ServiceArea, User


class BranchView(DocumentView):
    """The places of the company."""

    model = Branch
    endpoint = "branches"
    url = "/branches/"
    name = _l("Branches")
    name_one = _l("Branch")
    group = NavGroup.ORGANISATION
    order = 10
    icon = "branch"
    read = Permission.BRANCH_READ
    create_act = "branch.create"
    edit_act = "branch.edit"

    column_list = ("code", "name", "kind", "parent", "city", "phone", "is_active")
    column_labels = {
        "code": _l("Code"), "name": _l("Name"), "kind": _l("Kind"), "parent": _l("Belongs to"), "city": _l("Town"),
        "address": _l("Address"), "phone": _l("Telephone"), "service_department_name": _l("Service department"),
        "is_active": _l("In use"),
    }  # fmt: skip
    column_searchable_list = ("code", "name")
    column_filters = ("kind", "is_active")
    column_sortable_list = ("code", "name")
    column_default_sort = "code"
    sections = (
        Section(_l("Branch"), ("code", "name", "kind", "parent", "is_active")),
        Section(_l("Address"), ("city", "address", "phone", "service_department_name")),
    )
    related = (
        Related(
            _l("Users"), "users", "branch", lambda branch: _count(User, User.branch_id == branch.id, User.is_active)
        ),
        Related(
            _l("Service areas"),
            "service_areas",
            "branch",
            lambda branch: _count(ServiceArea, ServiceArea.branch_id == branch.id),
        ),
    )


class ServiceAreaView(DocumentView):
    """The regions that the branches serve, with their limits."""

    model = ServiceArea
    endpoint = "service_areas"
    url = "/areas/"
    name = _l("Service areas")
    name_one = _l("Service area")
    group = NavGroup.ORGANISATION
    order = 20
    icon = "map"
    read = Permission.BRANCH_READ
    create_act = "area.create"
    edit_act = "area.edit"

    column_list = ("name", "zone", "region_code", "dispatch_limit_min", "arrival_limit_min", "branch", "is_active")
    column_labels = {
        "name": _l("Name"), "zone": _l("Zone"), "region_code": _l("Region code"), "branch": _l("Branch"),
        "dispatch_limit_min": _l("Dispatch within (minutes)"), "arrival_limit_min": _l("Arrival within (minutes)"),
        "is_active": _l("In use"),
    }  # fmt: skip
    column_searchable_list = ("name", "region_code")
    column_filters = ("zone", "branch", "is_active")
    column_sortable_list = ("name", "zone")
    column_default_sort = "name"


class UserView(DocumentView):
    """The people who may log in."""

    model = User
    endpoint = "users"
    url = "/users/"
    name = _l("Users")
    name_one = _l("User")
    group = NavGroup.ORGANISATION
    order = 30
    icon = "users"
    read = Permission.USER_READ
    create_act = "user.create"
    edit_act = "user.edit"

    column_list = ("username", "real_name", "role", "branch", "department", "skills", "is_active")
    column_labels = {
        "username": _l("User name"), "real_name": _l("Full name"), "role": _l("Role"), "branch": _l("Branch"),
        "department": _l("Department"), "phone": _l("Telephone"), "skills": _l("Skills"), "locale": _l("Language"),
        "certificate_no": _l("Certificate number"), "is_active": _l("Active"), "is_demo": _l("Demo account"),
        "password_hash": _l("Password"),
    }  # fmt: skip
    column_formatters = {
        "skills": lambda view, context, user, name: formatters.listed(user.skill_labels),
        "locale": lambda view, context, user, name: LOCALES.get(user.locale, user.locale),
    }
    column_searchable_list = ("username", "real_name")
    column_filters = ("role", "branch", "is_active")
    column_sortable_list = ("username", "real_name", "role")
    column_default_sort = "username"
    sections = (
        Section(_l("User"), ("username", "real_name", "role", "branch", "department", "is_active")),
        Section(_l("Work"), ("phone", "skills", "certificate_no", "locale")),
    )


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


class AuditView(BaseView):
    """Who did what, when it happened and when it was entered; nobody can change it (G-04)."""

    model = AuditEntry
    endpoint = "audit"
    url = "/audit/"
    name = _l("Audit trail")
    name_one = _l("Audit entry")
    group = NavGroup.SYSTEM
    order = 20
    icon = "audit"
    read = Permission.AUDIT_READ

    column_list = ("at", "user", "act", "subject", "on_behalf_of", "is_late", "branch")
    column_labels = {
        "at": _l("Entered"), "event_at": _l("Happened"), "user": _l("Who"), "act": _l("Act"), "subject": _l("Record"),
        "on_behalf_of": _l("On behalf of"), "is_late": _l("Entered late"), "branch": _l("Branch"),
        "ip": _l("Network address"),
        "note": _l("Note"), "changes": _l("Changes"), "subject_type": _l("Kind of record"),
    }  # fmt: skip
    column_formatters = {
        "act": lambda view, context, entry, name: trail.act_words(entry.act),
        "subject": lambda view, context, entry, name: _subject(entry),
        "changes": lambda view, context, entry, name: _changes(entry),
    }
    column_filters = ("at", "user", "act", "subject_type", "branch", "is_late")
    column_sortable_list = ("at",)
    column_default_sort = ("at", True)
    list_loads = ("user", "on_behalf_of", "branch")
    link_column = "at"
    sections = (
        Section(_l("Audit entry"), ("at", "event_at", "is_late", "user", "on_behalf_of", "branch", "ip")),
        Section(_l("Act"), ("act", "subject", "note", "changes")),
    )

    def heading(self, doc: AuditEntry) -> str:
        """What was done to which record."""
        return f"{trail.act_words(doc.act)} · {doc.subject}" if doc.subject else str(trail.act_words(doc.act))


def _count(model: Any, *conditions: Any) -> Any:
    return select(func.count()).select_from(model).where(*conditions)


def _subject(entry: AuditEntry) -> Any:
    view = registry.view_of(entry.subject_type)
    kind = view.name_one if view is not None else entry.subject_type
    words = f"{kind} {entry.subject or ''}".strip()
    url = registry.link_to(entry.subject_type, entry.subject_id)
    return Markup('<a href="{}">{}</a>').format(url, words) if url else words


def _changes(entry: AuditEntry) -> Any:
    view = registry.view_of(entry.subject_type)
    if view is None or not entry.changes:
        return ""
    names = trail.Names(view.model, [entry.changes], actor())
    lines = [
        formatters.labelled(label, Markup("{} → {}").format(old if old is not None else "", new))
        for label, old, new in trail.changed(view, names, entry)
    ]
    return Markup("<br>").join(lines)


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


VIEWS = [
    NoticesView,
    BranchView,
    ServiceAreaView,
    UserView,
    AbsenceView,
    DelegationView,
    AuditView,
]
