"""The printed paper of the workshop: the repair card that hangs on the goods (F-05)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from backoffice.calls.models import ServiceCall
from backoffice.core import clock
from backoffice.core.permissions import Actor, Permission
from backoffice.goods.models import GoodsEntry
from backoffice.ui.printing import Paper, Personal, print_form

from .models import CardPart, CardState, RepairCard, TimeEntry
from .queries import UNFINISHED, minutes_of


@dataclass(frozen=True)
class CardCost:
    """What a card says about its cost: the amounts of its parts in their order, labour, and their sum."""

    parts: Sequence[str] = ()
    labour: str = ""
    total: str = ""


#: Finds at once what cards say about their cost, by their keys; the feature that knows fees puts its own here.
card_costs: Callable[[Sequence[RepairCard]], dict[int, CardCost]] = lambda cards: {}  # noqa: E731 - replaced

#: Rows of time and of parts that a card has at least, to write on.
TIME_LINES = 3
PART_LINES = 2


def hang(card: RepairCard, by: Actor, at: datetime) -> None:
    """From its first print on the card may hang on the goods (W-4.1); history has no goods and stays as it came in."""
    if card.printed_at is None and not card.is_history:
        card.printed_at = at


@print_form(
    "F-05", RepairCard, label=_l("Repair card"), paper=Paper.A6, template="repairs/print_card.html",
    permission=Permission.REPAIR_READ, on_print=hang, scan="repair_cards.scan_view",
    load=(
        joinedload(RepairCard.entry).joinedload(GoodsEntry.receipt),
        joinedload(RepairCard.call).joinedload(ServiceCall.contract),
        joinedload(RepairCard.technician), joinedload(RepairCard.inspected_by),
        selectinload(RepairCard.time_entries).joinedload(TimeEntry.user),
        selectinload(RepairCard.parts).joinedload(CardPart.part),
    ),
)  # fmt: skip
def card_sheets(cards: Sequence[RepairCard], personal: Personal) -> list[dict[str, Any]]:
    """What a card says so far, and lines to write on while it is in work; it hangs in the open, so it masks (X-20)."""
    costs = card_costs(cards)
    return [_sheet(card, personal, costs.get(card.id, CardCost())) for card in cards]


def _sheet(card: RepairCard, personal: Personal, cost: CardCost) -> dict[str, Any]:
    times = [_time(entry, card) for entry in card.time_entries if entry.voided_at is None]
    used = [part for part in card.parts if part.given_back_at is None]
    amounts = cost.parts or [""] * len(used)
    parts = [
        (line.part.label, f"{line.quantity.normalize():f} {line.part.unit}", amount)
        for line, amount in zip(used, amounts, strict=True)
    ]
    readings = (card.test_flow, card.test_head, card.test_current, card.test_insulation)
    in_work = not card.is_history and card.state in UNFINISHED
    return {
        "customer": personal.masked(card, "customer_name"), "planned": _planned(card.planned_finish_at),
        "times": times, "time_lines": _blank(TIME_LINES, len(times), in_work),
        "minutes": minutes_of(card), "cost": CardCost() if in_work else cost,
        "parts": parts, "part_lines": 0 if card.no_parts else _blank(PART_LINES, len(parts), in_work),
        "readings": ["" if value is None else f"{value:.10g}" for value in readings],
        "void": card.state.label if card.state is CardState.VOID else "",
    }  # fmt: skip


def _planned(moment: datetime | None) -> str:
    """The moment as people say it: the end of a day is that day, not the next one at midnight."""
    if moment is None:
        return ""
    wall = clock.local(moment)
    if wall.time() == time.min:
        return f"{wall - timedelta(days=1):%Y-%m-%d}"
    return f"{wall:%Y-%m-%d %H:%M}"


def _blank(least: int, filled: int, in_work: bool) -> int:
    """Lines to write on: while work goes on always one; afterwards only where the table would be empty."""
    return max(least - filled, 1) if in_work else int(not filled)


def _time(entry: TimeEntry, card: RepairCard) -> dict[str, Any]:
    start = clock.local(entry.started_at)
    end = clock.local(entry.ended_at) if entry.ended_at is not None else None
    name = entry.user.real_name if entry.user_id != card.technician_id else ""
    return {
        "day": f"{start:%Y-%m-%d}", "span": f"{start:%H:%M}–{f'{end:%H:%M}' if end else ''}",
        "minutes": entry.minutes, "work": " · ".join(word for word in (entry.work, name) if word),
    }  # fmt: skip
