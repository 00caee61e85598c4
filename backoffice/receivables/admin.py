"""Dues, payments and cash handovers in the panel."""

from typing import Any

VIEWS: list[Any] = []
