"""The finance desk: what waits, what is owed and for how long, cash by person, the closing sheet (R-05, R-06)."""
