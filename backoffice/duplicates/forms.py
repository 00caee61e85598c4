"""The pages on which a merge is previewed, proposed and decided."""

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, StaleDocument
from backoffice.customers.models import Customer
from backoffice.ui import formatters, registry
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import LookupField, Required, TextLine
from backoffice.ui.guards import parse_key

from . import queries
from .models import CustomerMerge
from .rules import FIELDS, UNASKED, Settled
from .workflow import Preview, preview

#: How many of the newest rows of each register the preview names.
SHOWN = 5
CHOICES = tuple(field for field in FIELDS if field not in UNASKED)


class _MergeForm(ActForm):
    """Shows what a merge will do; nothing is done unless just that was seen."""

    template = "duplicates/merge_form.html"
    seen = HiddenField()
    plan: Preview | None = None
    is_new_to_person = False

    def show(self, given_up: Customer, survivor: Customer, taken: Sequence[str], by: Any) -> None:
        """Prepare the preview."""
        self.plan = preview(given_up, survivor, taken)
        self.samples = queries.first_rows(given_up.id, by, SHOWN)
        if request.method == "GET":
            self.seen.data = self.plan.seen

    def look(self) -> None:
        """Hook: prepare the preview anew."""

    def validate(self, extra_validators: Any = None) -> bool:
        """As usual, and only for a preview that was seen; another one is shown first."""
        if self.plan is not None and self.seen.data != self.plan.seen:
            self.seen.data, self.is_new_to_person = self.plan.seen, True
            return False
        return bool(super().validate(extra_validators))

    def blame(self, refusal: BackofficeError) -> bool:
        """As usual; where something has changed the page shows how it is now."""
        if isinstance(refusal, StaleDocument) and self.plan is not None:
            db.session.expire_all()
            self.look()
            self.seen.data = self.plan.seen
        return bool(super().blame(refusal))

    # -- for the template --------------------------------------------------------------------------------------------

    def label_of(self, fact: Settled) -> Any:
        """What the field is called on the customer's page."""
        return registry.view_of(Customer).label(fact.field)

    def cell(self, fact: Settled, customer: Customer) -> Any:
        """The value as lists show it, personal data masked (X-20)."""
        return formatters.cell_of(fact.field, Customer)(customer)

    def shown_facts(self) -> list[Settled]:
        """The facts that either of the two has."""
        return [fact for fact in self.plan.facts if fact.given_up or fact.survivor] if self.plan else []

    def moving(self) -> list[tuple[Any, int, str, list[tuple[str, str]]]]:
        """(register, how many rows move, address of their list, newest rows as (name, address))."""
        found = []
        for table, figure in self.plan.moves.items() if self.plan else ():
            view = registry.view_of(table)
            rows = [(formatters.title(row), registry.link_to(table, row.id)) for row in self.samples.get(table, [])]
            found.append((name_of(table), figure, _list_of(view, self.plan.given_up), rows))
        return found


def name_of(table: str) -> Any:
    """What a register is called; files have none of their own."""
    view = registry.view_of(table)
    return view.name if view is not None else {"attachment": _l("Files")}.get(table, table)


def _list_of(view: Any, customer: Customer) -> str:
    """Address of the register's list of just this customer's rows, or ""."""
    if view is None or "customer" not in (view.column_filters or ()) or not view.is_accessible():
        return ""
    return f"{view.list_url()}?customer={customer.id}"


@form_for("customer.propose_merge")
class ProposeForm(_MergeForm):
    """Which customer stays, what is kept of this one, and why they are the same."""

    survivor = LookupField(
        _l("The customer that stays"), [Required()], lookup="customers",
        description=_l("Everything of this customer moves there. It cannot be undone."),
    )  # fmt: skip
    reason = TextLine(_l("Why they are the same"), 500, [Required()])

    def prefill(self, docs: Sequence[Any], by: Any) -> None:
        """Take the other customer from the address, and ask where both have a value."""
        self.docs, self.by = docs, by
        if request.method == "GET" and self.survivor.data is None:
            self.survivor.data = self.survivor.source.get(parse_key(request.args.get("survivor")), by, {})
        self.look()
        asked = {fact.field: fact for fact in self.plan.facts if fact.asked} if self.plan else {}
        for name in CHOICES:
            radio = self[f"take_{name}"]
            if name not in asked:
                del self[f"take_{name}"]
            elif radio.data not in {"keep", "take"}:
                radio.data = "keep"

    def look(self) -> None:
        """The preview, once two customers of one branch are known."""
        doc, other = (self.docs[0] if self.docs else None), self.survivor.data
        if doc is None or other is None or doc.id == other.id or doc.branch_id != other.branch_id:
            return
        self.show(doc, other, self.taken(), self.by)

    def taken(self) -> list[str]:
        """The fields of which the value of the customer given up is kept."""
        return [name for name in CHOICES if (radio := self._fields.get(f"take_{name}")) and radio.data == "take"]

    def inputs(self) -> dict[str, Any]:
        """What the act asks for."""
        return {
            "survivor": self.survivor.data, "taken": self.taken(), "reason": self.reason.data, "seen": self.seen.data,
        }  # fmt: skip


for _name in CHOICES:
    setattr(ProposeForm, f"take_{_name}", RadioField(choices=[("keep", ""), ("take", "")], validate_choice=False))


@form_for("customer.tell_apart")
class TellApartForm(ActForm):
    """Which other customer it is not."""

    other = LookupField(_l("The other customer"), [Required()], lookup="customers")
    reason = TextLine(_l("How they differ"), 500)


@form_for("customer_merge.approve")
class ApproveForm(_MergeForm):
    """The preview as it is now, for the one who decides."""

    def prefill(self, docs: Sequence[Any], by: Any) -> None:
        """Show the preview and why it was proposed."""
        self.docs, self.by = docs, by
        self.why = docs[0].reason if docs else ""
        self.look()

    def look(self) -> None:
        """The preview with what the proposal keeps."""
        if self.docs:
            merge: CustomerMerge = self.docs[0]
            self.show(merge.customer, merge.survivor, merge.taken, self.by)


@form_for("customer_merge.decline")
class DeclineForm(ActForm):
    """Why they stay two."""

    reason = TextLine(_l("Reason"), 500, [Required()])
