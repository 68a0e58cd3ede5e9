"""Subscriptions on the wire: reading them, cancelling them, and orders."""
