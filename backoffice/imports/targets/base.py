"""What all kinds of records have in common when they are imported: look-ups, doubles within the file, the act."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from backoffice.core.db import db
from backoffice.core.errors import BackofficeError, RuleViolated, Text
from backoffice.core.permissions import Permission, require
from backoffice.imports.lookups import Lookup
from backoffice.imports.models import ImportKey, ImportKind
from backoffice.organisation.models import User
from backoffice.ui.importing.plan import Field, Problem


class Keys:
    """What the rows of a run have that only one may have: those of earlier chunks in the database, by digest.

    run_id: 0 for rows that belong to no run.
    """

    def __init__(self, run_id: int = 0) -> None:
        self.run_id = run_id
        self.known: dict[str, int] = {}
        self.new: dict[str, int] = {}

    @staticmethod
    def digest(*parts: str) -> str:
        """The digest of what makes two rows doubles; what it says cannot be read out of it."""
        return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def load(self, digests: Iterable[str]) -> None:
        """Look up in one statement which of them earlier rows have."""
        wanted = set(digests) - self.known.keys()
        if not wanted or not self.run_id:
            return
        query = select(ImportKey.digest, ImportKey.number).where(
            ImportKey.run_id == self.run_id, ImportKey.digest.in_(wanted)
        )
        self.known |= dict(db.session.execute(query).all())

    def row_of(self, digest: str, number: int) -> int | None:
        """The other row that has it first, or None."""
        first = self.known.get(digest, self.new.get(digest, number))
        return None if first == number else first

    def take(self, digest: str, number: int) -> None:
        """Note that the row has it, unless another has."""
        if digest not in self.known:
            self.new.setdefault(digest, number)

    def settle(self, rows: set[int]) -> list[dict[str, Any]]:
        """What the rows that stay have brought, to be kept for later chunks."""
        kept = {digest: number for digest, number in self.new.items() if number in rows}
        self.known |= kept
        self.new = {}
        return [{"run_id": self.run_id, "digest": digest, "number": number} for digest, number in kept.items()]


class ImportTarget:
    """One kind of record; an object serves one attempt at one chunk.

    unique: by which field a double within the file is refused, with the digests that `keys_of` gives.
    """

    kind: ClassVar[ImportKind]
    #: where the records that come out are listed
    endpoint: ClassVar[str]
    permission: ClassVar[Permission] = Permission.DATA_IMPORT
    fields: ClassVar[tuple[Field, ...]]
    #: the switches that make sense here: name and label
    options: ClassVar[dict[str, Text]] = {}

    def __init__(self, by: User, options: frozenset[str] = frozenset(), keys: Keys | None = None) -> None:
        require(by, Permission.DATA_IMPORT)
        require(by, self.permission)
        self.by = by
        self.chosen = options & set(self.options)
        self.keys = keys or Keys()
        self.lookups: dict[str, Lookup] = {}
        self.unusual: list[Problem] = []
        self.settled: list[dict[str, Any]] = []
        #: what was made on the way for the first time: table and number
        self.counts: Counter[str] = Counter()
        self._good: set[int] = set()

    def write(self, rows: Sequence[tuple[int, dict[str, Any]]]) -> list[Any]:
        """Write the rows (number, facts); answers each: the record, or the BackofficeError that says why not."""
        for field, lookup in self.lookups.items():
            lookup.load((number, facts[field]) for number, facts in rows if field in facts)
        outcomes: list[Any] = [self._resolved(facts) for _, facts in rows]
        self._refuse_doubles(rows, outcomes)
        self.judge(rows, outcomes)
        ready = [place for place, outcome in enumerate(outcomes) if not isinstance(outcome, BackofficeError)]
        for place, written in zip(ready, self.act([outcomes[place] for place in ready]), strict=True):
            outcomes[place] = written
        self._good = {
            number
            for (number, _), outcome in zip(rows, outcomes, strict=True)
            if not isinstance(outcome, BackofficeError)
        }
        return outcomes

    def _resolved(self, facts: dict[str, Any]) -> dict[str, Any] | BackofficeError:
        try:
            return {**facts, **{f: lookup[facts[f]] for f, lookup in self.lookups.items() if f in facts}}
        except BackofficeError as refusal:
            return refusal

    def _refuse_doubles(self, rows: Sequence[tuple[int, dict[str, Any]]], outcomes: list[Any]) -> None:
        found = [
            [] if isinstance(outcome, BackofficeError) else list(self.keys_of(facts, outcome))
            for (_, facts), outcome in zip(rows, outcomes, strict=True)
        ]
        self.keys.load(digest for keys in found for _, digest in keys)
        for place, ((number, _), keys) in enumerate(zip(rows, found, strict=True)):
            for field, digest in keys:
                if (other := self.keys.row_of(digest, number)) is not None:
                    same = _l("The same as row %(row)s.", row=other)
                    outcomes[place] = RuleViolated(same, rule="E-04", field=field)
                    break
            else:
                for _, digest in keys:
                    self.keys.take(digest, number)

    def keys_of(self, facts: dict[str, Any], resolved: dict[str, Any]) -> Iterable[tuple[str, str]]:
        """(field, digest) of what only one row of a file may have; resolved: the facts with their records."""
        return ()

    def judge(self, rows: Sequence[tuple[int, dict[str, Any]]], outcomes: list[Any]) -> None:
        """Replace those of `outcomes` that may not be written by the reason; note what is merely unusual."""

    def act(self, rows: list[dict[str, Any]]) -> Sequence[Any]:
        """The act that writes the resolved rows."""
        raise NotImplementedError

    def settle(self) -> None:
        """What was written stays: its keys are kept, and so is what was made on the way."""
        made = [(number, table, self.keys.digest("made", table, key)) for number, table, key in self._made_keys()]
        self.keys.load(digest for _, _, digest in made)
        for number, table, digest in made:
            if digest not in self.keys.known and digest not in self.keys.new:
                self.counts[table] += 1  # in a try every chunk makes it anew, and takes it back
            self.keys.take(digest, number)
            self._good.add(number)
        self.settled = self.keys.settle(self._good)

    def _made_keys(self) -> Iterable[tuple[int, str, str]]:
        for lookup in self.lookups.values():
            yield from ((number, record.__tablename__, key) for number, record, key in lookup.made)

    def made(self) -> list[tuple[int, Any]]:
        """What was made on the way: (row number, record)."""
        return [(number, record) for lookup in self.lookups.values() for number, record, _ in lookup.made]

    def warnings(self) -> list[Problem]:
        """What is unusual and was imported all the same."""
        return self.unusual
