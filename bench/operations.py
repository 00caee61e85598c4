"""The operations that are compared: how the product is asked, how the limit is, and what the goal is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import urlencode

from backoffice.core import clock

from . import words
from .client import Answer
from .desk import AT_ONCE, Desk
from .fill import local_day

Ask = Callable[[Desk, Any], Answer]
_OPEN = ["registered", "dispatched"]


@dataclass(frozen=True)
class Operation:
    """One line of the table. goal: most times the limit at p50, or None where it is only reported."""

    key: str
    label: str
    goal: float | None
    product: Ask
    limit: Ask
    choose: Callable[[Desk, Random], Any] = lambda desk, dice: None
    undo: Callable[[Desk, Any], None] | None = None
    status: int = 200
    #: address of the product's page, for its plan and the number of its statements
    page: Callable[[Desk, Any], str] | None = None


def _product_page(address: Callable[[Desk, Any], str]) -> Ask:
    return lambda desk, choice: desk.product.get(address(desk, choice))


def _limit_page(path: str, values: Callable[[Desk, Any], dict[str, Any]] = lambda desk, choice: {}) -> Ask:
    return lambda desk, choice: desk.limit.get(f"{path}?{urlencode(values(desk, choice), doseq=True)}")


def _reading(
    key: str, label: str, goal: float | None, address: Callable[[Desk, Any], str], limit: Ask,
    choose: Callable[[Desk, Random], Any] = lambda desk, dice: None,
) -> Operation:  # fmt: skip
    return Operation(key, label, goal, _product_page(address), limit, choose, page=address)


def _searching(key: str, label: str, goal: float | None, choose: Callable[[Desk, Random], str]) -> Operation:
    return _reading(
        key, label, goal, lambda desk, term: desk.list_address(q=term),
        _limit_page("/search", lambda desk, term: {"q": term}), choose,
    )  # fmt: skip


def _whole(name: str) -> Callable[[Desk, Any], str]:
    """The address of a list, without the filters that a desk may begin with."""
    return lambda desk, _choice: f"{getattr(desk.addresses, name)}?all=1"


def _filter_address(desk: Desk, _choice: Any) -> str:
    return desk.list_address(
        state=_OPEN, received_at_from=local_day(moment_of(desk.facts.filter_low)),
        received_at_to=local_day(moment_of(desk.facts.range_high)), sort="dispatch_due_at",
    )  # fmt: skip


def moment_of(value: Any) -> Any:
    """A moment as the database gives it (SQLite: as text), with its zone."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def days_as_moments(desk: Desk, low: Any) -> dict[str, str]:
    """The bounds of the limit: the days that the product is asked for, from `low` to the newest call."""
    first = clock.day_start(date.fromisoformat(local_day(moment_of(low))))
    last = clock.day_start(date.fromisoformat(local_day(moment_of(desk.facts.range_high))) + timedelta(days=1))
    return {name: f"{moment:%Y-%m-%d %H:%M:%S}" for name, moment in (("low", first), ("high", last))}


def _after(desk: Desk, _choice: Any) -> dict[str, Any]:
    moment, key = desk.facts.before_deep
    return {"after": str(moment), "id": key}


def _figures(days: int) -> Callable[[Desk, Any], str]:
    """The page of the figures of so many days up to the newest call."""

    def address(desk: Desk, _choice: Any) -> str:
        last = date.fromisoformat(local_day(moment_of(desk.facts.range_high)))
        span = {"span": "range", "from": last - timedelta(days=days - 1), "to": last}
        return f"{desk.addresses.figures}?{urlencode(span)}"

    return address


def _evening(desk: Desk, _choice: Any) -> str:
    return f"{desk.addresses.evening}?day={_newest_day(desk)}"


def _newest_day(desk: Desk) -> date:
    return date.fromisoformat(local_day(moment_of(desk.facts.range_high)))


def _day_bounds(desk: Desk, _choice: Any) -> dict[str, Any]:
    """The newest day as moments, for the limit."""
    day = _newest_day(desk)
    bounds = {"low": clock.day_start(day), "high": clock.day_end(day)}
    return {name: f"{moment:%Y-%m-%d %H:%M:%S}" for name, moment in bounds.items()}


def _figure_bounds(days: int) -> Callable[[Desk, Any], dict[str, Any]]:
    """The same days as moments, for the limit."""

    def values(desk: Desk, _choice: Any) -> dict[str, Any]:
        last = date.fromisoformat(local_day(moment_of(desk.facts.range_high)))
        low, high = clock.day_start(last - timedelta(days=days - 1)), clock.day_end(last)
        return {"low": f"{low:%Y-%m-%d %H:%M:%S}", "high": f"{high:%Y-%m-%d %H:%M:%S}"}

    return values


def _create(desk: Desk, choice: tuple[int, int]) -> Answer:
    customer, _ = choice
    return desk.product.post(desk.addresses.new, new_call(desk, customer))


def new_call(desk: Desk, customer: int) -> list[tuple[str, str]]:
    """What the clerk types into the form of a new call."""
    return [
        ("customer", str(customer)), ("model_text", "ISG50-160"), ("fault_symptom", str(desk.facts.symptom)),
        ("fault_text", words.FAULTS[0]), ("channel", "phone"), ("priority", "normal"),
        ("new_customer_kind", "company"), ("remark", "bench"),
    ]  # fmt: skip


def _bulk(desk: Desk, _choice: Any) -> Answer:
    return desk.product.post(desk.addresses.escalate, escalation(desk, AT_ONCE))


def escalation(desk: Desk, number: int) -> list[tuple[str, str]]:
    """The form that brings so many open calls before the manager."""
    return [("rowid", str(key)) for key in desk.facts.open_calls[:number]] + [("reason", "请经理决定")]


def take_back(desk: Desk, _choice: Any = None) -> None:
    """Undo the escalation, so that the same calls can be escalated again."""
    keys = ", ".join(map(str, desk.facts.open_calls))
    desk.store.execute(
        f"UPDATE service_call SET escalated_to = NULL, escalated_at = NULL, escalation_reason = '' WHERE id IN ({keys})"
    )


def _limit_create(desk: Desk, choice: tuple[int, int]) -> Answer:
    return desk.limit.post("/create", [("like", str(choice[1])), ("text", words.FAULTS[0])])


def _limit_bulk(desk: Desk, _choice: Any) -> Answer:
    return desk.limit.post("/bulk", escalation(desk, AT_ONCE))


OPERATIONS = (
    _reading("list", "list page 1 (50 rows)", 2.5, lambda desk, _: desk.list_address(), _limit_page("/list")),
    _reading(
        "deep", "deep page", 2.5, lambda desk, _: desk.deep_address,
        _limit_page("/list", _after),
    ),
    _reading(
        "jump", "numbered jump to the deep page", 20, lambda desk, _: desk.list_address(page=desk.facts.deep_page),
        _limit_page("/list", _after),
    ),
    _searching("search_phone", "search a phone fragment", 3, lambda desk, dice: dice.choice(desk.facts.phones)),
    _searching("search_name", "search eight letters of a name", 2.5, lambda desk, dice: words.EIGHT_LETTERS),
    _searching("search_pair", "search two Chinese characters, common", None, lambda desk, dice: words.COMMON_PAIR),
    _searching("search_rare", "search two Chinese characters, rare", None, lambda desk, dice: words.RARE_PAIR),
    _reading(
        "filter", "status + date range, by due time", 2.5, _filter_address,
        _limit_page("/filter", lambda desk, _: {"state": _OPEN, **days_as_moments(desk, desk.facts.filter_low)}),
    ),
    _reading(
        "record", "open one record", 6, lambda desk, key: f"{desk.addresses.record}?id={key}",
        _limit_page("/record", lambda desk, key: {"id": key}), lambda desk, dice: dice.choice(desk.facts.records),
    ),
    _reading("board", "workshop board", 2.5, lambda desk, _: desk.addresses.workshop, _limit_page("/board")),
    _reading("goods", "goods register (50 rows)", 2.5, _whole("goods"), _limit_page("/goods")),
    _reading("cards", "repair cards (50 rows)", 2.5, _whole("cards"), _limit_page("/cards")),
    _reading("movements", "stock movements (50 rows)", 2.5, _whole("movements"), _limit_page("/movements")),
    _reading(
        "part", "open one part with its stock", 6, lambda desk, key: f"{desk.addresses.part}?id={key}",
        _limit_page("/part", lambda desk, key: {"id": key}), lambda desk, dice: dice.choice(desk.facts.parts),
    ),
    _reading("desk", "finance desk", 2.5, lambda desk, _: desk.addresses.desk, _limit_page("/desk")),
    _reading("dues", "dues (50 rows)", 2.5, _whole("dues"), _limit_page("/dues")),
    _reading("payments", "payments (50 rows)", 2.5, _whole("payments"), _limit_page("/payments")),
    _reading("invoices", "invoices (50 rows)", 2.5, _whole("invoices"), _limit_page("/invoices")),
    _reading("home", "home page of the supervisor", 3, lambda desk, _: desk.addresses.home, _limit_page("/home")),
    _reading("evening", "reconciliation of a day", 3, _evening, _limit_page("/evening", _day_bounds)),
    _reading(
        "figures", "figures of 30 days", 3, _figures(30), _limit_page("/figures", _figure_bounds(30)),
    ),
    _reading("figures_year", "figures of a year", 3, _figures(365), _limit_page("/figures", _figure_bounds(365))),
    Operation(
        "create", "create one call", 6, _create, _limit_create,
        lambda desk, dice: (dice.choice(desk.facts.customers), dice.choice(desk.facts.records)), status=302,
    ),
    Operation(
        "bulk", f"one act on {AT_ONCE} records", None, _bulk, _limit_bulk, undo=take_back, status=302,
    ),
)  # fmt: skip
