"""Filling one database: the product's migrations, small tables through its models, the big ones in bulk."""

import hashlib
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select

import config
from backoffice.commands import install_basics
from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.core.permissions import Role
from backoffice.factory import create_app
from backoffice.figures import workflow as figures
from backoffice.organisation import passwords
from backoffice.organisation.models import Branch, BranchKind, ServiceArea, User, Zone
from backoffice.parts.models import Part
from backoffice.products.models import FaultSymptom, ProductModel

from . import limit_tables, money, words
from .columns import Layout
from .office import COLUMNS, Basis, Office, Place, yesterday
from .stores import Store

#: Goes up when the generated rows change, so that a kept database of an older bench is filled anew.
EDITION = 4
SUPERVISOR = "bench.supervisor"
PASSWORD = "pump-register-bench"  # noqa: S105 - of a throw-away office on this machine
_MODELS, _PARTS = 500, 3000
#: One part of so many has a minimum that the store should hold.
_MINIMUM_EVERY = 10
_MINUTES = {Zone.CITY: 60, Zone.SUBURB: 120, Zone.INTERCITY: 240}
Say = Callable[[str], None]


@contextmanager
def office_app(url: str, instance: Path, **overrides: Any) -> Iterator[Flask]:
    """The product on the database `url`, inside its application context, configured as in production."""
    instance.mkdir(parents=True, exist_ok=True)
    before = dict(os.environ)
    os.environ.update(environment(url, instance))
    try:
        app = create_app(overrides)
    finally:
        os.environ.clear()
        os.environ.update(before)
    with app.app_context():
        yield app
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def environment(url: str, instance: Path) -> dict[str, str]:
    """The settings of a production office on loopback."""
    return {
        "MODE": "production", "DATABASE_URL": url, "INSTANCE_DIR": str(instance), "ALLOWED_HOSTS": "127.0.0.1",
        "SECRET_KEY": hashlib.sha256(str(instance).encode()).hexdigest(), "UPLOAD_DIR": "", "TRUSTED_PROXIES": "0",
        "TIME_ZONE": "Asia/Shanghai", "FLASK_DEBUG": "",
    }  # fmt: skip


def ensure_filled(store: Store, calls: int, seed: int, directory: Path, say: Say, *, migrate: bool = False) -> None:
    """Fill the database unless `directory` says that it holds just this; the note is written last.

    migrate: whether a database that was filled with fewer migrations is brought up to date instead of filled anew.
    """
    note = directory / f"{store.kind}-{store.name}.json"
    wanted = {"edition": EDITION, "calls": calls, "seed": seed, "schema": schema_digest()}
    kept = json.loads(note.read_text()) if note.exists() and store.exists() else {}
    if kept == wanted:
        say(f"{store.kind} {calls:,}: filled before")
        return
    started = time.perf_counter()
    if migrate and kept | {"schema": wanted["schema"]} == wanted:
        with office_app(store.url, directory / "instance"):
            upgrade(directory=str(config.ROOT / "migrations"))
        store.analyze()
        note.write_text(json.dumps(wanted))
        say(f"{store.kind} {calls:,}: migrated in {time.perf_counter() - started:.0f} s")
        return
    note.unlink(missing_ok=True)
    store.make()
    with office_app(store.url, directory / "instance"):
        upgrade(directory=str(config.ROOT / "migrations"))
        fill(store, calls, seed)
    note.write_text(json.dumps(wanted))
    say(f"{store.kind} {calls:,}: filled in {time.perf_counter() - started:.0f} s")


def schema_digest() -> str:
    """Changes with the product's migrations."""
    versions = sorted((config.ROOT / "migrations" / "versions").glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in versions)).hexdigest()[:16]


def fill(store: Store, calls: int, seed: int) -> None:
    """Everything into the migrated, empty database of the running application context."""
    end = yesterday()
    basis = _reference_rows(random.Random(seed), end)
    db.session.remove()  # on SQLite its transaction would keep the bench out
    office = Office(calls, seed, end, basis)
    store.execute(limit_tables.SEARCH_TABLE)
    layouts = {
        name: Layout(db.metadata.tables[name], given, store.dialect, end)
        for name, given in COLUMNS.items()
        if name in db.metadata.tables
    }
    columns = {name: layouts[name].names if name in layouts else list(given) for name, given in COLUMNS.items()}
    convert = {name: layouts[name].convert if name in layouts else list for name in COLUMNS}
    store.load(columns, ((table, convert[table](row)) for table, row in office.rows()))
    store.execute(money.LATEST)
    _notices(calls, end)
    store.execute(*limit_tables.made_from(store.kind))
    store.analyze()
    figures.rebuild()
    db.session.commit()
    store.analyze()


def _reference_rows(dice: random.Random, end: datetime) -> Basis:
    """Eight branches, their areas, a hundred people, 500 models, 3,000 parts, and what `flask install` adds."""
    install_basics()
    home = Branch(code="HZ", name="杭州分公司", kind=BranchKind.BRANCH, city="杭州")
    others = [
        Branch(code=f"B{n}", name=f"{words.CITIES[n]}分公司", kind=BranchKind.BRANCH, city=words.CITIES[n])
        for n in range(1, 7)
    ]
    branches = [home, *others]
    headquarters = Branch(code="HQ", name="总公司", kind=BranchKind.HEADQUARTERS, city="杭州")
    db.session.add_all([headquarters, *branches])
    db.session.flush()
    areas = [
        ServiceArea(
            branch_id=branch.id, name=f"{branch.city}{number}区", zone=zone, dispatch_limit_min=_MINUTES[zone],
            arrival_limit_min=_MINUTES[zone],
        )
        for branch in branches
        for number, zone in enumerate([*Zone, Zone.CITY])
    ]  # fmt: skip
    people = _people(dice, branches, headquarters)
    models = [
        ProductModel(
            code=f"ISG{40 + n % 25 * 10}-{100 + n // 25 * 10}", name="立式管道泵", series="ISG", power_kw=n % 90
        )
        for n in range(_MODELS)
    ]
    parts = [
        Part(
            code=f"PJ{n:05}", name=words.PARTS[n % len(words.PARTS)], spec=f"DN{40 + n % 25 * 10}", unit="个",
            cost_price=Decimal(85), sale_price=Decimal(85),
            min_stock=None if n % _MINIMUM_EVERY else Decimal(5),
        )
        for n in range(_PARTS)
    ]  # fmt: skip
    db.session.add_all([*areas, *people, *models, *parts])
    db.session.commit()
    return Basis(
        branches=[(branch.id, branch.code) for branch in branches],
        areas=[
            Place(area.id, area.branch_id, area.zone.value, area.dispatch_limit_min, area.arrival_limit_min)
            for area in areas
        ],
        technicians=[(one.id, one.branch_id) for one in people if one.role is Role.TECHNICIAN],
        clerks={one.branch_id: one.id for one in people if one.role is Role.ASSISTANT},
        models=[(model.id, model.code) for model in models],
        symptoms=list(db.session.scalars(select(FaultSymptom.id))),
        parts=[part.id for part in parts],
        supervisors={one.branch_id: one.id for one in people if one.role is Role.SUPERVISOR},
        finance={one.branch_id: one.id for one in people if one.role is Role.FINANCE},
    )


def _people(dice: random.Random, branches: list[Branch], headquarters: Branch) -> list[User]:
    nobody = passwords.make_hash(str(dice.random()))
    desk = (Role.SUPERVISOR, Role.MANAGER, Role.ASSISTANT, Role.FINANCE, Role.SALES)
    jobs = [(branch, role) for branch in branches for role in desk]
    jobs += [(branches[0], Role.TECHNICIAN)] * 40
    jobs += [(branch, Role.TECHNICIAN) for branch in branches[1:] for _ in range(4)]
    people = [
        User(
            username=f"{role.value}.{branch.code.lower()}.{number}", real_name=words.person(dice), role=role,
            branch_id=branch.id, password_hash=nobody, skills=["pump_repair"] if role is Role.TECHNICIAN else [],
        )
        for number, (branch, role) in enumerate(jobs)
    ]  # fmt: skip
    me = people[0]
    me.username, me.password_hash, me.locale = SUPERVISOR, passwords.make_hash(PASSWORD), "zh_Hans_CN"
    people.append(
        User(username="manager.hq", real_name="沈国梁", role=Role.MANAGER, branch_id=headquarters.id,
             password_hash=nobody, skills=[])
    )  # fmt: skip
    return people


def _notices(calls: int, end: datetime) -> None:
    """Some hundred notices for the supervisor, a few of them unread."""
    me = db.session.scalars(select(User).where(User.username == SUPERVISOR)).one()
    for number in range(min(calls, 300)):
        moment = end - timedelta(hours=300 - number)
        db.session.add(
            Notice(
                user_id=me.id, kind="call.registered", params={"number": f"{number}", "due": "x"},
                subject_type="service_call", subject_id=number + 1, created_at=moment,
                read_at=None if number > 285 else moment,
            )
        )  # fmt: skip
    db.session.commit()


def local_day(moment: datetime) -> str:
    """The office's day of a moment, as the addresses of lists write it."""
    return clock.local(moment).date().isoformat()
