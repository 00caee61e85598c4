"""Create the call register."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_calls"
down_revision = "20261124_products"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "service_call",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "registered",
                "dispatched",
                "on_site",
                "in_repair",
                "completed",
                "closed",
                "cancelled",
                name="callstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "channel",
            sa.Enum(
                "phone",
                "letter",
                "wechat",
                "email",
                "walk_in",
                "salesperson",
                name="channel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("late_reason", sa.String(length=200), nullable=False),
        sa.Column("is_entered_late", sa.Boolean(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
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
        sa.Column("contact_name", sa.String(length=60), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("phone_digits", sa.String(length=30), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("model_id", sa.Integer(), nullable=True),
        sa.Column("model_text", sa.String(length=120), nullable=False),
        sa.Column("fault_symptom_id", sa.Integer(), nullable=False),
        sa.Column("fault_text", sa.Text(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column(
            "zone",
            sa.Enum("city", "suburb", "intercity", name="zone", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("dispatch_limit_min", sa.Integer(), nullable=False),
        sa.Column("arrival_limit_min", sa.Integer(), nullable=False),
        sa.Column("dispatch_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("arrival_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "service_type",
            sa.Enum(
                "A", "B", "C", "undecided", name="servicetype", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("service_type_reason", sa.String(length=300), nullable=False),
        sa.Column("service_type_decided_by_id", sa.Integer(), nullable=True),
        sa.Column(
            "warranty_state",
            sa.Enum(
                "covered",
                "expired",
                "unknown",
                name="warrantystate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "warranty_evidence",
            sa.Enum(
                "commissioned_on",
                "delivered_on",
                "invoice_on",
                name="evidence",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("warranty_starts_on", sa.Date(), nullable=True),
        sa.Column("warranty_ends_on", sa.Date(), nullable=True),
        sa.Column(
            "proposed_type",
            sa.Enum(
                "A", "B", "C", "undecided", name="proposed_type", native_enum=False, create_constraint=True, length=40
            ),
            nullable=True,
        ),
        sa.Column(
            "confirmed_cause",
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
        sa.Column(
            "priority",
            sa.Enum("normal", "urgent", name="priority", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "wanted_skill",
            sa.Enum(
                "pump_engineer",
                "electrical_engineer",
                "pump_repair",
                "electrical_repair",
                name="skill",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("salesperson_id", sa.Integer(), nullable=True),
        sa.Column("repeat_of_id", sa.Integer(), nullable=True),
        sa.Column("remark", sa.String(length=500), nullable=False),
        sa.Column("technician_id", sa.Integer(), nullable=True),
        sa.Column("reported_to_supervisor_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dispatched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_visit_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "cancel_reason",
            sa.Enum(
                "customer_withdrew",
                "solved_by_phone",
                "duplicate",
                "not_ours",
                "refused",
                "other",
                name="cancelreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("duplicate_of_id", sa.Integer(), nullable=True),
        sa.Column("carry_over_count", sa.Integer(), nullable=False),
        sa.Column(
            "escalated_to",
            sa.Enum(
                "assistant",
                "finance",
                "technician",
                "supervisor",
                "manager",
                "sales",
                "admin",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("escalation_reason", sa.String(length=500), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancel_reason IS NOT NULL)", name=op.f("ck_service_call_cancelled_has_reason")
        ),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_service_call_closed_has_time")
        ),
        sa.CheckConstraint(
            "cancel_reason <> 'duplicate' OR duplicate_of_id IS NOT NULL",
            name=op.f("ck_service_call_duplicate_names_call"),
        ),
        sa.CheckConstraint(
            "state <> 'on_site' OR first_arrived_at IS NOT NULL", name=op.f("ck_service_call_on_site_has_arrival")
        ),
        sa.CheckConstraint(
            "state NOT IN ('completed') OR completed_at IS NOT NULL", name=op.f("ck_service_call_completed_has_time")
        ),
        sa.CheckConstraint(
            "state NOT IN ('dispatched', 'on_site', 'in_repair', 'completed') OR (dispatched_at IS NOT NULL AND technician_id IS NOT NULL)",
            name=op.f("ck_service_call_dispatched_has_technician"),
        ),
        sa.CheckConstraint(
            "(escalated_to IS NULL) = (escalated_at IS NULL)", name=op.f("ck_service_call_escalation_has_time")
        ),
        sa.CheckConstraint("carry_over_count >= 0", name=op.f("ck_service_call_carry_over_not_negative")),
        sa.ForeignKeyConstraint(
            ["area_id"], ["service_area.id"], name=op.f("fk_service_call_area_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_service_call_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_service_call_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_service_call_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["duplicate_of_id"], ["service_call.id"], name=op.f("fk_service_call_duplicate_of_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["fault_symptom_id"],
            ["fault_symptom.id"],
            name=op.f("fk_service_call_fault_symptom_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["product_model.id"], name=op.f("fk_service_call_model_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_service_call_project_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["repeat_of_id"], ["service_call.id"], name=op.f("fk_service_call_repeat_of_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["salesperson_id"], ["user.id"], name=op.f("fk_service_call_salesperson_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["service_type_decided_by_id"],
            ["user.id"],
            name=op.f("fk_service_call_service_type_decided_by_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["user.id"], name=op.f("fk_service_call_technician_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["installed_unit.id"], name=op.f("fk_service_call_unit_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_service_call_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_call")),
        sa.UniqueConstraint("number", name=op.f("uq_service_call_number")),
    )
    op.create_index(op.f("ix_service_call_area_id"), "service_call", ["area_id"], unique=False)
    op.create_index(op.f("ix_service_call_arrival_due_at"), "service_call", ["arrival_due_at"], unique=False)
    op.create_index(op.f("ix_service_call_branch_id"), "service_call", ["branch_id"], unique=False)
    op.create_index(op.f("ix_service_call_closed_at"), "service_call", ["closed_at"], unique=False)
    op.create_index(op.f("ix_service_call_completed_at"), "service_call", ["completed_at"], unique=False)
    op.create_index(op.f("ix_service_call_created_by_id"), "service_call", ["created_by_id"], unique=False)
    op.create_index(op.f("ix_service_call_customer_id"), "service_call", ["customer_id"], unique=False)
    op.create_index(op.f("ix_service_call_customer_name"), "service_call", ["customer_name"], unique=False)
    op.create_index(op.f("ix_service_call_dispatch_due_at"), "service_call", ["dispatch_due_at"], unique=False)
    op.create_index(op.f("ix_service_call_dispatched_at"), "service_call", ["dispatched_at"], unique=False)
    op.create_index(op.f("ix_service_call_duplicate_of_id"), "service_call", ["duplicate_of_id"], unique=False)
    op.create_index(
        "ix_service_call_escalated",
        "service_call",
        ["branch_id", "escalated_to"],
        unique=False,
        sqlite_where=sa.text("escalated_to IS NOT NULL"),
        postgresql_where=sa.text("escalated_to IS NOT NULL"),
    )
    op.create_index(op.f("ix_service_call_fault_symptom_id"), "service_call", ["fault_symptom_id"], unique=False)
    op.create_index(op.f("ix_service_call_first_arrived_at"), "service_call", ["first_arrived_at"], unique=False)
    op.create_index(op.f("ix_service_call_model_id"), "service_call", ["model_id"], unique=False)
    op.create_index(op.f("ix_service_call_model_text"), "service_call", ["model_text"], unique=False)
    op.create_index(op.f("ix_service_call_next_visit_at"), "service_call", ["next_visit_at"], unique=False)
    op.create_index("ix_service_call_own", "service_call", ["technician_id", "state"], unique=False)
    op.create_index(op.f("ix_service_call_phone_digits"), "service_call", ["phone_digits"], unique=False)
    op.create_index(op.f("ix_service_call_priority"), "service_call", ["priority"], unique=False)
    op.create_index(op.f("ix_service_call_project_id"), "service_call", ["project_id"], unique=False)
    op.create_index(op.f("ix_service_call_received_at"), "service_call", ["received_at"], unique=False)
    op.create_index("ix_service_call_register", "service_call", ["branch_id", "received_at", "id"], unique=False)
    op.create_index("ix_service_call_repeat", "service_call", ["unit_id", "received_at"], unique=False)
    op.create_index(op.f("ix_service_call_repeat_of_id"), "service_call", ["repeat_of_id"], unique=False)
    op.create_index(op.f("ix_service_call_salesperson_id"), "service_call", ["salesperson_id"], unique=False)
    op.create_index(op.f("ix_service_call_service_type"), "service_call", ["service_type"], unique=False)
    op.create_index(
        op.f("ix_service_call_service_type_decided_by_id"), "service_call", ["service_type_decided_by_id"], unique=False
    )
    op.create_index("ix_service_call_state", "service_call", ["branch_id", "state", "dispatch_due_at"], unique=False)
    op.create_index(op.f("ix_service_call_updated_by_id"), "service_call", ["updated_by_id"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index(op.f("ix_service_call_updated_by_id"), table_name="service_call")
    op.drop_index("ix_service_call_state", table_name="service_call")
    op.drop_index(op.f("ix_service_call_service_type_decided_by_id"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_service_type"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_salesperson_id"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_repeat_of_id"), table_name="service_call")
    op.drop_index("ix_service_call_repeat", table_name="service_call")
    op.drop_index("ix_service_call_register", table_name="service_call")
    op.drop_index(op.f("ix_service_call_received_at"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_project_id"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_priority"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_phone_digits"), table_name="service_call")
    op.drop_index("ix_service_call_own", table_name="service_call")
    op.drop_index(op.f("ix_service_call_next_visit_at"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_model_text"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_model_id"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_first_arrived_at"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_fault_symptom_id"), table_name="service_call")
    op.drop_index(
        "ix_service_call_escalated",
        table_name="service_call",
        sqlite_where=sa.text("escalated_to IS NOT NULL"),
        postgresql_where=sa.text("escalated_to IS NOT NULL"),
    )
    op.drop_index(op.f("ix_service_call_duplicate_of_id"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_dispatched_at"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_dispatch_due_at"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_customer_name"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_customer_id"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_created_by_id"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_completed_at"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_closed_at"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_branch_id"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_arrival_due_at"), table_name="service_call")
    op.drop_index(op.f("ix_service_call_area_id"), table_name="service_call")
    op.drop_table("service_call")
