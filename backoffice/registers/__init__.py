"""The registers of the office in one place (R-01 to R-16), and files of them that are prepared in the background."""
