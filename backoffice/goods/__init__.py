"""Customers' goods in our hands: the receipt 领取收据 and the goods register 进出登记簿, a line for each item.

    receipt   issued ──the goods are back, the receipt is handed in──▶ recovered
                │ ├──declare lost──▶ lost
                │ └──void (wrongly written)──▶ void

    register  in our workshop ──send out──▶ outsourced / at the factory ──back──▶ back ──send out──▶ …
                ├──hand back──▶ returned   ├──cession──▶ given up   └──void──▶ never left the site

Acts here: declare a receipt lost; note and attach. The goods move with their repair card, so what moves them lives in
`repairs`.
"""
