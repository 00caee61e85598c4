"""Keep dues, payments and cash handovers."""

import sqlalchemy as sa
from alembic import op

from backoffice.core import search_index

revision = "20261129_receivables"
down_revision = "20261129_fees"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(12, 2).with_variant(sa.Integer(), "sqlite")
QUANTITY = sa.Numeric(12, 3).with_variant(sa.Integer(), "sqlite")
#: SQLite takes a partial index only for the words in which it is asked.
IN_HAND = {
    "sqlite_where": sa.text("is_handed_over = 0 AND holder_id IS NOT NULL"),
    "postgresql_where": sa.text("NOT is_handed_over AND holder_id IS NOT NULL"),
}
TO_INVOICE = {
    "sqlite_where": sa.text("is_invoiced = 0 AND state NOT IN ('waived', 'void')"),
    "postgresql_where": sa.text("NOT is_invoiced AND state NOT IN ('waived', 'void')"),
}
REQUEST_DUE = {
    "sqlite_where": sa.text("is_invoiced = 0 AND request_due_at IS NOT NULL"),
    "postgresql_where": sa.text("NOT is_invoiced AND request_due_at IS NOT NULL"),
}
TO_CHECK = sa.text("checked_at IS NULL AND method <> 'cash' AND reversal_of_id IS NULL")
#: What of a payment never changes once it is written; of its customer the key moves when customers are merged.
LASTING = ("number", "amount", "method", "received_at", "received_by_id", "holder_id", "reversal_of_id", "branch_id")
CHANGED = " OR ".join(f"NEW.{name} {{differs}} OLD.{name}" for name in LASTING) + (
    # counted or seen once is counted and seen for good
    " OR (OLD.is_handed_over AND (NOT NEW.is_handed_over OR NEW.handover_id {differs} OLD.handover_id))"
    " OR (OLD.checked_at IS NOT NULL AND NEW.checked_at {differs} OLD.checked_at)"
)


def forbid(table: str, event: str, when: str = "") -> None:
    """Let the database refuse that event on a row of the table; when: only where this holds, {differs} for unequal."""
    says = f"{table} is append-only"
    if op.get_bind().dialect.name == "sqlite":
        condition = f" WHEN {when.format(differs='IS NOT')}" if when else ""
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}{condition}"
            f" BEGIN SELECT RAISE(ABORT, '{says}'); END"
        )
        return
    condition = f" WHEN ({when.format(differs='IS DISTINCT FROM')})" if when else ""
    level = "STATEMENT" if event == "TRUNCATE" else "ROW"
    op.execute(
        f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} FOR EACH {level}{condition}"
        f" EXECUTE FUNCTION {table}_is_append_only()"
    )


def make_append_only(table: str, changed: str = "") -> None:
    """Let the database refuse to take a row away, or to change it; changed: only where this says so."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        )
        forbid(table, "TRUNCATE")
    forbid(table, "UPDATE", changed)
    forbid(table, "DELETE")


def upgrade() -> None:
    """Make the tables and the triggers."""
    op.create_table('due',
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('state', sa.Enum('due', 'collected', 'confirmed', 'waived', 'void', name='duestate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('source', sa.Enum('job', 'contract', 'sale', name='duesource', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('source_number', sa.String(length=40), nullable=False),
    sa.Column('call_id', sa.Integer(), nullable=True),
    sa.Column('contract_id', sa.Integer(), nullable=True),
    sa.Column('period_from', sa.Date(), nullable=True),
    sa.Column('period_to', sa.Date(), nullable=True),
    sa.Column('technician_id', sa.Integer(), nullable=True),
    sa.Column('path', sa.Enum('onsite', 'invoice_first', name='collectionpath', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('path_reason', sa.String(length=300), nullable=False),
    sa.Column('amount', MONEY, nullable=False),
    sa.Column('paid_amount', MONEY, nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('request_due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('is_invoiced', sa.Boolean(), nullable=False),
    sa.Column('waived_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('waived_by_id', sa.Integer(), nullable=True),
    sa.Column('end_reason', sa.String(length=300), nullable=False),
    sa.Column('customer_kind', sa.Enum('company', 'individual', 'farmer', name='customerkind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('customer_name', sa.String(length=120), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('search_norm', sa.Text(), server_default='', nullable=False),
    sa.Column('search_masked', sa.Text(), server_default='', nullable=False),
    sa.Column('search_grams', sa.Text(), server_default='', nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(state = 'waived') = (waived_at IS NOT NULL)", name=op.f('ck_due_waived_has_time')),
    sa.CheckConstraint("amount > 0 OR state = 'void'", name=op.f('ck_due_amount_positive')),
    sa.CheckConstraint("source <> 'contract' OR (contract_id IS NOT NULL AND period_from IS NOT NULL AND period_to >= period_from)", name=op.f('ck_due_contract_has_period')),
    sa.CheckConstraint("source <> 'job' OR call_id IS NOT NULL", name=op.f('ck_due_job_has_call')),
    sa.CheckConstraint("state <> 'due' OR paid_amount < amount", name=op.f('ck_due_due_is_not_paid')),
    sa.CheckConstraint("state <> 'void' OR paid_amount = 0", name=op.f('ck_due_void_is_not_paid')),
    sa.CheckConstraint("state NOT IN ('collected', 'confirmed') OR paid_amount = amount", name=op.f('ck_due_collected_is_paid')),
    sa.CheckConstraint("state NOT IN ('waived', 'void') OR end_reason <> ''", name=op.f('ck_due_end_has_reason')),
    sa.CheckConstraint('(waived_at IS NULL) = (waived_by_id IS NULL)', name=op.f('ck_due_waived_has_person')),
    sa.CheckConstraint('paid_amount BETWEEN 0 AND amount', name=op.f('ck_due_paid_in_range')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_due_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['call_id'], ['service_call.id'], name=op.f('fk_due_call_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['contract_id'], ['service_contract.id'], name=op.f('fk_due_contract_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_due_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_due_customer_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['technician_id'], ['user.id'], name=op.f('fk_due_technician_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_due_updated_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['waived_by_id'], ['user.id'], name=op.f('fk_due_waived_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_due')),
    sa.UniqueConstraint('number', name=op.f('uq_due_number'))
    )
    with op.batch_alter_table('due') as batch:
        batch.create_index(batch.f('ix_due_branch_id'), ['branch_id'], unique=False)
        batch.create_index('ix_due_by_age', ['branch_id', 'state', 'due_on', 'id', 'amount', 'paid_amount', 'customer_id', 'path', 'is_invoiced'], unique=False)
        batch.create_index('ix_due_by_state', ['branch_id', 'state', 'id'], unique=False)
        batch.create_index(batch.f('ix_due_call_id'), ['call_id'], unique=False)
        batch.create_index(batch.f('ix_due_contract_id'), ['contract_id'], unique=False)
        batch.create_index(batch.f('ix_due_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index(batch.f('ix_due_customer_id'), ['customer_id'], unique=False)
        batch.create_index(batch.f('ix_due_customer_name'), ['customer_name'], unique=False)
        batch.create_index('ix_due_due_on_id', ['due_on', 'id'], unique=False)
        batch.create_index(batch.f('ix_due_is_invoiced'), ['is_invoiced'], unique=False)
        batch.create_index(batch.f('ix_due_made_at'), ['made_at'], unique=False)
        batch.create_index(batch.f('ix_due_path'), ['path'], unique=False)
        batch.create_index('ix_due_register', ['branch_id', 'id'], unique=False)
        batch.create_index('ix_due_request_due', ['branch_id', 'request_due_at'], unique=False, **REQUEST_DUE)
        batch.create_index(batch.f('ix_due_source'), ['source'], unique=False)
        batch.create_index(batch.f('ix_due_source_number'), ['source_number'], unique=False)
        batch.create_index(batch.f('ix_due_technician_id'), ['technician_id'], unique=False)
        batch.create_index('ix_due_to_invoice', ['branch_id', 'request_due_at', 'made_at', 'id', 'state', 'path', 'source', 'amount'], unique=False, **TO_INVOICE)
        batch.create_index(batch.f('ix_due_updated_by_id'), ['updated_by_id'], unique=False)
        batch.create_index(batch.f('ix_due_waived_by_id'), ['waived_by_id'], unique=False)
        batch.create_index('uq_due_live_call', ['call_id'], unique=True, sqlite_where=sa.text("source = 'job' AND state <> 'void'"), postgresql_where=sa.text("source = 'job' AND state <> 'void'"))
        batch.create_index('uq_due_period', ['contract_id', 'period_from'], unique=True, sqlite_where=sa.text("source = 'contract' AND state <> 'void'"), postgresql_where=sa.text("source = 'contract' AND state <> 'void'"))
    search_index.create(op.get_bind(), 'due')

    op.create_table('due_line',
    sa.Column('due_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('tax_nature', sa.Enum('parts', 'repair', 'maintenance', 'installation', 'other', name='taxnature', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('quantity', QUANTITY, nullable=False),
    sa.Column('unit', sa.String(length=20), nullable=False),
    sa.Column('unit_price', MONEY, nullable=False),
    sa.Column('amount', MONEY, nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_due_line_quantity_positive')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_due_line_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_due_line_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['due_id'], ['due.id'], name=op.f('fk_due_line_due_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_due_line_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_due_line')),
    sa.UniqueConstraint('due_id', 'position', name='uq_due_line_position')
    )
    with op.batch_alter_table('due_line') as batch:
        batch.create_index(batch.f('ix_due_line_branch_id'), ['branch_id'], unique=False)
        batch.create_index(batch.f('ix_due_line_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index(batch.f('ix_due_line_updated_by_id'), ['updated_by_id'], unique=False)

    op.create_table('cash_handover',
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('state', sa.Enum('open', 'confirmed', 'withdrawn', name='handoverstate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('collector_id', sa.Integer(), nullable=False),
    sa.Column('handed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lines_total', MONEY, nullable=False),
    sa.Column('carried', MONEY, nullable=False),
    sa.Column('total', MONEY, nullable=False),
    sa.Column('counted_total', MONEY, nullable=True),
    sa.Column('difference', MONEY, nullable=True),
    sa.Column('difference_reason', sa.String(length=300), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('confirmed_by_id', sa.Integer(), nullable=True),
    sa.Column('withdraw_reason', sa.String(length=300), nullable=False),
    sa.Column('search_norm', sa.Text(), server_default='', nullable=False),
    sa.Column('search_masked', sa.Text(), server_default='', nullable=False),
    sa.Column('search_grams', sa.Text(), server_default='', nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(state = 'confirmed') = (confirmed_at IS NOT NULL)", name=op.f('ck_cash_handover_confirmed_has_time')),
    sa.CheckConstraint("(state = 'withdrawn') = (withdraw_reason <> '')", name=op.f('ck_cash_handover_withdrawn_has_reason')),
    sa.CheckConstraint("confirmed_at IS NULL OR difference = 0 OR difference_reason <> ''", name=op.f('ck_cash_handover_difference_has_reason')),
    sa.CheckConstraint('(confirmed_at IS NULL) = (confirmed_by_id IS NULL)', name=op.f('ck_cash_handover_confirmed_has_person')),
    sa.CheckConstraint('(confirmed_at IS NULL) = (counted_total IS NULL)', name=op.f('ck_cash_handover_confirmed_is_counted')),
    sa.CheckConstraint('confirmed_by_id IS NULL OR confirmed_by_id <> collector_id', name=op.f('ck_cash_handover_confirmed_by_another')),
    sa.CheckConstraint('counted_total IS NULL OR difference = counted_total - total', name=op.f('ck_cash_handover_difference')),
    sa.CheckConstraint('total = lines_total + carried', name=op.f('ck_cash_handover_adds_up')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_cash_handover_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['collector_id'], ['user.id'], name=op.f('fk_cash_handover_collector_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['confirmed_by_id'], ['user.id'], name=op.f('fk_cash_handover_confirmed_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_cash_handover_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_cash_handover_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cash_handover')),
    sa.UniqueConstraint('number', name=op.f('uq_cash_handover_number'))
    )
    with op.batch_alter_table('cash_handover') as batch:
        batch.create_index(batch.f('ix_cash_handover_branch_id'), ['branch_id'], unique=False)
        batch.create_index('ix_cash_handover_by_state', ['branch_id', 'state', 'id'], unique=False)
        batch.create_index('ix_cash_handover_confirmed_at', ['confirmed_at'], unique=False)
        batch.create_index(batch.f('ix_cash_handover_confirmed_by_id'), ['confirmed_by_id'], unique=False)
        batch.create_index(batch.f('ix_cash_handover_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index('ix_cash_handover_handed_at_id', ['handed_at', 'id'], unique=False)
        batch.create_index('ix_cash_handover_latest', ['collector_id', 'state', 'id'], unique=False)
        batch.create_index(batch.f('ix_cash_handover_updated_by_id'), ['updated_by_id'], unique=False)
        batch.create_index('uq_cash_handover_open', ['collector_id'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
    search_index.create(op.get_bind(), 'cash_handover')

    op.create_table('payment',
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('amount', MONEY, nullable=False),
    sa.Column('method', sa.Enum('cash', 'wechat', 'alipay', 'transfer', 'cheque', name='paymentmethod', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_by_id', sa.Integer(), nullable=False),
    sa.Column('reference', sa.String(length=60), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('holder_id', sa.Integer(), nullable=True),
    sa.Column('handover_id', sa.Integer(), nullable=True),
    sa.Column('is_handed_over', sa.Boolean(), nullable=False),
    sa.Column('checked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('checked_by_id', sa.Integer(), nullable=True),
    sa.Column('reversal_of_id', sa.Integer(), nullable=True),
    sa.Column('customer_kind', sa.Enum('company', 'individual', 'farmer', name='customerkind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('customer_name', sa.String(length=120), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('search_norm', sa.Text(), server_default='', nullable=False),
    sa.Column('search_masked', sa.Text(), server_default='', nullable=False),
    sa.Column('search_grams', sa.Text(), server_default='', nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("checked_at IS NULL OR method <> 'cash'", name=op.f('ck_payment_cash_is_counted')),
    sa.CheckConstraint("holder_id IS NULL OR method = 'cash'", name=op.f('ck_payment_held_is_cash')),
    sa.CheckConstraint("reversal_of_id IS NULL OR reason <> ''", name=op.f('ck_payment_reversal_has_reason')),
    sa.CheckConstraint('(checked_at IS NULL) = (checked_by_id IS NULL)', name=op.f('ck_payment_checked_has_person')),
    sa.CheckConstraint('(reversal_of_id IS NULL) = (amount > 0)', name=op.f('ck_payment_reversal_below_zero')),
    sa.CheckConstraint('NOT is_handed_over OR handover_id IS NOT NULL', name=op.f('ck_payment_handed_over_by_slip')),
    sa.CheckConstraint('amount <> 0', name=op.f('ck_payment_amount_not_zero')),
    sa.CheckConstraint('handover_id IS NULL OR holder_id IS NOT NULL', name=op.f('ck_payment_handed_over_was_held')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_payment_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['checked_by_id'], ['user.id'], name=op.f('fk_payment_checked_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_payment_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_payment_customer_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['handover_id'], ['cash_handover.id'], name=op.f('fk_payment_handover_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['holder_id'], ['user.id'], name=op.f('fk_payment_holder_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['received_by_id'], ['user.id'], name=op.f('fk_payment_received_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['reversal_of_id'], ['payment.id'], name=op.f('fk_payment_reversal_of_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_payment_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment')),
    sa.UniqueConstraint('number', name=op.f('uq_payment_number')),
    sa.UniqueConstraint('reversal_of_id', name=op.f('uq_payment_reversal_of_id'))
    )
    with op.batch_alter_table('payment') as batch:
        batch.create_index(batch.f('ix_payment_branch_id'), ['branch_id'], unique=False)
        batch.create_index('ix_payment_checked_at', ['checked_at'], unique=False)
        batch.create_index(batch.f('ix_payment_checked_by_id'), ['checked_by_id'], unique=False)
        batch.create_index(batch.f('ix_payment_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index(batch.f('ix_payment_customer_id'), ['customer_id'], unique=False)
        batch.create_index(batch.f('ix_payment_customer_name'), ['customer_name'], unique=False)
        batch.create_index(batch.f('ix_payment_handover_id'), ['handover_id'], unique=False)
        batch.create_index('ix_payment_in_hand', ['holder_id', 'received_at', 'amount', 'handover_id'], unique=False, **IN_HAND)
        batch.create_index(batch.f('ix_payment_method'), ['method'], unique=False)
        batch.create_index('ix_payment_received_at_id', ['received_at', 'id'], unique=False)
        batch.create_index(batch.f('ix_payment_received_by_id'), ['received_by_id'], unique=False)
        batch.create_index(batch.f('ix_payment_reference'), ['reference'], unique=False)
        batch.create_index('ix_payment_register', ['branch_id', 'id'], unique=False)
        batch.create_index('ix_payment_to_check', ['branch_id', 'id'], unique=False, sqlite_where=TO_CHECK, postgresql_where=TO_CHECK)
        batch.create_index(batch.f('ix_payment_updated_by_id'), ['updated_by_id'], unique=False)
    search_index.create(op.get_bind(), 'payment')

    op.create_table('payment_share',
    sa.Column('payment_id', sa.Integer(), nullable=False),
    sa.Column('due_id', sa.Integer(), nullable=False),
    sa.Column('amount', MONEY, nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('amount <> 0', name=op.f('ck_payment_share_amount_not_zero')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_payment_share_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_payment_share_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['due_id'], ['due.id'], name=op.f('fk_payment_share_due_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], name=op.f('fk_payment_share_payment_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_payment_share_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_share')),
    sa.UniqueConstraint('payment_id', 'due_id', name='uq_payment_share_once')
    )
    with op.batch_alter_table('payment_share') as batch:
        batch.create_index(batch.f('ix_payment_share_branch_id'), ['branch_id'], unique=False)
        batch.create_index(batch.f('ix_payment_share_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index(batch.f('ix_payment_share_due_id'), ['due_id'], unique=False)
        batch.create_index(batch.f('ix_payment_share_updated_by_id'), ['updated_by_id'], unique=False)

    make_append_only("payment", CHANGED)
    make_append_only("payment_share")


def downgrade() -> None:
    """Drop them."""
    op.drop_table('payment_share')
    search_index.drop(op.get_bind(), 'payment')
    op.drop_table('payment')
    if op.get_bind().dialect.name == "postgresql":
        for table in ("payment", "payment_share"):
            op.execute(f"DROP FUNCTION {table}_is_append_only()")
    search_index.drop(op.get_bind(), 'cash_handover')
    op.drop_table('cash_handover')
    op.drop_table('due_line')
    search_index.drop(op.get_bind(), 'due')
    op.drop_table('due')
