"""A throw-away office of two tables, to test the kit without any feature."""

import itertools
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Flask, redirect, request
from flask_admin import Admin, expose
from flask_babel import Babel, lazy_gettext
from flask_login import LoginManager, login_user
from flask_wtf import CSRFProtect
from sqlalchemy import ForeignKey, String, func, select, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backoffice.core import notices
from backoffice.core.acts import act
from backoffice.core.attachments import AttachmentKind, attach
from backoffice.core.db import SECRET, Document, Reference, db, enum_type, install_engine_listeners, pii
from backoffice.core.errors import MissingInput, Remedy, RuleViolated
from backoffice.core.permissions import GRANTS, Permission, Role
from backoffice.core.scope import scoped
from backoffice.core.states import LabelledEnum, StateEnum
from backoffice.ui import kit
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import (
    EnumField,
    LocalDateField,
    LocalDateTimeField,
    LookupField,
    MoneyField,
    PhoneField,
    Required,
    SignatureField,
    TextBlock,
    TextLine,
    UploadField,
    WholeNumberField,
)  # fmt: skip
from backoffice.ui.formatters import deadline
from backoffice.ui.guards import PageView, Queue, anyone, needs
from backoffice.ui.lookups import like, lookup
from backoffice.ui.views import BaseView, DocumentView, NavGroup, ReferenceView, Related, Section

P = Permission


class Branch(Reference, db.Model):
    __tablename__ = "branch"
    __shown__ = ("code",)
    code: Mapped[str] = mapped_column(String(10), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    is_active: Mapped[bool] = mapped_column(default=True)

    def __str__(self) -> str:
        return self.name


class User(Reference, db.Model):
    __tablename__ = "user"
    __shown__ = ("real_name",)
    username: Mapped[str] = mapped_column(String(40), unique=True)
    real_name: Mapped[str] = mapped_column(String(60))
    role: Mapped[Role] = mapped_column(enum_type(Role))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"))
    password_hash: Mapped[str] = mapped_column(String(200), default="HASH-OF-PASSWORD", info=SECRET)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_authenticated = True
    is_anonymous = False

    def get_id(self) -> str:
        return str(self.id)

    @property
    def standing(self) -> tuple[Any, ...]:
        return self.id, self.role, self.branch_id, self.is_active

    def can(self, permission: Permission) -> bool:
        return permission in GRANTS[self.role]

    def on_behalf_of(self, permission: Permission) -> int | None:
        return None

    def __str__(self) -> str:
        return self.real_name


class TicketState(StateEnum):
    OPEN = "open", lazy_gettext("Open"), "info"
    SENT = "sent", lazy_gettext("Dispatched"), "warn"
    DONE = "done", lazy_gettext("Completed"), "good", True
    DROPPED = "dropped", lazy_gettext("Cancelled"), "bad", True


class Urgency(LabelledEnum):
    NORMAL = "normal", lazy_gettext("Normal")
    HIGH = "high", lazy_gettext("High")


class Client(Document, db.Model):
    __tablename__ = "client"
    __shown__ = ("name", "is_company")
    name: Mapped[str] = mapped_column(String(40), index=True, info=pii("name"))
    is_company: Mapped[bool] = mapped_column(default=False)
    phone: Mapped[str] = mapped_column(String(30), default="", info=pii("phone"))
    phone_digits: Mapped[str] = mapped_column(String(30), default="", index=True)

    @property
    def latest(self) -> Any:
        return db.session.scalar(select(Ticket).where(Ticket.client_id == self.id).order_by(Ticket.id.desc()).limit(1))

    def __str__(self) -> str:
        return self.name


class Ticket(Document, db.Model):
    __tablename__ = "ticket"
    __shown__ = ("number",)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[TicketState] = mapped_column(enum_type(TicketState), default=TicketState.OPEN, index=True)
    urgency: Mapped[Urgency] = mapped_column(enum_type(Urgency), default=Urgency.NORMAL, index=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), index=True)
    sent_to_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    subject: Mapped[str] = mapped_column(String(60), index=True)
    details: Mapped[str] = mapped_column(String(2000), default="")
    contact: Mapped[str] = mapped_column(String(30), default="", info=pii("phone"))
    amount: Mapped[Decimal | None]
    visits: Mapped[int] = mapped_column(default=0)
    wanted_on: Mapped[date | None] = mapped_column(index=True)
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    is_paid: Mapped[bool] = mapped_column(default=False, index=True)
    signed: Mapped[bool] = mapped_column(default=False)
    client: Mapped[Client] = relationship()
    sent_to: Mapped[User | None] = relationship(foreign_keys=[sent_to_id])

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"


class Setting(Reference, db.Model):
    __tablename__ = "toy_setting"
    __shown__ = ("key",)
    code: Mapped[str] = mapped_column(String(10), unique=True)
    name: Mapped[str] = mapped_column(String(20))
    urgency: Mapped[Urgency] = mapped_column(enum_type(Urgency))
    fee: Mapped[Decimal | None]
    minutes: Mapped[int] = mapped_column(default=60)
    starts_on: Mapped[date | None]
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"))
    is_active: Mapped[bool] = mapped_column(default=True)
    branch: Mapped[Branch] = relationship()

    def __str__(self) -> str:
        return self.name


for model in (Client, Ticket, Setting):
    scoped(model)(lambda by, m=model: m.branch_id == by.branch_id)
scoped(Branch)(lambda by: true())
scoped(User)(lambda by: User.branch_id == by.branch_id)


def _all_rows(model: Any, column: Any) -> Any:
    def find(term: str, by: Any) -> Any:
        query = select(model).order_by(column, model.id)
        return query.where(column.ilike(like(term), escape="\\")) if term else query

    return find


lookup("clients", model=Client, permission=P.CUSTOMER_READ)(_all_rows(Client, Client.name))
lookup("branches", model=Branch, permission=P.BRANCH_READ)(_all_rows(Branch, Branch.name))


@lookup("technicians", model=User, permission=P.CALL_DISPATCH)
def technicians(term: str, by: Any, client: int | None = None) -> Any:
    query = select(User).where(User.role == Role.TECHNICIAN, User.is_active).order_by(User.real_name)
    return query.where(User.real_name.ilike(like(term), escape="\\")) if term else query


_serial = itertools.count(1)


@act("ticket.register", Ticket, permission=P.CALL_REGISTER, label=lazy_gettext("Register"), rule="T-1", creates=True)
def register(*, by: Any, at: datetime, client: Any, subject: str, **rest: Any) -> Ticket:
    if subject == "bug":
        raise ZeroDivisionError("select secret from user")
    if subject == "refused":
        raise RuleViolated("This subject is never taken.", rule="T-1", field="subject")
    number = db.session.scalar(select(func.max(Ticket.id))) or 0
    ticket = Ticket(
        number=f"T-{number + 1:05d}", branch_id=by.branch_id, client=client, subject=subject, details=rest["details"],
        amount=rest["amount"], wanted_on=rest["wanted_on"], contact=rest["contact"], urgency=rest["urgency"],
    )  # fmt: skip
    db.session.add(ticket)
    return ticket


@act("ticket.edit", Ticket, permission=P.CALL_EDIT, label=lazy_gettext("Edit"), rule="T-2", order=90)
def edit(ticket: Any, *, by: Any, at: datetime, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(ticket, name, value)


@act(
    "ticket.dispatch", Ticket, permission=P.CALL_DISPATCH, label=lazy_gettext("Dispatch"), rule="T-3",
    sources=[TicketState.OPEN], target=TicketState.SENT, tone="primary", order=10,
)  # fmt: skip
def dispatch(ticket: Any, *, by: Any, at: datetime, technician: Any, **rest: Any) -> None:
    if ticket.subject.startswith("hopeless"):
        raise RuleViolated(
            "Nobody is willing.",
            rule="T-3",
            remedy=Remedy("Look at the clients", "clients.index_view"),
            field="technician",
        )
    ticket.sent_to = technician
    notices.send("ticket.sent", [technician.id], ticket, number=ticket.number)


notices.kind("ticket.sent", lazy_gettext("Ticket %(number)s is yours."))


@act(
    "ticket.finish", Ticket, permission=P.CALL_WORK, label=lazy_gettext("Finish"), rule="T-4",
    sources=[TicketState.SENT], target=TicketState.DONE, tone="primary", order=20,
)  # fmt: skip
def finish(ticket: Any, *, by: Any, at: datetime, signature: Any, **rest: Any) -> None:
    if signature is None:
        raise MissingInput("The customer has to sign.", rule="T-4", field="signature")
    attach(ticket, signature, AttachmentKind.SIGNATURE, by=by)
    ticket.signed = True


@act(
    "ticket.pay",
    Ticket,
    permission=(P.CALL_DISPATCH, P.CALL_WORK),
    label=lazy_gettext("Mark paid"),
    rule="T-5",
    order=30,
)
def pay(ticket: Any, *, by: Any, at: datetime) -> None:
    if ticket.is_paid:
        raise RuleViolated("This is paid already.", rule="T-5")
    ticket.is_paid = True


@act(
    "ticket.cancel", Ticket, permission=P.CALL_CANCEL, label=lazy_gettext("Cancel the ticket"), rule="T-6",
    sources=[TicketState.OPEN, TicketState.SENT], target=TicketState.DROPPED, tone="danger", order=40,
    confirm=lazy_gettext("A cancelled ticket cannot be opened again."),
)  # fmt: skip
def cancel(ticket: Any, *, by: Any, at: datetime) -> None:
    pass


@act("ticket.note", Ticket, permission=P.CALL_NOTE, label=lazy_gettext("Add a note"), rule="T-7", order=60)
def note(ticket: Any, *, by: Any, at: datetime, note: str) -> None:
    pass


@act(
    "ticket.attach",
    Ticket,
    permission=P.CALL_NOTE,
    label=lazy_gettext("Attach files"),
    rule="T-8",
    order=61,
    bulk=False,
)
def attach_files(ticket: Any, *, by: Any, at: datetime, files: list[Any]) -> None:
    for one in files:
        attach(ticket, one, AttachmentKind.PHOTO, by=by)


@form_for("ticket.register")
class RegisterForm(ActForm):
    event_time = True
    client = LookupField(lazy_gettext("Client"), [Required()], lookup="clients")
    subject = TextLine(lazy_gettext("Subject"), max=60, validators=[Required()])
    urgency = EnumField(lazy_gettext("Urgency"), Urgency)
    contact = PhoneField(lazy_gettext("Telephone"), description=lazy_gettext("Where we can call back."))
    details = TextBlock(lazy_gettext("Details"), max=2000)
    amount = MoneyField(lazy_gettext("Estimate"))
    wanted_on = LocalDateField(lazy_gettext("Wanted on"))


@form_for("ticket.edit")
class EditForm(ActForm):
    subject = TextLine(lazy_gettext("Subject"), max=60, validators=[Required()])
    contact = PhoneField(lazy_gettext("Telephone"))
    details = TextBlock(lazy_gettext("Details"), max=2000)
    amount = MoneyField(lazy_gettext("Estimate"))
    wanted_on = LocalDateField(lazy_gettext("Wanted on"))
    due_at = LocalDateTimeField(lazy_gettext("Due"))


@form_for("ticket.dispatch")
class DispatchForm(ActForm):
    technician = LookupField(lazy_gettext("Technician"), [Required()], lookup="technicians", context=("client",))
    note = TextBlock(lazy_gettext("Note"))


@form_for("ticket.finish")
class FinishForm(ActForm):
    event_time = True
    minutes = WholeNumberField(lazy_gettext("Minutes"), max=600)
    signature = SignatureField(lazy_gettext("Signature of the customer"))


@form_for("ticket.note")
class NoteForm(ActForm):
    note = TextBlock(lazy_gettext("Note"), max=2000, validators=[Required()])


@form_for("ticket.attach")
class AttachForm(ActForm):
    files = UploadField(lazy_gettext("Files"), [Required()])


class TicketView(DocumentView):
    model = Ticket
    endpoint = "tickets"
    url = "/tickets/"
    name = lazy_gettext("Tickets")
    name_one = lazy_gettext("ticket")
    group = NavGroup.SERVICE
    icon = "list"
    read = P.CALL_READ
    column_list = (
        "number",
        "state",
        "client",
        "subject",
        "urgency",
        "due_at",
        "amount",
        "contact",
        "sent_to",
        "created_at",
    )
    column_labels = {
        "client": lazy_gettext("Client"), "subject": lazy_gettext("Subject"), "urgency": lazy_gettext("Urgency"),
        "due_at": lazy_gettext("Due"), "amount": lazy_gettext("Estimate"), "contact": lazy_gettext("Telephone"),
        "sent_to": lazy_gettext("Technician"), "details": lazy_gettext("Details"), "is_paid": lazy_gettext("Paid"),
        "wanted_on": lazy_gettext("Wanted on"), "visits": lazy_gettext("Visits"),
    }  # fmt: skip
    column_formatters = {"due_at": lambda v, c, m, p: deadline(m.due_at, None, m.created_at)}
    column_searchable_list = ("number", "subject", "client.name", "client.phone_digits", "contact")
    column_filters = (
        "state",
        "urgency",
        "client",
        "sent_to",
        "is_paid",
        "created_at",
        "wanted_on",
        "visits",
        "amount",
        "subject",
        "contact",
    )
    column_sortable_list = ("number", "due_at", "subject")
    column_default_sort = ("number", True)
    stages = (TicketState.OPEN, TicketState.SENT, TicketState.DONE)
    next_actor = {TicketState.OPEN: lazy_gettext("supervisor"), TicketState.SENT: lazy_gettext("technician")}
    create_act = "ticket.register"
    edit_act = "ticket.edit"
    sections = (
        Section(
            lazy_gettext("Ticket"),
            ("number", "urgency", "subject", "details", "due_at", "wanted_on", "amount", "is_paid"),
        ),
        Section(lazy_gettext("Client"), ("client", "contact", "sent_to", "client.phone")),
    )

    @classmethod
    def queues(cls, by: Any) -> list[Queue]:
        mine = (Ticket.state == TicketState.OPEN, Ticket.branch_id == by.branch_id)
        return [Queue("Open tickets", select(func.count()).select_from(Ticket).where(*mine), {"state": "open"})]


class ClientView(BaseView):
    model = Client
    endpoint = "clients"
    url = "/clients/"
    name = lazy_gettext("Clients")
    name_one = lazy_gettext("client")
    group = NavGroup.CUSTOMERS
    icon = "customer"
    read = P.CUSTOMER_READ
    column_list = ("name", "phone")
    column_searchable_list = ("name", "phone_digits")
    also_acts = (("latest", lazy_gettext("Latest ticket")),)
    related = (
        Related(
            lazy_gettext("Tickets"), "tickets", "client",
            lambda d: select(func.count()).select_from(Ticket).where(Ticket.client_id == d.id),
        ),
    )  # fmt: skip

    def masks(self, row: Any, field: str) -> bool:
        return not (row.is_company and field == "name")


class BranchView(BaseView):
    model = Branch
    endpoint = "branches"
    url = "/branches/"
    name = lazy_gettext("Branches")
    name_one = lazy_gettext("branch")
    group = NavGroup.ORGANISATION
    icon = "branch"
    read = P.BRANCH_READ
    column_list = ("code", "name")


class SettingView(ReferenceView):
    model = Setting
    endpoint = "settings"
    url = "/settings/"
    name = lazy_gettext("Settings")
    name_one = lazy_gettext("setting")
    group = NavGroup.SYSTEM
    icon = "settings"
    read = P.BRANCH_READ
    write = P.AREA_WRITE
    column_list = ("code", "name", "urgency", "fee", "branch", "is_active")
    column_sortable_list = ("code",)
    column_default_sort = "code"
    form_columns = ("code", "name", "urgency", "fee", "minutes", "starts_on", "branch", "is_active")


class Home(PageView):
    endpoint = "home"
    url = "/"
    name = lazy_gettext("Home")
    group = NavGroup.HOME
    icon = "home"
    order = 0
    read = staticmethod(anyone)

    @expose("/")
    def index_view(self) -> Any:
        from flask import render_template

        return render_template(
            "kit/outcome.html", view=self, home_of="/", heading="Home", outcome={"done": [], "refused": []}, act=None
        )

    @expose("/secret")
    @needs(P.USER_WRITE)
    def secret(self) -> Any:
        return "secret"


VIEWS = [Home, TicketView, ClientView, BranchView, SettingView]
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)


def create_app(url: str, *, csrf: bool = False, views: Any = None) -> Flask:
    """The toy office on the database `url`."""
    app = Flask("backoffice")
    app.config.update(
        SQLALCHEMY_DATABASE_URI=url, SECRET_KEY="toy", WTF_CSRF_ENABLED=csrf, MAX_CONTENT_LENGTH=12 * 1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
    )  # fmt: skip
    install_engine_listeners()
    db.init_app(app)
    Babel(app, locale_selector=lambda: request.cookies.get("locale", "en"))
    CSRFProtect(app)
    manager = LoginManager(app)
    manager.login_view = "login"

    @manager.user_loader
    def load(key: str) -> Any:
        return db.session.get(User, int(key))

    kit.install(app, logout="logout", language="language", notices="login", search="login")
    admin = Admin(app, name="Toy", index_view=(views or VIEWS)[0](), theme=kit.theme())
    for view in [*(views or VIEWS)[1:], *kit.VIEWS]:
        admin.add_view(view())

    @app.route("/login")
    def login() -> Any:
        user = db.session.scalar(select(User).where(User.username == request.args.get("as", "")))
        if user is None:
            return "Please sign in"
        login_user(user)
        return redirect("/tickets/")

    @app.post("/logout")
    def logout() -> Any:
        return redirect("/login")

    @app.post("/language")
    def language() -> Any:
        return redirect("/")

    @app.after_request
    def headers(response: Any) -> Any:
        response.headers.setdefault("Content-Security-Policy", CSP)
        return response

    return app


def fill(tickets: int = 3) -> None:
    """Two branches, people of all roles, clients and tickets of both."""
    from datetime import timedelta

    from backoffice.core import clock

    for code in "AB":
        branch = Branch(code=code, name=f"Branch {code}")
        db.session.add(branch)
        db.session.flush()
        for role in Role:
            db.session.add(
                User(
                    username=f"{role.value}-{code}",
                    real_name=f"{role.name.title()} {code}",
                    role=role,
                    branch_id=branch.id,
                )
            )
        db.session.flush()
        person = Client(
            name="王小明" if code == "A" else "SECRET-B",
            phone="13812345678" if code == "A" else "13999990000",
            phone_digits="13812345678" if code == "A" else "13999990000",
            branch_id=branch.id,
        )
        firm = Client(
            name=f"江南水务{code}有限公司",
            is_company=True,
            phone="0571-88001234",
            phone_digits="057188001234",
            branch_id=branch.id,
        )
        db.session.add_all([person, firm])
        db.session.flush()
        for n in range(1, tickets + 1):
            db.session.add(Ticket(
                number=f"T{code}-{n:05d}", branch_id=branch.id, client_id=(person if n % 2 else firm).id,
                subject=f"泵不出水 {code} no {n}", contact="13812345678", amount=Decimal("1234.50") * n,
                due_at=clock.now() + timedelta(minutes=37 * (n % 9) - 60), visits=n,
                urgency=Urgency.HIGH if n % 3 == 0 else Urgency.NORMAL,
            ))  # fmt: skip
        db.session.add(Setting(code=f"S-{code}", name="Limit", urgency=Urgency.HIGH, branch_id=branch.id))
    db.session.commit()
