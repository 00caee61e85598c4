"""Create vouchers and visits."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_vouchers"
down_revision = "20261124_calls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "service_voucher",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("paper_no", sa.String(length=30), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "issued",
                "signed",
                "returned",
                "archived",
                "void",
                name="voucherstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("technician_id", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "service_type",
            sa.Enum(
                "A", "B", "C", "undecided", name="servicetype", native_enum=False, create_constraint=True, length=40
            ),
            nullable=True,
        ),
        sa.Column(
            "onsite_result",
            sa.Enum(
                "fixed",
                "no_fault",
                "taken_away",
                "revisit",
                "refused",
                name="onsiteresult",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("work_done", sa.Text(), nullable=False),
        sa.Column(
            "fault_cause",
            sa.Enum(
                "product",
                "wear",
                "misuse",
                "human_damage",
                "installation",
                "power_supply",
                "medium",
                "other",
                name="faultcause",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("labour_minutes", sa.Integer(), nullable=True),
        sa.Column(
            "signature_mode",
            sa.Enum(
                "on_screen",
                "on_paper",
                "unsigned",
                name="signaturemode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("signed_by", sa.String(length=60), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unsigned_reason", sa.String(length=300), nullable=False),
        sa.Column("unsigned_confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("return_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_to_id", sa.Integer(), nullable=True),
        sa.Column("write_off_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_by_id", sa.Integer(), nullable=True),
        sa.Column("archive_location", sa.String(length=60), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.String(length=300), nullable=False),
        sa.Column("replaced_by_id", sa.Integer(), nullable=True),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(state = 'archived') = (archived_at IS NOT NULL)", name=op.f("ck_service_voucher_archived_has_time")
        ),
        sa.CheckConstraint("(state = 'void') = (voided_at IS NOT NULL)", name=op.f("ck_service_voucher_void_has_time")),
        sa.CheckConstraint(
            "signature_mode <> 'unsigned' OR unsigned_reason <> ''", name=op.f("ck_service_voucher_unsigned_has_reason")
        ),
        sa.CheckConstraint(
            "signed_at IS NULL OR signature_mode <> 'unsigned' OR unsigned_confirmed_by_id IS NOT NULL",
            name=op.f("ck_service_voucher_unsigned_is_confirmed"),
        ),
        sa.CheckConstraint(
            "state <> 'signed' OR (signed_at IS NOT NULL AND onsite_result IS NOT NULL AND fault_cause IS NOT NULL AND signature_mode IS NOT NULL)",
            name=op.f("ck_service_voucher_signed_has_facts"),
        ),
        sa.CheckConstraint("state <> 'void' OR void_reason <> ''", name=op.f("ck_service_voucher_void_has_reason")),
        sa.CheckConstraint(
            "state NOT IN ('returned', 'archived') OR returned_at IS NOT NULL",
            name=op.f("ck_service_voucher_returned_has_time"),
        ),
        sa.CheckConstraint(
            "labour_minutes IS NULL OR labour_minutes BETWEEN 0 AND 14400",
            name=op.f("ck_service_voucher_labour_in_range"),
        ),
        sa.ForeignKeyConstraint(
            ["archived_by_id"], ["user.id"], name=op.f("fk_service_voucher_archived_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_service_voucher_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["call_id"], ["service_call.id"], name=op.f("fk_service_voucher_call_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_service_voucher_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by_id"],
            ["service_voucher.id"],
            name=op.f("fk_service_voucher_replaced_by_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["returned_to_id"], ["user.id"], name=op.f("fk_service_voucher_returned_to_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["user.id"], name=op.f("fk_service_voucher_technician_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unsigned_confirmed_by_id"],
            ["user.id"],
            name=op.f("fk_service_voucher_unsigned_confirmed_by_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_service_voucher_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_voucher")),
        sa.UniqueConstraint("number", name=op.f("uq_service_voucher_number")),
        sa.UniqueConstraint("paper_no", name=op.f("uq_service_voucher_paper_no")),
    )
    op.create_index(op.f("ix_service_voucher_archived_at"), "service_voucher", ["archived_at"], unique=False)
    op.create_index(op.f("ix_service_voucher_archived_by_id"), "service_voucher", ["archived_by_id"], unique=False)
    op.create_index(op.f("ix_service_voucher_branch_id"), "service_voucher", ["branch_id"], unique=False)
    op.create_index(op.f("ix_service_voucher_call_id"), "service_voucher", ["call_id"], unique=False)
    op.create_index(op.f("ix_service_voucher_created_by_id"), "service_voucher", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_service_voucher_issued_at"), "service_voucher", ["issued_at"], unique=False)
    op.create_index("ix_service_voucher_own", "service_voucher", ["technician_id", "state"], unique=False)
    op.create_index(op.f("ix_service_voucher_replaced_by_id"), "service_voucher", ["replaced_by_id"], unique=False)
    op.create_index(op.f("ix_service_voucher_returned_at"), "service_voucher", ["returned_at"], unique=False)
    op.create_index(op.f("ix_service_voucher_returned_to_id"), "service_voucher", ["returned_to_id"], unique=False)
    op.create_index(op.f("ix_service_voucher_signed_at"), "service_voucher", ["signed_at"], unique=False)
    op.create_index(
        "ix_service_voucher_state", "service_voucher", ["branch_id", "state", "return_due_at"], unique=False
    )
    op.create_index(
        op.f("ix_service_voucher_unsigned_confirmed_by_id"),
        "service_voucher",
        ["unsigned_confirmed_by_id"],
        unique=False,
    )
    op.create_index(op.f("ix_service_voucher_updated_by_id"), "service_voucher", ["updated_by_id"], unique=False)
    op.create_index(
        "uq_service_voucher_live",
        "service_voucher",
        ["call_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'void'"),
        postgresql_where=sa.text("state <> 'void'"),
    )
    op.create_table(
        "visit",
        sa.Column("voucher_id", sa.Integer(), nullable=False),
        sa.Column("technician_id", sa.Integer(), nullable=False),
        sa.Column("departed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "result",
            sa.Enum(
                "done",
                "revisit",
                "handed_on",
                "refused",
                name="visitresult",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "departed_at IS NULL OR departed_at <= arrived_at", name=op.f("ck_visit_departed_before_arrival")
        ),
        sa.CheckConstraint("left_at IS NULL OR left_at >= arrived_at", name=op.f("ck_visit_left_after_arrival")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_visit_branch_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_visit_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["user.id"], name=op.f("fk_visit_technician_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_visit_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["service_voucher.id"], name=op.f("fk_visit_voucher_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    op.create_index(op.f("ix_visit_arrived_at"), "visit", ["arrived_at"], unique=False)
    op.create_index(op.f("ix_visit_branch_id"), "visit", ["branch_id"], unique=False)
    op.create_index(op.f("ix_visit_created_by_id"), "visit", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_visit_technician_id"), "visit", ["technician_id"], unique=False)
    op.create_index(op.f("ix_visit_updated_by_id"), "visit", ["updated_by_id"], unique=False)
    op.create_index(op.f("ix_visit_voucher_id"), "visit", ["voucher_id"], unique=False)
    op.create_index(
        "uq_visit_open",
        "visit",
        ["voucher_id"],
        unique=True,
        sqlite_where=sa.text("left_at IS NULL"),
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.create_table(
        "voucher_helper",
        sa.Column("voucher_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_voucher_helper_user_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["voucher_id"], ["service_voucher.id"], name=op.f("fk_voucher_helper_voucher_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("voucher_id", "user_id", name=op.f("pk_voucher_helper")),
    )
    op.create_index(op.f("ix_voucher_helper_user_id"), "voucher_helper", ["user_id"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index(op.f("ix_voucher_helper_user_id"), table_name="voucher_helper")
    op.drop_table("voucher_helper")
    op.drop_index(
        "uq_visit_open",
        table_name="visit",
        sqlite_where=sa.text("left_at IS NULL"),
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.drop_index(op.f("ix_visit_voucher_id"), table_name="visit")
    op.drop_index(op.f("ix_visit_updated_by_id"), table_name="visit")
    op.drop_index(op.f("ix_visit_technician_id"), table_name="visit")
    op.drop_index(op.f("ix_visit_created_by_id"), table_name="visit")
    op.drop_index(op.f("ix_visit_branch_id"), table_name="visit")
    op.drop_index(op.f("ix_visit_arrived_at"), table_name="visit")
    op.drop_table("visit")
    op.drop_index(
        "uq_service_voucher_live",
        table_name="service_voucher",
        sqlite_where=sa.text("state <> 'void'"),
        postgresql_where=sa.text("state <> 'void'"),
    )
    op.drop_index(op.f("ix_service_voucher_updated_by_id"), table_name="service_voucher")
    op.drop_index(op.f("ix_service_voucher_unsigned_confirmed_by_id"), table_name="service_voucher")
    op.drop_index("ix_service_voucher_state", table_name="service_voucher")
    op.drop_index(op.f("ix_service_voucher_signed_at"), table_name="service_voucher")
    op.drop_index(op.f("ix_service_voucher_returned_to_id"), table_name="service_voucher")
    op.drop_index(op.f("ix_service_voucher_returned_at"), table_name="service_voucher")
    op.drop_index(op.f("ix_service_voucher_replaced_by_id"), table_name="service_voucher")
    op.drop_index("ix_service_voucher_own", table_name="service_voucher")
    op.drop_index(op.f("ix_service_voucher_issued_at"), table_name="service_voucher")
    op.drop_index(op.f("ix_service_voucher_created_by_id"), table_name="service_voucher")
    op.drop_index(op.f("ix_service_voucher_call_id"), table_name="service_voucher")
    op.drop_index(op.f("ix_service_voucher_branch_id"), table_name="service_voucher")
    op.drop_index(op.f("ix_service_voucher_archived_by_id"), table_name="service_voucher")
    op.drop_index(op.f("ix_service_voucher_archived_at"), table_name="service_voucher")
    op.drop_table("service_voucher")
