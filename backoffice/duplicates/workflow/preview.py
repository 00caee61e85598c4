"""What a merge will do, looked at before it is proposed and once more before it is decided."""

from collections.abc import Collection
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.core.errors import MissingInput, NotPermitted, RecordNotFound, RuleViolated, StaleDocument
from backoffice.core.permissions import Actor
from backoffice.core.scope import visible
from backoffice.customers.models import Contact, Customer
from backoffice.customers.workflow import check_in_use, check_not_merged
from backoffice.duplicates import queries
from backoffice.duplicates.rules import Settled, settle


@dataclass(frozen=True)
class Preview:
    """Two customers, what will be kept of both, and what moves.

    moves: rows by table. folded: contacts whom the survivor has already. kept_phone: whether the telephone number that
    does not stay as the customer's own becomes a contact. seen: a mark that is another one when any of it has changed.
    """

    given_up: Customer
    survivor: Customer
    facts: list[Settled]
    moves: dict[str, int]
    folded: list[tuple[Contact, Contact]]
    kept_phone: str
    seen: str


def preview(given_up: Customer, survivor: Customer, taken: Collection[str]) -> Preview:
    """What merging the one customer into the other would do now, with the values in `taken` kept of the former."""
    facts = settle(given_up, survivor, taken)
    moves = queries.holdings(given_up.id)
    folded = queries.folding_contacts(given_up, survivor)
    marks = [f"{one.id}.{one.version}" for one in (given_up, survivor)]
    marks += [f"{table}.{figure}" for table, figure in sorted(moves.items())]
    marks += [f"c{one.id}.{twin.id}" for one, twin in folded]
    return Preview(given_up, survivor, facts, moves, folded, _dropped_phone(facts, given_up, survivor), " ".join(marks))


def _dropped_phone(facts: list[Settled], given_up: Customer, survivor: Customer) -> str:
    """The number that neither customer record nor any contact would have after the merge, or ""."""
    phone = next(fact for fact in facts if fact.field == "phone")
    dropped = phone.survivor if phone.from_given_up else phone.given_up
    contacts = [*given_up.contacts, *survivor.contacts]
    known = {one.phone for one in contacts if one.is_active} | {phone.value}
    return "" if dropped in known else str(dropped)


def check_pair(given_up: Customer, survivor: Customer | None) -> Customer:
    """The survivor; raises the reason why these two cannot be merged (E-04, G-02)."""
    if survivor is None:
        raise MissingInput(_l("Choose the customer that stays."), rule="E-04", field="survivor")
    if survivor.id == given_up.id:
        raise RuleViolated(_l("A customer cannot be merged into itself."), rule="E-04", field="survivor")
    if survivor.branch_id != given_up.branch_id:
        raise NotPermitted(_l("Customers of two branches are kept apart."), rule="G-02", field="survivor")
    check_not_merged(given_up, "E-04", "")
    check_in_use(survivor, "E-04", "survivor")
    return survivor


def locked_pair(given_up_id: int, survivor_id: int, by: Actor) -> tuple[Customer, Customer]:
    """Both customers, read again and locked in the order of their keys, so that two merges do not block each other.

    Raises RecordNotFound where the person does not see both (P-1).
    """
    query = (
        select(Customer)
        .where(Customer.id.in_((given_up_id, survivor_id)), visible(Customer, by))
        .order_by(Customer.id)
        .with_for_update(of=Customer)
        .execution_options(populate_existing=True)
    )
    found = {customer.id: customer for customer in db.session.scalars(query)}
    if len(found) != len({given_up_id, survivor_id}):
        raise RecordNotFound
    for customer in found.values():
        db.session.expire(customer, ["contacts", "merged_into"])
    return found[given_up_id], found[survivor_id]


def check_seen(plan: Preview, seen: str) -> None:
    """Raises StaleDocument unless it is still what the person saw (G-06)."""
    if seen != plan.seen:
        raise StaleDocument(
            _l("Something has changed since the preview was made. Look at it again, then decide.")
        )  # fmt: skip
