"""Rules of the call register on plain values."""

from datetime import UTC, datetime, timedelta

import pytest

from backoffice.calls.rules import Clock, ServiceType, differs_from_warranty, needs_late_reason, propose
from backoffice.products.rules import WarrantyState

NINE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
pytestmark = pytest.mark.no_app


@pytest.mark.parametrize(("minutes", "state"), [(59, "met"), (60, "met"), (61, "missed")])
def test_arrival_at_the_due_time_is_a_hit(minutes: int, state: str) -> None:
    """TL-02: 09:59 and exactly 10:00 are hits, 10:01 is a miss."""
    clock = Clock("arrive", "TL-02", NINE, 60, NINE + timedelta(minutes=minutes))
    assert clock.due_at == datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    assert clock.state(NINE + timedelta(days=1)) == state


@pytest.mark.parametrize(
    ("minutes", "state"), [(0, "running"), (29, "running"), (30, "near"), (60, "near"), (61, "over")]
)
def test_running_clock_turns_amber_at_half_and_red_after_the_limit(minutes: int, state: str) -> None:
    """TL-01: amber at 50 %, red at 100 %."""
    assert Clock("dispatch", "TL-01", NINE, 60, None).state(NINE + timedelta(minutes=minutes)) == state


def test_cancelled_call_stops_its_clock() -> None:
    """A clock of a cancelled call is neither met nor missed (K-01)."""
    assert Clock("dispatch", "TL-01", NINE, 60, None, stopped=True).state(NINE + timedelta(days=3)) == "stopped"


@pytest.mark.parametrize(
    ("warranty", "expected"),
    [
        (WarrantyState.COVERED, ServiceType.FREE),
        (WarrantyState.EXPIRED, ServiceType.PAID),
        (WarrantyState.UNKNOWN, ServiceType.UNDECIDED),
        (None, ServiceType.UNDECIDED),
    ],
)
def test_proposed_type_follows_the_warranty(warranty: WarrantyState | None, expected: ServiceType) -> None:
    """W-1.6, S-3.1.1 to S-3.1.3."""
    assert propose(warranty) is expected
    assert propose(warranty, has_contract=True) is ServiceType.CONTRACT


@pytest.mark.parametrize(
    ("service_type", "warranty", "differs"),
    [
        (ServiceType.PAID, WarrantyState.EXPIRED, False),
        (ServiceType.PAID, WarrantyState.COVERED, True),
        (ServiceType.FREE, WarrantyState.COVERED, False),
        (ServiceType.FREE, WarrantyState.EXPIRED, True),
        (ServiceType.FREE, WarrantyState.UNKNOWN, True),
        (ServiceType.FREE, None, True),
    ],
)
def test_paid_inside_and_free_outside_warranty_are_the_supervisors(
    service_type: ServiceType, warranty: WarrantyState | None, differs: bool
) -> None:
    """W-1.6: A inside warranty and C outside warranty always need the supervisor."""
    assert differs_from_warranty(service_type, warranty) is differs


def test_late_reason_is_asked_beyond_the_limit_only() -> None:
    """E-08: back-dating over 30 minutes needs a reason."""
    assert not needs_late_reason(NINE, NINE + timedelta(minutes=30), 30)
    assert needs_late_reason(NINE, NINE + timedelta(minutes=31), 30)
