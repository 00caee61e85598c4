"""The daily reports of technicians and supervisors (E-17, E-18, W-6), and where a day's calls stand."""
