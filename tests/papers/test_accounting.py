"""Whatever is used, spoiled, lost, handed back: every sheet is accounted for, and the report lists just the gaps."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, exists, select
from sqlalchemy.orm import aliased

from backoffice.core import audit, clock
from backoffice.core.db import db
from backoffice.core.errors import BackofficeError
from backoffice.core.permissions import Role
from backoffice.papers import workflow
from backoffice.papers.models import BlockState, PaperKind, PaperSheet, SheetState
from tests import factories as make

SIZE = 8
PLACES = st.integers(1, SIZE)
STEPS = st.one_of(
    st.tuples(st.just("use"), PLACES), st.tuples(st.just("use"), PLACES), st.tuples(st.just("void"), PLACES),
    st.tuples(st.just("spoil"), PLACES, PLACES), st.tuples(st.just("lose"), PLACES, PLACES),
    st.tuples(st.just("take_back"), st.integers(0, SIZE)), st.tuples(st.just("hand_over"), st.integers(0, 1)),
)  # fmt: skip


class Ledger:
    """What ought to be: kept apart from the code, from the definition in E-10."""

    def __init__(self) -> None:
        self.fate: dict[int, str] = {}  # u, s, l by place
        self.not_there: set[int] = set()
        self.holder: int | None = 0
        self.answers: dict[int, int | None] = dict.fromkeys(range(1, SIZE + 1), 0)

    def missing(self) -> set[int]:
        consumed = max((place for place, fate in self.fate.items() if fate in "us"), default=0)
        free = set(range(1, SIZE + 1)) - set(self.fate)
        return {place for place in free if place < consumed or place in self.not_there}

    def blank(self) -> set[int]:
        return set(range(1, SIZE + 1)) - set(self.fate) - self.missing()

    def do(self, step: tuple[Any, ...]) -> bool:
        """Whether it is possible; if so, it is done."""
        kind, *places = step
        if kind == "use":
            (place,) = places
            if place in self.fate or self.answers[place] is None:
                return False
            self.fate[place] = "u"
        elif kind == "void":
            (place,) = places
            if self.fate.get(place) == "u":
                self.fate[place] = "s"
        elif kind in ("spoil", "lose"):
            wanted = set(range(places[0], places[1] + 1))
            barred = "us" if kind == "spoil" else "usl"
            if not wanted or any(self.fate.get(place, "-") in barred for place in wanted):
                return False
            self.fate |= dict.fromkeys(wanted, kind[0])
        elif kind == "take_back":
            (first,) = places
            if self.holder is None or not self.blank() or (first and first not in self.blank()):
                return False
            there = {place for place in self.blank() if first and place >= first}
            self.not_there |= self.blank() - there
            self.answers |= dict.fromkeys(there)
            self.holder = None if there else self.holder
        else:
            (person,) = places
            if not self.blank() or self.holder == person:
                return False
            self.holder = person
            self.answers |= dict.fromkeys(self.blank(), person)
        return True


@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(st.lists(STEPS, max_size=12))
def test_every_sheet_is_accounted_for(app, steps):
    """E-10: used + spoiled + lost + blank + missing = size; the missing ones are exactly the gaps."""
    savepoint = db.session.begin_nested()
    try:
        _walk(steps)
    finally:
        savepoint.rollback()
        db.session.expire_all()


def _walk(steps: list[tuple[Any, ...]]) -> None:
    supervisor = make.make_user(Role.SUPERVISOR)
    people = [make.make_user(Role.TECHNICIAN) for _ in range(2)]
    document = make.make_customer()
    block = workflow.hand_out(by=supervisor, kind=PaperKind.CARD, first="1", last=str(SIZE), holder=people[0])
    ledger = Ledger()
    for step in steps:
        possible = ledger.do(step)
        inner = db.session.begin_nested()
        try:
            _do(step, block, supervisor, people, document)
            inner.commit()
            done = True
        except BackofficeError:
            inner.rollback()
            done = False
        assert done is possible, step
        _compare(block, ledger, people)


def _do(step: tuple[Any, ...], block: Any, by: Any, people: list[Any], document: Any) -> None:
    kind, first, *rest = step
    if kind in ("use", "void"):
        moves = frozenset([*workflow.USING, *workflow.SPOILING])
        with audit.during(audit.Occasion("test", by, allowed=moves)), db.session.no_autoflush:
            if kind == "use":
                workflow.use_sheet(
                    PaperKind.CARD, str(first), branch_id=block.branch_id, people=[p.id for p in people],
                    subject=document, at=clock.now(),
                )  # fmt: skip
            else:
                workflow.spoil_sheet(PaperKind.CARD, str(first), at=clock.now(), reason="void")
            db.session.flush()
    elif kind == "spoil":
        workflow.spoil(block, by=by, first=str(first), last=str(rest[0]), reason="wet")
    elif kind == "lose":
        workflow.declare_lost(block, by=by, first=str(first), last=str(rest[0]), reason="gone")
    elif kind == "take_back":
        workflow.take_back(block, by=by, present_from=str(first or ""), none_there=not first)
    else:
        workflow.hand_over(block, by=by, holder=people[first])


def _compare(block: Any, ledger: Ledger, people: list[Any]) -> None:
    query = select(PaperSheet).where(PaperSheet.block_id == block.id).order_by(PaperSheet.position)
    sheets = list(db.session.scalars(query.execution_options(populate_existing=True)))
    db.session.refresh(block)
    by_state = {state: {s.position for s in sheets if s.state is state} for state in SheetState}
    assert by_state[SheetState.MISSING] == ledger.missing()
    assert by_state[SheetState.BLANK] == ledger.blank()
    for state, fate in ((SheetState.USED, "u"), (SheetState.SPOILED, "s"), (SheetState.LOST, "l")):
        assert by_state[state] == {place for place, found in ledger.fate.items() if found == fate}
    assert sum(map(len, by_state.values())) == SIZE
    assert (block.blank_left, block.missing) == (len(ledger.blank()), len(ledger.missing()))
    assert (block.state is BlockState.CLOSED) is not ledger.blank()
    keys = {key: person.id for key, person in enumerate(people)}
    assert {s.position: s.holder_id for s in sheets} == {
        place: None if holder is None else keys[holder] for place, holder in ledger.answers.items()
    }
    assert not db.session.scalars(_blank_before_a_used_one()).all()


def _blank_before_a_used_one() -> Select[int]:
    """Keys of the sheets that break E-10: blank before a used or spoiled one of their block."""
    other = aliased(PaperSheet)
    passed = exists().where(
        other.block_id == PaperSheet.block_id, other.state.in_([SheetState.USED, SheetState.SPOILED]),
        other.position > PaperSheet.position,
    )  # fmt: skip
    return select(PaperSheet.id).where(PaperSheet.state == SheetState.BLANK, passed).order_by(PaperSheet.id)
