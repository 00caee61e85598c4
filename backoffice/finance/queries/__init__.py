"""What the finance desk reads: what waits, receivables by age, cash by person, the figures of a day and of months."""
