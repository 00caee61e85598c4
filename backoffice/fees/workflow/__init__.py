"""The acts on what a job costs; what the features above join in on."""

from .checks import check_onsite
from .correcting import RECHARGED, correct_type
from .extras import add_fee, discount
from .materials import give_back, use_part
from .settling import CHARGED

__all__ = ["CHARGED", "RECHARGED", "add_fee", "check_onsite", "correct_type", "discount", "give_back", "use_part"]
