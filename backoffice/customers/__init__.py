"""Customers (E-04), their contacts and their projects (E-05).

Acts: customer.create, edit, deactivate, import; contact.add, edit; project.create, edit, deactivate.
No states: a customer, contact or project is active or not.

Telephone numbers are kept in one form (rules.normal_phone) and beside it as digits and reversed digits, so that a
number is found by its first and by its last figures. A number that another customer has warns and never blocks.
Upper features say which customers a technician meets on his jobs by adding to `queries.JOB_CUSTOMERS`.
"""
