"""The one box at the top of every page: calls, vouchers, customers, contacts, projects and units by what is at hand.

It asks each register in the way its own list does, so scope and masking are the same; a whole number opens its record.
No acts.
"""
