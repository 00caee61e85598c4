"""Acts on users and their absences."""

from collections.abc import Sequence
from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, select

from backoffice.core import audit
from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RuleViolated
from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.texts import clean, given
from backoffice.organisation.models import LOCALES, Absence, Branch, Skill, User
from backoffice.organisation.rules import check_range, clean_email, clean_username
from backoffice.organisation.sessions import end_sessions


@act(
    "user.create", User, permission=Permission.USER_WRITE, label=_l("New user"), rule="E-02", creates=True,
    tone="primary",
)  # fmt: skip
def create_user(
    *, by: Actor, at: datetime, username: str, real_name: str, role: Role, branch: Branch, password_hash: str,
    department: str = "", phone: str = "", skills: Sequence[str] = (), certificate_no: str = "", locale: str = "",
    email: str = "", notify_by_email: bool = False,
) -> User:  # fmt: skip
    """Enter a person who may log in. The password comes hashed; its rules are checked where it is typed."""
    return new_user(
        username=username, real_name=real_name, role=role, branch=branch, password_hash=password_hash,
        department=department, phone=phone, skills=skills, certificate_no=certificate_no, locale=locale, email=email,
        notify_by_email=notify_by_email,
    )  # fmt: skip


def new_user(
    *, username: str, real_name: str, role: Role, branch: Branch, password_hash: str, department: str = "",
    phone: str = "", skills: Sequence[str] = (), certificate_no: str = "", locale: str = "",
    email: str = "", notify_by_email: bool = False,
) -> User:  # fmt: skip
    """The same without an actor: for the first administrator, whom nobody could have entered."""
    username = clean_username(username)
    if db.session.scalar(select(exists().where(User.username == username))):
        raise RuleViolated(_l("User name %(name)s is taken.", name=username), rule="E-02", field="username")
    user = User(username=username, password_hash=password_hash)
    _describe(
        user, real_name=real_name, role=role, branch=branch, department=department, phone=phone, skills=skills,
        certificate_no=certificate_no, locale=locale, email=email, notify_by_email=notify_by_email,
    )  # fmt: skip
    db.session.add(user)
    return user


@act("user.edit", User, permission=Permission.USER_WRITE, label=_l("Edit"), rule="E-02", bulk=False)
def edit_user(
    user: User, *, by: Actor, at: datetime, real_name: str, role: Role, branch: Branch, department: str = "",
    phone: str = "", skills: Sequence[str] = (), certificate_no: str = "", locale: str = "",
    email: str = "", notify_by_email: bool = False,
) -> None:  # fmt: skip
    """Change what is known of a person; another role or branch ends the person's sessions."""
    if role is not user.role:
        _keep_an_administrator(user)
    if role is not user.role or branch.id != user.branch_id:
        end_sessions(user.id)
    _describe(
        user, real_name=real_name, role=role, branch=branch, department=department, phone=phone, skills=skills,
        certificate_no=certificate_no, locale=locale, email=email, notify_by_email=notify_by_email,
    )  # fmt: skip


def _describe(
    user: User, *, real_name: str, role: Role, branch: Branch, department: str, phone: str, skills: Sequence[str],
    certificate_no: str, locale: str, email: str, notify_by_email: bool,
) -> None:  # fmt: skip
    if not branch.is_active:
        raise RuleViolated(_l("This branch is closed."), rule="E-02", field="branch")
    known = [skill.value for skill in Skill if skill in skills]
    if len(known) != len(set(skills)):
        raise RuleViolated(_l("There is no such skill."), rule="E-02", field="skills")
    if role is Role.TECHNICIAN and not known:
        raise MissingInput(_l("A technician has at least one skill."), rule="S-1.6", field="skills")
    if locale and locale not in LOCALES:
        raise RuleViolated(_l("There is no such language."), rule="G-01", field="locale")
    user.real_name = given(real_name, 80, "real_name", _l("Enter the name."))
    user.branch = branch
    user.role, user.skills, user.locale = role, known, locale
    user.department = clean(department, 60, "department")
    user.phone = clean(phone, 40, "phone")
    user.certificate_no = clean(certificate_no, 60, "certificate_no")
    user.email, user.notify_by_email = _mail_wish(email, notify_by_email)


def _mail_wish(email: str, wants: bool) -> tuple[str, bool]:
    """(address, wish) as they may be kept; raises MissingInput for a wish without an address."""
    address = clean_email(email)
    if wants and not address:
        raise MissingInput(_l("Enter the address to which the notices shall go."), rule="E-32", field="email")
    return address, wants


def _may_deactivate(user: User, by: Actor) -> None:
    if not user.is_active:
        raise RuleViolated(_l("This user is not active."), rule="E-02")
    if user.id == by.id:
        raise RuleViolated(_l("Nobody deactivates himself. Ask another administrator."), rule="P-4")


def _keep_an_administrator(user: User) -> None:
    others = exists().where(User.role == Role.ADMIN, User.is_active, User.id != user.id)
    if user.role is Role.ADMIN and user.is_active and not db.session.scalar(select(others)):
        raise RuleViolated(_l("This is the last active administrator."), rule="E-02", field="role")


@act(
    "user.deactivate", User, permission=Permission.USER_WRITE, label=_l("Deactivate"), rule="E-02", tone="danger",
    guards=[_may_deactivate], bulk=False, confirm=_l("The person can no longer log in, and every session ends."),
    order=80,
)  # fmt: skip
def deactivate_user(user: User, *, by: Actor, at: datetime) -> None:
    """The person has left: no login any more, all sessions end at once. What he did stays."""
    _keep_an_administrator(user)
    user.is_active = False
    end_sessions(user.id)


def _is_inactive(user: User, by: Actor) -> None:
    if user.is_active:
        raise RuleViolated(_l("This user is active."), rule="E-02")


@act(
    "user.reactivate", User, permission=Permission.USER_WRITE, label=_l("Reactivate"), rule="E-02",
    guards=[_is_inactive], bulk=False, order=81,
)  # fmt: skip
def reactivate_user(user: User, *, by: Actor, at: datetime) -> None:
    """The person is back and may log in again."""
    if not user.branch.is_active:
        raise RuleViolated(_l("This branch is closed."), rule="E-02")
    user.is_active = True


@act(
    "user.reset_password", User, permission=Permission.USER_WRITE, label=_l("Set a new password"), rule="E-02",
    bulk=False, order=70,
)  # fmt: skip
def reset_password(user: User, *, by: Actor, at: datetime, password_hash: str) -> None:
    """Give the person another password, which comes hashed; every session of the person ends."""
    _set_password(user, password_hash)


def change_own_password(user: User, password_hash: str) -> None:
    """The person's own new password, hashed; all sessions end, and the caller opens a new one. Needs no permission."""
    with audit.during(audit.Occasion("user.change_password", user)):
        _set_password(user, password_hash)
        db.session.flush()  # inside the occasion, so that the audit rows carry it


def _set_password(user: User, password_hash: str) -> None:
    user.password_hash = password_hash
    user.is_demo = False
    end_sessions(user.id)


def change_own_locale(user: User, locale: str) -> None:
    """The person's own language; unknown ones are refused with RuleViolated. Needs no permission."""
    if locale not in LOCALES:
        raise RuleViolated(_l("There is no such language."), rule="G-01", field="locale")
    with audit.during(audit.Occasion("user.change_locale", user)):
        user.locale = locale
        db.session.flush()  # inside the occasion, so that the audit rows carry it


def change_own_mail(user: User, email: str, wants: bool) -> None:
    """The person's own e-mail address, and whether notices go there too (E-32). Needs no permission.

    Raises RuleViolated for no address, MissingInput for a wish without one.
    """
    with audit.during(audit.Occasion("user.change_mail", user)):
        user.email, user.notify_by_email = _mail_wish(email, wants)
        db.session.flush()  # inside the occasion, so that the audit rows carry it


_ABSENCE_RIGHTS = (Permission.ABSENCE_WRITE, Permission.ABSENCE_WRITE_OWN)


@act(
    "absence.create", Absence, permission=_ABSENCE_RIGHTS, label=_l("Enter an absence"), rule="E-31", creates=True,
    tone="primary",
)  # fmt: skip
def create_absence(
    *, by: Actor, at: datetime, from_on: date | None, to_on: date | None, user: User | None = None, reason: str = ""
) -> Absence:
    """Enter days on which somebody is away: one's own, or with the right anybody's of the branch."""
    if user is None:
        user = db.session.get_one(User, by.id)
    _own_or_any(user, by)
    first, last = check_range(from_on, to_on, rule="E-31")
    absence = Absence(user_id=user.id, branch_id=user.branch_id, from_on=first, to_on=last)
    absence.reason = clean(reason, 200, "reason")
    db.session.add(absence)
    return absence


def _own_or_any(user: User, by: Actor) -> None:
    if user.id == by.id:
        return
    if not by.can(Permission.ABSENCE_WRITE) or user.branch_id != by.branch_id:
        raise NotPermitted(_l("You enter your own absences only."), rule="E-31", field="user")


def _open_and_own(absence: Absence, by: Actor) -> None:
    _own_or_any(absence.user, by)
    if absence.cancelled_at is not None:
        raise RuleViolated(_l("This absence is cancelled."), rule="E-31")


@act(
    "absence.edit", Absence, permission=_ABSENCE_RIGHTS, label=_l("Edit"), rule="E-31", guards=[_open_and_own],
    bulk=False,
)  # fmt: skip
def edit_absence(
    absence: Absence, *, by: Actor, at: datetime, from_on: date | None, to_on: date | None, reason: str = ""
) -> None:
    """Change the days or the reason."""
    absence.from_on, absence.to_on = check_range(from_on, to_on, rule="E-31")
    absence.reason = clean(reason, 200, "reason")


@act(
    "absence.cancel", Absence, permission=_ABSENCE_RIGHTS, label=_l("Cancel"), rule="E-31", guards=[_open_and_own],
    tone="danger", order=80,
)  # fmt: skip
def cancel_absence(absence: Absence, *, by: Actor, at: datetime) -> None:
    """The person is there after all; the entry stays, cancelled (G-03)."""
    absence.cancelled_at = at
