"""Demo data: three branches, their people, customers, pumps and two months of calls, all invented.

Everything is made by the acts of the office with the clock set to past moments, so that the audit trail, the numbers,
the notices and the due times are real. The same day gives the same data; the last hours are told anew relative to now.

    making.py   fills an empty database          agenda.py  runs the events in the order of time
    office.py   branches, people, areas, models  stock.py   customers, projects, units
    job.py      the acts on one call             calls.py   two months of ordinary calls
    papers.py   pads of pre-numbered paper       filters.py saved filters
    stories.py  the calls of today, and one of each odd kind
"""
