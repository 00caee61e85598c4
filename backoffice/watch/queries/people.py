"""Who is told at a step: one question for all branches."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import literal_column, select, union_all

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.organisation.models import Branch, BranchKind, Delegation, User
from backoffice.watch.models import ChatRobot, Told
from backoffice.watch.rules import stand_ins


@dataclass(frozen=True)
class TheTold:
    """Active people by branch and role, deputies of today among them, and who else is active."""

    by_role: dict[tuple[int, Role], list[int]]
    active: frozenset[int]
    headquarters: int | None

    def of(self, told: Told, branch_id: int, responsible: int | None) -> list[int]:
        """Keys of those who are told; where a branch has nobody, those who stand in for them."""
        role = told.role
        if role is None:
            if responsible in self.active and responsible is not None:
                return [responsible]
            role = Role.SUPERVISOR
        for one in stand_ins(role):
            if found := self.by_role.get((branch_id, one)):
                return found
        return self.by_role.get((self.headquarters or 0, Role.MANAGER), [])


def told_people() -> TheTold:
    """Everybody who may be told, by one statement."""
    own = select(User.branch_id, User.role, User.id, Branch.kind).join(Branch, Branch.id == User.branch_id)
    principal = User.__table__.alias("principal")
    deputies = (
        select(User.branch_id, principal.c.role, User.id, literal_column("NULL"))
        .select_from(Delegation)
        .join(principal, principal.c.id == Delegation.principal_id)
        .join(User, User.id == Delegation.deputy_id)
        .where(
            User.is_active, User.role != Role.ADMIN, User.branch_id == principal.c.branch_id,
            principal.c.is_active, Delegation.ended_at.is_(None), Delegation.from_on <= clock.today(),
            Delegation.to_on >= clock.today(),
        )
    )  # fmt: skip
    by_role: dict[tuple[int, Role], list[int]] = defaultdict(list)
    active, headquarters = set(), None
    for branch_id, role, key, kind in db.session.execute(union_all(own.where(User.is_active), deputies)):
        if key not in by_role[branch_id, Role(role)]:
            by_role[branch_id, Role(role)].append(key)
        active.add(key)
        if kind == BranchKind.HEADQUARTERS:
            headquarters = branch_id
    return TheTold({place: sorted(keys) for place, keys in by_role.items()}, frozenset(active), headquarters)


def robots_for(robots: list[ChatRobot], limit_key: str, told: Told, branch_id: int) -> list[ChatRobot]:
    """Those of the robots that tell of such a step in that branch."""
    return [
        robot
        for robot in robots
        if robot.branch_id in {None, branch_id}
        and (not robot.limits or limit_key in robot.limits)
        and (not robot.tells or told.value in robot.tells)
    ]
