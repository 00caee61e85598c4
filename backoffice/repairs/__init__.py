"""Repair cards 修护卡: they hang on the goods until somebody else has inspected them and they are back.

    pending ──start──▶ repairing ⇄ waiting (parts, outside workshop, factory, customer)
       │                 │  ▲
       │              finish└──send back──┐
       │                 ▼                │
       │              repaired ──inspect──▶ inspected ──hand back──▶ returned
       │                                  ▲ never by whoever repaired it
       ├──unrepairable (any before inspected)──▶ unrepairable ──hand back──▶ returned
       └──void with its receipt──▶ void             └──cession──▶ relinquished

Acts on the call: take away. On the receipt: void. On the card: start, wait, resume, time, parts, quote, delay, finish,
inspect, send back, unrepairable, hand back, relinquish, replacement. When the last item of a call has left our hands
with the customer's signature, the call completes (W-1.9).
"""
