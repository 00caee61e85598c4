"""The jobs with their schedule and last result, and the book of all their runs (J)."""

from typing import Any

from flask import render_template
from flask_admin import expose
from flask_babel import lazy_gettext as _l

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.jobs import JOBS, JobRun, RunState
from backoffice.core.permissions import Permission
from backoffice.ui import formatters, registry
from backoffice.ui.guards import PageView
from backoffice.ui.views import DocumentView, NavGroup, Section
from backoffice.watch import queries
from backoffice.watch.rules import SILENT_AFTER

#: Registers that stand on this page instead of in the sidebar.
BESIDE = ("job_runs", "outbox", "chat_robots", "ladder_steps", "watch_marks")


class JobsView(PageView):
    """What runs by the clock, when it ran last and how that went."""

    endpoint = "jobs"
    url = "/jobs"
    name = _l("Scheduled jobs")
    group = NavGroup.SYSTEM
    order = 30
    icon = "clock"
    read = Permission.JOB_RUN

    @expose("/")
    def index_view(self) -> Any:
        """The schedule."""
        now, seen = clock.now(), queries.last_sweep()
        return render_template(
            "watch/jobs.html", view=self, admin_view=self, jobs=[JOBS[key] for key in sorted(JOBS)],
            runs=queries.last_runs(), now=now, seen=seen, is_silent=seen is None or now - seen > SILENT_AFTER,
            beside=[view for view in map(registry.view_at, BESIDE) if view is not None and view.is_accessible()],
            stuck=db.session.scalar(queries.stuck()), state_tag=formatters.badge, moment=formatters.exact,
        )  # fmt: skip


def _job_cell(view: Any, context: Any, run: JobRun, name: str) -> Any:
    return f"{run.job} {JOBS[run.job].label}" if run.job in JOBS else run.job


class JobRunView(DocumentView):
    """Every run with its result."""

    model = JobRun
    endpoint = "job_runs"
    url = "/jobs/runs/"
    name = _l("Runs of jobs")
    name_one = _l("Run")
    read = Permission.JOB_RUN
    create_act = "job_run.ask"

    column_list = ("job", "day", "state", "due_at", "started_at", "finished_at", "found", "attempt", "host")
    column_labels = {
        "job": _l("Scheduled job"), "day": _l("For the day"), "due_at": _l("Planned for"), "started_at": _l("Begun"),
        "finished_at": _l("Ended"), "found": _l("Records dealt with"), "attempt": _l("Attempt"), "host": _l("Worker"),
        "error": _l("Error"), "is_scheduled": _l("By the schedule"), "asked_by": _l("Asked for by"),
    }  # fmt: skip
    column_filters = ("state", "due_at")
    column_sortable_list = ("due_at",)
    column_default_sort = ("id", True)
    column_formatters = {"job": _job_cell}
    sections = (
        Section(_l("Run"), ("job", "day", "due_at", "is_scheduled", "asked_by", "attempt")),
        Section(_l("Result"), ("started_at", "finished_at", "found", "error", "host"), only_filled=True),
    )
    stages = (RunState.WAITING, RunState.RUNNING, RunState.DONE)
