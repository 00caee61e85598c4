"""The tests of the office; conftest.py says what each fixture gives."""
