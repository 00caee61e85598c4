"""Customers that were entered twice (E-04): found by telephone and name, told apart, or merged.

    proposed ──approve──▶ merged
       └──────decline───▶ declined

The supervisor proposes a merge after a preview, a manager who did not propose it decides (P-3, P-4). Acts:
customer.propose_merge, customer.tell_apart; customer_merge.approve, decline.

Whatever refers to the customer that is given up moves, found by the foreign keys of all tables (`queries.references`),
so that a later feature is not forgotten; what stays is named in `queries.STAYS`. The customer given up keeps its number
and leads to the one that stays. There is no way back, hence the preview.
"""
