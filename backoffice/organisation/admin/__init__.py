"""The pages of branches, areas, users, absences, deputies, notices, numbers, the print log and the audit trail."""

from .away import AbsenceView, DelegationView
from .inbox import NoticesView
from .people import BranchView, ServiceAreaView, UserView
from .trail import AuditView, NumberSeriesView, PrintLogView

VIEWS = [
    NoticesView,
    BranchView,
    ServiceAreaView,
    UserView,
    AbsenceView,
    DelegationView,
    NumberSeriesView,
    PrintLogView,
    AuditView,
]
