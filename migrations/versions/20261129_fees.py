"""Keep parts used on site and the fee sheets of jobs, and how a job is to be paid."""

import sqlalchemy as sa
from alembic import op


revision = "20261129_fees"
down_revision = "20261128_contracts"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(12, 2).with_variant(sa.Integer(), "sqlite")
QUANTITY = sa.Numeric(12, 3).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table('site_part',
    sa.Column('call_id', sa.Integer(), nullable=False),
    sa.Column('part_id', sa.Integer(), nullable=False),
    sa.Column('quantity', QUANTITY, nullable=False),
    sa.Column('unit_cost', MONEY, nullable=False),
    sa.Column('unit_price', MONEY, nullable=False),
    sa.Column('movement_id', sa.Integer(), nullable=False),
    sa.Column('taken_by_id', sa.Integer(), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('old_part_returned', sa.Boolean(), nullable=False),
    sa.Column('given_back_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_site_part_quantity_positive')),
    sa.CheckConstraint('unit_cost >= 0 AND unit_price >= 0', name=op.f('ck_site_part_prices_not_negative')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_site_part_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['call_id'], ['service_call.id'], name=op.f('fk_site_part_call_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_site_part_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['movement_id'], ['stock_movement.id'], name=op.f('fk_site_part_movement_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['part_id'], ['part.id'], name=op.f('fk_site_part_part_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['taken_by_id'], ['user.id'], name=op.f('fk_site_part_taken_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_site_part_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_site_part')),
    sa.UniqueConstraint('movement_id', name=op.f('uq_site_part_movement_id'))
    )
    with op.batch_alter_table('site_part') as batch:
        batch.create_index(batch.f('ix_site_part_branch_id'), ['branch_id'], unique=False)
        batch.create_index(batch.f('ix_site_part_call_id'), ['call_id'], unique=False)
        batch.create_index(batch.f('ix_site_part_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index(batch.f('ix_site_part_part_id'), ['part_id'], unique=False)
        batch.create_index('ix_site_part_taken_at_id', ['taken_at', 'id'], unique=False)
        batch.create_index(batch.f('ix_site_part_taken_by_id'), ['taken_by_id'], unique=False)
        batch.create_index(batch.f('ix_site_part_updated_by_id'), ['updated_by_id'], unique=False)

    op.create_table('fee_sheet',
    sa.Column('call_id', sa.Integer(), nullable=False),
    sa.Column('is_current', sa.Boolean(), nullable=False),
    sa.Column('other_amount', MONEY, nullable=False),
    sa.Column('other_reason', sa.String(length=300), nullable=False),
    sa.Column('discount_percent', MONEY, nullable=False),
    sa.Column('discount_reason', sa.String(length=300), nullable=False),
    sa.Column('discount_by_id', sa.Integer(), nullable=True),
    sa.Column('discount_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('discount_limit', MONEY, nullable=False),
    sa.Column('discount_role', sa.Enum('assistant', 'finance', 'technician', 'supervisor', 'manager', 'sales', 'admin', name='discount_role', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('service_type', sa.Enum('A', 'B', 'C', 'undecided', name='servicetype', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('path', sa.Enum('onsite', 'invoice_first', name='collectionpath', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('hourly_rate', MONEY, nullable=True),
    sa.Column('travel_rate', MONEY, nullable=True),
    sa.Column('labour_fee', MONEY, nullable=False),
    sa.Column('travel_fee', MONEY, nullable=False),
    sa.Column('parts_fee', MONEY, nullable=False),
    sa.Column('other_fee', MONEY, nullable=False),
    sa.Column('discount', MONEY, nullable=False),
    sa.Column('total', MONEY, nullable=False),
    sa.Column('replaces_id', sa.Integer(), nullable=True),
    sa.Column('replaced_reason', sa.String(length=300), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(replaces_id IS NULL) = (replaced_reason = '')", name=op.f('ck_fee_sheet_replaced_has_reason')),
    sa.CheckConstraint("discount_percent = 0 OR (discount_reason <> '' AND discount_by_id IS NOT NULL AND discount_at IS NOT NULL AND discount_role IS NOT NULL)", name=op.f('ck_fee_sheet_discount_has_person')),
    sa.CheckConstraint("other_amount = 0 OR other_reason <> ''", name=op.f('ck_fee_sheet_other_has_reason')),
    sa.CheckConstraint('discount_percent >= 0', name=op.f('ck_fee_sheet_discount_not_negative')),
    sa.CheckConstraint('other_amount >= 0', name=op.f('ck_fee_sheet_other_not_negative')),
    sa.CheckConstraint('settled_at IS NULL OR service_type IS NOT NULL', name=op.f('ck_fee_sheet_settled_has_type')),
    sa.CheckConstraint('settled_at IS NULL OR (hourly_rate IS NOT NULL AND travel_rate IS NOT NULL)', name=op.f('ck_fee_sheet_settled_has_rates')),
    sa.CheckConstraint('settled_at IS NULL OR (total > 0) = (path IS NOT NULL)', name=op.f('ck_fee_sheet_path_where_it_costs')),
    sa.CheckConstraint('settled_at IS NULL OR total = labour_fee + travel_fee + parts_fee + other_fee - discount', name=op.f('ck_fee_sheet_adds_up')),
    sa.CheckConstraint('settled_at IS NULL OR total >= 0', name=op.f('ck_fee_sheet_not_negative')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_fee_sheet_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['call_id'], ['service_call.id'], name=op.f('fk_fee_sheet_call_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_fee_sheet_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['discount_by_id'], ['user.id'], name=op.f('fk_fee_sheet_discount_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['replaces_id'], ['fee_sheet.id'], name=op.f('fk_fee_sheet_replaces_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_fee_sheet_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fee_sheet')),
    sa.UniqueConstraint('replaces_id', name=op.f('uq_fee_sheet_replaces_id'))
    )
    with op.batch_alter_table('fee_sheet') as batch:
        batch.create_index(batch.f('ix_fee_sheet_branch_id'), ['branch_id'], unique=False)
        batch.create_index(batch.f('ix_fee_sheet_call_id'), ['call_id'], unique=False)
        batch.create_index(batch.f('ix_fee_sheet_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index(batch.f('ix_fee_sheet_discount_by_id'), ['discount_by_id'], unique=False)
        batch.create_index('ix_fee_sheet_settled_at_id', ['settled_at', 'id'], unique=False)
        batch.create_index(batch.f('ix_fee_sheet_updated_by_id'), ['updated_by_id'], unique=False)
        batch.create_index('uq_fee_sheet_current', ['call_id'], unique=True, sqlite_where=sa.text('is_current'), postgresql_where=sa.text('is_current'))

    op.create_table('fee_line',
    sa.Column('sheet_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('labour', 'travel', 'visit', 'part', 'other', 'discount', name='feekind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('tax_nature', sa.Enum('parts', 'repair', 'maintenance', 'installation', 'other', name='taxnature', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('quantity', QUANTITY, nullable=False),
    sa.Column('unit', sa.String(length=20), nullable=False),
    sa.Column('unit_price', MONEY, nullable=False),
    sa.Column('amount', MONEY, nullable=False),
    sa.Column('part_id', sa.Integer(), nullable=True),
    sa.Column('card_id', sa.Integer(), nullable=True),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(kind = 'discount') = (amount < 0)", name=op.f('ck_fee_line_only_discount_below_zero')),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_fee_line_quantity_positive')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_fee_line_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['card_id'], ['repair_card.id'], name=op.f('fk_fee_line_card_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_fee_line_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['part_id'], ['part.id'], name=op.f('fk_fee_line_part_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['sheet_id'], ['fee_sheet.id'], name=op.f('fk_fee_line_sheet_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_fee_line_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fee_line')),
    sa.UniqueConstraint('sheet_id', 'position', name='uq_fee_line_position')
    )
    with op.batch_alter_table('fee_line') as batch:
        batch.create_index(batch.f('ix_fee_line_branch_id'), ['branch_id'], unique=False)
        batch.create_index(batch.f('ix_fee_line_card_id'), ['card_id'], unique=False)
        batch.create_index(batch.f('ix_fee_line_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index(batch.f('ix_fee_line_part_id'), ['part_id'], unique=False)
        batch.create_index(batch.f('ix_fee_line_updated_by_id'), ['updated_by_id'], unique=False)

    with op.batch_alter_table("service_voucher") as batch:
        batch.add_column(sa.Column("path", sa.Enum("onsite", "invoice_first", name="collectionpath", native_enum=False, create_constraint=True, length=40), nullable=True))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("service_voucher") as batch:
        batch.drop_constraint(op.f("ck_service_voucher_collectionpath"), type_="check")
        batch.drop_column("path")
    op.drop_table('fee_line')
    op.drop_table('fee_sheet')
    op.drop_table('site_part')
