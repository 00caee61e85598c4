"""Product models, fault symptoms (G-08) and installed units with their warranty (E-06).

Acts: unit.create, edit, move, change_status, extend_warranty, import; model.import.
Whether a unit is covered is computed each time from its dates (rules.warranty) and never stored.
"""
