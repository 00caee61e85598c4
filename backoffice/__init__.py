"""The after-sales back office: from a customer's call to the archived voucher."""
