"""The evening: the register against the vouchers, and what is carried over to the next working morning (W-7)."""
