"""Subscriptions: reading them, cancelling them, and orders."""
