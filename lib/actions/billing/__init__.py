"""Subscriptions, allowances and the charge map."""
