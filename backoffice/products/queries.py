"""Which models, symptoms and units a person sees, and how one is found."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, select, true
from sqlalchemy.orm import joinedload

from backoffice.core import searching
from backoffice.core.permissions import Permission
from backoffice.core.scope import scoped, visible
from backoffice.core.texts import fold_code
from backoffice.customers.models import Customer, Project
from backoffice.customers.queries import of_own_jobs, sees_own_jobs_only
from backoffice.organisation.queries import in_any_branch_for_admin

from .models import FaultSymptom, InstalledUnit, ProductModel, UnitStatus


@scoped(ProductModel)
def _models_of(by: Any) -> ColumnElement[bool]:
    return true() if by.can(Permission.PRODUCT_READ) else false()


@scoped(FaultSymptom)
def _symptoms_of(by: Any) -> ColumnElement[bool]:
    return true() if by.can(Permission.PRODUCT_READ) else false()


@scoped(InstalledUnit)
def _units_of(by: Any) -> ColumnElement[bool]:
    branch = in_any_branch_for_admin(InstalledUnit, by)
    return and_(branch, of_own_jobs(InstalledUnit.customer_id, by)) if sees_own_jobs_only(by) else branch


def models_matching(term: str, by: Any) -> Select[ProductModel]:
    """Active models whose code, name or series hold the words of `term`, by code."""
    query = select(ProductModel).where(visible(ProductModel, by), ProductModel.is_active)
    typed = term.replace("\0", "").strip()
    if typed:
        query = query.where(searching.matches(ProductModel, typed, by))
    return query.order_by(ProductModel.code)


def symptoms() -> Select[FaultSymptom]:
    """The symptoms on offer, in the order of the list (G-08)."""
    return select(FaultSymptom).where(FaultSymptom.is_active).order_by(FaultSymptom.id)


def units_matching(term: str, by: Any, customer_id: int | None = None) -> Select[InstalledUnit]:
    """Units that the person sees, of one customer when given, whose serial number, model or customer says `term`.

    Scrapped units come last; an empty term selects all, the newest first.
    """
    query = select(InstalledUnit).where(visible(InstalledUnit, by), InstalledUnit.status != UnitStatus.VOID)
    if customer_id is not None:
        query = query.where(InstalledUnit.customer_id == customer_id)
    query = query.options(joinedload(InstalledUnit.model), joinedload(InstalledUnit.customer))
    typed = term.replace("\0", "").strip()
    if not typed and customer_id is None:
        return query.order_by(InstalledUnit.id.desc())
    if typed:
        through = [(InstalledUnit.customer_id, Customer)] if customer_id is None else []
        query = query.where(searching.matches(InstalledUnit, typed, by, through))
    return query.order_by((InstalledUnit.status == UnitStatus.SCRAPPED), InstalledUnit.serial_no)


def not_commissioned(project: Project) -> Select[InstalledUnit]:
    """The project's units in use or in repair whose day of commissioning is not known."""
    return select(InstalledUnit).where(
        InstalledUnit.project_id == project.id,
        InstalledUnit.commissioned_on.is_(None),
        InstalledUnit.status.in_((UnitStatus.IN_USE, UnitStatus.IN_REPAIR)),
    )


def with_serial(serial_no: str) -> Select[int]:
    """Key of the unit with this serial number, in whichever branch: a number exists once (E-06)."""
    return select(InstalledUnit.id).where(
        InstalledUnit.serial_folded == fold_code(serial_no), InstalledUnit.status != UnitStatus.VOID
    )
