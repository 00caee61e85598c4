"""Blocks of paper and their sheets in the panel."""

from typing import Any

VIEWS: list[Any] = []
