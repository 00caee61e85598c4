"""What a job costs: parts used on site, the fee sheet with its lines, discounts (E-10, W-5.2).

While a job runs, its fee is computed from what is known (`queries.priced`); when it is completed the lines are copied
to its fee sheet and never computed again (`workflow.settling`). Acts on the call: use a part, other fee, discount,
correct the service type after the signature. Act on a part used on site: give back.
"""
