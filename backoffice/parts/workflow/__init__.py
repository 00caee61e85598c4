"""The acts on parts, and what other features call when a document uses parts."""

from .catalogue import check_part
from .importing import import_parts, take_back_parts
from .moving import MOVING, count, hand_back, hand_out, receive
from .selling import sell, sell_back
from .stock import give_back, lock_parts, use

__all__ = [
    "MOVING", "check_part", "count", "give_back", "hand_back", "hand_out", "import_parts", "lock_parts", "receive",
    "sell", "sell_back", "take_back_parts", "use",
]  # fmt: skip
