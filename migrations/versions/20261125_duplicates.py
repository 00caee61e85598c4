"""Take the names of customers apart, let one be merged into another, keep proposals and pairs told apart."""

import sqlalchemy as sa
from alembic import op

revision = "20261125_duplicates"
down_revision = "20261124_saved_filters"
branch_labels = None
depends_on = None

PARTS = {"name_core": 240, "name_place": 8, "name_form": 8, "name_aside": 240}
CHECKS = {
    "ck_customer_not_merged_into_itself": "merged_into_id <> id",
    "ck_customer_merged_has_time": "(merged_into_id IS NULL) = (merged_at IS NULL)",
    "ck_customer_merged_is_inactive": "merged_into_id IS NULL OR NOT is_active",
}
#: Each holds all that the finder reads of its table.
INDEXES = (
    ("customer", "ix_customer_name_core", ["branch_id", "name_core", "is_active"]),
    ("customer", "ix_customer_phone", ["branch_id", "phone_digits", "is_active", "id"]),
    ("contact", "ix_contact_phone", ["branch_id", "phone_digits", "is_active", "customer_id"]),
)
AT_ONCE = 2000


def upgrade() -> None:
    """Add the columns, take apart the names that are there, make the two tables."""
    with op.batch_alter_table("customer", recreate="never") as batch:
        for name, length in PARTS.items():
            batch.add_column(sa.Column(name, sa.String(length=length), nullable=True))
        batch.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True))
    take_names_apart()
    with op.batch_alter_table("customer") as batch:
        for name, length in PARTS.items():
            batch.alter_column(name, existing_type=sa.String(length=length), nullable=False)
        batch.create_foreign_key(
            op.f("fk_customer_merged_into_id"), "customer", ["merged_into_id"], ["id"], ondelete="RESTRICT"
        )
        for name, check in CHECKS.items():
            batch.create_check_constraint(op.f(name), check)
    for table, name, columns in INDEXES:
        op.create_index(name, table, columns, unique=False)
    op.create_index(
        "ix_customer_merged_into", "customer", ["merged_into_id"], unique=False,
        sqlite_where=sa.text("merged_into_id IS NOT NULL"), postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    make_merges()
    make_distinct()


def take_names_apart() -> None:
    """Fill the parts of the names, a chunk at a time; a later change of the rules brings its own migration."""
    from backoffice.customers.models import CustomerKind, parts_of

    customer = sa.table(
        "customer", sa.column("id"), sa.column("name"), sa.column("kind"), sa.column("address"),
        *(sa.column(name) for name in PARTS),
    )
    connection = op.get_bind()
    change = customer.update().where(customer.c.id == sa.bindparam("key")).values(
        {name: sa.bindparam(f"new_{name}") for name in PARTS}
    )
    last = 0
    while rows := connection.execute(
        sa.select(customer.c.id, customer.c.name, customer.c.kind, customer.c.address)
        .where(customer.c.id > last).order_by(customer.c.id).limit(AT_ONCE)
    ).all():
        last = rows[-1].id
        filled = []
        for row in rows:
            parts = parts_of(row.name, CustomerKind(row.kind), row.address)
            filled.append({
                "key": row.id, "new_name_core": parts.core, "new_name_place": parts.place,
                "new_name_form": parts.form, "new_name_aside": parts.aside,
            })
        connection.execute(change, filled)


def stamps() -> list[sa.Column]:
    """The columns of every document."""
    return [
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
    ]


def keys(table: str, *customers: str) -> list[sa.ForeignKeyConstraint]:
    """The foreign keys of a document, and those to customers."""
    targets = {"branch_id": "branch.id", "created_by_id": "user.id", "updated_by_id": "user.id"}
    targets |= {name: "customer.id" for name in customers}
    return [
        sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_{table}_{name}"), ondelete="RESTRICT")
        for name, target in targets.items()
    ]


def make_merges() -> None:
    """Make the table of proposals to merge."""
    op.create_table(
        "customer_merge",
        sa.Column(
            "state",
            sa.Enum("proposed", "merged", "declined", name="mergestate", native_enum=False, create_constraint=True,
                    length=40),
            nullable=False,
        ),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("survivor_id", sa.Integer(), nullable=False),
        sa.Column("taken", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved", sa.JSON(none_as_null=True), nullable=True),
        *stamps(),
        sa.CheckConstraint("customer_id <> survivor_id", name=op.f("ck_customer_merge_two_customers")),
        sa.CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name=op.f("ck_customer_merge_decided_has_time")),
        sa.CheckConstraint("(state = 'merged') = (moved IS NOT NULL)", name=op.f("ck_customer_merge_merged_has_figures")),
        *keys("customer_merge", "customer_id", "survivor_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_merge")),
    )
    for column in ("branch_id", "created_by_id", "updated_by_id", "survivor_id"):
        op.create_index(op.f(f"ix_customer_merge_{column}"), "customer_merge", [column], unique=False)
    op.create_index("ix_customer_merge_state", "customer_merge", ["branch_id", "state"], unique=False)
    op.create_index("ix_customer_merge_customer", "customer_merge", ["customer_id"], unique=False)
    op.create_index(
        "uq_customer_merge_open", "customer_merge", ["customer_id"], unique=True,
        sqlite_where=sa.text("state = 'proposed'"), postgresql_where=sa.text("state = 'proposed'"),
    )


def make_distinct() -> None:
    """Make the table of pairs told apart."""
    op.create_table(
        "customer_distinct",
        sa.Column("low_id", sa.Integer(), nullable=False),
        sa.Column("high_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        *stamps(),
        sa.CheckConstraint("low_id < high_id", name=op.f("ck_customer_distinct_in_order")),
        *keys("customer_distinct", "low_id", "high_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_distinct")),
        sa.UniqueConstraint("low_id", "high_id", name=op.f("uq_customer_distinct_pair")),
    )
    for column in ("branch_id", "created_by_id", "updated_by_id", "high_id"):
        op.create_index(op.f(f"ix_customer_distinct_{column}"), "customer_distinct", [column], unique=False)


def downgrade() -> None:
    """Take all of it away; customers that were merged stay out of use."""
    op.drop_table("customer_distinct")
    op.drop_table("customer_merge")
    op.drop_index("ix_customer_merged_into", table_name="customer")
    for table, name, _columns in reversed(INDEXES):
        op.drop_index(name, table_name=table)
    with op.batch_alter_table("customer") as batch:
        for name in CHECKS:
            batch.drop_constraint(op.f(name), type_="check")
        batch.drop_constraint(op.f("fk_customer_merged_into_id"), type_="foreignkey")
        for name in ("merged_at", "merged_into_id", *reversed(PARTS)):
            batch.drop_column(name)
