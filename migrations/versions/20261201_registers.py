"""Keep the files of lists that are prepared in the background."""

import sqlalchemy as sa
from alembic import op

revision = "20261201_registers"
down_revision = "20261201_figures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table('export_run',
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('register', sa.String(length=60), nullable=False),
    sa.Column('address', sa.String(length=4000), nullable=False),
    sa.Column('format', sa.Enum('csv', 'xlsx', name='fileformat', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('locale', sa.String(length=12), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'running', 'ready', 'failed', 'expired', name='exportstate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('problem', sa.Enum('not_active', 'no_right', 'too_many', 'broken', name='exportproblem', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('until_key', sa.Integer(), nullable=True),
    sa.Column('rows_total', sa.Integer(), nullable=True),
    sa.Column('rows_done', sa.Integer(), nullable=False),
    sa.Column('bytes_done', sa.BigInteger(), nullable=False),
    sa.Column('place', sa.String(length=1000), nullable=False),
    sa.Column('stored_name', sa.String(length=40), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('claim', sa.String(length=120), nullable=False),
    sa.Column('beat_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(state = 'failed') = (problem IS NOT NULL)", name=op.f('ck_export_run_failed_has_problem')),
    sa.CheckConstraint("(state IN ('waiting', 'running')) = (finished_at IS NULL)", name=op.f('ck_export_run_finished_has_time')),
    sa.CheckConstraint("state <> 'ready' OR (size IS NOT NULL AND expires_at IS NOT NULL)", name=op.f('ck_export_run_ready_has_file')),
    sa.CheckConstraint("state = 'running' OR claim = ''", name=op.f('ck_export_run_claimed_is_running')),
    sa.CheckConstraint("state = 'waiting' OR state = 'expired' OR started_at IS NOT NULL", name=op.f('ck_export_run_started_has_time')),
    sa.CheckConstraint('rows_done >= 0 AND bytes_done >= 0 AND attempts >= 0', name=op.f('ck_export_run_counts_up')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_export_run_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_export_run_updated_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_export_run_user_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_export_run')),
    sa.UniqueConstraint('stored_name', name=op.f('uq_export_run_stored_name'))
    )
    with op.batch_alter_table('export_run') as batch:
        batch.create_index(batch.f('ix_export_run_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index('ix_export_run_open', ['id'], unique=False, sqlite_where=sa.text("state IN ('waiting', 'running')"), postgresql_where=sa.text("state IN ('waiting', 'running')"))
        batch.create_index('ix_export_run_state', ['state', 'expires_at'], unique=False)
        batch.create_index(batch.f('ix_export_run_updated_by_id'), ['updated_by_id'], unique=False)
        batch.create_index('ix_export_run_user_id_id', ['user_id', 'id'], unique=False)


def downgrade() -> None:
    """Drop it."""
    op.drop_table("export_run")
