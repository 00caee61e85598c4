"""The office at a million calls, measured beside the least that any web application must do."""
