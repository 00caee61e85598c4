"""Keep invoices with their lines and the dues that they cover."""

import sqlalchemy as sa
from alembic import op

from backoffice.core import search_index

revision = "20261129_invoices"
down_revision = "20261129_receivables"
branch_labels = None
depends_on = None

KINDS = ("customers", "contacts", "models", "parts", "units", "calls", "cards")
KIND_CHECK = "ck_import_run_importkind"
#: What stands on an issued invoice and never changes (X-05).
ISSUED = (
    "number", "kind", "medium", "title", "tax_id", "buyer_address", "buyer_phone", "bank_name", "bank_account",
    "net_total", "tax_total", "gross_total", "invoice_code", "invoice_no", "issued_on", "issued_by_id", "is_red",
    "red_of_id", "external_original_no", "red_confirmation_no",
)
MONEY = sa.Numeric(12, 2).with_variant(sa.Integer(), "sqlite")
QUANTITY = sa.Numeric(12, 3).with_variant(sa.Integer(), "sqlite")


def let_import(*kinds: str) -> None:
    """Say what a run of an import may bring in."""
    with op.batch_alter_table("import_run") as batch:
        batch.drop_constraint(op.f(KIND_CHECK), type_="check")
        batch.create_check_constraint(op.f(KIND_CHECK), f"kind IN ({', '.join(map(repr, kinds))})")


def freeze_issued() -> None:
    """Let the database refuse every change of what stands on an issued invoice, and of its lines."""
    line = "(SELECT invoice_no FROM invoice WHERE id = OLD.invoice_id) IS NOT NULL"
    if op.get_bind().dialect.name == "sqlite":
        changed = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in ISSUED)
        whens = {
            ("invoice", "UPDATE"): f"OLD.invoice_no IS NOT NULL AND ({changed})",
            ("invoice", "DELETE"): "OLD.invoice_no IS NOT NULL",
            ("invoice_line", "UPDATE"): line,
            ("invoice_line", "DELETE"): line,
        }
        for (table, event), when in whens.items():
            op.execute(
                f"CREATE TRIGGER {table}_issued_no_{event.lower()} BEFORE {event} ON {table} WHEN {when}"
                f" BEGIN SELECT RAISE(ABORT, 'an issued invoice is never changed'); END"
            )
        return
    changed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in ISSUED)
    bodies = {
        "invoice": f"IF OLD.invoice_no IS NOT NULL AND (TG_OP = 'DELETE' OR {changed}) THEN",
        "invoice_line": f"IF {line} THEN",
    }
    for table, condition in bodies.items():
        op.execute(
            f"CREATE FUNCTION {table}_is_issued() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {condition}"
            " RAISE EXCEPTION 'an issued invoice is never changed'; END IF;"
            " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_issued_no_change BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {table}_is_issued()"
        )


def upgrade() -> None:
    """Make the tables, freeze what is issued, and let the list of the tax platform be imported."""
    op.create_table('invoice',
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('state', sa.Enum('requested', 'issued', 'delivered', 'rejected', 'red_issued', name='invoicestate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('kind', sa.Enum('normal', 'special', name='invoicekind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('medium', sa.Enum('digital', 'paper', name='invoicemedium', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('tax_id', sa.String(length=20), nullable=False),
    sa.Column('buyer_address', sa.String(length=200), nullable=False),
    sa.Column('buyer_phone', sa.String(length=40), nullable=False),
    sa.Column('bank_name', sa.String(length=120), nullable=False),
    sa.Column('bank_account', sa.String(length=40), nullable=False),
    sa.Column('email', sa.String(length=120), nullable=False),
    sa.Column('remark', sa.String(length=200), nullable=False),
    sa.Column('net_total', MONEY, nullable=False),
    sa.Column('tax_total', MONEY, nullable=False),
    sa.Column('gross_total', MONEY, nullable=False),
    sa.Column('red_total', MONEY, nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('requested_by_id', sa.Integer(), nullable=False),
    sa.Column('issue_due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reject_reason', sa.String(length=300), nullable=False),
    sa.Column('invoice_code', sa.String(length=12), nullable=False),
    sa.Column('invoice_no', sa.String(length=20), nullable=True),
    sa.Column('issued_on', sa.Date(), nullable=True),
    sa.Column('issued_by_id', sa.Integer(), nullable=True),
    sa.Column('delivered_via', sa.Enum('email', 'mail', 'hand', 'platform', name='deliveryway', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tracking_no', sa.String(length=60), nullable=False),
    sa.Column('is_red', sa.Boolean(), nullable=False),
    sa.Column('red_of_id', sa.Integer(), nullable=True),
    sa.Column('external_original_no', sa.String(length=40), nullable=False),
    sa.Column('red_confirmation_no', sa.String(length=40), nullable=False),
    sa.Column('red_reason', sa.String(length=300), nullable=False),
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
    sa.CheckConstraint("(state = 'rejected') = (reject_reason <> '')", name=op.f('ck_invoice_rejected_has_reason')),
    sa.CheckConstraint("NOT is_red OR red_of_id IS NOT NULL OR external_original_no <> ''", name=op.f('ck_invoice_red_has_original')),
    sa.CheckConstraint("is_red = (red_confirmation_no <> '')", name=op.f('ck_invoice_red_has_confirmation')),
    sa.CheckConstraint("is_red OR (red_of_id IS NULL AND external_original_no = '')", name=op.f('ck_invoice_only_red_has_original')),
    sa.CheckConstraint("kind <> 'special' OR tax_id <> ''", name=op.f('ck_invoice_special_has_tax_id')),
    sa.CheckConstraint("state <> 'delivered' OR delivered_at IS NOT NULL", name=op.f('ck_invoice_delivered_has_time')),
    sa.CheckConstraint("state <> 'red_issued' OR red_total = gross_total", name=op.f('ck_invoice_red_issued_in_whole')),
    sa.CheckConstraint("state NOT IN ('issued', 'delivered', 'red_issued') OR (invoice_no IS NOT NULL AND issued_on IS NOT NULL AND issued_by_id IS NOT NULL)", name=op.f('ck_invoice_issued_has_number')),
    sa.CheckConstraint("state NOT IN ('requested', 'rejected') OR invoice_no IS NULL", name=op.f('ck_invoice_number_when_issued')),
    sa.CheckConstraint('(delivered_at IS NULL) = (delivered_via IS NULL)', name=op.f('ck_invoice_delivered_has_way')),
    sa.CheckConstraint('NOT is_red OR red_total = 0', name=op.f('ck_invoice_red_is_not_taken_back')),
    sa.CheckConstraint('gross_total <> 0', name=op.f('ck_invoice_not_empty')),
    sa.CheckConstraint('gross_total = net_total + tax_total', name=op.f('ck_invoice_adds_up')),
    sa.CheckConstraint('is_red = (gross_total < 0)', name=op.f('ck_invoice_red_below_zero')),
    sa.CheckConstraint('red_total >= 0 AND (is_red OR red_total <= gross_total)', name=op.f('ck_invoice_red_in_range')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_invoice_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_invoice_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_invoice_customer_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['issued_by_id'], ['user.id'], name=op.f('fk_invoice_issued_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['red_of_id'], ['invoice.id'], name=op.f('fk_invoice_red_of_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['requested_by_id'], ['user.id'], name=op.f('fk_invoice_requested_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_invoice_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice')),
    sa.UniqueConstraint('number', name=op.f('uq_invoice_number'))
    )
    with op.batch_alter_table('invoice') as batch:
        batch.create_index(batch.f('ix_invoice_branch_id'), ['branch_id'], unique=False)
        batch.create_index('ix_invoice_by_state', ['branch_id', 'state', 'id'], unique=False)
        batch.create_index(batch.f('ix_invoice_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index(batch.f('ix_invoice_customer_id'), ['customer_id'], unique=False)
        batch.create_index(batch.f('ix_invoice_customer_name'), ['customer_name'], unique=False)
        batch.create_index('ix_invoice_delivered_at', ['delivered_at'], unique=False)
        batch.create_index(batch.f('ix_invoice_is_red'), ['is_red'], unique=False)
        batch.create_index(batch.f('ix_invoice_issued_by_id'), ['issued_by_id'], unique=False)
        batch.create_index('ix_invoice_issued_on_id', ['issued_on', 'id'], unique=False)
        batch.create_index(batch.f('ix_invoice_kind'), ['kind'], unique=False)
        batch.create_index(batch.f('ix_invoice_red_of_id'), ['red_of_id'], unique=False)
        batch.create_index('ix_invoice_register', ['branch_id', 'id'], unique=False)
        batch.create_index('ix_invoice_requested_at_id', ['requested_at', 'id'], unique=False)
        batch.create_index(batch.f('ix_invoice_requested_by_id'), ['requested_by_id'], unique=False)
        batch.create_index(batch.f('ix_invoice_tax_id'), ['tax_id'], unique=False)
        batch.create_index(batch.f('ix_invoice_title'), ['title'], unique=False)
        batch.create_index('ix_invoice_to_issue', ['branch_id', 'issue_due_at', 'id'], unique=False, sqlite_where=sa.text("state = 'requested'"), postgresql_where=sa.text("state = 'requested'"))
        batch.create_index(batch.f('ix_invoice_updated_by_id'), ['updated_by_id'], unique=False)
        batch.create_index('uq_invoice_no', ['invoice_no', 'invoice_code'], unique=True)
    search_index.create(op.get_bind(), 'invoice')

    op.create_table('invoice_due',
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('due_id', sa.Integer(), nullable=False),
    sa.Column('amount', MONEY, nullable=False),
    sa.Column('is_live', sa.Boolean(), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('amount > 0', name=op.f('ck_invoice_due_amount_positive')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_invoice_due_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_invoice_due_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['due_id'], ['due.id'], name=op.f('fk_invoice_due_due_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_invoice_due_invoice_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_invoice_due_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice_due')),
    sa.UniqueConstraint('invoice_id', 'due_id', name='uq_invoice_due_once')
    )
    with op.batch_alter_table('invoice_due') as batch:
        batch.create_index(batch.f('ix_invoice_due_branch_id'), ['branch_id'], unique=False)
        batch.create_index(batch.f('ix_invoice_due_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index(batch.f('ix_invoice_due_due_id'), ['due_id'], unique=False)
        batch.create_index(batch.f('ix_invoice_due_updated_by_id'), ['updated_by_id'], unique=False)
        batch.create_index('uq_invoice_due_live', ['due_id'], unique=True, sqlite_where=sa.text('is_live'), postgresql_where=sa.text('is_live'))

    op.create_table('invoice_line',
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('due_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('tax_nature', sa.Enum('parts', 'repair', 'maintenance', 'installation', 'other', name='taxnature', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('tax_class', sa.String(length=30), nullable=False),
    sa.Column('quantity', QUANTITY, nullable=False),
    sa.Column('unit', sa.String(length=20), nullable=False),
    sa.Column('unit_price', MONEY, nullable=False),
    sa.Column('rate', MONEY, nullable=False),
    sa.Column('net', MONEY, nullable=False),
    sa.Column('tax', MONEY, nullable=False),
    sa.Column('gross', MONEY, nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('gross = net + tax', name=op.f('ck_invoice_line_adds_up')),
    sa.CheckConstraint('quantity <> 0', name=op.f('ck_invoice_line_quantity_not_zero')),
    sa.CheckConstraint('rate >= 0', name=op.f('ck_invoice_line_rate_not_negative')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_invoice_line_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_invoice_line_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['due_id'], ['due.id'], name=op.f('fk_invoice_line_due_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_invoice_line_invoice_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_invoice_line_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice_line')),
    sa.UniqueConstraint('invoice_id', 'position', name='uq_invoice_line_position')
    )
    with op.batch_alter_table('invoice_line') as batch:
        batch.create_index(batch.f('ix_invoice_line_branch_id'), ['branch_id'], unique=False)
        batch.create_index(batch.f('ix_invoice_line_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index(batch.f('ix_invoice_line_due_id'), ['due_id'], unique=False)
        batch.create_index(batch.f('ix_invoice_line_updated_by_id'), ['updated_by_id'], unique=False)

    freeze_issued()
    let_import(*KINDS, "invoices")


def downgrade() -> None:
    """Drop them; runs that matched invoices are kept as runs of models."""
    op.execute("UPDATE import_run SET kind = 'models' WHERE kind = 'invoices'")
    let_import(*KINDS)
    op.drop_table('invoice_line')
    op.drop_table('invoice_due')
    search_index.drop(op.get_bind(), 'invoice')
    op.drop_table('invoice')
    if op.get_bind().dialect.name == "postgresql":
        for table in ("invoice", "invoice_line"):
            op.execute(f"DROP FUNCTION {table}_is_issued()")
