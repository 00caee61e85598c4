"""Keep service contracts with the units that they cover, and name the contract on the call that is done under it."""

import sqlalchemy as sa
from alembic import op

from backoffice.core import search_index

revision = "20261128_contracts"
down_revision = "20261127_jobs"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(12, 2).with_variant(sa.Integer(), "sqlite")
ACTIVE = sa.text("state = 'active'")
CALL_CHECK = "ck_service_call_contract_is_used"
CALL_KEY = "fk_service_call_contract_id"
CHECKS = {
    "ends_after_start": "end_on >= start_on",
    "fee_not_negative": "fee_amount >= 0",
    "visits": "visits_per_year IS NULL OR visits_per_year BETWEEN 1 AND 366",
    "activation_has_person": "(activated_at IS NULL) = (activated_by_id IS NULL)",
    "draft_is_not_activated": "state <> 'draft' OR activated_at IS NULL",
    "active_is_activated": "state NOT IN ('active', 'expired') OR activated_at IS NOT NULL",
    "active_has_warning": "(activated_at IS NULL) = (remind_from IS NULL)",
    "terminated_has_reason": "(state = 'terminated') = (end_reason <> '')",
    "terminated_has_day": "(terminated_on IS NOT NULL) = (state = 'terminated' AND activated_at IS NOT NULL)",
    "terminated_before_end": "terminated_on IS NULL OR terminated_on <= end_on",
    "not_after_itself": "renews_id <> id",
}
KEYS = {
    "customer_id": "customer",
    "activated_by_id": "user",
    "renews_id": "service_contract",
    "branch_id": "branch",
    "created_by_id": "user",
    "updated_by_id": "user",
}
INDEXES = {
    "activated_at": ["activated_at"],
    "activated_by_id": ["activated_by_id"],
    "branch_id": ["branch_id"],
    "by_state": ["branch_id", "state", "id"],
    "created_by_id": ["created_by_id"],
    "customer_id_id": ["customer_id", "id"],
    "customer_no": ["customer_no"],
    "end_on_id": ["end_on", "id"],
    "fee_mode": ["fee_mode"],
    "register": ["branch_id", "id"],
    "renews_id": ["renews_id"],
    "start_on": ["start_on"],
    "updated_by_id": ["updated_by_id"],
}


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def upgrade() -> None:
    """Make the tables and the index of the search; no call that is there is contract service, but for past ones."""
    op.create_table(
        "service_contract",
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("customer_no", sa.String(length=60), nullable=False),
        sa.Column("state", _one_of("contractstate", "draft", "active", "expired", "terminated"), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=False),
        sa.Column("fee_mode", _one_of("feemode", "annual", "per_visit", "per_quarter"), nullable=False),
        sa.Column("fee_amount", MONEY, nullable=False),
        sa.Column("parts_included", sa.Boolean(), nullable=False),
        sa.Column("visits_per_year", sa.Integer(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_by_id", sa.Integer(), nullable=True),
        sa.Column("remind_from", sa.Date(), nullable=True),
        sa.Column("terminated_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.String(length=300), nullable=False),
        sa.Column("renews_id", sa.Integer(), nullable=True),
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
        *(sa.CheckConstraint(rule, name=op.f(f"ck_service_contract_{name}")) for name, rule in CHECKS.items()),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_service_contract_{column}"), ondelete="RESTRICT"
            )
            for column, table in KEYS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_contract")),
        sa.UniqueConstraint("number", name=op.f("uq_service_contract_number")),
    )
    with op.batch_alter_table("service_contract") as batch:
        for name, columns in INDEXES.items():
            batch.create_index(batch.f(f"ix_service_contract_{name}"), columns, unique=False)
        batch.create_index(
            "ix_service_contract_ending", ["branch_id", "remind_from", "id"], unique=False, sqlite_where=ACTIVE,
            postgresql_where=ACTIVE,
        )  # fmt: skip
    search_index.create(op.get_bind(), "service_contract")

    op.create_table(
        "contract_unit",
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["service_contract.id"], name=op.f("fk_contract_unit_contract_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["installed_unit.id"], name=op.f("fk_contract_unit_unit_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("contract_id", "unit_id", name=op.f("pk_contract_unit")),
    )
    with op.batch_alter_table("contract_unit") as batch:
        batch.create_index(batch.f("ix_contract_unit_unit_id"), ["unit_id"], unique=False)

    with op.batch_alter_table("service_call") as batch:
        batch.add_column(sa.Column("contract_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f(CALL_KEY), "service_contract", ["contract_id"], ["id"], ondelete="RESTRICT")
        batch.create_check_constraint(
            op.f(CALL_CHECK), "contract_id IS NULL OR (service_type = 'B' AND NOT is_history)"
        )
        batch.create_index("ix_service_call_contract", ["contract_id", "received_at"], unique=False)


def downgrade() -> None:
    """Drop index, column and tables; contract service stays what the call says."""
    with op.batch_alter_table("service_call") as batch:
        batch.drop_index("ix_service_call_contract")
        batch.drop_constraint(op.f(CALL_CHECK), type_="check")
        batch.drop_constraint(op.f(CALL_KEY), type_="foreignkey")
        batch.drop_column("contract_id")
    search_index.drop(op.get_bind(), "service_contract")
    op.drop_table("contract_unit")
    op.drop_table("service_contract")
