"""Customers (E-04), their contacts and their projects (E-05).

Acts: customer.create, edit, deactivate, import; contact.add, edit; project.create, edit, deactivate, note, attach.

    planned ──start installing──▶ installing ──commission──▶ commissioned ──train──▶ trained ──start operation──▶
    in operation (W-9); commissioning concerns the units too, so its act stands with the products.

A customer or contact has no states: it is active or not.

Telephone numbers are kept in one form (rules.normal_phone) and beside it as digits and reversed digits, so that a
number is found by its first and by its last figures. A number that another customer has warns and never blocks.
Upper features say which customers a technician meets on his jobs by adding to `queries.JOB_CUSTOMERS`.
"""
