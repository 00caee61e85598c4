"""Acts on branches and service areas."""

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import exists, select

from backoffice.core.acts import act
from backoffice.core.db import db
from backoffice.core.errors import RuleViolated
from backoffice.core.permissions import Actor, Permission
from backoffice.core.texts import clean, given
from backoffice.organisation.models import Branch, BranchKind, ServiceArea, User, Zone
from backoffice.organisation.rules import check_branch_code, check_limit, check_region_code
from backoffice.settings.queries import zone_limits


@act(
    "branch.create", Branch, permission=Permission.BRANCH_WRITE, label=_l("New branch"), rule="E-01", creates=True,
    tone="primary",
)  # fmt: skip
def create_branch(
    *, by: Actor, at: datetime, code: str, name: str, kind: BranchKind, parent: Branch | None = None, city: str = "",
    address: str = "", phone: str = "", service_department_name: str = "",
) -> Branch:  # fmt: skip
    """Open a branch. Its code stands in all its numbers and stays for ever."""
    code = check_branch_code(code)
    if db.session.scalar(select(exists().where(Branch.code == code))):
        raise RuleViolated(_l("Branch code %(code)s is taken.", code=code), rule="E-01", field="code")
    branch = Branch(code=code)
    _describe_branch(branch, name, kind, parent, city, address, phone, service_department_name)
    db.session.add(branch)
    return branch


@act("branch.edit", Branch, permission=Permission.BRANCH_WRITE, label=_l("Edit"), rule="E-01", bulk=False)
def edit_branch(
    branch: Branch, *, by: Actor, at: datetime, name: str, kind: BranchKind, parent: Branch | None = None,
    city: str = "", address: str = "", phone: str = "", service_department_name: str = "", is_active: bool = True,
) -> None:  # fmt: skip
    """Change what is known of a branch; never its code. It closes only when nobody active belongs to it."""
    occupied = select(exists().where(User.branch_id == branch.id, User.is_active))
    if branch.is_active and not is_active and db.session.scalar(occupied):
        raise RuleViolated(
            _l("Active users belong to this branch. Move or deactivate them first."), rule="E-01", field="is_active"
        )
    _describe_branch(branch, name, kind, parent, city, address, phone, service_department_name)
    branch.is_active = is_active


def _describe_branch(
    branch: Branch, name: str, kind: BranchKind, parent: Branch | None, city: str, address: str, phone: str,
    service_department_name: str,
) -> None:  # fmt: skip
    above = parent
    while above is not None:
        if above is branch:
            raise RuleViolated(_l("A branch cannot stand above itself."), rule="E-01", field="parent")
        above = above.parent
    branch.name = given(name, 80, "name", _l("Enter the name."))
    branch.kind = kind
    branch.parent_id = parent.id if parent else None
    branch.city = clean(city, 40, "city")
    branch.address = clean(address, 200, "address")
    branch.phone = clean(phone, 40, "phone")
    department = clean(service_department_name, 60, "service_department_name")
    branch.service_department_name = department or "售后服务部"


@act(
    "area.create", ServiceArea, permission=Permission.AREA_CREATE, label=_l("New service area"), rule="E-03",
    creates=True, tone="primary",
)  # fmt: skip
def create_area(
    *, by: Actor, at: datetime, branch: Branch, name: str, zone: Zone, region_code: str = "",
    dispatch_limit_min: int | None = None, arrival_limit_min: int | None = None,
) -> ServiceArea:  # fmt: skip
    """Open a service area; a limit that is not given is that of its zone (TL-01, TL-02)."""
    dispatch, arrival = zone_limits(zone.value)
    area = ServiceArea(branch_id=branch.id)
    _describe_area(
        area, name, zone, region_code, dispatch if dispatch_limit_min is None else dispatch_limit_min,
        arrival if arrival_limit_min is None else arrival_limit_min,
    )  # fmt: skip
    db.session.add(area)
    return area


@act("area.edit", ServiceArea, permission=Permission.AREA_WRITE, label=_l("Edit"), rule="E-03", bulk=False)
def edit_area(
    area: ServiceArea, *, by: Actor, at: datetime, name: str, zone: Zone, region_code: str = "",
    dispatch_limit_min: int | None, arrival_limit_min: int | None, is_active: bool = True,
) -> None:  # fmt: skip
    """Change an area and its limits, for the calls that are registered from now on."""
    _describe_area(area, name, zone, region_code, dispatch_limit_min, arrival_limit_min)
    area.is_active = is_active


def _describe_area(
    area: ServiceArea, name: str, zone: Zone, region_code: str, dispatch: int | None, arrival: int | None
) -> None:
    region = check_region_code(region_code)
    same = exists().where(ServiceArea.branch_id == area.branch_id, ServiceArea.region_code == region)
    if region and db.session.scalar(select(same.where(ServiceArea.id != (area.id or 0)))):
        raise RuleViolated(
            _l("Another area of this branch has region code %(code)s.", code=region), rule="E-03", field="region_code"
        )
    area.name = given(name, 80, "name", _l("Enter the name."))
    area.zone = zone
    area.region_code = region
    area.dispatch_limit_min = check_limit(dispatch, "dispatch_limit_min")
    area.arrival_limit_min = check_limit(arrival, "arrival_limit_min")
