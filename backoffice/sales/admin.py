"""Parts sales in the panel."""

from typing import Any

VIEWS: list[Any] = []
