"""Watch the time limits: ladder, steps taken, chat robots, outbox, book of jobs; e-mail addresses of people."""

import sqlalchemy as sa
from alembic import op

revision = "20261130_watch"
down_revision = "20261129_reconciliation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and columns."""
    op.create_table('watch_mark',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('limit_key', sa.String(length=20), nullable=False),
    sa.Column('subject_type', sa.String(length=60), nullable=False),
    sa.Column('subject_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('percent', sa.Integer(), nullable=False),
    sa.Column('told', sa.Enum('responsible', 'assistant', 'finance', 'supervisor', 'manager', name='told', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('is_skipped', sa.Boolean(), nullable=False),
    sa.Column('marked_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('percent BETWEEN 1 AND 1000', name=op.f('ck_watch_mark_percent_in_range')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_watch_mark')),
    sa.UniqueConstraint('limit_key', 'subject_type', 'subject_id', 'due_at', 'percent', 'told', name='uq_watch_mark_once')
    )
    op.create_index('ix_watch_mark_marked_at_id', 'watch_mark', ['marked_at', 'id'], unique=False)
    op.create_table('job_run',
    sa.Column('job', sa.String(length=20), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'running', 'done', 'failed', 'interrupted', name='runstate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('is_scheduled', sa.Boolean(), nullable=False),
    sa.Column('asked_by_id', sa.Integer(), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('found', sa.Integer(), nullable=True),
    sa.Column('error', sa.String(length=500), nullable=False),
    sa.Column('host', sa.String(length=80), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(state IN ('waiting', 'running')) = (finished_at IS NULL)", name=op.f('ck_job_run_finished_has_time')),
    sa.CheckConstraint("state <> 'done' OR found IS NOT NULL", name=op.f('ck_job_run_done_has_result')),
    sa.CheckConstraint("state <> 'failed' OR error <> ''", name=op.f('ck_job_run_failed_has_error')),
    sa.CheckConstraint("state = 'waiting' OR started_at IS NOT NULL", name=op.f('ck_job_run_started_has_time')),
    sa.CheckConstraint('attempt > 0', name=op.f('ck_job_run_attempt_counts')),
    sa.ForeignKeyConstraint(['asked_by_id'], ['user.id'], name=op.f('fk_job_run_asked_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_job_run_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_job_run_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job_run')),
    sa.UniqueConstraint('job', 'due_at', 'attempt', name='uq_job_run_once')
    )
    op.create_index('ix_job_run_asked_by_id', 'job_run', ['asked_by_id'], unique=False)
    op.create_index('ix_job_run_created_by_id', 'job_run', ['created_by_id'], unique=False)
    op.create_index('ix_job_run_due_at_id', 'job_run', ['due_at', 'id'], unique=False)
    op.create_index('ix_job_run_job_id', 'job_run', ['job', 'id'], unique=False)
    op.create_index('ix_job_run_open', 'job_run', ['id'], unique=False, sqlite_where=sa.text("state IN ('waiting', 'running')"), postgresql_where=sa.text("state IN ('waiting', 'running')"))
    op.create_index('ix_job_run_state_id', 'job_run', ['state', 'id'], unique=False)
    op.create_index('ix_job_run_updated_by_id', 'job_run', ['updated_by_id'], unique=False)
    op.create_table('ladder_step',
    sa.Column('limit_key', sa.String(length=20), nullable=False),
    sa.Column('percent', sa.Integer(), nullable=False),
    sa.Column('told', sa.Enum('responsible', 'assistant', 'finance', 'supervisor', 'manager', name='told', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('waits', sa.Boolean(), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('percent BETWEEN 1 AND 1000', name=op.f('ck_ladder_step_percent_in_range')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_ladder_step_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_ladder_step_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ladder_step')),
    sa.UniqueConstraint('limit_key', 'percent', 'told', name='uq_ladder_step_once')
    )
    op.create_index('ix_ladder_step_created_by_id', 'ladder_step', ['created_by_id'], unique=False)
    op.create_index('ix_ladder_step_is_active', 'ladder_step', ['is_active'], unique=False)
    op.create_index('ix_ladder_step_updated_by_id', 'ladder_step', ['updated_by_id'], unique=False)
    op.create_table('chat_robot',
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('channel', sa.Enum('email', 'dingtalk', 'wecom', 'feishu', name='channel', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=True),
    sa.Column('webhook', sa.String(length=500), nullable=False),
    sa.Column('signing_secret', sa.String(length=200), nullable=False),
    sa.Column('locale', sa.String(length=12), nullable=False),
    sa.Column('limits', sa.JSON(), nullable=False),
    sa.Column('tells', sa.JSON(), nullable=False),
    sa.Column('is_active', sa.Boolean(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("channel <> 'email'", name=op.f('ck_chat_robot_is_chat')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_chat_robot_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_chat_robot_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_chat_robot_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_chat_robot')),
    sa.UniqueConstraint('name', name=op.f('uq_chat_robot_name'))
    )
    op.create_index('ix_chat_robot_branch_id', 'chat_robot', ['branch_id'], unique=False)
    op.create_index('ix_chat_robot_created_by_id', 'chat_robot', ['created_by_id'], unique=False)
    op.create_index('ix_chat_robot_is_active', 'chat_robot', ['is_active'], unique=False)
    op.create_index('ix_chat_robot_updated_by_id', 'chat_robot', ['updated_by_id'], unique=False)
    op.create_table('outbox_message',
    sa.Column('channel', sa.Enum('email', 'dingtalk', 'wecom', 'feishu', name='channel', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('robot_id', sa.Integer(), nullable=True),
    sa.Column('address', sa.String(length=254), nullable=False),
    sa.Column('subject', sa.String(length=200), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('subject_type', sa.String(length=60), nullable=False),
    sa.Column('subject_id', sa.Integer(), nullable=True),
    sa.Column('dedupe_key', sa.String(length=120), nullable=False),
    sa.Column('state', sa.Enum('queued', 'sending', 'sent', 'failed', 'unclear', 'dropped', name='messagestate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('claim', sa.String(length=120), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.String(length=300), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(channel = 'email') = (robot_id IS NULL)", name=op.f('ck_outbox_message_chat_has_robot')),
    sa.CheckConstraint("(channel = 'email') = (user_id IS NOT NULL)", name=op.f('ck_outbox_message_email_has_person')),
    sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name=op.f('ck_outbox_message_sent_has_time')),
    sa.CheckConstraint("channel <> 'email' OR address <> ''", name=op.f('ck_outbox_message_email_has_address')),
    sa.CheckConstraint("state <> 'sending' OR (claimed_at IS NOT NULL AND claim <> '')", name=op.f('ck_outbox_message_sending_is_claimed')),
    sa.CheckConstraint("state NOT IN ('failed', 'unclear') OR last_error <> ''", name=op.f('ck_outbox_message_failed_has_error')),
    sa.CheckConstraint('attempts >= 0', name=op.f('ck_outbox_message_attempts_not_negative')),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_outbox_message_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['robot_id'], ['chat_robot.id'], name=op.f('fk_outbox_message_robot_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_outbox_message_updated_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_outbox_message_user_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox_message')),
    sa.UniqueConstraint('dedupe_key', name=op.f('uq_outbox_message_dedupe_key'))
    )
    op.create_index('ix_outbox_message_created_at_id', 'outbox_message', ['created_at', 'id'], unique=False)
    op.create_index('ix_outbox_message_created_by_id', 'outbox_message', ['created_by_id'], unique=False)
    op.create_index('ix_outbox_message_queued', 'outbox_message', ['next_try_at', 'id'], unique=False, sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'"))
    op.create_index('ix_outbox_message_robot_id', 'outbox_message', ['robot_id'], unique=False)
    op.create_index('ix_outbox_message_sending', 'outbox_message', ['claimed_at'], unique=False, sqlite_where=sa.text("state = 'sending'"), postgresql_where=sa.text("state = 'sending'"))
    op.create_index('ix_outbox_message_state_id', 'outbox_message', ['state', 'id'], unique=False)
    op.create_index('ix_outbox_message_updated_by_id', 'outbox_message', ['updated_by_id'], unique=False)
    op.create_index('ix_outbox_message_user_id', 'outbox_message', ['user_id'], unique=False)
    op.add_column("user", sa.Column("email", sa.String(length=254), server_default="", nullable=False))
    op.add_column("user", sa.Column("notify_by_email", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("user", recreate="never") as batch:
        batch.drop_column("notify_by_email")
        batch.drop_column("email")
    op.drop_table("outbox_message")
    op.drop_table("chat_robot")
    op.drop_table("ladder_step")
    op.drop_table("job_run")
    op.drop_table("watch_mark")
