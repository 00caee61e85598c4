"""The people of one branch."""

import pytest

from backoffice.core.permissions import Role
from tests import factories as make


@pytest.fixture
def people():
    """One person of each role at branch HZ."""
    return {role: make.make_user(role) for role in Role}
