"""One filled database with both applications in front of it, and what the operations need to know of it."""

import html
import random
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from . import words
from .client import Answer, Client
from .fill import PASSWORD, SUPERVISOR, environment
from .inside import Addresses
from .servers import Served
from .stores import Store

PAGE = 50
DEEP_PAGE = 10_000
AT_ONCE = 50
EXPORTED = 100_000
_SAMPLES = 40
_MINE = "FROM service_call WHERE branch_id = ?"


@dataclass
class Facts:
    """What the database holds that the operations ask for."""

    branch: int
    user: int
    visible: int
    #: the page that is asked for, (moment, key) of the last call before it, and the key of its first call
    deep_page: int
    before_deep: tuple[Any, int]
    first_deep: int
    newest: str
    phones: list[str]
    records: list[int]
    customers: list[int]
    symptom: int
    symptom_name: str
    open_calls: list[int]
    #: parts that are often moved and seldom
    parts: list[int]
    range_low: Any
    range_high: Any
    filter_low: Any
    #: how many of the visible calls hold the names that are searched for
    hits: dict[str, int]


@dataclass
class Desk:
    """A supervisor's desk at the product and at the limit, on the same database."""

    store: Store
    calls: int
    product_server: Served
    limit_server: Served
    addresses: Addresses
    facts: Facts
    product: Client = field(init=False)
    limit: Client = field(init=False)
    deep_address: str = ""
    #: what the product answers otherwise than asked: operation -> words
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Database and number of calls."""
        return f"{self.store.kind} {self.calls:,}"

    def enter(self) -> None:
        """Log in to both and find out how the product writes the address of a deep page."""
        self.product, self.limit = Client(self.product_server.port), Client(self.limit_server.port)
        self.product.take_token(self.product.get("/login"))
        answer = self.product.post("/login", [("username", SUPERVISOR), ("password", PASSWORD)])
        if answer.status not in {302, 303}:
            raise RuntimeError(f"the supervisor could not log in: {answer.status}")
        self.limit.csrf = self.limit.get(f"/enter?branch={self.facts.branch}&user={self.facts.user}").text
        first = self.product.get(self.list_address())
        self.product.take_token(first)
        self.deep_address = self._find_deep()

    def list_address(self, **asked: Any) -> str:
        """Address of the product's list, without the filters that a desk may begin with."""
        return f"{self.addresses.list}?{urlencode({'all': '1', **asked}, doseq=True)}"

    def _find_deep(self) -> str:
        """The address of the page behind the deep jump, as the product itself links it: the only place that knows.

        A product that jumps at all answers page=N with the N-th page; from there its rel="next" is followed. One that
        does not go that deep is asked for its last page instead, and the report says so.
        """
        jump = self.list_address(page=self.facts.deep_page)
        answer = self.product.get(jump)
        if first_key(answer) != self.facts.first_deep:
            self.notes["jump"] = self.notes["deep"] = "does not go that deep: its last page was measured"
            return jump
        following = next_link(answer)
        if following is None:
            self.notes["deep"] = "no link to the next page: the jump itself was measured"
            return jump
        if "after" not in dict(parse_qsl(following.partition("?")[2])):
            self.notes["deep"] = "by page number"
        return self.addresses.list + following if following.startswith("?") else following


def first_key(answer: Answer) -> int | None:
    """Key of the first record on a page of a list."""
    found = re.search(r"<td[^>]*>\s*<a [^>]*href=\"[^\"]*[?&]id=(\d+)", html.unescape(answer.text))
    return int(found[1]) if found else None


def next_link(answer: Answer) -> str | None:
    """Where rel="next" leads."""
    for tag in re.findall(r"<a [^>]*>", answer.text):
        if 'rel="next"' in tag and (found := re.search(r'href="([^"]*)"', tag)):
            return html.unescape(found[1])
    return None


def facts_of(store: Store, seed: int) -> Facts:
    """Look at the filled database; the choice of samples depends on the seed only."""
    dice = random.Random(seed)
    ((user, branch),) = store.rows('SELECT id, branch_id FROM "user" WHERE username = ?', SUPERVISOR)
    ((visible,),) = store.rows(f"SELECT count(*) {_MINE}", branch)
    page = min(DEEP_PAGE, visible // PAGE // 2)
    newest = "ORDER BY received_at DESC, id DESC"
    deep = store.rows(f"SELECT received_at, id {_MINE} {newest} LIMIT 2 OFFSET ?", branch, (page - 1) * PAGE - 1)
    spread = [dice.randrange(visible) for _ in range(_SAMPLES)]
    highest = store.rows("SELECT max(id) FROM service_call")[0][0]
    phones = [
        row[0][2:10]
        for place in spread
        for row in store.rows(f"SELECT phone_digits {_MINE} AND id >= ? ORDER BY id LIMIT 1", branch, place)
    ]
    traced = sorted(
        {
            row[0]
            for _ in range(_SAMPLES)
            for row in store.rows(
                f"SELECT id {_MINE} AND id >= ? AND id - id / 10 * 10 = 0 ORDER BY id LIMIT 1",
                branch,
                dice.randrange(highest),
            )
        }
    )
    customers = [
        row[0]
        for row in store.rows(
            "SELECT id FROM customer WHERE branch_id = ? AND kind = 'company' ORDER BY id LIMIT ?", branch, _SAMPLES
        )
    ]
    open_calls = store.rows(
        f"SELECT id {_MINE} AND state IN ('dispatched', 'completed') AND escalated_to IS NULL ORDER BY id LIMIT ?",
        branch,
        AT_ONCE,
    )
    asked = min(EXPORTED, visible)
    low = store.rows(f"SELECT received_at {_MINE} {newest} LIMIT 1 OFFSET ?", branch, asked - 1)
    high = store.rows(f"SELECT received_at {_MINE} {newest} LIMIT 1", branch)
    symptom = store.rows("SELECT id, name FROM fault_symptom ORDER BY id LIMIT 1")[0]
    year = store.rows(f"SELECT received_at {_MINE} {newest} LIMIT 1 OFFSET ?", branch, visible // 60)
    return Facts(
        branch=branch, user=user, visible=visible, deep_page=page, before_deep=deep[0], first_deep=deep[1][1],
        newest=store.rows(f"SELECT number {_MINE} {newest} LIMIT 1", branch)[0][0], phones=phones, records=traced,
        customers=customers, symptom=symptom[0], symptom_name=symptom[1], open_calls=[row[0] for row in open_calls],
        parts=[row[0] for row in store.rows("SELECT id FROM part ORDER BY id") if row[0] % 75 == 1],
        range_low=low[0][0], range_high=high[0][0], filter_low=year[0][0],
        hits={
            name: store.rows(f"SELECT count(*) {_MINE} AND customer_name LIKE ?", branch, f"%{name}%")[0][0]
            for name in (words.EIGHT_LETTERS, words.COMMON_PAIR, words.RARE_PAIR)
        },
    )  # fmt: skip


@contextmanager
def opened(store: Store, calls: int, addresses: Addresses, directory: Path, seed: int) -> Iterator[Desk]:
    """The desk, with both servers running while the block runs."""
    environ = environment(store.url, directory / "instance")
    log = directory / "servers.log"
    product = Served("app:app", environ, log)
    limit = Served(
        "bench.limit:create()",
        environ | {"LIMIT_DATABASE_URL": store.url, "SECRET_KEY": secrets.token_urlsafe(48)},
        log,
    )
    try:
        product.start()
        limit.start()
        desk = Desk(store, calls, product, limit, addresses, facts_of(store, seed))
        desk.enter()
        yield desk
    finally:
        product.stop()
        limit.stop()
