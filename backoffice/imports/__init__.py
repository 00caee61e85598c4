"""Importing customers, product models and installed units from CSV files: `flask import …` and the page “Import”.

Everything is written by the acts customer.import, model.import and unit.import, in the name of one person, into that
person's branch. A dry run is the same run, taken back.
"""
