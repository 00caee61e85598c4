"""Forms of acts, and the one road on which a form becomes a written act.

Order of a POST: read and check the form, prepare uploads (slow) -> open the write transaction -> take the form's key
-> act -> commit -> redirect. Whatever is refused is rolled back and the form comes back with what was typed.
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import CombinedMultiDict

from backoffice.core import submissions
from backoffice.core.db import db, writing
from backoffice.core.errors import BackofficeError, MissingInput, RuleViolated, StaleDocument
from backoffice.core.permissions import Actor

from .fields import LocalDateTimeField
from .formatters import is_masked, is_quantity, masked, plain, quantity, text

log = logging.getLogger(__name__)

#: Form class per act key.
FORMS: dict[str, type["ActForm"]] = {}
RESERVED = frozenset({"id", "version", "rowid", "client_key", "confirmed", "back", "action", "compute"})


class ActForm(FlaskForm):
    """What an act asks for. Fields are named as the act's keyword inputs.

    event_time: add an optional "when it happened", passed to the act as `at`. is_live: what comes out of the fields is
    shown below them by `live`, anew while somebody types.
    """

    event_time = False
    is_live = False

    def live(self, docs: Sequence[Any], by: Actor) -> Any:
        """Hook: what comes out of what the fields hold, as markup. They are read, and not checked yet."""
        return ""

    def prefill(self, docs: Sequence[Any], by: Actor) -> None:
        """Hook: set choices and, when nothing was sent yet, defaults. Called before every reading of the form."""

    def inputs(self) -> dict[str, Any]:
        """The act's keyword inputs: the data of the form's own fields."""
        return {name: field.data for name, field in self._fields.items() if name not in {"csrf_token", "at"}}

    def event_at(self) -> Any:
        """When it happened, or None for now."""
        return self._fields["at"].data if "at" in self._fields else None

    # -- used by the kit ---------------------------------------------------------------------------------------------

    def mask(self, doc: Any) -> None:
        """Show the personal data of `doc` masked; sent back masked, it stays as it is."""
        for name, field in self._fields.items():
            if doc is not None and name in type(doc).__mapper__.column_attrs and is_masked(doc, name):
                field.original = getattr(doc, name)
                field.masked_as = masked(doc, name)
                if field.masked_as and field.data == field.original:
                    field.data = field.masked_as

    def unmask(self) -> None:
        """Put the real values back where the masked ones were sent back unchanged."""
        for field in self._fields.values():
            if getattr(field, "masked_as", "") and field.data == field.masked_as:
                field.data = field.original

    def compare(self, doc: Any) -> None:
        """After a stale edit: note for each field what the record holds now, where that differs from what was typed."""
        for name, field in self._fields.items():
            if not hasattr(type(doc), name) or name == "csrf_token":
                continue
            now = getattr(doc, name)
            typed = field.original if getattr(field, "masked_as", "") == field.data and field.data else field.data
            if now != typed and not (now in (None, "") and typed in (None, "")):
                field.theirs = text(masked(doc, name)) if getattr(field, "masked_as", "") else _shown(doc, name, now)

    def blame(self, refusal: BackofficeError) -> bool:
        """Show the refusal beside the field it names; False when the form has no such field."""
        field = self._fields.get(refusal.field) if refusal.field else None
        if field is None:
            return False
        field.errors = [*field.errors, str(refusal)]
        return True


def _shown(doc: Any, name: str, value: Any) -> Any:
    return quantity(value) if is_quantity(type(doc).__mapper__.columns.get(name)) else plain(value)


def form_for(key: str) -> Callable[[type[ActForm]], type[ActForm]]:
    """Declare the decorated form as the input page of the act `key`. Raises TypeError for a reserved field name."""

    def declare(form: type[ActForm]) -> type[ActForm]:
        if key in FORMS:
            raise ValueError(f"{key} has a form already")
        if form.event_time:
            form.at = LocalDateTimeField(  # type: ignore[method-assign,assignment]
                _l("When it happened"), description=_l("Empty: now. For entries made later from paper.")
            )
        check_form(form)
        FORMS[key] = form
        return form

    return declare


def check_form(form: type[Any]) -> None:
    """Raises TypeError for reserved field names and for choices that load a whole table."""
    for name in dir(form):
        made = getattr(form, name, None)
        if not hasattr(made, "field_class"):
            continue
        if name in RESERVED:
            raise TypeError(f"{form.__name__}: a field may not be called {name}")
        if any("QuerySelect" in base.__name__ for base in made.field_class.__mro__):
            raise TypeError(f"{form.__name__}.{name} loads a whole table; use a LookupField")


def fill(form_class: type[Any], docs: Sequence[Any], by: Actor, *, sent: bool, source: Any = None) -> Any:
    """The form: empty, from the record `source`, or from what was sent. Ends the reading transaction when sent."""
    data = CombinedMultiDict([request.files, request.form]) if sent else None
    form = form_class(formdata=data, obj=source)
    if source is not None:
        form.mask(source)
    form.prefill(docs, by)
    return form


def new_key() -> str:
    """A fresh key for a rendered form."""
    return secrets.token_urlsafe(16)


def sent_key() -> str:
    """The key that came with the form, or "" for none or a wrong one."""
    key = request.form.get("client_key", "")
    return key if 8 <= len(key) <= 64 and key.isascii() and key.isprintable() else ""


class AlreadySent(RuleViolated):
    """The form with this key was accepted before, with other content."""


def reading() -> None:
    """Give back the write lock while a form is read and its uploads are checked."""
    db.session.commit()
    writing.set(False)


def write_once(by: Actor, do: Callable[[], tuple[str, dict[str, Any] | None]]) -> tuple[str, bool]:
    """Run `do` in one write transaction, once per form: (address to go to, whether it was done now).

    `do` returns the address and perhaps a result to keep. Raises BackofficeError after a rollback; errors of the
    database come as a refusal without its words.
    """
    db.session.commit()
    writing.set(True)
    key = sent_key()
    digest = submissions.digest_of(
        [(name, value) for name, value in request.form.items(multi=True) if name not in {"csrf_token", "client_key"}]
    ) if key else ""  # fmt: skip
    try:
        claimed = submissions.claim(by.id, key, digest) if key else None
        if key and claimed is None:
            location = _earlier_answer(by, key, digest)
            db.session.rollback()
            return location, False
        location, result = do()
        if claimed is not None:
            claimed.location, claimed.result = location, result
        db.session.commit()
    except BackofficeError:
        db.session.rollback()
        raise
    except (IntegrityError, DataError, StaleDataError) as error:
        db.session.rollback()
        raise _refusal(error) from error
    except Exception:
        db.session.rollback()
        raise
    return location, True


def _earlier_answer(by: Actor, key: str, digest: str) -> str:
    earlier = submissions.find(by.id, key)
    if earlier is None or earlier.digest != digest:
        raise AlreadySent(_l("This form was sent before with other content. Check what is stored, then send it again."))
    return earlier.location


def _refusal(error: Exception) -> BackofficeError:
    log.warning("the database refused a write: %s", type(getattr(error, "orig", error)).__name__)
    if isinstance(error, StaleDataError):
        return StaleDocument()
    if isinstance(error, DataError):
        return MissingInput(_l("A value is too long or too large."))
    return RuleViolated(
        _l("This is not possible: such a record exists already, or one that it refers to has changed. Check and retry.")
    )
