"""Importing from CSV and XLSX files: reading the file, reading its values, running a chunk.

It knows no feature and no web page.

A dry run is the real run of each chunk, taken back: `running.run_chunk` writes through the acts and never commits.
"""
