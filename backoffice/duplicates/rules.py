"""What a merge keeps, on plain values."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

#: The facts of a customer that a merge settles, in the order of the page; number and old number stay with their record.
FIELDS = (
    "name", "kind", "phone", "address", "area", "default_salesperson", "credit_code", "invoice_title", "bank_name",
    "bank_account", "invoice_email", "is_overseas", "privacy_notice_at", "remark",
)  # fmt: skip
#: What is settled without a question: an answer "yes" or a known moment is not lost.
UNASKED = frozenset({"is_overseas", "privacy_notice_at"})


@dataclass(frozen=True)
class Settled:
    """One fact of both customers and the value that stays.

    from_given_up: whether it is that of the customer given up. asked: whether both have one and they differ, so that a
    person chooses.
    """

    field: str
    given_up: Any
    survivor: Any
    from_given_up: bool
    asked: bool

    @property
    def differs(self) -> bool:
        """Whether the two records say different things."""
        return bool(self.given_up != self.survivor)

    @property
    def value(self) -> Any:
        """What stays."""
        return self.given_up if self.from_given_up else self.survivor


def settle(given_up: Any, survivor: Any, taken: Collection[str]) -> list[Settled]:
    """Each fact with what stays of it: the survivor's, unless it is empty or its field is in `taken` (E-04)."""
    return [_settle(field, getattr(given_up, field), getattr(survivor, field), taken) for field in FIELDS]


def _settle(field: str, theirs: Any, own: Any, taken: Collection[str]) -> Settled:
    fills = not own and bool(theirs)
    asked = bool(own) and bool(theirs) and own != theirs and field not in UNASKED
    return Settled(field, theirs, own, fills or (asked and field in taken), asked)
