"""The act: the one way in which the office's work changes.

An act is a function in a feature's `workflow.py`: the document first, then keyword-only inputs, `by` always, `at` the
moment it happened. Calling it runs: permission -> lock and re-read within the row scope -> version -> state -> guards
-> body -> new state -> audit. Nothing is written when anything fails, provided that the caller rolls back; acts never
commit. From the same declaration come buttons, input pages, the state charts, the role matrix and the generic tests.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError

from . import alike, audit, clock, flush, notices, numbering, once, scope
from .db import db
from .errors import (
    BackofficeError,
    IllegalTransition,
    MissingInput,
    RecordNotFound,
    RuleViolated,
    StaleDocument,
    Text,
)  # fmt: skip
from .permissions import Actor, Permission, require
from .states import Move, StateEnum, moves

Guard = Callable[[Any, Actor], None]

#: Every act by its key, "call.dispatch".
REGISTRY: dict[str, "Act"] = {}
#: How long after the event an entry counts as late; the settings feature puts its own figure here.
late_after: Callable[[], timedelta] = lambda: timedelta(minutes=30)  # noqa: E731 - replaced at start-up


@dataclass(frozen=True)
class Outcome:
    """What became of one record in a bulk act: `error` is None when it was done."""

    id: int
    name: str
    error: BackofficeError | None = None


@dataclass
class Act:
    """A declared act; call it with one document, or `bulk` with many keys."""

    key: str
    model: type[Any]
    permissions: tuple[Permission, ...]
    label: Text
    rule: str
    body: Callable[..., Any]
    sources: tuple[StateEnum, ...] = ()
    target: StateEnum | None = None
    moves: frozenset[Move] = frozenset()
    guards: tuple[Guard, ...] = ()
    confirm: Text = ""
    tone: str = "neutral"
    creates: bool = False
    bulk_allowed: bool = True
    prepare: Callable[[Sequence[Any]], object] | None = None
    order: int = 50
    offered: bool = True
    joint: bool = False
    doc: str = field(default="")

    @property
    def name(self) -> str:
        """The part of the key behind the dot: "dispatch"."""
        return self.key.partition(".")[2]

    def permitted(self, by: Actor) -> bool:
        """Whether the role may ever do this."""
        return by.is_active and any(by.can(p) for p in self.permissions)

    def require(self, by: Actor) -> Permission:
        """The permission that lets `by` do this; raises NotPermitted when none does."""
        for permission in self.permissions:
            if by.is_active and by.can(permission):
                return permission
        require(by, self.permissions[0])
        raise AssertionError

    def check(self, doc: Any, by: Actor) -> None:
        """Raises the reason why `by` cannot do this to `doc` now: permission, state, guards."""
        self.require(by)
        if self.sources and doc.state not in self.sources:
            raise IllegalTransition(
                _l("“%(act)s” is not possible while the record is “%(state)s”.", act=self.label, state=doc.state.label),
                rule=self.rule,
            )
        for guard in self.guards:
            guard(doc, by)

    def __call__(
        self, doc: Any = None, /, *, by: Actor, at: datetime | None = None, version: int | None = None, **inputs: Any
    ) -> Any:
        """Do it to one document, or its key (none where the act creates one); return the body's result or the document.

        at: when it happened (aware, default now, never in the future). version: the version the person saw; a
        different one raises StaleDocument. Raises any BackofficeError; the caller then rolls back.
        """
        permission = self.require(by)
        if self.creates:
            return self._run([None], permission, by, at, inputs)[0]
        key = doc if isinstance(doc, int) else doc.id
        doc = self._locked([key], by).get(key)
        if doc is None:
            raise RecordNotFound
        if version is not None and version != doc.version:
            raise StaleDocument
        self.check(doc, by)
        return self._run([doc], permission, by, at, inputs)[0]

    def jointly(self, ids: Sequence[int], *, by: Actor, at: datetime | None = None, **inputs: Any) -> Any:
        """Do a joint act to all these documents as one: all or none; returns the body's result.

        Raises RecordNotFound where one is outside the person's scope, or the first reason why one cannot take part.
        """
        permission = self.require(by)
        with once.asking():
            found = self._locked(ids, by)
            docs = [found[key] for key in dict.fromkeys(ids) if key in found]
            if not docs or len(docs) < len(set(ids)):
                raise RecordNotFound
            if self.prepare is not None:
                self.prepare(docs)
            for doc in docs:
                self.check(doc, by)
            with alike.together():
                return self._run(docs, permission, by, at, inputs)[0]

    def bulk(self, ids: Sequence[int], *, by: Actor, at: datetime | None = None, **inputs: Any) -> list[Outcome]:
        """Do it to many documents: one locking read, one flush; refused records are reported, the others are done.

        Keys outside the person's scope come back as not found. Raises NotPermitted when the role may not at all.
        """
        permission = self.require(by)
        if not self.bulk_allowed or self.creates or self.joint:
            raise RuleViolated(_l("This can only be done record by record."), rule=self.rule)
        try:
            with db.session.begin_nested(), once.asking():
                return self._bulk_at_once(ids, permission, by, at, inputs)
        except _OneByOne:
            return self._bulk_one_by_one(ids, permission, by, at, inputs)

    def _bulk_at_once(
        self, ids: Sequence[int], permission: Permission, by: Actor, at: datetime | None, inputs: dict[str, Any]
    ) -> list[Outcome]:
        found = self._locked(ids, by)
        if self.prepare is not None and found:
            self.prepare(list(found.values()))
        outcomes, ready = [], []
        for key in ids:
            doc = found.get(key)
            try:
                if doc is None:
                    raise RecordNotFound
                self.check(doc, by)
                ready.append(doc)
            except BackofficeError as refusal:
                outcomes.append(Outcome(key, str(doc) if doc is not None else f"#{key}", refusal))
        try:
            with numbering.reserving(len(ready)), alike.together():
                self._run(ready, permission, by, at, inputs)
        except (BackofficeError, DBAPIError) as refusal:
            raise _OneByOne from refusal
        done = [Outcome(doc.id, str(doc)) for doc in ready]
        order = {key: place for place, key in enumerate(ids)}
        return sorted(outcomes + done, key=lambda o: order[o.id])

    def _bulk_one_by_one(
        self, ids: Sequence[int], permission: Permission, by: Actor, at: datetime | None, inputs: dict[str, Any]
    ) -> list[Outcome]:
        outcomes = []
        for key in ids:
            name = f"#{key}"
            try:
                with db.session.begin_nested():
                    doc = self._locked([key], by).get(key)
                    if doc is None:
                        raise RecordNotFound
                    name = str(doc)
                    self.check(doc, by)
                    self._run([doc], permission, by, at, inputs)
                outcomes.append(Outcome(key, name))
            except BackofficeError as refusal:
                outcomes.append(Outcome(key, name, refusal))
        return outcomes

    def _locked(self, ids: Iterable[int], by: Actor) -> dict[int, Any]:
        query = (
            select(self.model)
            .where(self.model.id.in_(list(ids)), scope.visible(self.model, by))
            .order_by(self.model.id)  # one order for everybody: no deadlock between two bulk acts
            .with_for_update(of=self.model)
            .execution_options(populate_existing=True)
        )
        return {doc.id: doc for doc in db.session.scalars(query)}

    def _run(
        self, docs: Sequence[Any], permission: Permission, by: Actor, at: datetime | None, inputs: dict[str, Any]
    ) -> list[Any]:
        moment = clock.now()
        event_at = check_event_time(at, moment)
        occasion = audit.Occasion(
            act=self.key,
            by=by,
            event_at=event_at,
            is_late=moment - event_at > late_after() if at is not None else False,
            on_behalf_of_id=by.on_behalf_of(permission),
            note=str(inputs.get("reason") or inputs.get("note") or ""),
            allowed=self.moves,
        )
        results = []
        with audit.during(occasion):
            with db.session.no_autoflush:
                subjects: Sequence[Any] = [list(docs)] if self.joint else docs
                for doc in subjects:
                    args = () if self.creates else (doc,)
                    result = self.body(*args, by=by, at=event_at, **inputs)
                    if self.target is not None and not self.creates:
                        doc.state = self.target
                    results.append(doc if result is None else result)
            try:
                db.session.flush()  # inside the occasion, so that the audit rows carry this act
            except StaleDataError:
                raise StaleDocument from None
            notices.write(occasion.notices)
            for model, rows in occasion.rows.items():
                db.session.execute(insert(model), rows)
            changed = docs if self.joint else [doc or result for result, doc in zip(results, docs, strict=True)]
            # an import answers row by row with a list, and the flush has audited what it made
            audit.record_unchanged([one for one in changed if not isinstance(one, list)], occasion)
        return results


class _OneByOne(Exception):
    """The bulk run was taken back; the records are now tried one by one."""


def act(
    key: str,
    model: type[Any],
    *,
    permission: Permission | tuple[Permission, ...],
    label: Text,
    rule: str,
    sources: Iterable[StateEnum] = (),
    target: StateEnum | None = None,
    also: Iterable[tuple[type, StateEnum, StateEnum]] = (),
    guards: Iterable[Guard] = (),
    confirm: Text = "",
    tone: str = "neutral",
    creates: bool = False,
    bulk: bool = True,
    prepare: Callable[[Sequence[Any]], object] | None = None,
    order: int = 50,
    offered: bool = True,
    joint: bool = False,
) -> Callable[[Callable[..., Any]], Act]:
    """Declare the decorated function as the act `key` ("call.dispatch") on `model`.

    sources, target: the model's states before and after (none: any state, and it stays). also: moves of other
    documents that the body makes. guards: what must hold besides, seen before any input. prepare: finds at once what
    guards and body will ask for each of many documents (`once.know`). tone "primary" marks the next step, "danger"
    what cannot be taken back. offered: whether record and list have a button for it; printing has pages of its own.
    joint: of several documents it makes one thing, all or none (`jointly`); the body takes the list of them.
    """

    def declare(body: Callable[..., Any]) -> Act:
        if key in REGISTRY:
            raise ValueError(f"act {key} is declared twice")
        if joint and (target is not None or creates):
            raise ValueError(f"act {key} cannot be joint")
        source_states = tuple(sources)
        permissions = permission if isinstance(permission, tuple) else (permission,)
        declared = Act(
            key=key, model=model, permissions=permissions, label=label, rule=rule, body=body,
            sources=source_states, target=target, moves=moves(model, source_states, target) | frozenset(also),
            guards=tuple(guards), confirm=confirm, tone=tone, creates=creates, bulk_allowed=bulk, prepare=prepare,
            order=order, offered=offered, joint=joint,
            doc=(body.__doc__ or "").strip(),
        )  # fmt: skip
        REGISTRY[key] = declared
        return declared

    return declare


def acts_of(model: type) -> list[Act]:
    """The acts offered on a record of `model`, in the order of their buttons."""
    offered = (a for a in REGISTRY.values() if a.model is model and a.offered and not a.creates)
    return sorted(offered, key=lambda a: a.order)


def chart(model: type) -> frozenset[tuple[StateEnum, StateEnum]]:
    """All (old, new) pairs that any act allows for `model`."""
    return frozenset((old, new) for a in REGISTRY.values() for m, old, new in a.moves if m is model)


def check_event_time(at: datetime | None, moment: datetime) -> datetime:
    """When it happened: `at`, or now. Raises RuleViolated for the future, MissingInput for no real moment."""
    if at is None:
        return moment
    if at.tzinfo is None or at.year < 2000:
        raise MissingInput(_l("Enter a date after the year 2000."), rule="G-04", field="at")
    if at > moment:
        raise RuleViolated(_l("The time lies in the future."), rule="G-04", field="at")
    return at


def check_after(at: datetime, earliest: datetime | None, what: Text, *, field: str = "at") -> None:
    """Raises RuleViolated when `at` lies before the earlier event `what` (G-04)."""
    if earliest is not None and at < earliest:
        raise RuleViolated(
            _l("The time lies before “%(event)s” at %(time)s.", event=what,
               time=clock.local(earliest).strftime("%Y-%m-%d %H:%M")),
            rule="G-04", field=field,
        )  # fmt: skip


flush.install()
