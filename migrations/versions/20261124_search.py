"""Index what records are searched by, on every row that is there."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from backoffice.core import search_index
from backoffice.core.grams import Texts, texts_of

revision = "20261124_search"
down_revision = "20261124_imports"
branch_labels = None
depends_on = None

#: By table: its searched fields with their kind of personal data; "name?" is one only where the customer is a person.
FIELDS = {
    "customer": {"number": "", "former_number": "", "name": "name?", "phone": "phone"},
    "contact": {"name": "name", "phone": "phone"},
    "project": {"number": "", "name": ""},
    "product_model": {"code": "", "name": "", "series": ""},
    "installed_unit": {"serial_no": "", "order_no": "", "model.code": ""},
    "service_call": {
        "number": "", "old_number": "", "customer_name": "name?", "contact_name": "name", "phone": "phone",
        "model_text": "", "unit.serial_no": "",
    },
    "service_voucher": {
        "number": "", "paper_no": "", "call.number": "", "call.customer_name": "name?", "call.contact_name": "name",
        "call.phone": "phone",
    },
}
#: Where the kind of the customer stands, and the table behind a relation.
KINDS = {"customer": "kind", "service_call": "customer_kind", "service_voucher": "call.customer_kind"}
OWNERS = {"model": "product_model", "unit": "installed_unit", "call": "service_call"}


def upgrade() -> None:
    """Add the columns, fill them, index them."""
    for name, fields in FIELDS.items():
        for column in search_index.COLUMNS:
            op.add_column(name, sa.Column(column, sa.Text(), server_default="", nullable=False))
        kind = KINDS.get(name)
        search_index.refill(op.get_bind(), name, _rows(name, [*fields, kind] if kind else fields), _reader(fields, kind))
        search_index.create(op.get_bind(), name)


def _rows(name: str, fields: Iterable[str]) -> sa.Select[Any]:
    """Rows with their searched fields, those of a related row under the name `relation.field`."""
    owners: dict[str, list[str]] = {}
    for field in fields:
        relation, _, last = field.rpartition(".")
        owners.setdefault(relation, []).append(last)
    keys = [f"{relation}_id" for relation in owners if relation]
    rows = sa.table(name, *map(sa.column, ["id", *search_index.COLUMNS, *owners[""], *keys]))
    chosen, joined = [rows.c[field] for field in ("id", *search_index.COLUMNS, *owners.pop(""))], rows
    for relation, names in owners.items():
        owner = sa.table(OWNERS[relation], sa.column("id"), *map(sa.column, names))
        joined = joined.outerjoin(owner, owner.c.id == rows.c[f"{relation}_id"])
        chosen += [owner.c[field].label(f"{relation}.{field}") for field in names]
    return sa.select(*chosen).select_from(joined)


def _reader(fields: Mapping[str, str], kind: str | None) -> Any:
    def read(row: Any) -> Texts:
        masked = kind is not None and row._mapping[kind] != "company"
        return texts_of((row._mapping[field], pii.rstrip("?") if masked or not pii.endswith("?") else "")
                        for field, pii in fields.items())

    return read


def downgrade() -> None:
    """Take index and columns away."""
    for name in reversed(FIELDS):
        search_index.drop(op.get_bind(), name)
        for column in reversed(search_index.COLUMNS):
            op.drop_column(name, column)
