"""Saved filters: a list as somebody wants to find it again, private or shared, and how a list opens.

What is kept is an address of a list, never its rows: whoever opens it sees the rows of his own scope (P-1). A shared
one holds no typed name or telephone (X-20). A list opens with the person's own choice, else with the branch's choice
for his role, else with the company's, else as its view declares.

Acts: save, rename, share and unshare, open for a role or for none, pin and unpin, open one's own list with it or
without it, drop.
"""
