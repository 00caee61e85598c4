"""Keep the runs of imports, the rows of their files and what they have made."""

import sqlalchemy as sa
from alembic import op

revision = "20261124_imports"
down_revision = "20261124_void_units"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table('import_run',
    sa.Column('kind', sa.Enum('customers', 'contacts', 'models', 'units', 'calls', name='importkind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('state', sa.Enum('uploaded', 'trying', 'tried', 'running', 'stopped', 'done', 'undoing', 'undone', 'discarded', name='runstate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('stored_name', sa.String(length=40), nullable=False),
    sa.Column('encoding', sa.String(length=20), nullable=False),
    sa.Column('separator', sa.String(length=1), nullable=False),
    sa.Column('sheet', sa.String(length=120), nullable=False),
    sa.Column('header', sa.JSON(none_as_null=True), nullable=False),
    sa.Column('plan', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('at_row', sa.Integer(), nullable=False),
    sa.Column('good', sa.Integer(), nullable=False),
    sa.Column('refused', sa.Integer(), nullable=False),
    sa.Column('undone', sa.Integer(), nullable=False),
    sa.Column('kept', sa.Integer(), nullable=False),
    sa.Column('made', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('goes_on', sa.Boolean(), nullable=False),
    sa.Column('driver', sa.String(length=64), nullable=False),
    sa.Column('driven_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('swept_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(state IN ('done', 'undone')) = (ended_at IS NOT NULL)", name=op.f('ck_import_run_ended_has_time')),
    sa.CheckConstraint('good >= 0 AND refused >= 0 AND at_row >= 0 AND rows >= 0', name=op.f('ck_import_run_counts_not_negative')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_import_run_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_import_run_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_import_run_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_run'))
    )
    with op.batch_alter_table('import_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_run_branch_id'), ['branch_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_import_run_created_by_id'), ['created_by_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_import_run_kind'), ['kind'], unique=False)
        batch_op.create_index('ix_import_run_register', ['branch_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_import_run_sha256'), ['sha256'], unique=False)
        batch_op.create_index(batch_op.f('ix_import_run_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_import_run_updated_by_id'), ['updated_by_id'], unique=False)

    op.create_table('import_key',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=32), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['import_run.id'], name=op.f('fk_import_key_run_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_key')),
    sa.UniqueConstraint('run_id', 'digest', name='uq_import_key_digest')
    )
    op.create_table('import_made',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('table_name', sa.String(length=60), nullable=False),
    sa.Column('record_id', sa.Integer(), nullable=False),
    sa.Column('record_version', sa.Integer(), nullable=False),
    sa.Column('row_number', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('made', 'undone', 'kept', name='madestate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['run_id'], ['import_run.id'], name=op.f('fk_import_made_run_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_made'))
    )
    with op.batch_alter_table('import_made', schema=None) as batch_op:
        batch_op.create_index('ix_import_made_record', ['table_name', 'record_id'], unique=False)
        batch_op.create_index('ix_import_made_run', ['run_id', 'state', 'id'], unique=False)

    op.create_table('import_row',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('pending', 'good', 'refused', 'done', name='rowstate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('cells', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('fault', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('problems', sa.JSON(none_as_null=True), nullable=True),
    sa.ForeignKeyConstraint(['run_id'], ['import_run.id'], name=op.f('fk_import_row_run_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_row')),
    sa.UniqueConstraint('run_id', 'number', name='uq_import_row_number')
    )
    with op.batch_alter_table('import_row', schema=None) as batch_op:
        batch_op.create_index('ix_import_row_state', ['run_id', 'state', 'number'], unique=False)



def downgrade() -> None:
    """Drop the tables; what was imported stays."""
    with op.batch_alter_table('import_row', schema=None) as batch_op:
        batch_op.drop_index('ix_import_row_state')

    op.drop_table('import_row')
    with op.batch_alter_table('import_made', schema=None) as batch_op:
        batch_op.drop_index('ix_import_made_run')
        batch_op.drop_index('ix_import_made_record')

    op.drop_table('import_made')
    op.drop_table('import_key')
    with op.batch_alter_table('import_run', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_import_run_updated_by_id'))
        batch_op.drop_index(batch_op.f('ix_import_run_state'))
        batch_op.drop_index(batch_op.f('ix_import_run_sha256'))
        batch_op.drop_index('ix_import_run_register')
        batch_op.drop_index(batch_op.f('ix_import_run_kind'))
        batch_op.drop_index(batch_op.f('ix_import_run_created_by_id'))
        batch_op.drop_index(batch_op.f('ix_import_run_branch_id'))

    op.drop_table('import_run')
