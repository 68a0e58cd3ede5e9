"""The Billing Details section and the charge map."""
