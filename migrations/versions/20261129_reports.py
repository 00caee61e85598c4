"""Keep the daily reports of technicians and supervisors."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_reports"
down_revision = "20261129_stores"
branch_labels = None
depends_on = None

#: A reviewed report is locked, and so are its lines (W-6.1): (trigger, table, event, condition).
_LOCKS = (
    ("daily_report_locked", "daily_report", "UPDATE", "OLD.state = 'reviewed'"),
    ("report_line_locked", "report_line", "UPDATE",
     "EXISTS (SELECT 1 FROM daily_report r WHERE r.id = OLD.report_id AND r.state = 'reviewed')"),
    ("report_line_closed", "report_line", "INSERT",
     "EXISTS (SELECT 1 FROM daily_report r WHERE r.id = NEW.report_id AND r.state = 'reviewed')"),
)  # fmt: skip


def _lock() -> None:
    """Let the database refuse every change of a report that is reviewed."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for name, table, event, condition in _LOCKS:
        if on_sqlite:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition}"
                " BEGIN SELECT RAISE(ABORT, 'a reviewed report is locked'); END"
            )
            continue
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF {condition} THEN RAISE EXCEPTION 'a reviewed report is locked'; END IF; RETURN NEW; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")



def upgrade() -> None:
    """Make the tables, the locks, and the index of the visits of a day."""
    op.create_table('daily_report',
    sa.Column('technician_id', sa.Integer(), nullable=False),
    sa.Column('report_on', sa.Date(), nullable=False),
    sa.Column('state', sa.Enum('draft', 'submitted', 'returned', 'reviewed', name='reportstate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('of_supervisor', sa.Boolean(), nullable=False),
    sa.Column('on_day_off', sa.Boolean(), nullable=False),
    sa.Column('from_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('to_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('earliest_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('is_late', sa.Boolean(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('remark', sa.String(length=500), nullable=False),
    sa.Column('reviewed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reviewed_by_id', sa.Integer(), nullable=True),
    sa.Column('review_note', sa.String(length=500), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(state = 'reviewed') = (reviewed_at IS NOT NULL AND reviewed_by_id IS NOT NULL)", name=op.f('ck_daily_report_reviewed_has_person')),
    sa.CheckConstraint("state <> 'returned' OR review_note <> ''", name=op.f('ck_daily_report_returned_has_note')),
    sa.CheckConstraint("state = 'draft' OR submitted_at IS NOT NULL", name=op.f('ck_daily_report_submitted_has_time')),
    sa.CheckConstraint('reviewed_by_id <> technician_id', name=op.f('ck_daily_report_reviewed_by_another')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_daily_report_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_daily_report_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['reviewed_by_id'], ['user.id'], name=op.f('fk_daily_report_reviewed_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['technician_id'], ['user.id'], name=op.f('fk_daily_report_technician_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_daily_report_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_daily_report')),
    sa.UniqueConstraint('technician_id', 'report_on', name='uq_daily_report_day')
    )
    with op.batch_alter_table('daily_report') as batch:
        batch.create_index(batch.f('ix_daily_report_branch_id'), ['branch_id'], unique=False)
        batch.create_index('ix_daily_report_by_state', ['branch_id', 'state', 'report_on', 'id'], unique=False)
        batch.create_index(batch.f('ix_daily_report_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index('ix_daily_report_register', ['branch_id', 'report_on', 'id'], unique=False)
        batch.create_index('ix_daily_report_report_on_id', ['report_on', 'id'], unique=False)
        batch.create_index(batch.f('ix_daily_report_reviewed_by_id'), ['reviewed_by_id'], unique=False)
        batch.create_index(batch.f('ix_daily_report_submitted_at'), ['submitted_at'], unique=False)
        batch.create_index(batch.f('ix_daily_report_updated_by_id'), ['updated_by_id'], unique=False)

    op.create_table('report_line',
    sa.Column('report_id', sa.Integer(), nullable=False),
    sa.Column('source', sa.Enum('visit', 'card', 'typed', name='linesource', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('work_type', sa.Enum('A', 'B', 'C', 'D', name='worktype', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('visit_id', sa.Integer(), nullable=True),
    sa.Column('time_entry_id', sa.Integer(), nullable=True),
    sa.Column('call_id', sa.Integer(), nullable=True),
    sa.Column('voucher_id', sa.Integer(), nullable=True),
    sa.Column('card_id', sa.Integer(), nullable=True),
    sa.Column('description', sa.String(length=500), nullable=False),
    sa.Column('result', sa.String(length=300), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('proposed_type', sa.Enum('A', 'B', 'C', 'D', name='proposed_work_type', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('proposed_started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('proposed_ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('proposed_minutes', sa.Integer(), nullable=True),
    sa.Column('is_corrected', sa.Boolean(), nullable=False),
    sa.Column('note', sa.String(length=300), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(source = 'card') = (time_entry_id IS NOT NULL)", name=op.f('ck_report_line_entry_is_named')),
    sa.CheckConstraint("(source = 'typed') = (proposed_minutes IS NULL)", name=op.f('ck_report_line_proposal_is_kept')),
    sa.CheckConstraint("(source = 'visit') = (visit_id IS NOT NULL)", name=op.f('ck_report_line_visit_is_named')),
    sa.CheckConstraint("source <> 'typed' OR description <> ''", name=op.f('ck_report_line_typed_has_words')),
    sa.CheckConstraint("source = 'typed' OR minutes = proposed_minutes OR note <> ''", name=op.f('ck_report_line_correction_has_note')),
    sa.CheckConstraint("work_type IS NULL OR (work_type = 'D') = (call_id IS NULL)", name=op.f('ck_report_line_job_has_call')),
    sa.CheckConstraint('(started_at IS NULL) = (ended_at IS NULL)', name=op.f('ck_report_line_start_with_end')),
    sa.CheckConstraint('ended_at IS NULL OR ended_at >= started_at', name=op.f('ck_report_line_end_after_start')),
    sa.CheckConstraint('minutes BETWEEN 0 AND 1440', name=op.f('ck_report_line_minutes_in_range')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_report_line_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['call_id'], ['service_call.id'], name=op.f('fk_report_line_call_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['card_id'], ['repair_card.id'], name=op.f('fk_report_line_card_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_report_line_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['report_id'], ['daily_report.id'], name=op.f('fk_report_line_report_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['time_entry_id'], ['time_entry.id'], name=op.f('fk_report_line_time_entry_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_report_line_updated_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['visit_id'], ['visit.id'], name=op.f('fk_report_line_visit_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['voucher_id'], ['service_voucher.id'], name=op.f('fk_report_line_voucher_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report_line')),
    sa.UniqueConstraint('report_id', 'time_entry_id', name='uq_report_line_time_entry'),
    sa.UniqueConstraint('report_id', 'visit_id', name='uq_report_line_visit')
    )
    with op.batch_alter_table('report_line') as batch:
        batch.create_index(batch.f('ix_report_line_branch_id'), ['branch_id'], unique=False)
        batch.create_index(batch.f('ix_report_line_call_id'), ['call_id'], unique=False)
        batch.create_index(batch.f('ix_report_line_card_id'), ['card_id'], unique=False)
        batch.create_index(batch.f('ix_report_line_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index(batch.f('ix_report_line_time_entry_id'), ['time_entry_id'], unique=False)
        batch.create_index(batch.f('ix_report_line_updated_by_id'), ['updated_by_id'], unique=False)
        batch.create_index(batch.f('ix_report_line_visit_id'), ['visit_id'], unique=False)
        batch.create_index(batch.f('ix_report_line_voucher_id'), ['voucher_id'], unique=False)

    op.create_table('supervisor_report',
    sa.Column('report_on', sa.Date(), nullable=False),
    sa.Column('state', sa.Enum('draft', 'submitted', 'reviewed', name='summarystate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('remark', sa.String(length=1000), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('submitted_by_id', sa.Integer(), nullable=True),
    sa.Column('is_late', sa.Boolean(), nullable=False),
    sa.Column('reviewed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reviewed_by_id', sa.Integer(), nullable=True),
    sa.Column('review_note', sa.String(length=500), nullable=False),
    sa.Column('branch_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Integer(), nullable=True),
    sa.Column('updated_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("(state = 'draft') = (revision = 0)", name=op.f('ck_supervisor_report_submitted_is_frozen')),
    sa.CheckConstraint("(state = 'reviewed') = (reviewed_at IS NOT NULL AND reviewed_by_id IS NOT NULL)", name=op.f('ck_supervisor_report_reviewed_has_person')),
    sa.CheckConstraint("state = 'draft' OR (submitted_at IS NOT NULL AND submitted_by_id IS NOT NULL)", name=op.f('ck_supervisor_report_submitted_has_person')),
    sa.CheckConstraint('reviewed_by_id <> submitted_by_id', name=op.f('ck_supervisor_report_reviewed_by_another')),
    sa.ForeignKeyConstraint(['branch_id'], ['branch.id'], name=op.f('fk_supervisor_report_branch_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_supervisor_report_created_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['reviewed_by_id'], ['user.id'], name=op.f('fk_supervisor_report_reviewed_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['submitted_by_id'], ['user.id'], name=op.f('fk_supervisor_report_submitted_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['updated_by_id'], ['user.id'], name=op.f('fk_supervisor_report_updated_by_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supervisor_report')),
    sa.UniqueConstraint('branch_id', 'report_on', name='uq_supervisor_report_day')
    )
    with op.batch_alter_table('supervisor_report') as batch:
        batch.create_index(batch.f('ix_supervisor_report_branch_id'), ['branch_id'], unique=False)
        batch.create_index('ix_supervisor_report_by_state', ['branch_id', 'state', 'report_on', 'id'], unique=False)
        batch.create_index(batch.f('ix_supervisor_report_created_by_id'), ['created_by_id'], unique=False)
        batch.create_index('ix_supervisor_report_report_on_id', ['report_on', 'id'], unique=False)
        batch.create_index(batch.f('ix_supervisor_report_reviewed_by_id'), ['reviewed_by_id'], unique=False)
        batch.create_index(batch.f('ix_supervisor_report_submitted_at'), ['submitted_at'], unique=False)
        batch.create_index(batch.f('ix_supervisor_report_submitted_by_id'), ['submitted_by_id'], unique=False)
        batch.create_index(batch.f('ix_supervisor_report_updated_by_id'), ['updated_by_id'], unique=False)

    op.create_table('report_revision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('report_id', sa.Integer(), nullable=False),
    sa.Column('nth', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('received', sa.Integer(), nullable=False),
    sa.Column('dispatched', sa.Integer(), nullable=False),
    sa.Column('finished', sa.Integer(), nullable=False),
    sa.Column('carried_over', sa.Integer(), nullable=False),
    sa.Column('in_repair', sa.Integer(), nullable=False),
    sa.Column('overdue', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['made_by_id'], ['user.id'], name=op.f('fk_report_revision_made_by_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['report_id'], ['supervisor_report.id'], name=op.f('fk_report_revision_report_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report_revision')),
    sa.UniqueConstraint('report_id', 'nth', name='uq_report_revision_nth')
    )
    with op.batch_alter_table('report_revision') as batch:
        batch.create_index(batch.f('ix_report_revision_made_by_id'), ['made_by_id'], unique=False)

    op.create_table('revision_cell',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('revision_id', sa.Integer(), nullable=False),
    sa.Column('technician_id', sa.Integer(), nullable=False),
    sa.Column('work_type', sa.Enum('A', 'B', 'C', 'D', name='worktype', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('jobs', sa.Integer(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.CheckConstraint('jobs >= 0 AND minutes >= 0', name=op.f('ck_revision_cell_not_negative')),
    sa.ForeignKeyConstraint(['revision_id'], ['report_revision.id'], name=op.f('fk_revision_cell_revision_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['technician_id'], ['user.id'], name=op.f('fk_revision_cell_technician_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_revision_cell')),
    sa.UniqueConstraint('revision_id', 'technician_id', 'work_type', name='uq_revision_cell_once')
    )
    with op.batch_alter_table('revision_cell') as batch:
        batch.create_index(batch.f('ix_revision_cell_technician_id'), ['technician_id'], unique=False)

    op.create_table('revision_missing',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('revision_id', sa.Integer(), nullable=False),
    sa.Column('technician_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['revision_id'], ['report_revision.id'], name=op.f('fk_revision_missing_revision_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['technician_id'], ['user.id'], name=op.f('fk_revision_missing_technician_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_revision_missing')),
    sa.UniqueConstraint('revision_id', 'technician_id', name='uq_revision_missing_once')
    )
    with op.batch_alter_table('revision_missing') as batch:
        batch.create_index(batch.f('ix_revision_missing_technician_id'), ['technician_id'], unique=False)

    _lock()
    op.drop_index("ix_visit_technician_id", table_name="visit")
    op.create_index("ix_visit_span", "visit", ["technician_id", "arrived_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_visit_span", table_name="visit")
    op.create_index("ix_visit_technician_id", "visit", ["technician_id"])
    if op.get_bind().dialect.name != "sqlite":
        for name, table, _event, _condition in _LOCKS:
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
    for table in ("revision_missing", "revision_cell", "report_revision", "supervisor_report", "report_line", "daily_report"):
        op.drop_table(table)
