"""E-12: the counts of the goods register add up, and what is held too long is known."""

from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from backoffice.core import clock
from backoffice.core.db import db
from backoffice.core.permissions import Role
from backoffice.goods import queries
from backoffice.goods.models import GoodsEntry, GoodsState
from tests import factories as make
from tests.custody import make_entry, make_receipt


def test_the_counts_add_up_within_the_branch_and_the_days():
    """Taken in = in our hands + returned + given up + void; another branch and an earlier month do not count."""
    supervisor, today = make.make_user(Role.SUPERVISOR), clock.today()
    for state in GoodsState:
        make_entry(state=state, in_on=today)
    make_entry(in_on=today - timedelta(days=2))
    flow = queries.flow(supervisor, today)
    assert (flow.held, flow.returned, flow.given_up, flow.void, flow.taken_in) == (4, 1, 1, 1, 7)
    assert queries.flow(make.make_user(Role.SUPERVISOR, make.make_branch("SH")), today).taken_in == 0


def test_held_too_long_is_asked_of_what_is_still_here():
    """C-52: the last day still counts as in time; what has gone is not held."""
    supervisor, today = make.make_user(Role.SUPERVISOR), clock.today()
    late = make_entry(make_receipt(), long_after=today - timedelta(days=1))
    make_entry(long_after=today)
    make_entry(state=GoodsState.RETURNED, long_after=today - timedelta(days=1))
    assert db.session.scalar(queries.count(supervisor, queries.held_too_long())) == 1
    assert db.session.query(type(late)).filter(queries.held_too_long()).one() is late


@pytest.mark.parametrize(("condition", "index"), [(queries.held_too_long, "held_long"), (queries.promise_over, "held")])
def test_what_is_held_is_asked_in_the_words_of_its_partial_index(condition, index):
    """SPEED: these counts stand on every page of the supervisor, and SQLite takes the index for just these words."""
    (partial,) = [one for one in GoodsEntry.__table__.indexes if one.name == f"ix_goods_entry_{index}"]
    sent: list[str] = []

    def note(connection, cursor, statement, *rest):
        sent.append(statement.replace("goods_entry.", ""))

    supervisor = make.make_user(Role.SUPERVISOR)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        db.session.execute(queries.count(supervisor, condition()))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert str(partial.dialect_options["sqlite"]["where"]) in sent[-1]
