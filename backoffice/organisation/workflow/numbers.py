"""The next number of a document in its branch."""

from backoffice.core import clock, numbering
from backoffice.core.db import db
from backoffice.organisation.models import Branch
from backoffice.settings import queries as settings


def take_number(document: str, branch: Branch | int) -> str:
    """The next number of a document, "N-06", of the branch (or its key) on the office's day of today."""
    place = branch if isinstance(branch, Branch) else db.session.get_one(Branch, branch)
    return numbering.take(
        document, settings.pattern(document), branch_id=place.id, branch_code=place.code, day=clock.today()
    )
