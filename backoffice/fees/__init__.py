"""What a job costs: parts used on site, the fee sheet with its lines, discounts (E-10, W-5.2)."""
