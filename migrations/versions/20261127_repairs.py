"""Keep repair cards with their time, parts, inspections and delays; link a replacement to the faulty unit."""

import sqlalchemy as sa
from alembic import op

from backoffice.core import search_index

revision = "20261127_repairs"
down_revision = "20261127_goods"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(12, 2).with_variant(sa.Integer(), "sqlite")
QUANTITY = sa.Numeric(12, 3).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, the index of the search and the link between units."""
    op.create_table(
        "repair_card",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("paper_no", sa.String(length=30), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "repairing",
                "waiting",
                "repaired",
                "inspected",
                "returned",
                "unrepairable",
                "relinquished",
                "void",
                name="cardstate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("call_id", sa.Integer(), nullable=True),
        sa.Column("technician_id", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fault_text", sa.Text(), nullable=False),
        sa.Column("diagnosis", sa.Text(), nullable=False),
        sa.Column("planned_finish_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "waiting_for",
            sa.Enum(
                "parts",
                "outsourced",
                "factory",
                "customer",
                "other",
                name="waitingfor",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("waiting_reason", sa.String(length=300), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_by_id", sa.Integer(), nullable=True),
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
        sa.Column("no_parts", sa.Boolean(), nullable=False),
        sa.Column("test_flow", sa.Double(), nullable=True),
        sa.Column("test_head", sa.Double(), nullable=True),
        sa.Column("test_current", sa.Double(), nullable=True),
        sa.Column("test_insulation", sa.Double(), nullable=True),
        sa.Column("test_note", sa.String(length=300), nullable=False),
        sa.Column("quote_amount", MONEY, nullable=True),
        sa.Column("quoted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("customer_agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agreed_by", sa.String(length=120), nullable=False),
        sa.Column("inspected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("inspected_by_id", sa.Integer(), nullable=True),
        sa.Column("inspection_note", sa.String(length=500), nullable=False),
        sa.Column("rework_count", sa.Integer(), nullable=False),
        sa.Column("unrepairable_reason", sa.String(length=500), nullable=False),
        sa.Column(
            "offer",
            sa.Enum("replacement", "return", name="offer", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("replacement_id", sa.Integer(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_history", sa.Boolean(), nullable=False),
        sa.Column("old_number", sa.String(length=60), nullable=False),
        sa.Column("outcome", sa.String(length=300), nullable=False),
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
            "NOT is_history OR state IN ('returned', 'relinquished', 'void')",
            name=op.f("ck_repair_card_history_is_over"),
        ),
        sa.CheckConstraint("is_history OR old_number = ''", name=op.f("ck_repair_card_old_number_is_history")),
        sa.CheckConstraint(
            "is_history OR state NOT IN ('repaired', 'inspected') OR (finished_at IS NOT NULL AND fault_cause IS NOT NULL AND work_done <> '')",
            name=op.f("ck_repair_card_repaired_has_facts"),
        ),
        sa.CheckConstraint(
            "is_history OR state NOT IN ('returned', 'relinquished') OR ended_at IS NOT NULL",
            name=op.f("ck_repair_card_ended_has_time"),
        ),
        sa.CheckConstraint(
            "is_history OR state NOT IN ('unrepairable', 'relinquished') OR (unrepairable_reason <> '' AND offer IS NOT NULL)",
            name=op.f("ck_repair_card_unrepairable_has_reason"),
        ),
        sa.CheckConstraint(
            "state <> 'inspected' OR (inspected_at IS NOT NULL AND inspected_by_id IS NOT NULL)",
            name=op.f("ck_repair_card_inspected_has_inspector"),
        ),
        sa.CheckConstraint(
            "state <> 'waiting' OR (waiting_for IS NOT NULL AND waiting_reason <> '')",
            name=op.f("ck_repair_card_waiting_has_reason"),
        ),
        sa.CheckConstraint(
            "(inspected_at IS NULL) = (inspected_by_id IS NULL)", name=op.f("ck_repair_card_inspection_is_whole")
        ),
        sa.CheckConstraint(
            "customer_agreed_at IS NULL OR quote_amount IS NOT NULL", name=op.f("ck_repair_card_agreed_to_quote")
        ),
        sa.CheckConstraint(
            "is_history OR (entry_id IS NOT NULL AND call_id IS NOT NULL)", name=op.f("ck_repair_card_has_goods")
        ),
        sa.CheckConstraint("is_history OR planned_finish_at IS NOT NULL", name=op.f("ck_repair_card_has_plan")),
        sa.CheckConstraint("is_history OR technician_id IS NOT NULL", name=op.f("ck_repair_card_has_technician")),
        sa.CheckConstraint("quote_amount IS NULL OR quote_amount >= 0", name=op.f("ck_repair_card_quote_not_negative")),
        sa.CheckConstraint("rework_count >= 0", name=op.f("ck_repair_card_rework_not_negative")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_repair_card_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["call_id"], ["service_call.id"], name=op.f("fk_repair_card_call_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_repair_card_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_repair_card_customer_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["goods_entry.id"], name=op.f("fk_repair_card_entry_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["finished_by_id"], ["user.id"], name=op.f("fk_repair_card_finished_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["inspected_by_id"], ["user.id"], name=op.f("fk_repair_card_inspected_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["replacement_id"], ["installed_unit.id"], name=op.f("fk_repair_card_replacement_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["technician_id"], ["user.id"], name=op.f("fk_repair_card_technician_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["installed_unit.id"], name=op.f("fk_repair_card_unit_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_repair_card_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repair_card")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_repair_card_entry_id")),
        sa.UniqueConstraint("number", name=op.f("uq_repair_card_number")),
        sa.UniqueConstraint("paper_no", name=op.f("uq_repair_card_paper_no")),
    )
    with op.batch_alter_table("repair_card") as batch:
        batch.create_index("ix_repair_card_board", ["branch_id", "state", "planned_finish_at", "id"], unique=False)
        batch.create_index(batch.f("ix_repair_card_branch_id"), ["branch_id"], unique=False)
        batch.create_index("ix_repair_card_by_state", ["branch_id", "state", "id"], unique=False)
        batch.create_index(batch.f("ix_repair_card_call_id"), ["call_id"], unique=False)
        batch.create_index(batch.f("ix_repair_card_created_by_id"), ["created_by_id"], unique=False)
        batch.create_index(batch.f("ix_repair_card_customer_id"), ["customer_id"], unique=False)
        batch.create_index(batch.f("ix_repair_card_customer_name"), ["customer_name"], unique=False)
        batch.create_index(
            "ix_repair_card_due",
            ["branch_id", "planned_finish_at"],
            unique=False,
            sqlite_where=sa.text("state NOT IN ('returned', 'relinquished', 'void')"),
            postgresql_where=sa.text("state NOT IN ('returned', 'relinquished', 'void')"),
        )
        batch.create_index(batch.f("ix_repair_card_ended_at"), ["ended_at"], unique=False)
        batch.create_index(batch.f("ix_repair_card_finished_at"), ["finished_at"], unique=False)
        batch.create_index(batch.f("ix_repair_card_finished_by_id"), ["finished_by_id"], unique=False)
        batch.create_index(batch.f("ix_repair_card_inspected_at"), ["inspected_at"], unique=False)
        batch.create_index(batch.f("ix_repair_card_inspected_by_id"), ["inspected_by_id"], unique=False)
        batch.create_index(batch.f("ix_repair_card_model_text"), ["model_text"], unique=False)
        batch.create_index(batch.f("ix_repair_card_old_number"), ["old_number"], unique=False)
        batch.create_index("ix_repair_card_own", ["technician_id", "state"], unique=False)
        batch.create_index("ix_repair_card_planned_finish_at_id", ["planned_finish_at", "id"], unique=False)
        batch.create_index("ix_repair_card_received_at_id", ["received_at", "id"], unique=False)
        batch.create_index("ix_repair_card_register", ["branch_id", "received_at", "id"], unique=False)
        batch.create_index(batch.f("ix_repair_card_replacement_id"), ["replacement_id"], unique=False)
        batch.create_index(batch.f("ix_repair_card_serial_no"), ["serial_no"], unique=False)
        batch.create_index(batch.f("ix_repair_card_unit_id"), ["unit_id"], unique=False)
        batch.create_index(batch.f("ix_repair_card_updated_by_id"), ["updated_by_id"], unique=False)
        batch.create_index(
            "uq_repair_card_old_number",
            ["branch_id", "old_number"],
            unique=True,
            sqlite_where=sa.text("old_number <> '' AND state <> 'void'"),
            postgresql_where=sa.text("old_number <> '' AND state <> 'void'"),
        )
    search_index.create(op.get_bind(), "repair_card")

    op.create_table(
        "card_part",
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("part_id", sa.Integer(), nullable=False),
        sa.Column("quantity", QUANTITY, nullable=False),
        sa.Column("unit_cost", MONEY, nullable=False),
        sa.Column("unit_price", MONEY, nullable=False),
        sa.Column("movement_id", sa.Integer(), nullable=False),
        sa.Column("taken_by_id", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("old_part_returned", sa.Boolean(), nullable=False),
        sa.Column("given_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_card_part_quantity_positive")),
        sa.CheckConstraint("unit_cost >= 0 AND unit_price >= 0", name=op.f("ck_card_part_prices_not_negative")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_card_part_branch_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["card_id"], ["repair_card.id"], name=op.f("fk_card_part_card_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_card_part_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["movement_id"], ["stock_movement.id"], name=op.f("fk_card_part_movement_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_card_part_part_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["taken_by_id"], ["user.id"], name=op.f("fk_card_part_taken_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_card_part_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_part")),
        sa.UniqueConstraint("movement_id", name=op.f("uq_card_part_movement_id")),
    )
    with op.batch_alter_table("card_part") as batch:
        batch.create_index(batch.f("ix_card_part_branch_id"), ["branch_id"], unique=False)
        batch.create_index(batch.f("ix_card_part_card_id"), ["card_id"], unique=False)
        batch.create_index(batch.f("ix_card_part_created_by_id"), ["created_by_id"], unique=False)
        batch.create_index(batch.f("ix_card_part_part_id"), ["part_id"], unique=False)
        batch.create_index("ix_card_part_taken_at_id", ["taken_at", "id"], unique=False)
        batch.create_index(batch.f("ix_card_part_taken_by_id"), ["taken_by_id"], unique=False)
        batch.create_index(batch.f("ix_card_part_updated_by_id"), ["updated_by_id"], unique=False)

    op.create_table(
        "delay_report",
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "reported",
                "accepted",
                "refused",
                name="delaystate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_by_id", sa.Integer(), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "parts",
                "diagnosis",
                "factory",
                "workload",
                "customer",
                "other",
                name="delayreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("help_requested", sa.String(length=500), nullable=False),
        sa.Column("old_finish_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("new_finish_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_found_after", sa.Boolean(), nullable=False),
        sa.Column("decision", sa.String(length=500), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("customer_informed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("informed_how", sa.String(length=300), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(state = 'reported') = (decided_at IS NULL)", name=op.f("ck_delay_report_decided_has_time")
        ),
        sa.CheckConstraint(
            "customer_informed_at IS NULL OR informed_how <> ''", name=op.f("ck_delay_report_informed_says_how")
        ),
        sa.CheckConstraint(
            "decided_at IS NULL OR decided_by_id IS NOT NULL", name=op.f("ck_delay_report_decided_has_person")
        ),
        sa.CheckConstraint("length(help_requested) > 0", name=op.f("ck_delay_report_has_request")),
        sa.CheckConstraint("new_finish_at > old_finish_at", name=op.f("ck_delay_report_new_date_is_later")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_delay_report_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["card_id"], ["repair_card.id"], name=op.f("fk_delay_report_card_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_delay_report_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user.id"], name=op.f("fk_delay_report_decided_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["reported_by_id"], ["user.id"], name=op.f("fk_delay_report_reported_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_delay_report_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delay_report")),
    )
    with op.batch_alter_table("delay_report") as batch:
        batch.create_index(batch.f("ix_delay_report_branch_id"), ["branch_id"], unique=False)
        batch.create_index("ix_delay_report_by_state", ["branch_id", "state", "id"], unique=False)
        batch.create_index(batch.f("ix_delay_report_card_id"), ["card_id"], unique=False)
        batch.create_index(batch.f("ix_delay_report_cause"), ["cause"], unique=False)
        batch.create_index(batch.f("ix_delay_report_created_by_id"), ["created_by_id"], unique=False)
        batch.create_index(batch.f("ix_delay_report_decided_by_id"), ["decided_by_id"], unique=False)
        batch.create_index(batch.f("ix_delay_report_is_found_after"), ["is_found_after"], unique=False)
        batch.create_index("ix_delay_report_reported_at_id", ["reported_at", "id"], unique=False)
        batch.create_index(batch.f("ix_delay_report_reported_by_id"), ["reported_by_id"], unique=False)
        batch.create_index(batch.f("ix_delay_report_updated_by_id"), ["updated_by_id"], unique=False)
        batch.create_index(
            "uq_delay_report_open",
            ["card_id"],
            unique=True,
            sqlite_where=sa.text("state = 'reported'"),
            postgresql_where=sa.text("state = 'reported'"),
        )

    op.create_table(
        "inspection",
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("inspected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("inspected_by_id", sa.Integer(), nullable=False),
        sa.Column(
            "result",
            sa.Enum("passed", "failed", name="inspectionresult", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("at_customer", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("result <> 'failed' OR note <> ''", name=op.f("ck_inspection_failed_has_note")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_inspection_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["card_id"], ["repair_card.id"], name=op.f("fk_inspection_card_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_inspection_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["inspected_by_id"], ["user.id"], name=op.f("fk_inspection_inspected_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_inspection_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
        sa.UniqueConstraint("card_id", "nth", name="uq_inspection_nth"),
    )
    with op.batch_alter_table("inspection") as batch:
        batch.create_index(batch.f("ix_inspection_branch_id"), ["branch_id"], unique=False)
        batch.create_index(batch.f("ix_inspection_card_id"), ["card_id"], unique=False)
        batch.create_index(batch.f("ix_inspection_created_by_id"), ["created_by_id"], unique=False)
        batch.create_index("ix_inspection_inspected_at_id", ["inspected_at", "id"], unique=False)
        batch.create_index(batch.f("ix_inspection_inspected_by_id"), ["inspected_by_id"], unique=False)
        batch.create_index(batch.f("ix_inspection_result"), ["result"], unique=False)
        batch.create_index(batch.f("ix_inspection_updated_by_id"), ["updated_by_id"], unique=False)

    op.create_table(
        "time_entry",
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("work", sa.String(length=500), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("void_reason", sa.String(length=300), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("updated_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("ended_at IS NULL OR work <> ''", name=op.f("ck_time_entry_ended_has_work")),
        sa.CheckConstraint("voided_at IS NULL OR void_reason <> ''", name=op.f("ck_time_entry_void_has_reason")),
        sa.CheckConstraint("(ended_at IS NULL) = (minutes IS NULL)", name=op.f("ck_time_entry_ended_has_minutes")),
        sa.CheckConstraint("ended_at IS NULL OR ended_at > started_at", name=op.f("ck_time_entry_end_after_start")),
        sa.CheckConstraint(
            "minutes IS NULL OR minutes BETWEEN 1 AND 1440", name=op.f("ck_time_entry_minutes_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_time_entry_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["card_id"], ["repair_card.id"], name=op.f("fk_time_entry_card_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user.id"], name=op.f("fk_time_entry_created_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["updated_by_id"], ["user.id"], name=op.f("fk_time_entry_updated_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_time_entry_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_entry")),
    )
    with op.batch_alter_table("time_entry") as batch:
        batch.create_index(batch.f("ix_time_entry_branch_id"), ["branch_id"], unique=False)
        batch.create_index(batch.f("ix_time_entry_card_id"), ["card_id"], unique=False)
        batch.create_index(batch.f("ix_time_entry_created_by_id"), ["created_by_id"], unique=False)
        batch.create_index("ix_time_entry_span", ["user_id", "started_at"], unique=False)
        batch.create_index("ix_time_entry_started_at_id", ["started_at", "id"], unique=False)
        batch.create_index(batch.f("ix_time_entry_updated_by_id"), ["updated_by_id"], unique=False)
        batch.create_index(
            "uq_time_entry_running",
            ["user_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    with op.batch_alter_table("installed_unit") as batch:
        batch.add_column(sa.Column("replaces_id", sa.Integer(), nullable=True))
        batch.create_index(batch.f("ix_installed_unit_replaces_id"), ["replaces_id"])
        batch.create_foreign_key(
            batch.f("fk_installed_unit_replaces_id"), "installed_unit", ["replaces_id"], ["id"], ondelete="RESTRICT"
        )


def downgrade() -> None:
    """Drop index, tables and link."""
    with op.batch_alter_table("installed_unit") as batch:
        batch.drop_constraint(batch.f("fk_installed_unit_replaces_id"), type_="foreignkey")
        batch.drop_index(batch.f("ix_installed_unit_replaces_id"))
        batch.drop_column("replaces_id")
    search_index.drop(op.get_bind(), "repair_card")
    for name in ("time_entry", "inspection", "delay_report", "card_part", "repair_card"):
        op.drop_table(name)
