"""The registers of work: technicians (R-07), and the supervisor's days with the sums of the period (R-08)."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from backoffice.core import once
from backoffice.core.permissions import Actor, Permission
from backoffice.registers import queries
from backoffice.registers.queries.work import FIGURES
from backoffice.reports.rules import WorkType

from .tables import Table, TableView

NOTHING = "—"


def _rate(part: int, whole: int) -> str:
    """`73.5 %`; a dash where there is nothing to divide by."""
    return f"{part * 100 / whole:.1f} %" if whole else NOTHING


def _by_kind() -> list[str]:
    """Headers of the four kinds of work: jobs and minutes."""
    return [f"{kind.value} {words}" for kind in WorkType for words in (gettext("jobs"), gettext("minutes"))]


class TechnicianWorkView(TableView):
    """Jobs and minutes of each technician by kind of work (R-07)."""

    rule = "R-07"
    model_name = "daily_report"
    endpoint = "technician_work"
    url = "/registers/technicians"
    name = _l("Work of the technicians")
    read = Permission.REPORT_READ
    by_technician = True
    says = _l(
        "Out of the daily reports that were handed in. A job counts once a day. Utilisation: the minutes on jobs among "
        "all minutes, in reviewed reports."
    )

    def table(self, asked: queries.Asked, by: Actor) -> Table:
        """A line for each technician and branch, and the sum."""
        people = queries.work_of_technicians(asked, by)
        with once.asking():
            more = [(label, values({one.id for one in people}, asked, by)) for label, values in FIGURES]
        header: list[Any] = [gettext("Branch"), gettext("Technician"), *_by_kind(), gettext("All minutes"),
                             gettext("Utilisation"), *(label for label, _ in more)]  # fmt: skip
        rows = [
            [one.branch, one.name, *_cells(one.jobs, one.minutes), one.total, _rate(one.reviewed_jobs, one.reviewed),
             *(values.get(one.id, NOTHING) for _, values in more)]
            for one in people
        ]  # fmt: skip
        if not rows:
            return Table(header)
        jobs = {kind: sum(one.jobs.get(kind, 0) for one in people) for kind in WorkType}
        minutes = {kind: sum(one.minutes.get(kind, 0) for one in people) for kind in WorkType}
        whole = _rate(sum(one.reviewed_jobs for one in people), sum(one.reviewed for one in people))
        last = [gettext("Together"), None, *_cells(jobs, minutes), sum(minutes.values()), whole, *(None for _ in more)]
        return Table(header, rows, [last])


def _cells(jobs: dict[WorkType, int], minutes: dict[WorkType, int]) -> list[int]:
    return [value for kind in WorkType for value in (jobs.get(kind, 0), minutes.get(kind, 0))]


class SupervisorDaysView(TableView):
    """The supervisor's reports of a period, day by day, with the sums (R-08)."""

    rule = "R-08"
    model_name = "supervisor_report"
    endpoint = "supervisor_days"
    url = "/registers/supervisor"
    name = _l("Supervisor's reports with sums")
    read = Permission.SUMMARY_READ
    says = _l(
        "The figures as they were handed in last. Carried over, in repair and overdue are how things stood at the end "
        "of a day; they are not added up."
    )

    def table(self, asked: queries.Asked, by: Actor) -> Table:
        """A line for each day and branch; what flows is added up."""
        found = queries.days_of_branches(asked, by)
        header: list[Any] = [
            gettext("Day"), gettext("Branch"), gettext("State"), *_by_kind(), gettext("All minutes"),
            gettext("Calls received"), gettext("Calls dispatched"), gettext("Finished"), gettext("Carried over"),
            gettext("In repair"), gettext("Overdue"),
        ]  # fmt: skip
        rows, flows = [], []
        jobs = dict.fromkeys(WorkType, 0)
        minutes = dict.fromkeys(WorkType, 0)
        for report, revision, cells in found:
            line = [report.report_on, report.branch.name, str(report.state.label)]
            if revision is None:
                rows.append(line + [None] * (len(header) - len(line)))
                continue
            done = {kind: value[0] for kind, value in cells.items()}
            took = {kind: value[1] for kind, value in cells.items()}
            flow = [revision.received, revision.dispatched, revision.finished]
            rest = [revision.carried_over, revision.in_repair, revision.overdue]
            rows.append([*line, *_cells(done, took), sum(took.values()), *flow, *rest])
            flows.append(flow)
            for kind in WorkType:
                jobs[kind] += done.get(kind, 0)
                minutes[kind] += took.get(kind, 0)
        if not rows:
            return Table(header)
        flowed = [sum(one) for one in zip(*flows, strict=True)] if flows else [0, 0, 0]
        last = [
            gettext("Together"),
            None,
            None,
            *_cells(jobs, minutes),
            sum(minutes.values()),
            *flowed,
            None,
            None,
            None,
        ]
        return Table(header, rows, [last])
