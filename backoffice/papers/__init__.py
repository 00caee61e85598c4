"""Pre-numbered paper: pads of printed, numbered sheets, and what became of each sheet (E-10).

    block:  open ──take back──▶ returned ──hand over──▶ open;  closed once no blank sheet is left
    sheet:  blank ──▶ used ──▶ spoiled;  blank ──▶ spoiled;  blank ──▶ missing ──▶ used, spoiled, lost

A blank sheet is missing once a sheet behind it in its block is used or spoiled, or once its block came back without it.
It is missing no more when its number turns up on a document. `use_sheet` and `spoil_sheet` are called inside the acts
of the features whose documents stand on paper; those acts declare the moves `USING` and `SPOILING`.

Acts, all on the block: hand out, hand over, take back, spoil sheets, declare sheets lost.
"""
