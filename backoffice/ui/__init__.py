"""The admin kit: every register is a guarded Flask-Admin view on one Admin; buttons and pages come from the acts.

A feature declares views (`views`), forms of its acts (`act_page`, `fields`), look-ups (`lookups`) and formatters
(`formatters`); the factory calls `install`. The kit knows no feature.
"""
