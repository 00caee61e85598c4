"""Making the aggregates from the events, and telling the managers of the month."""

from .refreshing import rebuild, refresh
from .telling import tell

__all__ = ["rebuild", "refresh", "tell"]
