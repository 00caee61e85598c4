"""`python -m backoffice.translations`: bring new texts into the catalogue and say how many are missing."""

from backoffice.translations import update

print(f"{update()} texts are not translated yet")  # noqa: T201 - a command line tool
