"""Hashing of passwords: slow on purpose, so never inside a write transaction (D6)."""

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from . import rules

#: Argon2id; about 0.1 to 0.25 seconds on an office server.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
#: Hash of a password that nobody knows, made with the same cost: looking at it takes as long as at a real one.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=1$+FQA+wK1CxWvAlm3jbh+vQ$84EAOMvQQROJCXD6f7SSiABOJhOp6ytTIDHe+/WiXm8"


def hash_password(password: str, *, minimum: int, username: str = "") -> str:
    """The hash of a new password. Raises RuleViolated when it is too easy to guess; see `rules.check_password`."""
    return make_hash(rules.check_password(password, minimum=minimum, username=username))


def make_hash(password: str) -> str:
    """The hash of `password`, whatever it is."""
    return _HASHER.hash(password)


def fits(password: str, password_hash: str | None) -> bool:
    """Whether the hash belongs to the password. Takes as long when there is no hash, and then never fits."""
    try:
        _HASHER.verify(password_hash or _NOBODY, password[: rules.LONGEST_PASSWORD])
    except (Argon2Error, InvalidHashError):
        return False
    return password_hash is not None and len(password) <= rules.LONGEST_PASSWORD


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with another cost than today's."""
    return _HASHER.check_needs_rehash(password_hash)
