"""What holds for every record of an older system that is brought in as history."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from .db import db
from .errors import MissingInput, RuleViolated, Text

FIRST_YEAR = 1950


def checked_times(
    row: Mapping[str, Any], fields: Sequence[str], needed: Sequence[str], now: datetime, *, message: Text, rule: str
) -> dict[str, datetime]:
    """Those of the times `fields` that are known; raises what is wrong with one, naming it.

    They come in the order of `fields`, none before one that stands earlier, none in the future or before 1950.
    message: what to say where one of the `needed` is missing.
    """
    times: dict[str, datetime] = {}
    for field in fields:
        time = row.get(field)
        if time is None:
            continue
        if time > now:
            raise RuleViolated(_l("The time lies in the future."), rule="G-04", field=field)
        if time.year < FIRST_YEAR:
            raise MissingInput(_l("Enter a date after the year %(year)s.", year=FIRST_YEAR), rule="G-04", field=field)
        if times and time < max(times.values()):
            raise RuleViolated(_l("This is earlier than the step before it."), rule=rule, field=field)
        times[field] = time
    for field in needed:
        if field not in times:
            raise MissingInput(message, rule=rule, field=field)
    return times


def known_numbers(model: type[Any], branch_id: int, rows: Sequence[Mapping[str, Any]], gone: Any) -> dict[str, str]:
    """Old number and ours of the records of the branch that have one of the rows' old numbers already.

    gone: the state of records whose old number is free again.
    """
    old = {row["old_number"] for row in rows if row.get("old_number")}
    query = select(model.old_number, model.number).where(
        model.branch_id == branch_id, model.old_number.in_(old), model.state != gone
    )
    return dict(db.session.execute(query).all()) if old else {}
