"""Which customers a person sees, and how one is found by number, name or telephone."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, literal, or_, select, union

from backoffice.core import clock, numbering, searching
from backoffice.core.permissions import Permission, Role
from backoffice.core.scope import scoped, visible
from backoffice.organisation.queries import in_any_branch_for_admin
from backoffice.settings import queries as settings

from .models import Contact, Customer, CustomerKind, Project, ProjectState, parts_of
from .rules import NameParts, digits, fold_name, reversed_digits

#: Selects of customer keys, one per upper feature that gives a technician jobs (P-1): (actor) -> select of keys.
JOB_CUSTOMERS: list[Callable[[Any], Select[int]]] = []

#: As many figures of a telephone number narrow a search down; fewer would find half the book.
FEWEST_FIGURES = 3


JOB_CUSTOMERS.append(  # a responsible person looks after the project, its customer and its units (W-9)
    lambda by: select(Project.customer_id).where(Project.responsible_user_id == by.id, Project.is_active)
)


def sees_own_jobs_only(by: Any) -> bool:
    """Whether the person is a technician and nothing else, deputies' rights included (P-1)."""
    return bool(by.role is Role.TECHNICIAN and by.roles == {Role.TECHNICIAN})


def of_own_jobs(customer_id: Any, by: Any) -> ColumnElement[bool]:
    """Condition on a column of customer keys: a customer of one of the technician's own jobs or projects (P-1)."""
    return or_(false(), *(customer_id.in_(keys(by)) for keys in JOB_CUSTOMERS))


def _scope(model: Any, customer_id: Any, by: Any) -> ColumnElement[bool]:
    branch = in_any_branch_for_admin(model, by)
    return and_(branch, of_own_jobs(customer_id, by)) if sees_own_jobs_only(by) else branch


@scoped(Customer)
def _customers_of(by: Any) -> ColumnElement[bool]:
    return _scope(Customer, Customer.id, by)


@scoped(Contact)
def _contacts_of(by: Any) -> ColumnElement[bool]:
    return _scope(Contact, Contact.customer_id, by)


@scoped(Project)
def _projects_of(by: Any) -> ColumnElement[bool]:
    return _scope(Project, Project.customer_id, by)


def begins(column: Any, figures: str) -> ColumnElement[bool]:
    """Condition: the digits in `column` begin with `figures`; a range, so that both databases use the index."""
    return and_(column >= figures, column < f"{figures}a")  # a letter comes after every figure in any collation


def with_figures(figures: str) -> list[Select[int]]:
    """Selects of the keys of customers whose number, or a contact's, begins or ends with `figures`."""
    backwards = reversed_digits(figures)
    return [
        select(key).where(begins(column, typed))
        for key, owner in ((Customer.id, Customer), (Contact.customer_id, Contact))
        for column, typed in ((owner.phone_digits, figures), (owner.phone_reversed, backwards))
    ]


def matching(term: str, by: Any) -> Select[Customer]:
    """Customers that the person sees and may mean by `term`: first or last figures of a phone, number, parts of a name.

    The nearest come first; the caller limits. An empty term selects all, the newest first.
    """
    query = select(Customer).where(visible(Customer, by))
    typed = term.replace("\0", "").strip()
    if not typed:
        return query.order_by(Customer.id.desc())
    figures, folded = digits(typed), fold_name(typed)
    if figures and not any(c.isalpha() for c in typed):
        numbers = (Customer.number == _number_of(figures, by), Customer.former_number == typed)
        phones = _with_phone_part(typed, figures, by) if len(figures) >= FEWEST_FIGURES else []
        found: ColumnElement[bool] = Customer.id.in_(union(*(select(Customer.id).where(n) for n in numbers), *phones))
    else:
        found = searching.matches(Customer, typed, by)
    return query.where(_or_survivor(found, by)).order_by(
        Customer.is_active.desc(),
        (Customer.name_folded == folded).desc(),
        Customer.name_folded.startswith(folded, autoescape=True).desc(),
        Customer.name_folded,
        Customer.id,
    )


def _or_survivor(found: ColumnElement[bool], by: Any) -> ColumnElement[bool]:
    """The same condition, met also by the customer into which one was merged that meets it; no OR, for the indexes."""
    here = and_(visible(Customer, by), found)
    merged = select(Customer.merged_into_id).where(Customer.merged_into_id.is_not(None), here)
    return Customer.id.in_(union(select(Customer.id).where(here), merged))


def _with_phone_part(typed: str, figures: str, by: Any) -> list[Select[int]]:
    """By the first or last figures; whoever may not see telephone numbers, by what their masks show (X-20)."""
    if by.can(Permission.CUSTOMER_UNMASK):
        return with_figures(figures)
    return [
        select(Customer.id).where(searching.matches(Customer, typed, by)),
        select(Contact.customer_id).where(searching.matches(Contact, typed, by)),
    ]


def _number_of(figures: str, by: Any) -> str:
    """The number of the own branch with this serial: somebody types 123 and means KHHZ000123."""
    return numbering.render(settings.pattern("N-01"), by.branch.code, clock.today(), int(figures[:9]))


def with_phone(phone: str, by: Any, *, besides: int | None = None) -> Select[Customer]:
    """Other customers that the person sees who have exactly this telephone number, or whose contact has it (E-04)."""
    query = _others(by, besides)
    figures = digits(phone)
    return query.where(_has_phone(figures)) if len(figures) >= FEWEST_FIGURES else query.where(false())


def merged_into(customer: Customer, by: Any) -> Select[Customer]:
    """The customers that were merged into this one, the latest first."""
    query = select(Customer).where(Customer.merged_into_id == customer.id, visible(Customer, by))
    return query.order_by(Customer.id.desc())


def _others(by: Any, besides: int | None) -> Select[Customer]:
    """Customers that the person sees and that were not merged into others; one may be left out."""
    query = select(Customer).where(visible(Customer, by), Customer.merged_into_id.is_(None)).order_by(Customer.id)
    return query if besides is None else query.where(Customer.id != besides)


def _has_phone(figures: str) -> ColumnElement[bool]:
    own = select(Customer.id).where(Customer.phone_digits == figures)
    return Customer.id.in_(own.union(select(Contact.customer_id).where(Contact.phone_digits == figures)))


def may_be_named(a: Any, b: Any) -> ColumnElement[bool]:
    """Condition: the names of two (aliases of) customers may mean the same one, as `rules.NameParts.may_be` says."""
    parts = ((a.name_place, b.name_place), (a.name_form, b.name_form), (a.name_aside, b.name_aside))
    return and_(a.name_core == b.name_core, *(or_(mine == theirs, mine == "", theirs == "") for mine, theirs in parts))


def doubles(
    name: str, kind: CustomerKind, address: str, phone: str, by: Any, *, besides: int | None = None
) -> Select[Customer]:
    """Customers in use of the own branch who may be the one about to be entered: by phone or by name (E-04)."""
    parts, figures = parts_of(name, kind, address), digits(phone)
    like = [may_be_named(Customer, literal_parts(parts))] if parts.core else []
    like += [_has_phone(figures)] if len(figures) >= FEWEST_FIGURES else []
    query = _others(by, besides).where(Customer.is_active, Customer.branch_id == by.branch_id)
    return query.where(or_(*like)) if like else query.where(false())


def literal_parts(parts: NameParts) -> Any:
    """The parts of a name that no customer has yet, to be compared by `may_be_named`."""
    return SimpleNamespace(
        name_core=literal(parts.core), name_place=literal(parts.place), name_form=literal(parts.form),
        name_aside=literal(parts.aside),
    )  # fmt: skip


def projects_matching(term: str, by: Any, customer_id: int | None = None) -> Select[Project]:
    """Active projects that the person sees, of one customer when given, whose number or name holds what `term` says."""
    query = select(Project).where(visible(Project, by), Project.is_active)
    typed = term.replace("\0", "").strip()
    if typed:
        query = query.where(searching.matches(Project, typed, by))
    if customer_id is not None:
        query = query.where(Project.customer_id == customer_id)
    return query.order_by(Project.name, Project.id)


def my_projects(by: Any) -> Select[int]:
    """How many projects in use wait for a step of this person, who is responsible for them (W-9)."""
    return select(func.count()).where(
        Project.responsible_user_id == by.id, Project.is_active, Project.state != ProjectState.IN_OPERATION,
        visible(Project, by),
    )  # fmt: skip
