"""Filling an empty database, once, in one transaction."""

from datetime import timedelta
from random import Random

from sqlalchemy import exists, select, text, update

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.notices import Notice
from backoffice.organisation import passwords
from backoffice.organisation.models import User

from . import pictures, stock, stories
from .accounts import PASSWORD
from .agenda import Agenda
from .calls import Ordinary, moments
from .office import Office, absences, found

#: Branch: customers, units, units of the biggest customer, calls.
SIZES = {"HZ": (60, 250, 40, 196), "SH": (25, 80, 9, 54)}
#: How many days ago the office began to keep its register here, and how far back the ordinary calls go.
FOUNDED, CALLS = 430, 60
#: Key of the lock that lets one process at a time look whether the database is empty.
_LOCK = 0x0FF1CE


def is_empty() -> bool:
    """Whether nobody is known yet, and so nothing else either."""
    return not db.session.scalar(select(exists().where(User.id.is_not(None))))


def make() -> bool:
    """Fill the database if it is empty, and commit; returns whether it was. Raises what an act raises.

    Of two processes that start at once the second one waits for the first and then finds the work done.
    """
    if not is_empty():
        db.session.rollback()
        return False
    db.session.rollback()
    password_hash = passwords.make_hash(PASSWORD)  # slow: no transaction is open here
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    if not is_empty():  # SQLite: this began with BEGIN IMMEDIATE, so that there is one writer
        db.session.rollback()
        return False
    _fill(password_hash)
    db.session.commit()
    return True


def _fill(password_hash: str) -> None:
    now = clock.now()
    rng = Random("office")
    with clock.freeze(clock.day_start(clock.today() - timedelta(days=FOUNDED)) + timedelta(hours=9)):
        office = found(now, password_hash)
        for code, (customers, units, most, _) in SIZES.items():
            stock.customers(office, office.crews[code], customers, f"customers-{code}")
            stock.units(office, office.crews[code], most, units * 7 // 10, f"units-{code}")
    office.signatures = [pictures.signature(rng) for _ in range(12)]
    office.scans = [pictures.scan(rng) for _ in range(4)]
    agenda = Agenda()
    agenda.add(absences(office))
    for code, (_, units, _, calls) in SIZES.items():
        crew = office.crews[code]
        agenda.add(stock.deliveries(office, crew, units, FOUNDED - 30, f"deliveries-{code}"))
        agenda.add(stock.later_changes(office, crew))
        ordinary = Ordinary(office, crew, f"{code} calls", agenda.add)
        for index, received in enumerate(moments(office, calls, CALLS, Random(f"moments-{code}"))):
            agenda.add(ordinary.life(index, received))
    stories.tell(office, agenda.add)
    agenda.run(now)
    _read_notices(office)


def _read_notices(office: Office) -> None:
    """People have read what is older than a day."""
    old = update(Notice).where(Notice.created_at < office.ago(days=1))
    db.session.execute(old.values(read_at=office.ago(hours=20)))
