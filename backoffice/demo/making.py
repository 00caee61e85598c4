"""Filling an empty database, once, in one transaction."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

from sqlalchemy import exists, select, text, update
from sqlalchemy.exc import OperationalError

from backoffice.core import clock
from backoffice.core.db import db, writing
from backoffice.core.notices import Notice
from backoffice.figures import workflow as figures
from backoffice.organisation import passwords
from backoffice.organisation.models import User

from . import contracts, custody, evening, filters, money, papers, parts, pictures, rounds, stock, stories
from .accounts import PASSWORD
from .agenda import Agenda
from .calls import Ordinary, moments
from .office import Office, absences, found

#: Branch: customers, units, units of the biggest customer, calls.
SIZES = {"HZ": (60, 250, 40, 196), "SH": (25, 80, 9, 52)}
#: How many days ago the office began to keep its register here, and how far back the ordinary calls go.
FOUNDED, CALLS = 430, 60
#: Key of the lock that lets one process at a time look whether the database is empty.
_LOCK = 0x0FF1CE
#: How often to go on waiting for another process on SQLite, half a minute each time.
_ATTEMPTS = 5


def make(say: Callable[[str], object] = lambda _: None) -> bool:
    """Fill the database if it is empty, and commit; returns whether it was. Raises what an act raises.

    Of two processes that start at once the second one waits for the first and then finds the work done.
    """
    db.session.rollback()
    token = writing.set(False)
    try:
        empty = _is_empty()
        db.session.rollback()
    finally:
        writing.reset(token)
    if not empty:
        return False
    say("The database is empty: making demo data, which takes about half a minute.")
    password_hash = passwords.make_hash(PASSWORD)  # slow: no transaction is open here
    if not _is_empty_and_ours():
        db.session.rollback()
        return False
    _fill(password_hash)
    db.session.commit()
    return True


def _is_empty() -> bool:
    """Whether nobody is known yet, and so nothing else either."""
    return not db.session.scalar(select(exists().where(User.id.is_not(None))))


def _is_empty_and_ours() -> bool:
    """Look again while no other process can fill it; waits for one that is filling it."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        return _is_empty()
    for _ in range(_ATTEMPTS):
        try:
            return _is_empty()  # begins with BEGIN IMMEDIATE: there is one writer
        except OperationalError:  # the other one is slow, and SQLite's own patience is over
            db.session.rollback()
    return _is_empty()


def _fill(password_hash: str) -> None:
    now = clock.now()
    rng = Random("office")
    with clock.freeze(clock.day_start(clock.today() - timedelta(days=FOUNDED)) + timedelta(hours=9)):
        office = found(now, password_hash)
        parts.catalogue(office)
        for code, (customers, units, most, _) in SIZES.items():
            stock.customers(office, office.crews[code], customers, f"customers-{code}")
            stock.units(office, office.crews[code], most, units * 7 // 10, f"units-{code}")
    office.signatures = [pictures.signature(rng) for _ in range(12)]
    office.scans = [pictures.scan(rng) for _ in range(4)]
    agenda = Agenda()
    agenda.add(absences(office))
    agenda.add(filters.of_company(office))
    for code, (_, units, _, calls) in SIZES.items():
        crew = office.crews[code]
        agenda.add(papers.pads(office, crew))
        agenda.add(papers.gaps(office, crew))
        agenda.add(parts.store(office, crew))
        agenda.add(stock.deliveries(office, crew, units, FOUNDED - 30, f"deliveries-{code}"))
        agenda.add(stock.project_care(office, crew))
        agenda.add(filters.of_branch(office, crew))
        agenda.add(stock.later_changes(office, crew))
        agenda.add(evening.tell(office, crew))
        contracts.choose(office, crew)
        for life in contracts.of_branch(office, crew):
            agenda.add(life)
        if code == "HZ":
            agenda.add(stock.doubles(office, crew))
        ordinary = Ordinary(office, crew, f"{code} calls", agenda.add)
        for index, received in enumerate(moments(office, calls, CALLS, Random(f"moments-{code}"))):
            agenda.add(ordinary.life(index, received))
    stories.tell(office, agenda.add)
    custody.tell(office, agenda.add)
    money.tell(office, agenda.add, CALLS)
    agenda.add(rounds.robot(office, office.crews["HZ"]))
    agenda.add(rounds.jobs_of_the_day(office))
    agenda.add(rounds.sweeps(office))
    agenda.run(now)
    figures.refresh()
    _read_notices(office)


def _read_notices(office: Office) -> None:
    """People have read what is older than a day."""
    old = update(Notice).where(Notice.created_at < office.ago(days=1))
    db.session.execute(old.values(read_at=office.ago(hours=20)))
