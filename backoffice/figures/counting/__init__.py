"""Counting from the events: what is counted, on which day, and how it is summed."""
