"""Lists that people have saved: for themselves, for the branch, for all branches, and one with which a list opens."""

from backoffice.core.permissions import Role
from backoffice.saved.models import Visibility
from backoffice.saved.workflow import save, set_role

from .agenda import Life
from .office import Crew, Office

CALLS = "service_calls"
OPEN = "state=registered&state=dispatched&state=on_site"


def of_company(office: Office) -> Life:
    """The administrator's, which every branch sees."""
    yield office.day(27, 10, 15)
    save(
        by=office.admin, register=CALLS, address="state=completed&sort=completed_at", name="已完工未注销",
        visibility=Visibility.COMPANY,
    )  # fmt: skip


def of_branch(office: Office, crew: Crew) -> Life:
    """The supervisor's, shared with the branch; finance sees the paid calls first; the assistant keeps one alone."""
    supervisor = crew.one(Role.SUPERVISOR)
    yield office.day(26, 9, 20)
    for name, address in (
        ("待派工，先到期的在前", "state=registered&sort=dispatch_order_at"),
        ("加急未完", f"{OPEN}&priority=urgent"),
    ):
        save(by=supervisor, register=CALLS, address=address, name=name, visibility=Visibility.BRANCH)
    paid = save(
        by=supervisor, register=CALLS, address="service_type=A&sort=received_at&desc=1", name="有费叫修",
        visibility=Visibility.BRANCH,
    )  # fmt: skip
    set_role(paid, by=supervisor, role=Role.FINANCE)
    yield office.day(12, 16, 45)
    save(by=crew.one(Role.ASSISTANT), register=CALLS, address=f"{OPEN}&zone=suburb", name="郊区在办")
