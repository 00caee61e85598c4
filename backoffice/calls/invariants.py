"""What holds for the call register alone."""

from backoffice.core.invariants import unique_numbers

from .models import ServiceCall

unique_numbers(ServiceCall, "N-03")
