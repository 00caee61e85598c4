"""Parts used on site and fee sheets in the panel."""

from typing import Any

VIEWS: list[Any] = []
