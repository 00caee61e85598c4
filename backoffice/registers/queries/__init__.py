"""Who sees prepared files and which wait; the sums of the registers that are no list."""

from .exports import names_in_use, open_of, outlived, own, to_make
from .work import Asked, Person, days_of_branches, work_of_technicians

__all__ = [
    "Asked", "Person", "days_of_branches", "names_in_use", "open_of", "outlived", "own", "to_make",
    "work_of_technicians",
]  # fmt: skip
