"""Reading pages in tests."""

import re
from typing import Any


def listed(client: Any, address: str) -> int:
    """How many records the list at that address counts."""
    answer = client.get(address + "&count=exact")
    assert answer.status_code == 200, address
    assert "was left out" not in answer.text, address
    found = re.search(r"([\d,]+) records?\b", answer.text)
    return int(found[1].replace(",", "")) if found else 0
