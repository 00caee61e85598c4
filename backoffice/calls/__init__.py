"""The call register 叫修登记簿: every customer's call, from its registration to the written-off voucher.

    registered ──dispatch──▶ dispatched ──arrive──▶ on site ──complete──▶ completed ──write off──▶ closed
        │                     ▲   │  ▲ └──reassign──┘  │  │                    ▲                      │
        │                     └───┘  └──revisit────────┘  │                    └──undo (same day)─────┘
        └──cancel──▶ cancelled ◀──cancel── (dispatched)   └──customer refuses──▶ cancelled
        in repair: goods taken away; its acts come with the goods feature.

Acts here: register, edit, link a unit, propose and decide the service type, escalate, take over, note, attach.
Acts that touch a voucher as well live in `vouchers`.
"""
