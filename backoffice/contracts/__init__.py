"""Service contracts of customers (E-09): which units they cover, from when to when, and for what fee.

    draft ──activate──▶ active ──expire──▶ expired
      └──────terminate────┴──▶ terminated

Acts: create, edit, add units, remove units, activate, renew, terminate, expire, note, attach. Whether a contract covers
a unit on a day follows from its days alone (queries.covering), never from whether somebody has marked it as expired.
The fee of its periods is computed (rules.billing_periods); each is made due on its first day (receivables, J-09).
"""
