"""Parts and the movements of their stock in the panel."""

from typing import Any

VIEWS: list[Any] = []
