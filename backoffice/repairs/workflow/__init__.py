"""The acts on repair cards, and those on calls and receipts that need their card."""

from .delays import decide, inform, report_delay
from .handing_back import hand_back, relinquish, replace
from .history import import_history, take_back_history
from .inspecting import declare_unrepairable, inspect, send_back
from .materials import give_back, use_part
from .remarks import attach, note
from .reminding import remind
from .taking_in import take_away
from .taking_in import void as void_receipt
from .timing import log_time, start_timer, stop_timer
from .timing import void as void_time
from .workshop import agree, come_back, finish, quote, reassign, resume, start, wait

__all__ = [
    "agree", "attach", "come_back", "decide", "declare_unrepairable", "finish", "give_back", "hand_back",
    "import_history", "inform", "inspect", "log_time", "note", "quote", "reassign", "relinquish", "remind", "replace",
    "report_delay", "resume", "send_back", "start", "start_timer", "stop_timer", "take_away", "take_back_history",
    "use_part", "void_receipt", "void_time", "wait",
]  # fmt: skip
