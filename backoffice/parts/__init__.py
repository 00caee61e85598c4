"""Parts: the catalogue with its prices, and the stock in each branch's store and with each technician (E-07).

Stock is never kept as a figure: it is the sum of its movements, which are written and never changed. A movement lies in
one branch, in the store (no holder) or with one person; what goes from one to the other makes two movements. Nothing
goes below zero: whoever takes something out locks the part first and looks at the sum then.

Acts, all on the part: take goods in, hand out, take back, stock-take. `use` and `give_back` are called inside the acts
of the features whose documents use parts; those that use several call `lock_parts` before, so that nobody waits in a
circle.
"""
