"""Sessions: the cookie holds a token, the row its hash; a row that has ended or run out opens nothing (D2)."""

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Date, Select, and_, bindparam, delete, select, update
from sqlalchemy.orm import aliased, joinedload

from backoffice.core import clock
from backoffice.core.db import UtcDateTime, db
from backoffice.settings import queries as settings
from backoffice.settings.definitions import BY_KEY
from backoffice.settings.models import Setting

from .models import Delegation, User, UserSession, holds_on

#: How long the row of a session is kept after its end.
KEPT = timedelta(days=30)


def open_session(user: User) -> str:
    """Begin a session and return its token, which nobody but the browser keeps. Old rows of the person are removed."""
    now = clock.now()
    token = secrets.token_urlsafe(32)
    db.session.execute(delete(UserSession).where(UserSession.user_id == user.id, UserSession.expires_at < now - KEPT))
    db.session.add(
        UserSession(
            token_hash=_hash(token), user_id=user.id, expires_at=now + timedelta(hours=settings.integer("C-46"))
        )
    )
    return token


def person_of(token: str, seen_at: datetime) -> User | None:
    """The active person behind the token, last seen at `seen_at`; None when the session is over. One statement.

    Brings along the branch, the rights held today as deputy, and the limit of idle minutes.
    """
    now = clock.now()
    rows = db.session.execute(
        _person_of_token(), {"token_hash": _hash(token), "now": now, "today": clock.today()}
    ).all()
    if not rows:
        return None
    user: User = rows[0][0]
    idle_minutes = int(rows[0][3] or BY_KEY["C-42"].default)
    if now - seen_at > timedelta(minutes=idle_minutes):
        return None
    user.deputise([(key, role) for _, key, role, _ in rows if key is not None])
    user.session_token = token
    return user


@cache
def _person_of_token() -> Select[Any]:
    """The statement of every request, put together once: token_hash, now (UTC) and today (a day of the office)."""
    principal = aliased(User)
    today = bindparam("today", type_=Date())
    idle = select(Setting.value).where(Setting.key == "C-42").scalar_subquery()
    return (
        select(User, principal.id, principal.role, idle)
        .join(UserSession, UserSession.user_id == User.id)
        .outerjoin(
            Delegation,
            and_(
                Delegation.deputy_id == User.id, Delegation.branch_id == User.branch_id, Delegation.to_on >= today,
            ),
        )
        .outerjoin(
            principal,
            and_(
                principal.id == Delegation.principal_id, principal.branch_id == User.branch_id,
                *holds_on(principal, today),
            ),
        )
        .where(
            UserSession.token_hash == bindparam("token_hash"), UserSession.ended_at.is_(None),
            UserSession.expires_at > bindparam("now", type_=UtcDateTime()), User.is_active,
        )
        .order_by(Delegation.id)
        .options(joinedload(User.branch))
    )  # fmt: skip


def end_session(token: str) -> None:
    """End the session of this token: logout."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.token_hash == _hash(token), UserSession.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def end_sessions(user_id: int) -> None:
    """End every session of a person: role, branch or password has changed, or the person is no longer active."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
        .values(ended_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
