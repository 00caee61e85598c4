"""Importing from CSV files: reading the file, reading its values, running it. Knows no feature and no web page.

A dry run is the real run, taken back at its end: `running.run` writes through the acts and never commits.
"""
