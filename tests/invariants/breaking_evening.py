"""Direct edits of daily reports and the evening past the acts, one for each invariant."""

from datetime import timedelta
from typing import Any

from backoffice.core import clock
from backoffice.reconciliation.models import DayState
from backoffice.reports.models import ReportState, SummaryState
from tests import evening
from tests import factories as make
from tests.invariants.breaking import breaks, write


@breaks("daily_report.is_the_sum_of_its_lines")
def _() -> Any:
    evening.make_report()
    return write(evening.make_report(), minutes=61)


@breaks("daily_report.is_possible_once_handed_in")
def _() -> Any:
    evening.make_report(state=ReportState.SUBMITTED)
    report = evening.make_report(state=ReportState.SUBMITTED)
    call = make.make_call()
    evening.make_line(report, work_type=None, call_id=call.id, minutes=5)
    return write(report, minutes=65)


@breaks("supervisor_report.has_its_revisions")
def _() -> Any:
    evening.make_summary(SummaryState.SUBMITTED, report_on=clock.today() - timedelta(days=1))
    return write(evening.make_summary(SummaryState.SUBMITTED), revision=2)


@breaks("supervisor_report.is_the_sum_of_the_reports")
def _() -> Any:
    evening.make_summary(SummaryState.SUBMITTED, report_on=clock.today() - timedelta(days=1))
    evening.make_report(state=ReportState.SUBMITTED)
    return evening.make_summary(SummaryState.SUBMITTED)


@breaks("day_book.holds_its_calls")
def _() -> Any:
    evening.make_book(DayState.CLOSED, day=clock.today() - timedelta(days=1))
    return write(evening.make_book(DayState.CLOSED), members=1)


@breaks("service_call.is_counted_as_carried_over")
def _() -> Any:
    evening.make_undone()
    return write(evening.make_undone().call, carry_over_count=2)
