"""Look-ups of parts and of those who hold them, and the input pages of the acts on their stock."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, and_, exists, or_, select

from backoffice.core.permissions import Actor, Permission, Role
from backoffice.core.quantity import format_quantity
from backoffice.organisation.models import User
from backoffice.ui.act_page import ActForm, form_for
from backoffice.ui.fields import LookupField, QuantityField, Required, TextLine
from backoffice.ui.formatters import listed
from backoffice.ui.lookups import like, lookup

from . import queries
from .models import Part, StockMovement


@lookup("parts", model=Part, permission=Permission.PART_READ, label=lambda part: part.label)
def find_parts(term: str, by: Actor) -> Select[Any]:
    """Parts in use by code, name or specification."""
    return queries.parts_matching(term, by)


@lookup(
    "stock_holders", model=User, permission=(Permission.STOCK_MOVE, Permission.STOCK_COUNT),
    label=lambda user: user.real_name,
)  # fmt: skip
def stock_holders(term: str, by: Actor) -> Select[Any]:
    """Active technicians of the branch, and whoever of it has held parts, by name or user name."""
    words = like(term)
    named = or_(User.real_name.ilike(words, escape="\\"), User.username.ilike(words, escape="\\"))
    has_held = exists().where(StockMovement.holder_id == User.id)
    may_hold = or_(and_(User.role == Role.TECHNICIAN, User.is_active), has_held)
    return select(User).where(User.branch_id == by.branch_id, may_hold, named).order_by(User.real_name, User.id)


class _MoveForm(ActForm):
    event_time = True

    quantity = QuantityField(_l("Quantity"), [Required()])

    def tell(self, part: Part, words: Any) -> None:
        """Say below the quantity what is there, with the unit of the part."""
        self.quantity.description = f"{words} ({part.unit})"


@form_for("part.receive")
class ReceiveForm(_MoveForm):
    """How many came, and on which delivery note."""

    reason = TextLine(_l("Delivery note or remark"), 300)

    def prefill(self, docs: Sequence[Part], by: Actor) -> None:
        """Say what is there."""
        if docs:
            self.tell(docs[0], _in_store(docs[0], by))


@form_for("part.hand_out")
class HandOutForm(_MoveForm):
    """Who gets how many."""

    holder = LookupField(_l("Technician"), [Required()], lookup="stock_holders")
    reason = TextLine(_l("Remark"), 300)

    def prefill(self, docs: Sequence[Part], by: Actor) -> None:
        """Say what is there."""
        if docs:
            self.tell(docs[0], _in_store(docs[0], by))


@form_for("part.hand_back")
class HandBackForm(_MoveForm):
    """Who gives how many back."""

    holder = LookupField(_l("Technician"), [Required()], lookup="stock_holders")
    reason = TextLine(_l("Remark"), 300)

    def prefill(self, docs: Sequence[Part], by: Actor) -> None:
        """Say who has how many."""
        if docs:
            held = listed(
                f"{user.real_name} {format_quantity(total)}"
                for user, total in queries.holdings(docs[0].id, by.branch_id)
            )
            self.tell(docs[0], held or gettext("No technician has any"))


@form_for("part.count")
class CountForm(ActForm):
    """What was counted, and where. What should be there is not said: it is counted, then compared."""

    event_time = True

    holder = LookupField(_l("Technician"), lookup="stock_holders", description=_l("Empty: counted in the store"))
    counted = QuantityField(_l("Counted"), [Required()], description=_l("0 where none is there"))
    reason = TextLine(_l("Reason of a difference"), 300)


def _in_store(part: Part, by: Actor) -> str:
    total = queries.balance(part.id, by.branch_id, None)
    return gettext("In the store: %(quantity)s", quantity=format_quantity(total))
