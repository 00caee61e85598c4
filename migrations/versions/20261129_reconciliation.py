"""Keep the evening reconciliation and what is carried over."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_reconciliation"
down_revision = "20261129_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the order in which calls are dispatched."""
    op.create_table('day_book',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('state', sa.Enum('open', 'checked', 'closed', name='daystate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('service_checked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('service_checked_by_id', sa.Integer(), nullable=True),
    sa.Column('sales_checked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sales_checked_by_id', sa.Integer(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_by_id', sa.Integer(), nullable=True),
    sa.Column('closing', sa.Integer(), nullable=False),
    sa.Column('members', sa.Integer(), nullable=False),
    sa.Column('reopened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reopen_reason', sa.String(length=500), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(reopened_at IS NULL) = (reopen_reason = '')", name=op.f('ck_day_book_reopened_has_reason')),
    sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL AND closed_by_id IS NOT NULL)", name=op.f('ck_day_book_closed_has_person')),
    sa.CheckConstraint("state = 'open' OR (service_checked_at IS NOT NULL AND sales_checked_at IS NOT NULL)", name=op.f('ck_day_book_checked_by_both_sides')),
    sa.CheckConstraint('(sales_checked_at IS NULL) = (sales_checked_by_id IS NULL)', name=op.f('ck_day_book_sales_check_is_whole')),
    sa.CheckConstraint('(service_checked_at IS NULL) = (service_checked_by_id IS NULL)', name=op.f('ck_day_book_service_check_is_whole')),
    sa.CheckConstraint('service_checked_by_id <> sales_checked_by_id', name=op.f('ck_day_book_checked_by_two')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_day_book_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['closed_by_id'], ['user.id'], name=op.f('fk_day_book_closed_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_day_book_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['sales_checked_by_id'], ['user.id'], name=op.f('fk_day_book_sales_checked_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['service_checked_by_id'], ['user.id'], name=op.f('fk_day_book_service_checked_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_day_book_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_day_book')),
    sa.UniqueConstraint('branch_id', 'day', name='uq_day_book_day')
    )
    with op.batch_alter_table('day_book') as batch:
        batch.create_index(batch.f('ix_day_book_branch_id'), ['branch_id'], unique=False)
        batch.create_index('ix_day_book_by_state', ['branch_id', 'state', 'day', 'id'], unique=False)
        batch.create_index(batch.f('ix_day_book_closed_by_id'), ['closed_by_id'], unique=False)
        batch.create_index(batch.f('ix_day_book_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index('ix_day_book_day_id', ['day', 'id'], unique=False)
        batch.create_index(batch.f('ix_day_book_sales_checked_by_id'), ['sales_checked_by_id'], unique=False)
        batch.create_index(batch.f('ix_day_book_service_checked_by_id'), ['service_checked_by_id'], unique=False)
        batch.create_index(batch.f('ix_day_book_updated_by_id'), ['updated_by_id'], unique=False)

    op.create_table('day_line',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('book_id', sa.Integer(), nullable=False),
    sa.Column('closing', sa.Integer(), nullable=False),
    sa.Column('call_id', sa.Integer(), nullable=False),
    sa.Column('standing', sa.Enum('written_off', 'in_repair', 'not_dispatched', 'unfinished', 'cancelled', 'not_back', 'not_written_off', name='standing', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.ForeignKeyConstraint(['book_id'], ['day_book.id'], name=op.f('fk_day_line_book_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['call_id'], ['service_call.id'], name=op.f('fk_day_line_call_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_day_line')),
    sa.UniqueConstraint('book_id', 'closing', 'call_id', name='uq_day_line_once')
    )
    with op.batch_alter_table('day_line') as batch:
        batch.create_index(batch.f('ix_day_line_call_id'), ['call_id'], unique=False)

    op.create_table('undone_line',
    sa.Column('call_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('deliver_on', sa.Date(), nullable=False),
    sa.Column('standing', sa.Enum('written_off', 'in_repair', 'not_dispatched', 'unfinished', 'cancelled', 'not_back', 'not_written_off', name='standing', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('pending', 'decided', name='undonestate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('decision', sa.Enum('dispatch', 'wait_for_parts', 'cancel', name='decision', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('decision_note', sa.String(length=500), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(state = 'decided') = (decision IS NOT NULL AND decided_at IS NOT NULL AND decided_by_id IS NOT NULL)", name=op.f('ck_undone_line_decided_has_person')),
    sa.CheckConstraint("standing IN ('not_dispatched', 'unfinished')", name=op.f('ck_undone_line_is_undone')),
    sa.CheckConstraint('deliver_on > day', name=op.f('ck_undone_line_delivered_later')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_undone_line_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['call_id'], ['service_call.id'], name=op.f('fk_undone_line_call_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_undone_line_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['decided_by_id'], ['user.id'], name=op.f('fk_undone_line_decided_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_undone_line_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_undone_line')),
    sa.UniqueConstraint('call_id', 'deliver_on', name='uq_undone_line_morning')
    )
    with op.batch_alter_table('undone_line') as batch:
        batch.create_index(batch.f('ix_undone_line_branch_id'), ['branch_id'], unique=False)
        batch.create_index('ix_undone_line_by_state', ['branch_id', 'state', 'deliver_on', 'id'], unique=False)
        batch.create_index(batch.f('ix_undone_line_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index('ix_undone_line_day', ['branch_id', 'day'], unique=False)
        batch.create_index(batch.f('ix_undone_line_decided_by_id'), ['decided_by_id'], unique=False)
        batch.create_index('ix_undone_line_deliver_on_id', ['deliver_on', 'id'], unique=False)
        batch.create_index(batch.f('ix_undone_line_updated_by_id'), ['updated_by_id'], unique=False)

    op.add_column("service_call", sa.Column("dispatch_order_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE service_call SET dispatch_order_at = dispatch_due_at")
    here = sa.text("cancelled_at IS NOT NULL")
    op.create_index("ix_service_call_cancelled", "service_call", ["branch_id", "cancelled_at"], sqlite_where=here,
                    postgresql_where=here)
    op.create_index("ix_service_call_closed", "service_call", ["branch_id", "closed_at"])
    op.create_index("ix_service_call_dispatch_order", "service_call", ["branch_id", "dispatch_order_at", "id"])
    op.create_index("ix_service_call_waiting", "service_call", ["branch_id", "state", "dispatch_order_at", "id"])


def downgrade() -> None:
    """Drop them."""
    for name in ("cancelled", "closed", "dispatch_order", "waiting"):
        op.drop_index(f"ix_service_call_{name}", table_name="service_call")
    op.drop_column("service_call", "dispatch_order_at")
    for table in ("undone_line", "day_line", "day_book"):
        op.drop_table(table)
