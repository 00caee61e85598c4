"""An import from its file to its entry in the audit trail; the caller commits, or rolls back a dry run."""

import hashlib
from collections.abc import Callable

from flask_babel import lazy_gettext as _l

from backoffice.core import audit
from backoffice.core.errors import MissingInput, RuleViolated
from backoffice.organisation.models import User
from backoffice.ui.importing.plan import Plan
from backoffice.ui.importing.reading import Table
from backoffice.ui.importing.running import Result, run

from .targets import TARGETS, ImportTarget


class NotClean(RuleViolated):
    """Rows were refused, and the plan does not say that the good ones may come in without them."""

    def __init__(self, result: Result) -> None:
        super().__init__(
            _l("Nothing was imported: %(refused)s of %(rows)s rows have a problem.",
               refused=len(result.refused), rows=result.rows),
            field="file",
        )  # fmt: skip
        self.result = result


def target_of(kind: str) -> type[ImportTarget]:
    """The target called `kind`; raises MissingInput for anything else."""
    if kind not in TARGETS:
        raise MissingInput(_l("Choose what to import: %(kinds)s.", kinds=", ".join(TARGETS)), field="kind")
    return TARGETS[kind]


def import_table(
    kind: str, table: Table, plan: Plan, *, by: User, name: str, content: bytes,
    progress: Callable[[int], None] = lambda rows: None,
) -> Result:  # fmt: skip
    """Import the table of the file `name` within the running transaction and note it in the audit trail.

    Raises NotClean where rows are refused and the plan wants all or nothing, or none is good; NotPermitted without the
    right; MissingInput for a plan that does not fit. After either the caller rolls back.
    """
    target = target_of(kind)(by, plan.options)
    result = run(target, table, plan, progress=progress)
    if result.refused and not (plan.good_rows_only and result.good):
        raise NotClean(result)
    note = f"{kind}: {name[-100:]}, {result.good} of {result.rows} rows, sha256 {hashlib.sha256(content).hexdigest()}"
    audit.record("import", "data.import", by=by, note=note)
    return result
