"""Keep parts sales; let stock be sold and taken back, and past sales be imported."""

import sqlalchemy as sa
from alembic import op

from backoffice.core import search_index

revision = "20261129_sales"
down_revision = "20261129_invoices"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(12, 2).with_variant(sa.Integer(), "sqlite")
QUANTITY = sa.Numeric(12, 3).with_variant(sa.Integer(), "sqlite")


#: What a movement of each kind has to be, before and now.
BEFORE = {
    "movementkind": "kind IN ('in', 'to_technician', 'from_technician', 'used', 'returned', 'adjusted')",
    "more": "kind NOT IN ('in', 'returned') OR quantity > 0",
    "less": "kind <> 'used' OR quantity < 0",
    "goods_come_into_the_store": "kind <> 'in' OR holder_id IS NULL",
    "used_for_a_document": "kind NOT IN ('used', 'returned') OR subject_type <> ''",
}
NOW = {
    "movementkind": "kind IN ('in', 'to_technician', 'from_technician', 'used', 'returned', 'sold', 'sold_back',"
    " 'adjusted')",
    "more": "kind NOT IN ('in', 'returned', 'sold_back') OR quantity > 0",
    "less": "kind NOT IN ('used', 'sold') OR quantity < 0",
    "goods_come_into_the_store": "kind NOT IN ('in', 'sold', 'sold_back') OR holder_id IS NULL",
    "used_for_a_document": "kind NOT IN ('used', 'returned', 'sold', 'sold_back') OR subject_type <> ''",
}
IMPORTED = ("customers", "contacts", "models", "parts", "units", "calls", "cards", "invoices")


def let_move(checks: dict[str, str]) -> None:
    """Say what a movement of stock has to be. SQLite builds the table anew, and its triggers with it."""
    with op.batch_alter_table("stock_movement") as batch:
        for name, condition in checks.items():
            batch.drop_constraint(op.f(f"ck_stock_movement_{name}"), type_="check")
            batch.create_check_constraint(op.f(f"ck_stock_movement_{name}"), condition)
    if op.get_bind().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER stock_movement_no_{event.lower()} BEFORE {event} ON stock_movement"
                f" BEGIN SELECT RAISE(ABORT, 'stock_movement is append-only'); END"
            )


def forget_sales() -> None:
    """Keep what was sold and taken back as differences of stock, so that every balance stays."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        op.execute("DROP TRIGGER stock_movement_no_update")
        op.execute("DROP TRIGGER stock_movement_no_delete")
    else:
        op.execute("ALTER TABLE stock_movement DISABLE TRIGGER USER")
    op.execute(
        sa.text(
            "UPDATE stock_movement SET kind = 'adjusted', reason = CASE WHEN reason = '' THEN subject_number"
            " ELSE reason END WHERE kind IN ('sold', 'sold_back')"
        )
    )
    if not is_sqlite:
        op.execute("ALTER TABLE stock_movement ENABLE TRIGGER USER")


def let_import(*kinds: str) -> None:
    """Say what a run of an import may bring in."""
    with op.batch_alter_table("import_run") as batch:
        batch.drop_constraint(op.f("ck_import_run_importkind"), type_="check")
        batch.create_check_constraint(op.f("ck_import_run_importkind"), f"kind IN ({', '.join(map(repr, kinds))})")


def upgrade() -> None:
    """Make the tables, and allow the kinds."""
    let_move(NOW)
    let_import(*IMPORTED, "sales")
    op.create_table('parts_sale',
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('state', sa.Enum('draft', 'delivered', 'reversed', 'void', name='salestate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('sold_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delivered_by_id', sa.Integer(), nullable=True),
    sa.Column('total', MONEY, nullable=False),
    sa.Column('returned_total', MONEY, nullable=False),
    sa.Column('remark', sa.String(length=300), nullable=False),
    sa.Column('void_reason', sa.String(length=300), nullable=False),
    sa.Column('due_id', sa.Integer(), nullable=True),
    sa.Column('is_history', sa.Boolean(), nullable=False),
    sa.Column('old_number', sa.String(length=60), nullable=False),
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
    sa.CheckConstraint("(state = 'void') = (void_reason <> '')", name=op.f('ck_parts_sale_void_has_reason')),
    sa.CheckConstraint("NOT is_history OR state IN ('delivered', 'void')", name=op.f('ck_parts_sale_history_is_over')),
    sa.CheckConstraint("is_history OR old_number = ''", name=op.f('ck_parts_sale_old_number_is_history')),
    sa.CheckConstraint("state <> 'delivered' OR delivered_at IS NOT NULL", name=op.f('ck_parts_sale_delivered_has_time')),
    sa.CheckConstraint('NOT is_history OR due_id IS NULL', name=op.f('ck_parts_sale_history_is_paid')),
    sa.CheckConstraint('is_history OR total >= 0', name=op.f('ck_parts_sale_not_below_zero')),
    sa.CheckConstraint('returned_total >= 0', name=op.f('ck_parts_sale_returned_not_negative')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_parts_sale_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_parts_sale_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_parts_sale_customer_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['delivered_by_id'], ['user.id'], name=op.f('fk_parts_sale_delivered_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['due_id'], ['due.id'], name=op.f('fk_parts_sale_due_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_parts_sale_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_parts_sale')),
    sa.UniqueConstraint('due_id', name=op.f('uq_parts_sale_due_id')),
    sa.UniqueConstraint('number', name=op.f('uq_parts_sale_number'))
    )
    with op.batch_alter_table('parts_sale') as batch:
        batch.create_index(batch.f('ix_parts_sale_branch_id'), ['branch_id'], unique=False)
        batch.create_index('ix_parts_sale_by_state', ['branch_id', 'state', 'id'], unique=False)
        batch.create_index(batch.f('ix_parts_sale_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index(batch.f('ix_parts_sale_customer_id'), ['customer_id'], unique=False)
        batch.create_index(batch.f('ix_parts_sale_customer_name'), ['customer_name'], unique=False)
        batch.create_index(batch.f('ix_parts_sale_delivered_by_id'), ['delivered_by_id'], unique=False)
        batch.create_index(batch.f('ix_parts_sale_old_number'), ['old_number'], unique=False)
        batch.create_index('ix_parts_sale_register', ['branch_id', 'id'], unique=False)
        batch.create_index('ix_parts_sale_sold_at_id', ['sold_at', 'id'], unique=False)
        batch.create_index(batch.f('ix_parts_sale_updated_by_id'), ['updated_by_id'], unique=False)
        batch.create_index('uq_parts_sale_old_number', ['branch_id', 'old_number'], unique=True, sqlite_where=sa.text("old_number <> '' AND state <> 'void'"), postgresql_where=sa.text("old_number <> '' AND state <> 'void'"))
    search_index.create(op.get_bind(), 'parts_sale')

    op.create_table('sale_line',
    sa.Column('sale_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('part_id', sa.Integer(), nullable=True),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('quantity', QUANTITY, nullable=False),
    sa.Column('unit', sa.String(length=20), nullable=False),
    sa.Column('unit_cost', MONEY, nullable=True),
    sa.Column('unit_price', MONEY, nullable=False),
    sa.Column('price_reason', sa.String(length=300), nullable=False),
    sa.Column('amount', MONEY, nullable=False),
    sa.Column('returned_quantity', QUANTITY, nullable=False),
    sa.Column('returned_amount', MONEY, nullable=False),
    sa.Column('movement_id', sa.Integer(), nullable=True),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("unit_price <= unit_cost OR price_reason <> ''", name=op.f('ck_sale_line_above_cost_has_reason')),
    sa.CheckConstraint('quantity <> 0 OR (amount = 0 AND movement_id IS NULL)', name=op.f('ck_sale_line_struck_is_nothing')),
    sa.CheckConstraint('unit_price >= 0', name=op.f('ck_sale_line_price_not_negative')),
    sa.CheckConstraint('movement_id IS NULL OR unit_cost IS NOT NULL', name=op.f('ck_sale_line_sold_has_cost')),
    sa.CheckConstraint('returned_quantity >= 0 AND returned_amount >= 0', name=op.f('ck_sale_line_returned_not_negative')),
    sa.CheckConstraint('returned_quantity = 0 OR returned_quantity <= quantity', name=op.f('ck_sale_line_returned_was_sold')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_sale_line_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_sale_line_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['movement_id'], ['stock_movement.id'], name=op.f('fk_sale_line_movement_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['part_id'], ['part.id'], name=op.f('fk_sale_line_part_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['sale_id'], ['parts_sale.id'], name=op.f('fk_sale_line_sale_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_sale_line_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sale_line')),
    sa.UniqueConstraint('movement_id', name=op.f('uq_sale_line_movement_id')),
    sa.UniqueConstraint('sale_id', 'position', name='uq_sale_line_position')
    )
    with op.batch_alter_table('sale_line') as batch:
        batch.create_index(batch.f('ix_sale_line_branch_id'), ['branch_id'], unique=False)
        batch.create_index(batch.f('ix_sale_line_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index(batch.f('ix_sale_line_part_id'), ['part_id'], unique=False)
        batch.create_index(batch.f('ix_sale_line_updated_by_id'), ['updated_by_id'], unique=False)



def downgrade() -> None:
    """Drop them; runs that brought sales stay in the register as runs of history."""
    op.execute(sa.text("UPDATE import_run SET kind = 'calls' WHERE kind = 'sales'"))
    let_import(*IMPORTED)
    op.drop_table('sale_line')
    search_index.drop(op.get_bind(), 'parts_sale')
    op.drop_table('parts_sale')
    forget_sales()
    let_move(BEFORE)
