"""Figures K-01 to K-09, K-13 and K-15: daily aggregates that follow the events, the page, the pack of the month."""
