"""What a manager may change without a programmer: business parameters, number patterns and the calendar of holidays.

definitions.py lists every parameter with its label, type, default and limits; a row of `setting` holds its value.
Values are read at the act and copied to the document, so that a change never rewrites what was written before.

Acts: setting.edit. Holidays are reference data.
"""
