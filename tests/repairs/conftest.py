"""Two people of branch HZ."""

import pytest

from backoffice.core.permissions import Role
from tests import factories as make


@pytest.fixture
def technician():
    return make.make_user(Role.TECHNICIAN)


@pytest.fixture
def supervisor():
    return make.make_user(Role.SUPERVISOR)
