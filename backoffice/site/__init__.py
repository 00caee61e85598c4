"""The pages that belong to no feature: home, and what every answer has in common (headers, refusals, failures)."""
