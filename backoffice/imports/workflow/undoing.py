"""Taking an import back: what nothing depends on yet is cancelled or taken out of use, the newest first (G-03)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Column, Table, select, update

from backoffice.calls import workflow as calls
from backoffice.calls.models import ServiceCall
from backoffice.core import clock
from backoffice.core.acts import act
from backoffice.core.attachments import Attachment
from backoffice.core.audit import AuditEntry
from backoffice.core.db import db
from backoffice.core.errors import RuleViolated, Text
from backoffice.core.permissions import Actor, Permission
from backoffice.core.scope import visible
from backoffice.customers import workflow as customers
from backoffice.customers.models import Contact, Customer
from backoffice.imports import queries
from backoffice.imports.models import ImportMade, ImportRun, MadeState, RunState
from backoffice.organisation.models import User
from backoffice.parts import workflow as parts
from backoffice.parts.models import Part
from backoffice.products import workflow as products
from backoffice.products.models import InstalledUnit, ProductModel
from backoffice.repairs import workflow as repairs
from backoffice.repairs.models import RepairCard
from backoffice.sales import workflow as sales
from backoffice.sales.models import SaleLine
from backoffice.ui.importing import running as chunks

#: By table: the model, the act that brings its records in, and the act that takes them back.
_BACK: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "customer": (Customer, "customer.import", customers.take_back_customers),
    "contact": (Contact, "contact.import", customers.take_back_contacts),
    "product_model": (ProductModel, "model.import", products.take_back_models),
    "part": (Part, "part.import", parts.take_back_parts),
    "installed_unit": (InstalledUnit, "unit.import", products.take_back_units),
    "service_call": (ServiceCall, "call.import", calls.take_back_history),
    "repair_card": (RepairCard, "card.import", repairs.take_back_history),
    "sale_line": (SaleLine, "sale.import", sales.take_back_history),
}
#: By table: why what an import has written there is never taken back.
_STAYS: dict[str, Text] = {"invoice": _l("An issued invoice is only taken back by a red one.")}
_DEPENDING: dict[str, Text] = {
    "service_call": _l("A call depends on it."),
    "repair_card": _l("A repair card depends on it."),
    "parts_sale": _l("A parts sale depends on it."),
    "sale_line": _l("A parts sale depends on it."),
    "installed_unit": _l("A unit depends on it."),
    "contact": _l("A contact depends on it."),
    "service_contract": _l("A contract depends on it."),
    "contract_unit": _l("A contract depends on it."),
    "stock_movement": _l("Stock of it was moved."),
    "project": _l("A project depends on it."),
}
_NO_SYNC = {"synchronize_session": False}


def _has_made(run: ImportRun, by: Actor) -> None:
    if not queries.made_by(run):
        raise RuleViolated(_l("This import has brought nothing in."), rule="G-03")


@act(
    "import.undo", ImportRun, permission=Permission.DATA_IMPORT, label=_l("Take the import back"), rule="G-03",
    sources=[RunState.DONE, RunState.STOPPED], target=RunState.UNDOING, guards=[_has_made], tone="danger", bulk=False,
)  # fmt: skip
def undo(run: ImportRun, *, by: User, at: datetime) -> None:
    """Begin to take back what the run has made and nothing depends on yet."""
    run.ended_at, run.undone, run.kept = None, 0, 0
    run.driver, run.driven_until = "", None


def undo_chunk(run: ImportRun, by: User) -> bool:
    """Take the next records back, the newest first; answers whether there are no more."""
    query = (
        select(ImportMade.id, ImportMade.table_name, ImportMade.record_id, ImportMade.record_version)
        .where(ImportMade.run_id == run.id, ImportMade.state == MadeState.MADE)
        .order_by(ImportMade.id.desc())
        .limit(chunks.CHUNK)
    )
    made = db.session.execute(query).all()
    undone = kept = 0
    for table, group in groupby(made, key=lambda one: one.table_name):
        gone, stays = _take_back(run, table, list(group), by)
        undone, kept = undone + gone, kept + stays
    run.undone, run.kept = run.undone + undone, run.kept + kept
    if len(made) < chunks.CHUNK:
        run.state, run.ended_at = RunState.UNDONE, clock.now()
        return True
    return False


def _take_back(run: ImportRun, table: str, made: Sequence[Any], by: User) -> tuple[int, int]:
    if table in _STAYS:
        _mark(made, MadeState.KEPT, str(_STAYS[table]))
        return 0, len(made)
    model, brought_in_by, back = _BACK[table]
    ids = [one.record_id for one in made]
    records = {
        record.id: record
        for record in db.session.scalars(
            select(model).where(model.id.in_(ids), visible(model, by)).order_by(model.id).with_for_update(of=model)
            .execution_options(populate_existing=True)
        )
    }  # fmt: skip
    reasons = _depended_on(table, ids) | _worked_on(run, table, ids, brought_in_by)
    for one in made:
        record = records.get(one.record_id)
        if record is None:
            reasons[one.record_id] = _l("It is no longer in your branch.")
        elif record.version != one.record_version:
            reasons[one.record_id] = _l("It was changed since.")
    free = [one for one in made if one.record_id not in reasons]
    if free:
        back(by=by, records=[records[one.record_id] for one in free])
        _mark(free, MadeState.UNDONE)
    for reason in dict.fromkeys(str(reasons[one.record_id]) for one in made if one.record_id in reasons):
        _mark([one for one in made if str(reasons.get(one.record_id, "")) == reason], MadeState.KEPT, reason)
    return len(free), len(made) - len(free)


def _mark(made: Iterable[Any], state: MadeState, reason: str = "") -> None:
    ids = [one.id for one in made]
    statement = update(ImportMade).where(ImportMade.id.in_(ids)).values(state=state, reason=reason[:200])
    db.session.execute(statement, execution_options=_NO_SYNC)


def _worked_on(run: ImportRun, table: str, ids: Sequence[int], brought_in_by: str) -> dict[int, Text]:
    """Records of which the trail says that something was done with them since they were brought in."""
    query = (
        select(AuditEntry.subject_id)
        .distinct()
        .where(
            AuditEntry.subject_type == table,
            AuditEntry.subject_id.in_(ids),
            AuditEntry.act != brought_in_by,
            ~AuditEntry.act.endswith(".unmask"),
            ~AuditEntry.act.endswith(".print"),
            AuditEntry.at >= run.started_at,
        )
    )
    worked = [key for key in db.session.scalars(query) if key is not None]
    return dict.fromkeys(worked, _l("Something was done with it."))


def _depended_on(table: str, ids: Sequence[int]) -> dict[int, Text]:
    """Records to which others point that are not taken back themselves."""
    found: dict[int, Text] = {}
    for other, column in _pointing(table):
        query = select(column).distinct().where(column.in_(ids))
        if "id" in other.c:
            query = query.where(
                ~select(ImportMade.id)
                .where(
                    ImportMade.table_name == other.name,
                    ImportMade.record_id == other.c.id,
                    ImportMade.state == MadeState.UNDONE,
                )
                .exists()
            )
        reason = _DEPENDING.get(other.name, _l("Another record depends on it."))
        found |= dict.fromkeys(db.session.scalars(query), reason)
    files = select(Attachment.subject_id).where(Attachment.subject_type == table, Attachment.subject_id.in_(ids))
    return found | dict.fromkeys(db.session.scalars(files), _l("A file is attached to it."))


@cache
def _pointing(table: str) -> list[tuple[Table, Column[Any]]]:
    """Every column of the audited tables, and of those without a class, that points to the table."""
    silent = {
        mapper.local_table.name for mapper in ImportRun.registry.mappers if not mapper.class_.__audited__
    }  # fmt: skip
    return [
        (other, key.parent) for other in db.metadata.sorted_tables if other.name not in silent
        for key in other.foreign_keys if key.column.table.name == table
    ]  # fmt: skip
