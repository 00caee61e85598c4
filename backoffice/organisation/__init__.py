"""The people and places of the office: branches, service areas, users, absences, deputies, and who is logged in.

Acts: branch.create, branch.edit, area.create, area.edit, user.create, user.edit, user.deactivate, user.reactivate,
user.reset_password, user.change_password, absence.create, absence.edit, absence.cancel, delegation.create,
delegation.end.

A deputy (P-6) acts with the rights of the supervisor or manager who named him, and every act says so.
"""
