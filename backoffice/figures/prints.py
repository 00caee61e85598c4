"""The printed pack of a month: every figure and chart of a branch (F-22)."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from backoffice.calls.models import ServiceCall
from backoffice.core import clock
from backoffice.core.permissions import Permission
from backoffice.ui.printing import Paper, print_day

from . import telling
from .queries import backlog
from .queries.asking import Asked
from .queries.names import lines_of
from .queries.reading import read
from .rules import Age, Kind, Span, period


@print_day(
    "F-22", ServiceCall, label=_l("Figures of the month"), paper=Paper.A4, template="figures/print_pack.html",
    permission=Permission.FIGURES_READ,
)  # fmt: skip
def pack(day: date, branch_id: int) -> dict[str, Any]:
    """The figures of the month in which the day lies, as they are known when it is printed."""
    month = period(Span.MONTH, day)
    asked = Asked(month, (branch_id,))
    readings = {kind: read(asked, kind) for kind in (Kind.TECHNICIAN, Kind.ZONE, Kind.MODEL)}
    found = readings[Kind.TECHNICIAN]
    days = backlog.midnights(month)
    ages = backlog.at_ends_of([*days, month.before.last], asked, found.standing)
    then = ages.pop(month.before.last)
    is_running = month.first <= clock.today() <= month.last
    now = backlog.now(asked) if is_running else None
    return {
        "month": month, "tiles": telling.tiles(found), "charts": telling.all_charts(found, ages, now),
        "open": now if now is not None else (ages[days[-1]] if days else None), "open_before": then, "ages": list(Age),
        "breakdowns": [
            (kind, telling.part_figures(kind), lines_of(one, kind, 12)) for kind, one in readings.items()
        ],
        "cells": telling.counted,
    }  # fmt: skip
