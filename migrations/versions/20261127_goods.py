"""Keep goods in custody: receipts, the register, and the legs on which goods go out."""

import sqlalchemy as sa
from alembic import op

from backoffice.core import search_index

revision = "20261127_goods"
down_revision = "20261126_parts"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(12, 2).with_variant(sa.Integer(), "sqlite")
SIGNED = "ck_service_voucher_signed_has_facts"


def _signed(cause: str) -> str:
    return (
        "state <> 'signed' OR (signed_at IS NOT NULL AND onsite_result IS NOT NULL"
        f" AND {cause} AND signature_mode IS NOT NULL)"
    )


def upgrade() -> None:
    """Make the tables and the index of the search; goods taken away have their cause on the card."""
    op.create_table(
        "goods_receipt",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("paper_no", sa.String(length=30), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "issued",
                "voided_on_return",
                "lost_declared",
                "void",
                name="receiptstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("voucher_id", sa.Integer(), nullable=False),
        sa.Column("accessories", sa.String(length=300), nullable=False),
        sa.Column("appearance", sa.String(length=300), nullable=False),
        sa.Column("fault_text", sa.Text(), nullable=False),
        sa.Column("estimated_fee", MONEY, nullable=True),
        sa.Column("promised_return_on", sa.Date(), nullable=False),
        sa.Column("issued_by_id", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=300), nullable=False),
        sa.Column(
            "customer_kind",
            sa.Enum(
                "company",
                "individual",
                "farmer",
                name="customerkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("customer_name", sa.String(length=120), nullable=False),
        sa.Column("model_text", sa.String(length=120), nullable=False),
        sa.Column("serial_no", sa.String(length=60), nullable=False),
        sa.Column("serial_folded", sa.String(length=240), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("search_norm", sa.Text(), server_default="", nullable=False),
        sa.Column("search_masked", sa.Text(), server_default="", nullable=False),
        sa.Column("search_grams", sa.Text(), server_default="", nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(state = 'issued') = (ended_at IS NULL)", name=op.f("ck_goods_receipt_ended_has_time")),
        sa.CheckConstraint(
            "state NOT IN ('void', 'lost_declared') OR end_reason <> ''", name=op.f("ck_goods_receipt_end_has_reason")
        ),
        sa.CheckConstraint("customer_id IS NOT NULL", name=op.f("ck_goods_receipt_has_customer")),
        sa.CheckConstraint(
            "estimated_fee IS NULL OR estimated_fee >= 0", name=op.f("ck_goods_receipt_fee_not_negative")
        ),
        sa.CheckConstraint(
            "length(accessories) > 0 AND length(appearance) > 0", name=op.f("ck_goods_receipt_has_condition")
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_goods_receipt_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_goods_receipt_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_goods_receipt_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["issued_by_id"], ["user.id"], name=op.f("fk_goods_receipt_issued_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["installed_unit.id"], name=op.f("fk_goods_receipt_unit_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_goods_receipt_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["service_voucher.id"], name=op.f("fk_goods_receipt_voucher_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_receipt")),
        sa.UniqueConstraint("number", name=op.f("uq_goods_receipt_number")),
        sa.UniqueConstraint("paper_no", name=op.f("uq_goods_receipt_paper_no")),
    )
    with op.batch_alter_table("goods_receipt") as batch:
        batch.create_index(batch.f("ix_goods_receipt_branch_id"), ["branch_id"], unique=False)
        batch.create_index("ix_goods_receipt_by_state", ["branch_id", "state", "id"], unique=False)
        batch.create_index(batch.f("ix_goods_receipt_created_by_id"), ["created_by_id"], unique=False)
        batch.create_index(batch.f("ix_goods_receipt_customer_id"), ["customer_id"], unique=False)
        batch.create_index(batch.f("ix_goods_receipt_customer_name"), ["customer_name"], unique=False)
        batch.create_index("ix_goods_receipt_issued_at_id", ["issued_at", "id"], unique=False)
        batch.create_index(batch.f("ix_goods_receipt_issued_by_id"), ["issued_by_id"], unique=False)
        batch.create_index(batch.f("ix_goods_receipt_model_text"), ["model_text"], unique=False)
        batch.create_index(batch.f("ix_goods_receipt_serial_no"), ["serial_no"], unique=False)
        batch.create_index(batch.f("ix_goods_receipt_unit_id"), ["unit_id"], unique=False)
        batch.create_index(batch.f("ix_goods_receipt_updated_by_id"), ["updated_by_id"], unique=False)
        batch.create_index(batch.f("ix_goods_receipt_voucher_id"), ["voucher_id"], unique=False)
    search_index.create(op.get_bind(), "goods_receipt")

    op.create_table(
        "goods_entry",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("receipt_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "workshop",
                "outsourced",
                "factory",
                "back",
                "returned",
                "given_up",
                "void",
                name="goodsstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_by_id", sa.Integer(), nullable=False),
        sa.Column("in_on", sa.Date(), nullable=False),
        sa.Column("long_after", sa.Date(), nullable=False),
        sa.Column("promised_return_on", sa.Date(), nullable=False),
        sa.Column("first_promised_on", sa.Date(), nullable=False),
        sa.Column("inspected_on", sa.Date(), nullable=True),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("returned_by_id", sa.Integer(), nullable=True),
        sa.Column("received_by", sa.String(length=60), nullable=False),
        sa.Column("return_signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.String(length=500), nullable=False),
        sa.Column(
            "customer_kind",
            sa.Enum(
                "company",
                "individual",
                "farmer",
                name="customerkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("customer_name", sa.String(length=120), nullable=False),
        sa.Column("model_text", sa.String(length=120), nullable=False),
        sa.Column("serial_no", sa.String(length=60), nullable=False),
        sa.Column("serial_folded", sa.String(length=240), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("search_norm", sa.Text(), server_default="", nullable=False),
        sa.Column("search_masked", sa.Text(), server_default="", nullable=False),
        sa.Column("search_grams", sa.Text(), server_default="", nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(state = 'returned') = (returned_on IS NOT NULL)", name=op.f("ck_goods_entry_returned_has_day")
        ),
        sa.CheckConstraint(
            "state <> 'returned' OR (return_signed_at IS NOT NULL AND received_by <> '' AND returned_by_id IS NOT NULL)",
            name=op.f("ck_goods_entry_returned_is_signed"),
        ),
        sa.CheckConstraint("customer_id IS NOT NULL", name=op.f("ck_goods_entry_has_customer")),
        sa.CheckConstraint(
            "returned_on IS NULL OR returned_on >= in_on", name=op.f("ck_goods_entry_returned_after_taken")
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_goods_entry_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_goods_entry_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_goods_entry_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["moved_by_id"], ["user.id"], name=op.f("fk_goods_entry_moved_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"], ["goods_receipt.id"], name=op.f("fk_goods_entry_receipt_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["returned_by_id"], ["user.id"], name=op.f("fk_goods_entry_returned_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["installed_unit.id"], name=op.f("fk_goods_entry_unit_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_goods_entry_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_entry")),
        sa.UniqueConstraint("number", name=op.f("uq_goods_entry_number")),
        sa.UniqueConstraint("receipt_id", name=op.f("uq_goods_entry_receipt_id")),
    )
    with op.batch_alter_table("goods_entry") as batch:
        batch.create_index(batch.f("ix_goods_entry_branch_id"), ["branch_id"], unique=False)
        batch.create_index("ix_goods_entry_by_state", ["branch_id", "state", "id"], unique=False)
        batch.create_index(batch.f("ix_goods_entry_created_by_id"), ["created_by_id"], unique=False)
        batch.create_index(batch.f("ix_goods_entry_customer_id"), ["customer_id"], unique=False)
        batch.create_index(batch.f("ix_goods_entry_customer_name"), ["customer_name"], unique=False)
        batch.create_index(
            "ix_goods_entry_held",
            ["branch_id", "promised_return_on"],
            unique=False,
            sqlite_where=sa.text("state IN ('workshop', 'outsourced', 'factory', 'back')"),
            postgresql_where=sa.text("state IN ('workshop', 'outsourced', 'factory', 'back')"),
        )
        batch.create_index(
            "ix_goods_entry_held_long",
            ["branch_id", "long_after"],
            unique=False,
            sqlite_where=sa.text("state IN ('workshop', 'outsourced', 'factory', 'back')"),
            postgresql_where=sa.text("state IN ('workshop', 'outsourced', 'factory', 'back')"),
        )
        batch.create_index("ix_goods_entry_in_on_id", ["in_on", "id"], unique=False)
        batch.create_index(batch.f("ix_goods_entry_model_text"), ["model_text"], unique=False)
        batch.create_index(batch.f("ix_goods_entry_moved_by_id"), ["moved_by_id"], unique=False)
        batch.create_index("ix_goods_entry_promised_return_on_id", ["promised_return_on", "id"], unique=False)
        batch.create_index("ix_goods_entry_register", ["branch_id", "in_on", "id"], unique=False)
        batch.create_index(batch.f("ix_goods_entry_returned_by_id"), ["returned_by_id"], unique=False)
        batch.create_index(batch.f("ix_goods_entry_returned_on"), ["returned_on"], unique=False)
        batch.create_index(batch.f("ix_goods_entry_serial_no"), ["serial_no"], unique=False)
        batch.create_index(batch.f("ix_goods_entry_unit_id"), ["unit_id"], unique=False)
        batch.create_index(batch.f("ix_goods_entry_updated_by_id"), ["updated_by_id"], unique=False)
        batch.create_index(
            "uq_goods_entry_serial",
            ["branch_id", "model_text", "serial_folded"],
            unique=True,
            sqlite_where=sa.text("serial_folded <> '' AND state IN ('workshop', 'outsourced', 'factory', 'back')"),
            postgresql_where=sa.text("serial_folded <> '' AND state IN ('workshop', 'outsourced', 'factory', 'back')"),
        )
        batch.create_index(
            "uq_goods_entry_unit",
            ["unit_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('workshop', 'outsourced', 'factory', 'back')"),
            postgresql_where=sa.text("state IN ('workshop', 'outsourced', 'factory', 'back')"),
        )
    search_index.create(op.get_bind(), "goods_entry")

    op.create_table(
        "goods_leg",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column(
            "destination",
            sa.Enum("outsourced", "factory", name="destination", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("sent_to", sa.String(length=120), nullable=False),
        sa.Column("carrier", sa.String(length=60), nullable=False),
        sa.Column("tracking_no", sa.String(length=60), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("sent_by_id", sa.Integer(), nullable=False),
        sa.Column("back_on", sa.Date(), nullable=True),
        sa.Column("back_by_id", sa.Integer(), nullable=True),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("length(sent_to) > 0 OR destination = 'factory'", name=op.f("ck_goods_leg_names_workshop")),
        sa.CheckConstraint("back_on IS NULL OR back_on >= sent_on", name=op.f("ck_goods_leg_back_after_sent")),
        sa.ForeignKeyConstraint(["back_by_id"], ["user.id"], name=op.f("fk_goods_leg_back_by_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_goods_leg_branch_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_goods_leg_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["goods_entry.id"], name=op.f("fk_goods_leg_entry_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["sent_by_id"], ["user.id"], name=op.f("fk_goods_leg_sent_by_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_goods_leg_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_leg")),
    )
    with op.batch_alter_table("goods_leg") as batch:
        batch.create_index(batch.f("ix_goods_leg_back_by_id"), ["back_by_id"], unique=False)
        batch.create_index(batch.f("ix_goods_leg_back_on"), ["back_on"], unique=False)
        batch.create_index(batch.f("ix_goods_leg_branch_id"), ["branch_id"], unique=False)
        batch.create_index(batch.f("ix_goods_leg_created_by_id"), ["created_by_id"], unique=False)
        batch.create_index(batch.f("ix_goods_leg_destination"), ["destination"], unique=False)
        batch.create_index(batch.f("ix_goods_leg_entry_id"), ["entry_id"], unique=False)
        batch.create_index(batch.f("ix_goods_leg_sent_by_id"), ["sent_by_id"], unique=False)
        batch.create_index("ix_goods_leg_sent_on_id", ["sent_on", "id"], unique=False)
        batch.create_index(batch.f("ix_goods_leg_tracking_no"), ["tracking_no"], unique=False)
        batch.create_index(batch.f("ix_goods_leg_updated_by_id"), ["updated_by_id"], unique=False)
        batch.create_index(
            "uq_goods_leg_open",
            ["entry_id"],
            unique=True,
            sqlite_where=sa.text("back_on IS NULL"),
            postgresql_where=sa.text("back_on IS NULL"),
        )

    with op.batch_alter_table("service_voucher") as batch:
        batch.drop_constraint(op.f(SIGNED), type_="check")
        batch.create_check_constraint(
            op.f(SIGNED), _signed("(fault_cause IS NOT NULL OR onsite_result = 'taken_away')")
        )


def downgrade() -> None:
    """Drop index and tables. The looser rule stays: vouchers that were written under it keep what they say."""
    for name in ("goods_entry", "goods_receipt"):
        search_index.drop(op.get_bind(), name)
    for name in ("goods_leg", "goods_entry", "goods_receipt"):
        op.drop_table(name)
