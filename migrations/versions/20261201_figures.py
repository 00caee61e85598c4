"""Keep the aggregates of the figures, and note by triggers which of their days are stale."""

import sqlalchemy as sa
from alembic import op

from backoffice.figures import touching

revision = "20261201_figures"
down_revision = "20261130_watch"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the triggers."""
    op.create_table('figure_day',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('start_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('end_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('since_1', sa.DateTime(timezone=True), nullable=False),
    sa.Column('since_3', sa.DateTime(timezone=True), nullable=False),
    sa.Column('since_7', sa.DateTime(timezone=True), nullable=False),
    sa.Column('since_15', sa.DateTime(timezone=True), nullable=False),
    sa.Column('since_30', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_figure_day')),
    sa.UniqueConstraint('day', name=op.f('uq_figure_day_day'))
    )
    with op.batch_alter_table('figure_day') as batch:
        batch.create_index(batch.f('ix_figure_day_end_at'), ['end_at'], unique=False)

    op.create_table('figure_touch',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('what', sa.Enum('sums', 'backlog', name='stale', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('on_day', sa.Date(), nullable=True),
    sa.CheckConstraint('(since IS NULL) <> (on_day IS NULL)', name=op.f('ck_figure_touch_moment_or_day')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_figure_touch'))
    )
    with op.batch_alter_table('figure_touch') as batch:
        batch.create_index('ix_figure_touch_since', ['what', 'since'], unique=False)

    op.create_table('figure_backlog',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('d1', sa.Integer(), nullable=False),
    sa.Column('d3', sa.Integer(), nullable=False),
    sa.Column('d7', sa.Integer(), nullable=False),
    sa.Column('d15', sa.Integer(), nullable=False),
    sa.Column('d30', sa.Integer(), nullable=False),
    sa.Column('more', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('all', 'technician', 'zone', 'model', name='kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('key', sa.String(length=20), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_figure_backlog_branch_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_figure_backlog'))
    )
    with op.batch_alter_table('figure_backlog') as batch:
        batch.create_index('ix_figure_backlog_day', ['day'], unique=False)
        batch.create_index('uq_figure_backlog_once', ['branch_id', 'kind', 'day', 'key'], unique=True)

    op.create_table('figure_response',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('grain', sa.Enum('day', 'month', name='response_grain', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('start_on', sa.Date(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('calls', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_figure_response_branch_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_figure_response'))
    )
    with op.batch_alter_table('figure_response') as batch:
        batch.create_index('uq_figure_response_once', ['branch_id', 'grain', 'start_on', 'minutes'], unique=True)

    op.create_table('figure_sum',
    sa.Column('grain', sa.Enum('day', 'month', name='grain', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('start_on', sa.Date(), nullable=False),
    sa.Column('dispatch_due', sa.Integer(), nullable=False),
    sa.Column('dispatch_hit', sa.Integer(), nullable=False),
    sa.Column('arrival_due', sa.Integer(), nullable=False),
    sa.Column('arrival_hit', sa.Integer(), nullable=False),
    sa.Column('arrived', sa.Integer(), nullable=False),
    sa.Column('response_seconds', sa.BigInteger(), nullable=False),
    sa.Column('fixable', sa.Integer(), nullable=False),
    sa.Column('fixed_first', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('done_seconds', sa.BigInteger(), nullable=False),
    sa.Column('own_done', sa.Integer(), nullable=False),
    sa.Column('work_seconds', sa.BigInteger(), nullable=False),
    sa.Column('repeats', sa.Integer(), nullable=False),
    sa.Column('received', sa.Integer(), nullable=False),
    sa.Column('carried', sa.Integer(), nullable=False),
    sa.Column('returned', sa.Integer(), nullable=False),
    sa.Column('kept', sa.Integer(), nullable=False),
    sa.Column('inspected', sa.Integer(), nullable=False),
    sa.Column('failed', sa.Integer(), nullable=False),
    sa.Column('reports', sa.Integer(), nullable=False),
    sa.Column('job_minutes', sa.BigInteger(), nullable=False),
    sa.Column('minutes', sa.BigInteger(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('all', 'technician', 'zone', 'model', name='kind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('key', sa.String(length=20), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_figure_sum_branch_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_figure_sum'))
    )
    with op.batch_alter_table('figure_sum') as batch:
        batch.create_index('ix_figure_sum_start_on', ['start_on'], unique=False)
        batch.create_index('uq_figure_sum_once', ['branch_id', 'grain', 'kind', 'start_on', 'key'], unique=True)

    touching.create(op.get_bind())


def downgrade() -> None:
    """Drop them."""
    touching.drop(op.get_bind())
    for table in ("figure_sum", "figure_response", "figure_backlog", "figure_touch", "figure_day"):
        op.drop_table(table)
