"""Which customers may be the same, and what hangs on one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, inspect, literal, or_, select, union_all
from sqlalchemy.orm import aliased, joinedload

from backoffice.core.attachments import Attachment
from backoffice.core.db import db
from backoffice.core.permissions import Actor
from backoffice.core.scope import is_scoped, scoped, visible
from backoffice.customers.models import Contact, Customer
from backoffice.customers.queries import may_be_named
from backoffice.customers.rules import fold_name
from backoffice.organisation.queries import in_branch

from .models import CustomerDistinct, CustomerMerge, MergeState


@scoped(CustomerMerge)
def _merges_of(by: Any) -> ColumnElement[bool]:
    return in_branch(CustomerMerge, by)


@scoped(CustomerDistinct)
def _distinct_of(by: Any) -> ColumnElement[bool]:
    return in_branch(CustomerDistinct, by)


# -- what hangs on a customer ------------------------------------------------------------------------------------------

#: Columns with a customer's key that stay as they are in a merge: they tell of the customer itself.
STAYS = {
    ("customer_merge", "customer_id"), ("customer_merge", "survivor_id"),
    ("customer_distinct", "low_id"), ("customer_distinct", "high_id"),
}  # fmt: skip


@dataclass(frozen=True)
class Reference:
    """A column of a table that holds the key of a customer."""

    model: type[Any]
    column: str

    @property
    def table(self) -> str:
        """Name of the table."""
        return str(self.model.__tablename__)

    def of(self, customer_id: int) -> ColumnElement[bool]:
        """Condition: the row refers to that customer."""
        condition: ColumnElement[bool] = getattr(self.model, self.column) == customer_id
        return condition


def references() -> list[Reference]:
    """Every column of every table that refers to a customer and moves in a merge, by the tables' foreign keys."""
    key = Customer.__table__.c.id
    found = [
        Reference(mapper.class_, mapper.get_property_by_column(column).key)
        for mapper in inspect(Customer).registry.mappers
        for column in mapper.local_table.columns
        if any(foreign.column is key for foreign in column.foreign_keys)
    ]
    moving = [one for one in found if (one.table, one.column) not in STAYS]
    return sorted(moving, key=lambda one: (one.table, one.column))


def files_of(customer_id: int) -> ColumnElement[bool]:
    """Condition: the file belongs to that customer; files name their record without a foreign key."""
    return and_(Attachment.subject_type == Customer.__tablename__, Attachment.subject_id == customer_id)


def holdings(customer_id: int) -> dict[str, int]:
    """How many rows of each table move with the customer, in one statement; tables with none are left out."""
    counts: dict[str, Any] = {}
    for one in references():
        figure = select(func.count()).select_from(one.model).where(one.of(customer_id)).scalar_subquery()
        counts[one.table] = counts[one.table] + figure if one.table in counts else figure
    counts["attachment"] = select(func.count()).where(files_of(customer_id)).scalar_subquery()
    row = db.session.execute(select(*counts.values())).one()
    return {table: figure for table, figure in zip(counts, row, strict=True) if figure}


def first_rows(customer_id: int, by: Actor, most: int) -> dict[str, list[Any]]:
    """The newest rows of each table that move with the customer and that the person sees: one statement a table."""
    found: dict[str, list[Any]] = {}
    for one in references():
        if is_scoped(one.model):
            query = select(one.model).where(one.of(customer_id), visible(one.model, by))
            rows = db.session.scalars(query.order_by(one.model.id.desc()).limit(most)).unique()
            found[one.table] = [*found.get(one.table, []), *rows][:most]
    return found


def folding_contacts(given_up: Customer, survivor: Customer) -> list[tuple[Contact, Contact]]:
    """(contact given up, contact that stays): those of one customer whom the other has too, by name and telephone."""
    there = {(fold_name(one.name), one.phone_digits): one for one in survivor.contacts if one.is_active}
    pairs = [(one, there.get((fold_name(one.name), one.phone_digits))) for one in given_up.contacts if one.is_active]
    return [(one, twin) for one, twin in pairs if twin is not None]


# -- which may be the same ---------------------------------------------------------------------------------------------


def _not_told_apart(low: Any, high: Any) -> ColumnElement[bool]:
    return ~exists().where(CustomerDistinct.low_id == low, CustomerDistinct.high_id == high)


def pairs_by_name(by: Actor) -> Select[int, int]:
    """(key, key) of two customers in use whose names may mean the same one, ordered so that one's pairs stand together.

    Only names whose core stands twice in the index are compared at all. Merged customers are out of use.
    """
    a, b = aliased(Customer), aliased(Customer)
    twice = (
        select(Customer.branch_id, Customer.name_core)
        .where(visible(Customer, by), Customer.name_core != "", Customer.is_active)
        .group_by(Customer.branch_id, Customer.name_core)
        .having(func.count() > 1)
        .cte("twice")
    )
    return (
        select(a.id.label("low"), b.id.label("high"))
        .select_from(twice)
        .join(a, and_(a.branch_id == twice.c.branch_id, a.name_core == twice.c.name_core))
        .join(b, and_(b.branch_id == a.branch_id, may_be_named(a, b), b.id > a.id))
        .where(a.is_active, b.is_active, _not_told_apart(a.id, b.id))
        .order_by(a.branch_id, a.name_core, a.id, b.id)
    )


def pairs_by_phone(by: Actor) -> Select[int, int]:
    """(key, key) of two customers in use who have a telephone number in common, contacts' numbers included.

    The numbers are read from the indexes; only those that stand twice are compared.
    """
    own = select(Customer.branch_id, Customer.phone_digits.label("figures"), Customer.id.label("customer_id")).where(
        visible(Customer, by), Customer.phone_digits != "", Customer.is_active
    )
    of_contacts = select(Contact.branch_id, Contact.phone_digits, Contact.customer_id).where(
        visible(Contact, by), Contact.phone_digits != "", Contact.is_active
    )
    phones = union_all(own, of_contacts).cte("phones")
    twice = (
        select(phones.c.branch_id, phones.c.figures)
        .group_by(phones.c.branch_id, phones.c.figures)
        .having(func.count() > 1)
        .cte("twice")
    )
    on = and_(phones.c.branch_id == twice.c.branch_id, phones.c.figures == twice.c.figures)
    shared = select(phones).join(twice, on).distinct().cte("shared")
    one, other = shared.alias(), shared.alias()
    a, b = aliased(Customer), aliased(Customer)
    same = and_(
        one.c.branch_id == other.c.branch_id, one.c.figures == other.c.figures,
        one.c.customer_id < other.c.customer_id,
    )  # fmt: skip
    return (
        select(a.id.label("low"), b.id.label("high"))
        .select_from(one)
        .join(other, same)
        .join(a, a.id == one.c.customer_id)
        .join(b, b.id == other.c.customer_id)
        .where(a.is_active, b.is_active, _not_told_apart(a.id, b.id))
        .distinct()
        .order_by(a.id, b.id)
    )


def customers_with(keys: Iterable[int], by: Actor) -> dict[int, Customer]:
    """The customers with these keys whom the person sees, with what a list shows of them."""
    query = select(Customer).where(Customer.id.in_(set(keys)), visible(Customer, by))
    loads = (joinedload(Customer.area), joinedload(Customer.default_salesperson))
    return {customer.id: customer for customer in db.session.scalars(query.options(*loads))}


def weights(keys: Sequence[int]) -> dict[int, int]:
    """How many rows hang on each of these customers, in one statement; those with none are left out."""
    if not keys:
        return {}
    arms = [
        select(getattr(one.model, one.column).label("key"), literal(1).label("one")).where(
            getattr(one.model, one.column).in_(keys)
        )
        for one in references()
    ]
    rows = arms[0].union_all(*arms[1:]).subquery()
    query = select(rows.c.key, func.count()).group_by(rows.c.key)
    return dict(db.session.execute(query).all())


def open_merges(keys: Iterable[int]) -> set[frozenset[int]]:
    """The pairs among these customers whose merge is proposed already."""
    wanted = set(keys)
    query = select(CustomerMerge.customer_id, CustomerMerge.survivor_id).where(
        CustomerMerge.customer_id.in_(wanted), CustomerMerge.state == MergeState.PROPOSED
    )
    return {frozenset(pair) for pair in db.session.execute(query).all()}


def told_apart(customer_id: int) -> Select[Any]:
    """The pairs in which that customer was told apart from another."""
    return select(CustomerDistinct).where(
        or_(CustomerDistinct.low_id == customer_id, CustomerDistinct.high_id == customer_id)
    )


def to_decide(by: Actor) -> Select[int]:
    """How many proposals wait for a decision."""
    return select(func.count()).where(CustomerMerge.state == MergeState.PROPOSED, visible(CustomerMerge, by))
