"""Look-ups of branches, areas and people, and the forms of the acts of this feature."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select
from wtforms import BooleanField, PasswordField, SelectField

from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Permission, Role
from backoffice.settings import queries as settings
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import (
    EnumField,
    LocalDateField,
    LookupField,
    PhoneField,
    Required,
    SelectMultipleCheckboxField,
    TextBlock,
    TextLine,
    WholeNumberField,
)
from backoffice.ui.lookups import like, lookup

from . import passwords
from .models import LOCALES, Branch, BranchKind, ServiceArea, Skill, User, Zone
from .rules import LONGEST_PASSWORD

_PEOPLE = (Permission.BRANCH_READ, Permission.USER_READ)


@lookup("branches", model=Branch, permission=Permission.BRANCH_READ)
def branches(term: str, by: Any) -> Select[Branch]:
    """Open branches by code, name or city."""
    words = like(term)
    found = or_(Branch.code.ilike(words, escape="\\"), Branch.name.ilike(words, escape="\\"), Branch.city == term)
    return select(Branch).where(Branch.is_active, found).order_by(Branch.code)


@lookup("service_areas", model=ServiceArea, permission=Permission.BRANCH_READ)
def service_areas(term: str, by: Any) -> Select[ServiceArea]:
    """Service areas in use by name or region code."""
    found = or_(ServiceArea.name.ilike(like(term), escape="\\"), ServiceArea.region_code == term)
    return select(ServiceArea).where(ServiceArea.is_active, found).order_by(ServiceArea.name, ServiceArea.id)


@lookup("users", model=User, permission=_PEOPLE)
def users(term: str, by: Any) -> Select[User]:
    """Active people by name or user name."""
    return _people(term)


@lookup("colleagues", model=User, permission=_PEOPLE)
def colleagues(term: str, by: Any) -> Select[User]:
    """Active people of the own branch who may become deputies."""
    return _people(term).where(User.branch_id == by.branch_id, User.role != Role.ADMIN, User.id != by.id)


@lookup("salespeople", model=User, permission=Permission.CUSTOMER_READ)
def salespeople(term: str, by: Any) -> Select[User]:
    """Active salespeople by name or user name."""
    return _people(term).where(User.role == Role.SALES)


def _people(term: str) -> Select[User]:
    words = like(term)
    found = or_(User.real_name.ilike(words, escape="\\"), User.username.ilike(words, escape="\\"))
    return select(User).where(User.is_active, found).order_by(User.real_name, User.id)


@form_for("branch.create")
class BranchForm(ActForm):
    """A new branch."""

    code = TextLine(
        _l("Code"), 4, [Required()], description=_l("2 to 4 letters or digits; stands in every number, for ever")
    )
    name = TextLine(_l("Name"), 80, [Required()])
    kind = EnumField(_l("Kind"), BranchKind, default=BranchKind.BRANCH)
    parent = LookupField(_l("Belongs to"), lookup="branches")
    city = TextLine(_l("Town"), 40)
    address = TextLine(_l("Address"), 200)
    phone = PhoneField(_l("Telephone"))
    service_department_name = TextLine(_l("Service department"), 60, default="售后服务部")


@form_for("branch.edit")
class BranchEditForm(BranchForm):
    """A branch's facts but its code."""

    code = None
    is_active = BooleanField(_l("In use"))


@form_for("area.create")
class AreaForm(ActForm):
    """A new service area."""

    branch = LookupField(_l("Branch"), [Required()], lookup="branches")
    name = TextLine(_l("Name"), 80, [Required()])
    zone = EnumField(_l("Zone"), Zone)
    region_code = TextLine(_l("Region code"), 6, description=_l("Six digits (GB/T 2260)"))
    dispatch_limit_min = WholeNumberField(
        _l("Dispatch within (minutes)"), min=1, max=10080, description=_l("Empty: that of the zone")
    )
    arrival_limit_min = WholeNumberField(
        _l("Arrival within (minutes)"), min=1, max=10080, description=_l("Empty: that of the zone")
    )


@form_for("area.edit")
class AreaEditForm(ActForm):
    """A service area and its limits; it stays with its branch."""

    name = TextLine(_l("Name"), 80, [Required()])
    zone = EnumField(_l("Zone"), Zone)
    region_code = TextLine(_l("Region code"), 6, description=_l("Six digits (GB/T 2260)"))
    dispatch_limit_min = WholeNumberField(_l("Dispatch within (minutes)"), [Required()], min=1, max=10080)
    arrival_limit_min = WholeNumberField(_l("Arrival within (minutes)"), [Required()], min=1, max=10080)
    is_active = BooleanField(_l("In use"))


class _PasswordForm(ActForm):
    """Checks and hashes the password while no write transaction is open; the act gets the hash."""

    password_hash = ""

    def name_of_user(self) -> str:
        """The user name, which the password may not contain."""
        return ""

    def validate(self, extra_validators: Any = None) -> bool:
        """As every form; then hash the password."""
        if not super().validate(extra_validators):
            return False
        try:
            self.password_hash = passwords.hash_password(
                self.password.data or "", minimum=settings.integer("C-50"), username=self.name_of_user()
            )
        except BackofficeError as refusal:
            self.password.errors = [*self.password.errors, str(refusal.message)]
            return False
        return True

    def inputs(self) -> dict[str, Any]:
        """The act's inputs, with the hash in place of the password."""
        found = super().inputs()
        del found["password"]
        return found | {"password_hash": self.password_hash}


# Made first, so that it is asked first.
_USERNAME = TextLine(_l("User name"), 40, [Required()], description=_l("For logging in; cannot be changed later"))


class _Person:
    """What is known of a person."""

    real_name = TextLine(_l("Full name"), 80, [Required()])
    role = EnumField(_l("Role"), Role)
    branch = LookupField(_l("Branch"), [Required()], lookup="branches")
    department = TextLine(_l("Department"), 60)
    phone = PhoneField(_l("Telephone"))
    skills = SelectMultipleCheckboxField(
        _l("Skills"),
        choices=[(skill.value, skill.label) for skill in Skill],
        description=_l("At least one for a technician"),
    )
    certificate_no = TextLine(_l("Certificate number"), 60)
    locale = SelectField(_l("Language"), choices=[("", _l("As the browser asks")), *LOCALES.items()])


_NEW_PASSWORD = {"autocomplete": "new-password", "maxlength": LONGEST_PASSWORD}


@form_for("user.create")
class UserForm(_Person, _PasswordForm):
    """A new person."""

    username = _USERNAME
    password = PasswordField(_l("First password"), [Required()], render_kw=_NEW_PASSWORD)

    def name_of_user(self) -> str:
        """The name that was typed."""
        return self.username.data or ""


@form_for("user.edit")
class UserEditForm(_Person, ActForm):
    """A person's facts; another role or branch ends the person's sessions."""


@form_for("user.reset_password")
class ResetPasswordForm(_PasswordForm):
    """A new password for somebody."""

    password = PasswordField(
        _l("New password"), [Required()], render_kw=_NEW_PASSWORD,
        description=_l("Tell it to the person yourself; every session of the person ends."),
    )  # fmt: skip
    _username = ""

    def prefill(self, docs: Any, by: Any) -> None:
        """Note whose password it is."""
        self._username = docs[0].username

    def name_of_user(self) -> str:
        """The person's name."""
        return self._username


@form_for("absence.create")
class AbsenceForm(ActForm):
    """Days on which somebody is away."""

    user = LookupField(_l("Who"), lookup="users", description=_l("Empty: yourself"))
    from_on = LocalDateField(_l("First day"), [Required()])
    to_on = LocalDateField(_l("Last day"), [Required()])
    reason = TextBlock(_l("Reason"), 200)

    def prefill(self, docs: Any, by: Any) -> None:
        """Nobody else to choose for those who enter their own only."""
        if not by.can(Permission.ABSENCE_WRITE):
            del self.user


@form_for("absence.edit")
class AbsenceEditForm(ActForm):
    """The days and the reason."""

    from_on = LocalDateField(_l("First day"), [Required()])
    to_on = LocalDateField(_l("Last day"), [Required()])
    reason = TextBlock(_l("Reason"), 200)


@form_for("delegation.create")
class DelegationForm(ActForm):
    """The own deputy for some days."""

    deputy = LookupField(_l("Deputy"), [Required()], lookup="colleagues")
    from_on = LocalDateField(_l("First day"), [Required()])
    to_on = LocalDateField(_l("Last day"), [Required()])
