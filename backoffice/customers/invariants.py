"""What holds for customers and projects."""

from backoffice.core.invariants import unique_numbers

from .models import Customer, Project

unique_numbers(Customer, "N-01")
unique_numbers(Project, "N-02")
